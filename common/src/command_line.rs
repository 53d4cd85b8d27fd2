//! Command lines of subcommands.
//!
//! Dokku starts a subcommand with the whole command word first: `scale ps:scale shop web=2`. Flags
//! may stand anywhere after it. A flag that is not known ends in exit status 2, as with the host's
//! own plugins.

use crate::{Env, Error, Result, timings};
use clap::error::ErrorKind;
use clap::{Arg, ArgAction, ArgMatches};
use std::time::Instant;

// Flags that Dokku itself reads anywhere in its command line and leaves among our arguments. They have taken
// effect by then (as variables), so they are accepted and not looked at.
#[allow(missing_docs, reason = "clap would show it in the help of each command that takes them")]
#[derive(Clone, Debug, Default, clap::Args)]
pub struct Globals {
    #[arg(long, hide = true)]
    quiet: bool,
    #[command(flatten)]
    others: OtherGlobals,
}

// The same for a command to which `--quiet` has a meaning of its own.
#[allow(missing_docs, reason = "as above")]
#[derive(Clone, Debug, Default, clap::Args)]
pub struct OtherGlobals {
    #[arg(long, hide = true)]
    trace: bool,
    #[arg(long, hide = true)]
    force: bool,
    // Our own, which every command has: see `timings`.
    #[arg(long, hide = true)]
    timings: bool,
    #[arg(long = "app", hide = true, value_name = "APP")]
    dokku_app: Option<String>,
}

/// Parses a subcommand's arguments. The last of two flags of the same name holds.
///
/// # Errors
/// Status 2 for a command line that the parser does not take, with its words and the usage. `--help`
/// prints the help and ends quietly with status 0.
pub fn parse_command_line<T: clap::Parser>(env: &Env) -> Result<T> {
    let command = T::command().disable_version_flag(true).args_override_self(true).mut_args(as_switch);
    let arguments = env.args_from(1)?;
    // Some commands share one description, so what was typed is what tells their names.
    let command = command.bin_name(format!("dokku {}", arguments.first().unwrap_or(&"")));
    let began = Instant::now();
    let matches = command.try_get_matches_from(arguments).inspect(|matches| {
        if matches!(matches.try_get_one("timings"), Ok(Some(true))) {
            timings::keep(began);
        }
    });
    matches.and_then(|matches: ArgMatches| T::from_arg_matches(&matches)).map_err(|error| match error.kind() {
        ErrorKind::DisplayHelp | ErrorKind::DisplayVersion => match env.output().print(&error.render().to_string()) {
            Ok(()) => Error::silent(0),
            Err(unwritten) => unwritten,
        },
        _ => {
            let words = error.render().to_string();
            let lines = words.lines().map(|line| line.trim_start_matches("error: ")).filter(|line| !line.is_empty());
            Error::new(lines.collect::<Vec<_>>().join("\n")).with_status(2)
        }
    })
}

/// A flag without a value takes `=true` and `=false` too, as those of the host's own plugins do.
fn as_switch(argument: Arg) -> Arg {
    if !matches!(argument.get_action(), ArgAction::SetTrue) {
        return argument;
    }
    let switch = argument.action(ArgAction::Set).num_args(0..=1).require_equals(true);
    let switch = switch.default_value("false").default_missing_value("true").value_name("true|false");
    switch.hide_default_value(true).hide_possible_values(true)
}
