//! Command lines of subcommands.
//!
//! Dokku starts a subcommand with the whole command word first: `scale ps:scale shop web=2`. Flags
//! may stand anywhere after it. A flag that is not known ends in exit status 2, as with the host's
//! own plugins.

use crate::{Env, Error, Result, shown, timings};
use clap::error::{ContextKind, ContextValue, ErrorKind};
use clap::{Arg, ArgAction, ArgMatches, Command};
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
#[doc(hidden)] // for ps, of which one command has a --quiet of its own
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
/// `T` flattens [`Globals`], the flags of Dokku itself, which may stand among ours. A wrong definition is for a test to
/// find, by [`Help::debug_assert`](crate::Help::debug_assert): built with `debug_assertions` clap panics on it here,
/// in any other build it does not.
///
/// # Errors
/// Status 2 for a command line that the parser does not take, with its words and the usage. `--help`
/// prints the help and ends quietly with status 0. Status 1 where an argument of the definition is there twice, or a
/// group names one that there is not.
///
/// ```
/// use dokku_plugin::{App, Env, Globals, Result, clap, parse_command_line};
///
/// /// Set the quota of an app
/// #[derive(clap::Parser)]
/// struct Arguments {
///     /// Of all apps that have none of their own
///     #[arg(long)]
///     all: bool,
///     #[command(flatten)]
///     globals: Globals,
///     /// The app
///     app: String,
///     /// How many instances it may have
///     #[arg(value_name = "QUANTITY")]
///     most: u32,
/// }
///
/// /// `dokku quota:set`: the executable `subcommands/set` of a plugin `quota`, with `dokku_plugin::run` as its `main`.
/// fn set(env: &Env) -> Result<()> {
///     let Arguments { all, app, most, .. } = parse_command_line(env)?;
///     let app: App = app.parse()?;
///     assert!(!all && app.as_str() == "shop" && most == 3);
///     Ok(())
/// }
///
/// let folder = tempfile::tempdir()?;
/// let typed = |words: &[&str]| Env::of_test_host(folder.path(), &[&["set", "quota:set"], words].concat());
/// set(&typed(&["shop", "3"]))?;
/// // What Dokku has heeded by then is taken, wherever it stands.
/// set(&typed(&["--quiet", "shop", "3", "--trace"]))?;
/// let error = set(&typed(&["shop", "three"])).unwrap_err();
/// assert_eq!(error.status(), 2);
/// assert!(error.message().starts_with("<QUANTITY> cannot be three"), "{error}");
/// # Ok::<(), dokku_plugin::Error>(())
/// ```
pub fn parse_command_line<T: clap::Parser>(env: &Env) -> Result<T> {
    let command = as_parsed(T::command());
    if let Some(fault) = fault(&command) {
        return Err(Error::new(fault));
    }
    let arguments = env.args_from(1)?;
    // Some commands share one description, so what was typed is what tells their names.
    let mut command = command.bin_name(format!("dokku {}", arguments.first().unwrap_or(&"")));
    let began = Instant::now();
    let matches = command.try_get_matches_from_mut(arguments).inspect(|matches| {
        if matches!(matches.try_get_one("timings"), Ok(Some(true))) {
            timings::keep(began);
        }
    });
    matches.and_then(|matches: ArgMatches| T::from_arg_matches(&matches)).map_err(|error| refused(env, &error, command))
}

fn refused(env: &Env, error: &clap::Error, command: Command) -> Error {
    match error.kind() {
        ErrorKind::DisplayHelp | ErrorKind::DisplayVersion => match env.output().print(&error.render().to_string()) {
            Ok(()) => Error::silent(0),
            Err(unwritten) => unwritten,
        },
        _ => Error::new(in_words(error, command)).with_status(2),
    }
}

/// What is wrong with a command line, and what would be right.
fn in_words(error: &clap::Error, mut command: Command) -> String {
    let text = |kind| match error.get(kind) {
        Some(ContextValue::String(text)) => shown(text),
        _ => String::new(),
    };
    let several = |kind| match error.get(kind) {
        Some(ContextValue::Strings(texts)) => shown(&texts.join(", ")),
        _ => String::new(),
    };
    let (word, value) = (text(ContextKind::InvalidArg), text(ContextKind::InvalidValue));
    let wrong = match error.kind() {
        ErrorKind::UnknownArgument if word.starts_with('-') => no_such_flag(&word, &command),
        ErrorKind::UnknownArgument => format!("{word} is a word too many"),
        ErrorKind::TooManyValues => format!("{word} takes no value {value}"),
        ErrorKind::InvalidValue if value.is_empty() => format!("{word} needs a value"),
        ErrorKind::InvalidValue => format!("{word} cannot be {value}, it can be: {}", several(ContextKind::ValidValue)),
        ErrorKind::MissingRequiredArgument => format!("missing: {}", several(ContextKind::InvalidArg)),
        ErrorKind::ValueValidation => {
            let why = std::error::Error::source(error).map(|why| format!(": {why}")).unwrap_or_default();
            format!("{word} cannot be {value}{}", shown(&why))
        }
        _ => shown(error.render().to_string().lines().next().unwrap_or_default().trim_start_matches("error: ")),
    };
    format!("{wrong}\n{}", command.render_usage())
}

fn no_such_flag(flag: &str, command: &Command) -> String {
    let seen = command.get_arguments().filter(|argument| !argument.is_hide_set());
    let flags: Vec<String> = seen.filter_map(Arg::get_long).map(|name| format!("--{name}")).collect();
    match flags.iter().find(|known| distance(flag, known) <= MOST_SLIPS) {
        Some(meant) => format!("There is no flag {flag}, did you mean {meant}?"),
        None => format!("There is no flag {flag}, there are: {}", flags.join(", ")),
    }
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

/// A definition as it is parsed with.
pub(crate) fn as_parsed(definition: Command) -> Command {
    definition.disable_version_flag(true).args_override_self(true).mut_args(as_switch)
}

/// What is wrong with a definition that clap or what it derives would panic on in every build.
pub(crate) fn fault(definition: &Command) -> Option<String> {
    let known: Vec<&str> = definition.get_arguments().map(|argument| argument.get_id().as_str()).collect();
    let is_twice = |(at, name): &(usize, &&str)| known.iter().take(*at).any(|before| before == *name);
    if let Some((_, twice)) = known.iter().enumerate().find(is_twice) {
        return Some(format!("The command line is defined wrongly: it has the argument {twice} twice"));
    }
    for group in definition.get_groups() {
        if let Some(stranger) = group.get_args().find(|member| !known.contains(&member.as_str())) {
            let group = group.get_id();
            return Some(format!(
                "The command line is defined wrongly: its group {group} names {stranger}, which is no argument"
            ));
        }
    }
    None
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
    use clap::ArgGroup;
    use std::path::Path;

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

    #[derive(Debug, clap::Parser)]
    struct WithItsOwn {
        #[arg(long)]
        quiet: Option<String>,
        #[command(flatten)]
        globals: Globals,
    }

    #[derive(Debug, clap::Parser)]
    struct Kept {
        #[arg(long, value_parser = ["json", "stdout"])]
        _format: Option<String>,
        #[arg(required = true, value_name = "TYPE=MAX")]
        _quotas: Vec<String>,
    }

    #[test]
    fn what_is_missing_and_what_may_be_given_is_named() {
        let first_line = |line: &[&str]| {
            let error = parse_command_line::<Kept>(&Env::of_test_host(Path::new("/nonexistent"), line)).unwrap_err();
            error.message().lines().next().unwrap().to_owned()
        };
        assert_eq!(first_line(&["set", "quota:set"]), "missing: <TYPE=MAX>...");
        let wrong = first_line(&["set", "quota:set", "web=1", "--format", "xml"]);
        assert!(wrong.ends_with("cannot be xml, it can be: json, stdout"), "{wrong}");
    }

    #[test]
    fn what_would_panic_in_every_build_is_an_error() {
        let env = Env::of_test_host(Path::new("/nonexistent"), &["set", "quota:set"]);
        let error = parse_command_line::<WithItsOwn>(&env).unwrap_err();
        assert_eq!(error.status(), 1);
        assert!(error.message().ends_with("it has the argument quiet twice"), "{error}");
        let of_nobody = Command::new("x").group(ArgGroup::new("either").arg("nobody"));
        assert!(fault(&of_nobody).unwrap().ends_with("its group either names nobody, which is no argument"));
        assert_eq!(fault(&of_nobody.arg(Arg::new("nobody").long("nobody"))), None);
    }
}
