//! Dokku's process management.
//!
//! Each subcommand's body is a function in [`commands`], each trigger's a function in [`triggers`]; the
//! files below `subcommands/` and `triggers/` beside this crate's `src` are executables of one line
//! that call them. In between is what both share: [`formation`] (how many of each process type),
//! [`source_files`], [`settings`], [`scheduler`] and [`status`] (what runs), [`report`].
#![cfg_attr(test, allow(clippy::disallowed_methods, reason = "tests set the scene with plain files"))]

#[cfg(test)]
mod any_words;
mod app_json;
// `dokku help` runs whatever is called `commands` in or below an installed plugin, folders too, and this repository can
// be one.
mod change;
#[path = "command/mod.rs"]
pub mod commands;
mod config;
mod docker_local;
mod each_app;
mod fingerprint;
mod formation;
mod host_answers;
mod host_files;
mod image_kind;
mod listing;
mod plan;
mod report;
mod restart_policy;
mod saved;
#[cfg(test)]
mod scene;
mod scheduler;
mod settings;
mod signal;
mod source_files;
mod stopped;
mod targets;
pub mod triggers;
mod watch;
mod watched;

/// The plugin's name: of its folder, its properties and its data.
pub(crate) const PLUGIN: &str = "ps";
