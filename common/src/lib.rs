//! What every executable of a Dokku plugin shares.
//!
//! A plugin's executable is started by Dokku as a subcommand (`dokku ps:scale …`) or by plugn as a
//! trigger (`plugn trigger post-stop shop`). Either way it gets its surroundings in variables,
//! answers on standard output, talks on standard error and ends with a status. This crate holds
//! that contract: [`Env`] is the one outside world, [`Triggers`] asks and tells the other plugins,
//! [`Properties`] keeps an app's settings, [`Docker`] reads what runs and changes a little of it, [`AppLock`] keeps two
//! changes of one app apart, and [`run`] is the whole body of a `main` function:
//!
//! ```no_run
//! fn hello(env: &dokku_plugin::Env) -> dokku_plugin::Result<()> {
//!     let app = dokku_plugin::App::named_by_user(env, env.arg(1)?)?;
//!     env.output().print(&format!("hello {app}\n"))
//! }
//!
//! fn main() -> std::process::ExitCode {
//!     dokku_plugin::run(hello)
//! }
//! ```
//!
//! It knows nothing of any one plugin.
#![deny(missing_docs)]
#![cfg_attr(test, allow(clippy::disallowed_methods, reason = "tests set the scene with plain files"))]

// It has no names: it is linked, and that is all.
#[cfg(feature = "no-backtrace")]
use no_backtrace as _;

/// Of every executable. The allocator of musl maps and unmaps pages for each size that a short process uses.
#[cfg(feature = "dlmalloc")]
#[global_allocator]
static MEMORY: dlmalloc::GlobalDlmalloc = dlmalloc::GlobalDlmalloc;

mod app;
mod at_once;
pub mod atomic;
mod command_line;
mod docker;
mod env;
mod error;
pub mod file;
mod help;
mod host_plugins;
#[cfg(test)]
mod hostile_tests;
mod kernel;
mod lock;
mod lock_holder;
mod names;
mod output;
mod plugin_processes;
mod process;
pub mod procfile;
mod property;
mod ready;
mod run;
mod scale_change;
#[cfg(test)]
mod script;
mod signals;
mod timings;
mod trigger;
mod trigger_config;
mod users;

pub use app::App;
pub use at_once::at_once;
pub use command_line::{Globals, OtherGlobals, parse_command_line};
pub use docker::{
    Asked, Container, ContainerDetails, ContainerEvent, ContainerEvents, ContainerInside, ContainerProcess,
    ContainerState, ContainerStats, Docker, ImageConfig, now_since_epoch, seconds_since_epoch,
};
pub use env::Env;
pub use error::{Context, Error, ErrorKind, Result};
pub use help::{Help, Manual};
pub use host_plugins::VERSION as TESTED_DOKKU;
pub use lock::{AppLock, Attempt, FileLock, Obstacle, wait_for};
pub use names::{Instance, ProcessType, Quantity, listed};
pub use output::{Output, commands_a_terminal, shown, shown_json, shown_lines};
pub use plugin_processes::{PluginProcess, host_runs, plugin_processes};
pub use process::{Answer, Process};
pub use procfile::Procfile;
pub use property::{Properties, Scope};
pub use run::run;
pub use scale_change::ScaleChange;
pub use signals::{in_spite_of_signals, interrupted, pause, when_asked_to_end};
pub use trigger::{Implementer, Triggers, is_executable};

/// The parser that [`parse_command_line`] takes, so that a plugin needs no version of its own.
pub use clap;
