//! A change of what runs of an app, and nobody else who makes one.
//!
//! [`scaling`] says what a request means for each type. [`open`] carries out what is done instance by instance, through
//! [`on_docker`]; what the host deploys whole goes through [`deploy`]. Nobody else touches the marks, the queue of
//! retirement or the files that name containers.

mod by_type;
mod deploy;
mod hooks;
mod leaving;
mod mark;
mod on_docker;
mod open;
#[cfg(test)]
mod open_tests;
mod readdress;
mod said;
mod scaling;
mod stop;
mod stop_times;
mod surroundings;
mod vanished;

pub(crate) use by_type::{deploy_types, one_after_the_other};
pub(crate) use deploy::{by_host, lock, lock_deployed, owe_hooks_of_deploy, rebuild, redeploy, types_of};
pub(crate) use hooks::ONE_TYPE;
pub(crate) use leaving::stop_later_if_asked;
pub(crate) use mark::Marks;
pub(crate) use said::{as_json, as_text};
pub(crate) use scaling::{How, Scaling, TypeChange};
pub(crate) use stop::{end_types_with_a_time_of_their_own, end_what_runs};
pub(crate) use vanished::retire_type;
