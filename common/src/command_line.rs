//! Command lines of subcommands.
//!
//! Dokku starts a subcommand with the whole command word first: `scale ps:scale shop web=2`. Flags
//! may stand anywhere after it. A flag that is not known ends in exit status 2, as with the host's
//! own plugins.

use crate::{Env, Error, Result, listed, shown, timings};
use clap::error::{ContextKind, ContextValue, ErrorKind};
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
    let mut command = command.bin_name(format!("dokku {}", arguments.first().unwrap_or(&"")));
    let usage = command.render_usage().to_string();
    let seen = command.get_arguments().filter(|argument| !argument.is_hide_set());
    let flags: Vec<String> = seen.filter_map(Arg::get_long).map(|name| format!("--{name}")).collect();
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
        _ => Error::new(in_words(&error, &usage, &flags)).with_status(2),
    })
}

/// What is wrong with a command line, and what would be right.
fn in_words(error: &clap::Error, usage: &str, flags: &[String]) -> String {
    let text = |kind| match error.get(kind) {
        Some(ContextValue::String(text)) => Some(shown(text)),
        _ => None,
    };
    let wrong = match (error.kind(), text(ContextKind::InvalidArg), text(ContextKind::InvalidValue)) {
        (ErrorKind::UnknownArgument, Some(flag), _) if flag.starts_with('-') => {
            let nearest = flags.iter().map(|known| (distance(&flag, known), known)).min();
            match nearest.filter(|(distance, _)| *distance <= MOST_SLIPS) {
                Some((_, known)) => format!("There is no flag {flag}, did you mean {known}?"),
                None => format!("There is no flag {flag}, there are: {}", listed(flags.iter().map(String::as_str))),
            }
        }
        (ErrorKind::UnknownArgument, Some(word), _) => format!("{word} is a word too many"),
        (ErrorKind::TooManyValues, Some(flag), Some(value)) => format!("{flag} takes no value {value}"),
        (ErrorKind::InvalidValue, Some(flag), Some(value)) if value.is_empty() => format!("{flag} needs a value"),
        (ErrorKind::ValueValidation, Some(flag), Some(value)) => {
            let why = std::error::Error::source(error).map(|why| format!(": {why}")).unwrap_or_default();
            format!("{flag} cannot be {value}{}", shown(&why))
        }
        _ => {
            let rendered = error.render().to_string();
            shown(rendered.lines().next().unwrap_or_default().trim_start_matches("error: "))
        }
    };
    format!("{wrong}\n{usage}")
}

/// So many slips of a hand still leave it clear which flag was meant.
const MOST_SLIPS: usize = 2;

/// How many letters have to be put in, left out or exchanged to make one word of another.
fn distance(one: &str, other: &str) -> usize {
    let other: Vec<char> = other.chars().collect();
    let mut row: Vec<usize> = (0..=other.len()).collect();
    for (line, letter) in (1..).zip(one.chars()) {
        let mut next = vec![line];
        for ((pair, wanted), left) in row.windows(2).zip(&other).zip(0..) {
            let [corner, above] = *pair else { continue };
            let before: usize = next.get(left).copied().unwrap_or_default();
            next.push((corner + usize::from(letter != *wanted)).min(above + 1).min(before + 1));
        }
        row = next;
    }
    row.pop().unwrap_or_default()
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_slip_is_a_letter_too_many_too_few_or_another() {
        for (one, other, slips) in [
            ("--dry-rum", "--dry-run", 1),
            ("", "ab", 2),
            ("--al", "--all", 1),
            ("--format", "--fromat", 2),
            ("x", "x", 0),
        ] {
            assert_eq!(distance(one, other), slips, "{one} {other}");
        }
    }
}
