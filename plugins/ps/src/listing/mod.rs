//! What an app runs, instance by instance, as its users read it: `ps <app>`, and in one line `ps --all`. Functions of
//! values, all of them.

pub(crate) mod json;
mod line;
pub(crate) mod next;
pub(crate) mod quiet;
pub(crate) mod stats;
pub(crate) mod text;
pub(crate) mod watched;
