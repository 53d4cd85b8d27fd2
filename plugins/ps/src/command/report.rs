//! `ps:report`: what is set and what runs, of one app, of all, or of the host.

use crate::PLUGIN;
use crate::docker_local::Statuses;
use crate::report::{Report, info_flags};
use common::clap::{self, Arg};
use common::{App, Env, Error, Process, Result, shown};
use std::path::Path;

/// The command line of `ps:report`, as its manual has it.
pub(crate) fn definition() -> clap::Command {
    let mut flags = String::new();
    for flag in info_flags() {
        let line = flags.rsplit('\n').next().unwrap_or_default();
        let separator = match line.len() {
            0 => "",
            length if length + flag.len() > 80 => ",\n",
            _ => ", ",
        };
        flags.push_str(&format!("{separator}{flag}"));
    }
    clap::Command::new("ps:report")
        .about("Displays a process report for one or more apps")
        .after_help(examples!(
            "dokku ps:report shop" => "All that is set, and what runs.",
            "dokku ps:report shop --format json" => "The same as one JSON object.",
            "dokku ps:report --global" => "What holds for apps that have no value of their own.",
        ))
        .disable_help_flag(true)
        .arg(
            Arg::new("global")
                .long("global")
                .action(clap::ArgAction::SetTrue)
                .help("What holds for apps that have no value of their own"),
        )
        .arg(Arg::new("format").long("format").value_name("FORMAT").default_value("stdout").help("stdout or json"))
        .arg(Arg::new("app").value_name("APP").help("The app; all apps when none is named"))
        .arg(Arg::new("flag").value_name("FLAG").help(format!(
            "Print the value of this flag alone:\n{flags},\n--status-TYPE.N (an instance on docker-local) or\n\
             --ps-PROPERTY.TYPE (what a type has of its own)"
        )))
}

/// The command line of `ps:report`. It is read by hand: every flag that is not one of the few below
/// asks for one line of the report.
#[derive(Debug, Default)]
struct Arguments {
    app: String,
    global: bool,
    help: bool,
    format: Option<String>,
    info_flag: Option<String>,
}

impl Arguments {
    fn parse(words: &[&str]) -> Result<Self> {
        let mut arguments = Self::default();
        let mut positions = Vec::new();
        let mut words = words.iter();
        while let Some(word) = words.next() {
            match *word {
                "--" => positions.extend(words.by_ref()),
                "--format" => {
                    let value = words
                        .next()
                        .ok_or_else(|| Error::new("--format needs a value, json or stdout").with_status(2))?;
                    arguments.format = Some((*value).to_owned());
                }
                "--help" => arguments.help = true,
                "--global" => arguments.global = true,
                "--quiet" | "--trace" | "--force" => {}
                "--app" => drop(words.next()),
                flag if flag.starts_with("--") => match flag.strip_prefix("--format=") {
                    Some(value) => arguments.format = Some(value.to_owned()),
                    None if arguments.info_flag.is_some() => {
                        return Err(Error::new("ps:report command allows only a single flag"));
                    }
                    None => arguments.info_flag = Some(flag.to_owned()),
                },
                flag if flag.len() > 1 && flag.starts_with('-') => {
                    return Err(Error::new(format!("unexpected argument {flag:?}, flags of ps:report start with --"))
                        .with_status(2));
                }
                position => positions.push(position),
            }
        }
        if let [_, extra, ..] = positions.as_slice() {
            return Err(Error::new(format!(
                "{} is a word too many\nUsage: dokku ps:report [OPTIONS] [APP] [FLAG]",
                shown(extra)
            ))
            .with_status(2));
        }
        arguments.app = positions.first().map_or(String::new(), |app| (*app).to_owned());
        Ok(arguments)
    }
}

/// The body of `ps:report`.
pub fn main(env: &Env) -> Result<()> {
    let arguments = Arguments::parse(&env.args_from(2)?)?;
    if arguments.help {
        return Err(become_help(env)?);
    }
    let format = arguments.format.as_deref().unwrap_or("stdout");
    let json = is_json(format).map_err(|_| Error::new(format!("Format must be \"stdout\" or \"json\": {format:?}")))?;
    let info_flag = arguments.info_flag.as_deref();
    if json && info_flag.is_some() {
        return Err(Error::new("--format flag cannot be specified when specifying an info flag"));
    }
    let show = |report: &Report| {
        let text = match info_flag {
            Some(flag) => report.value(flag)?,
            None if json => report.to_json()?,
            None => report.to_text(env.output().is_quiet()),
        };
        env.output().print(&text)
    };
    if arguments.global {
        return show(&Report::of_host(env)?);
    }
    if !arguments.app.is_empty() {
        let app = App::named_by_user(env, &arguments.app)?;
        return show(&Report::of_app(env, &app, &Statuses::for_one(env), info_flag)?);
    }
    let statuses = Statuses::new(env);
    let apps = App::all_visible(env)?;
    if apps.is_empty() {
        env.output().warn("You haven't deployed any applications yet");
    }
    apps.iter().try_for_each(|app| show(&Report::of_app(env, app, &statuses, info_flag)?))
}

/// Becomes the program that has the help of all commands: this one reads its words by hand, and needs no parser for more.
fn become_help(env: &Env) -> Result<Error> {
    let program = Path::new(env.required("PLUGIN_ENABLED_PATH")?).join(PLUGIN).join("commands");
    Ok(Process::new(program).args(["ps:help", "ps:report"]).replace_ours())
}

/// Whether `--format` asks for JSON.
pub(crate) fn is_json(format: &str) -> Result<bool> {
    match format {
        "json" => Ok(true),
        "stdout" | "" => Ok(false),
        _ => Err(Error::new("Invalid format specified, supported formats: json, stdout")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_info_flag_stands_anywhere() {
        for words in [["shop", "--deployed"], ["--deployed", "shop"]] {
            let arguments = Arguments::parse(&words).unwrap();
            assert_eq!((arguments.app.as_str(), arguments.info_flag.as_deref()), ("shop", Some("--deployed")));
        }
        let two = Arguments::parse(&["--deployed", "--running", "shop"]).unwrap_err();
        assert_eq!(two.message(), "ps:report command allows only a single flag");
    }

    #[test]
    fn dokku_s_own_flags_are_passed_over() {
        let arguments = Arguments::parse(&["shop", "--quiet", "--app", "shop", "--format=json"]).unwrap();
        assert_eq!((arguments.app.as_str(), arguments.info_flag), ("shop", None));
        assert_eq!(arguments.format.as_deref(), Some("json"));
    }
}
