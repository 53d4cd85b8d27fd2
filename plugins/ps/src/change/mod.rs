//! A change of what runs of an app, and nobody else who makes one.
//!
//! [`scaling`] says what a request means for each type. [`open`] carries out what is done instance by instance, through
//! [`on_docker`]; what the host deploys whole goes through [`deploy`]. Nobody else touches the marks, the queue of
//! retirement or the files that name containers.

mod by_type;
mod deploy;
mod difference;
mod found;
mod hooks;
mod leaving;
mod leftovers;
mod mark;
mod naming;
mod nginx;
mod on_docker;
mod open;
#[cfg(test)]
mod open_tests;
mod part;
mod readdress;
mod resting;
mod said;
mod scaling;
mod start;
mod stop;
mod stop_containers;
mod surroundings;
mod type_change;
mod vanished;

pub(crate) use by_type::{deploy_types, one_after_the_other};
pub(crate) use deploy::{lock, owe_hooks_of_deploy, rebuild, redeploy};
pub(crate) use difference::Difference;
pub(crate) use hooks::ONE_TYPE;
pub(crate) use leaving::stop_later_if_asked;
pub(crate) use mark::Marks;
pub(crate) use on_docker::Stray;
pub(crate) use open::all_of;
pub(crate) use part::{Deed, Part};
pub(crate) use said::{as_json, as_text};
pub(crate) use scaling::Scaling;
pub(crate) use start::{bring_up, start};
pub(crate) use stop::stop;
pub(crate) use type_change::{How, TypeChange, Wish};
pub(crate) use vanished::retire_type;
