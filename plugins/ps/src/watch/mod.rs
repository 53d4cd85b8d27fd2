//! What `ps:watch` decides. Pure.
//!
//! [`core`] is told what is heard and seen, and says whom to look at and what to do. What it does to the world is in
//! `commands::watch`.

mod core;
mod facts;
mod kept;
mod tries;

pub(crate) use core::Core;
pub(crate) use facts::{Act, Change, Look, Now, Outcome, Room, Seen, SeenInstance, Trouble};
