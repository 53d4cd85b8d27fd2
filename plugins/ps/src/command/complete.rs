//! `ps:complete`: what may stand where somebody types, for the completion of shells.
//!
//! A shell gives the words behind `dokku` up to the one that is typed, each behind a `=`: so Dokku takes none of them for
//! a flag of its own, and an empty one is a word all the same. What is printed, a line each, may take the place of the
//! last one. Nothing is asked of Docker and nothing is locked.

use super::chosen::known;
use super::manual::{COMMANDS, Manual};
use crate::report::info_flags;
use crate::settings::{HEAL, Named, RESTART_POLICY, SCALE_STRATEGY, SETTINGS, Setting};
use crate::signal;
use common::clap::{Arg, Command};
use common::{App, Env, Result};

/// The body of `ps:complete`. It runs in the middle of what somebody types: what goes wrong is no candidate and no word.
pub fn main(env: &Env) -> Result<()> {
    let lines: String = candidates(env).unwrap_or_default().iter().map(|word| format!("{word}\n")).collect();
    let _nobody_listens = env.output().print(&lines);
    Ok(())
}

/// What the last word can become.
fn candidates(env: &Env) -> Result<Vec<String>> {
    let arguments = env.args_from(2)?;
    let words: Vec<&str> = arguments.iter().filter_map(|argument| argument.strip_prefix('=')).collect();
    let Some((last, before)) = words.split_last() else { return Ok(Vec::new()) };
    let mut candidates = match Line::read(env.var("DOKKU_APP_NAME"), before) {
        Line::NoCommand if last.starts_with("ps") => COMMANDS.iter().map(|manual| manual.name.to_owned()).collect(),
        Line::Command(typed) => typed.candidates(env, last)?,
        Line::NoCommand | Line::Other => Vec::new(),
    };
    candidates.retain(|candidate| candidate.starts_with(last));
    Ok(candidates)
}

/// What stands before the word that is typed.
enum Line {
    /// No command yet.
    NoCommand,
    /// A command that is not ours.
    Other,
    /// One of ours.
    Command(Box<Typed>),
}

/// A command of ours, as far as it is typed.
struct Typed {
    definition: Command,
    flags: Vec<String>,
    /// A flag whose value is typed now.
    open: Option<Arg>,
    /// Whether `--` has ended the flags.
    only_positions: bool,
    positions: Vec<String>,
}

impl Line {
    fn read(app: Option<&str>, before: &[&str]) -> Self {
        let mut app = app.map(str::to_owned);
        let mut words = before.iter();
        let name = loop {
            match words.next() {
                None => return Self::NoCommand,
                Some(&"--app") => app = words.next().map(|app| (*app).to_owned()),
                Some(flag) if flag.starts_with("--") => {}
                Some(name) => break name,
            }
        };
        let Some(manual) = COMMANDS.iter().find(|manual| manual.name == *name) else { return Self::Other };
        Self::Command(Box::new(Typed::read(manual, app, words.as_slice())))
    }
}

impl Typed {
    fn read(manual: &Manual, mut app: Option<String>, words: &[&str]) -> Self {
        let mut definition = manual.command();
        definition.build();
        let mut typed =
            Self { definition, flags: Vec::new(), open: None, only_positions: false, positions: Vec::new() };
        for word in words {
            match word.strip_prefix("--") {
                _ if typed.open.is_some() => {
                    let flag = typed.open.take();
                    if flag.is_some_and(|flag| flag.get_long() == Some("app")) {
                        app = Some((*word).to_owned());
                    }
                }
                Some("") => typed.only_positions = true,
                Some(flag) if !typed.only_positions => {
                    let name = flag.split('=').next().unwrap_or_default();
                    typed.flags.push(name.to_owned());
                    typed.open = typed.flag(name).filter(|_| !flag.contains('=')).cloned();
                }
                _ if word.starts_with('-') && !typed.only_positions => {}
                _ => typed.positions.push((*word).to_owned()),
            }
        }
        // Dokku puts it before all other words.
        typed.positions.splice(0..0, app);
        typed
    }

    /// The flag of that name, when it takes a value.
    fn flag(&self, name: &str) -> Option<&Arg> {
        let mut arguments = self.definition.get_arguments();
        arguments.find(|argument| argument.get_long() == Some(name) && argument.get_action().takes_values())
    }

    fn has_flag(&self, name: &str) -> bool {
        self.flags.iter().any(|flag| flag == name)
    }

    fn candidates(&self, env: &Env, last: &str) -> Result<Vec<String>> {
        if let Some(flag) = &self.open {
            return self.words(env, kind(flag), last);
        }
        if self.only_positions || !last.starts_with('-') {
            return self.position().map_or(Ok(Vec::new()), |kind| self.words(env, kind, last));
        }
        match last.split_once('=') {
            None => Ok(self.flag_names()),
            Some((name, value)) => {
                let Some(flag) = self.flag(name.trim_start_matches('-')) else { return Ok(Vec::new()) };
                let values = self.words(env, kind(flag), value)?;
                Ok(values.into_iter().map(|value| format!("{name}={value}")).collect())
            }
        }
    }

    fn flag_names(&self) -> Vec<String> {
        let shown = self.definition.get_arguments().filter(|argument| !argument.is_hide_set());
        let names = shown.filter_map(Arg::get_long).map(|name| format!("--{name}"));
        let takes_info_flag = self.definition.get_positionals().any(|position| kind(position) == Kind::InfoFlag);
        names.chain(if takes_info_flag { info_flags() } else { Vec::new() }).collect()
    }

    /// What may stand where no flag does.
    fn position(&self) -> Option<Kind> {
        let shown: Vec<&Arg> = self.definition.get_positionals().filter(|position| !position.is_hide_set()).collect();
        let without_app = self.has_flag("all") || self.has_flag("global");
        let begin = usize::from(without_app && shown.first().is_some_and(|first| kind(first) == Kind::App));
        let repeated = || {
            let more = |position: &&&Arg| position.get_num_args().is_some_and(|number| number.max_values() > 1);
            shown.last().filter(more)
        };
        shown.get(begin + self.positions.len()).or_else(repeated).map(|position| kind(position))
    }

    fn words(&self, env: &Env, kind: Kind, typed: &str) -> Result<Vec<String>> {
        Ok(match kind {
            Kind::Anything => Vec::new(),
            Kind::App => apps(env)?,
            Kind::Format => vec!["json".to_owned(), "stdout".to_owned()],
            Kind::Heal => values(&HEAL),
            Kind::InfoFlag => info_flags(),
            Kind::Policy => values(&RESTART_POLICY),
            Kind::Strategy => values(&SCALE_STRATEGY),
            Kind::Quantity if typed.contains('=') => Vec::new(),
            Kind::Quantity => self.types(env)?.iter().map(|name| format!("{name}=")).collect(),
            Kind::Type => self.types(env)?,
            Kind::Part => self.parts(env)?,
            Kind::PartOrSignal => {
                let prefix = if typed.starts_with("SIG") { "SIG" } else { "" };
                let signals = signal::names().map(|name| format!("{prefix}{name}"));
                self.parts(env)?.into_iter().chain(signals).collect()
            }
            Kind::Property => self.property(env)?,
        })
    }

    /// The app that is named, when the user may see it.
    fn app(&self, env: &Env) -> Result<App> {
        App::named_by_user(env, self.positions.first().map_or("", String::as_str))
    }

    fn types(&self, env: &Env) -> Result<Vec<String>> {
        Ok(known(env, &self.app(env)?)?.types.iter().map(ToString::to_string).collect())
    }

    fn parts(&self, env: &Env) -> Result<Vec<String>> {
        let known = known(env, &self.app(env)?)?;
        let types = known.types.iter().map(ToString::to_string);
        Ok(types.chain(known.instances.iter().map(ToString::to_string)).collect())
    }

    /// The words of `ps:set`: the app unless the property is meant for all, the property, its value.
    fn property(&self, env: &Env) -> Result<Vec<String>> {
        let global = self.has_flag("global");
        Ok(match self.positions.len() + usize::from(global) {
            0 => apps(env)?,
            1 if global => names(SETTINGS.iter().filter(|setting| setting.global)),
            1 => {
                let (names, types) = (names(SETTINGS.iter()), self.types(env)?);
                let of_types = types.iter().flat_map(|of| names.iter().map(move |name| format!("{name}.{of}")));
                let of_types: Vec<String> = of_types.filter(|name| Named::parse(name).is_ok()).collect();
                [names, of_types].concat()
            }
            2 => values(Named::parse(self.positions.last().map_or("", String::as_str))?.setting),
            _ => Vec::new(),
        })
    }
}

/// What a position or the value of a flag is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    Anything,
    App,
    Format,
    Heal,
    InfoFlag,
    Part,
    PartOrSignal,
    Policy,
    Property,
    Quantity,
    Strategy,
    Type,
}

/// What it is, told by the name that its definition gives the value.
fn kind(argument: &Arg) -> Kind {
    let names = argument.get_value_names().unwrap_or_default();
    names.first().and_then(|name| named_kind(name)).unwrap_or(Kind::Anything)
}

fn named_kind(name: &str) -> Option<Kind> {
    Some(match name {
        "APP" => Kind::App,
        "FLAG" => Kind::InfoFlag,
        "FORMAT" => Kind::Format,
        "N" | "SECONDS" => Kind::Anything,
        "POLICY" => Kind::Policy,
        "TYPE[.N]" => Kind::Part,
        "TYPE[.N]|SIGNAL" => Kind::PartOrSignal,
        "STRATEGY" => Kind::Strategy,
        "TYPE" => Kind::Type,
        "TYPE=COUNT" => Kind::Quantity,
        "WHAT" => Kind::Heal,
        "WORDS" => Kind::Property,
        _ => return None,
    })
}

fn apps(env: &Env) -> Result<Vec<String>> {
    Ok(App::all_visible(env)?.iter().map(ToString::to_string).collect())
}

fn names<'s>(settings: impl Iterator<Item = &'s Setting>) -> Vec<String> {
    settings.map(|setting| setting.name.to_owned()).collect()
}

/// Words that mean something to one property or another.
const VALUES: &[&str] = &[
    "address",
    "all",
    "always",
    "false",
    "incremental",
    "missing",
    "needed",
    "no",
    "none",
    "on-failure",
    "recreate",
    "stray",
    "true",
    "unhealthy",
    "unless-stopped",
    "upcoming",
];

/// Those that a property takes; one that takes any text has none.
fn values(setting: &Setting) -> Vec<String> {
    if setting.check("any text").is_ok() {
        return Vec::new();
    }
    VALUES.iter().filter(|value| setting.check(value).is_ok()).map(|value| (*value).to_owned()).collect()
}

#[cfg(test)]
#[path = "complete_tests.rs"]
mod tests;
