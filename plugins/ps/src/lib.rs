//! Dokku's process management.
//!
//! Each subcommand's body is a function in [`commands`], each trigger's a function in [`triggers`]; the
//! files below `subcommands/` and `triggers/` beside this crate's `src` are executables of one line
//! that call them. In between is what both share: [`formation`] (how many of each process type),
//! [`source_files`], [`settings`], [`scheduler`] and [`status`] (what runs), [`report`].
#![cfg_attr(test, allow(clippy::disallowed_methods, reason = "tests set the scene with plain files"))]

pub(crate) mod addresses;
#[cfg(test)]
mod any_words;
pub mod app_json;
// `dokku help` runs whatever is called `commands` in or below an installed plugin, folders too, and this repository can
// be one.
#[path = "command/mod.rs"]
pub mod commands;
mod config;
pub mod driver;
pub mod each_app;
pub mod fingerprint;
pub mod formation;
mod host_files;
pub mod image_kind;
pub mod listing;
pub mod max_instances;
pub mod pending;
pub mod plan;
pub mod report;
pub mod restart_policy;
pub mod scale;
pub mod scaling;
pub mod scheduler;
pub mod settings;
pub mod source_files;
pub mod status;
pub mod triggers;

/// The plugin's name: of its folder, its properties and its data.
pub const PLUGIN: &str = "ps";
