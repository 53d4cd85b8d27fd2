//! The help of a plugin: its commands, and its line in Dokku's own help.
//!
//! Dokku runs the executable `commands` of every plugin for what is no subcommand: with `NAME` and `NAME:help` for the
//! plugin's own help, with `help` for its part in that of the host. All of it is made from the definitions of the
//! command lines, so that it says what is.

use crate::command_line::{as_parsed, fault};
use crate::{Env, Error, Result, listed, shown};
use clap::{Arg, Command, CommandFactory};

/// The status by which Dokku knows that a command is another plugin's, unless it says otherwise.
const NOT_IMPLEMENTED: u8 = 10;

/// A command of a plugin, as its users see it.
#[derive(Clone, Copy, Debug)]
pub struct Manual {
    /// What is typed behind `dokku`: `quota:set`.
    pub name: &'static str,
    /// What is typed behind the name, in the words of Dokku's help: `<app> <type>=<quantity>`.
    pub usage: &'static str,
    /// What makes the definition of its command line.
    pub definition: fn() -> Command,
}

impl Manual {
    /// A command with the command line that `T` describes.
    ///
    /// ```
    /// use dokku_plugin::{Globals, Manual, clap};
    ///
    /// /// Forget the quota of an app
    /// #[derive(clap::Parser)]
    /// struct Arguments {
    ///     #[command(flatten)]
    ///     globals: Globals,
    ///     /// The app
    ///     app: String,
    /// }
    ///
    /// let manual = Manual::of::<Arguments>("quota:unset", "<app>");
    /// assert_eq!(manual.about(), "Forget the quota of an app");
    /// assert_eq!(manual.command().get_bin_name(), Some("dokku quota:unset"));
    /// ```
    pub const fn of<T: CommandFactory>(name: &'static str, usage: &'static str) -> Self {
        Self { name, usage, definition: T::command }
    }

    /// `NAME:help`, which takes nothing.
    ///
    /// ```
    /// assert_eq!(dokku_plugin::Manual::of_help("quota:help").about(), "List the commands of this plugin");
    /// ```
    pub const fn of_help(name: &'static str) -> Self {
        Self { name, usage: "", definition: help }
    }

    /// The definition of its command line, with its name.
    pub fn command(&self) -> Command {
        (self.definition)().name(self.name).bin_name(format!("dokku {}", self.name)).disable_version_flag(true)
    }

    /// What it does, in one sentence.
    pub fn about(&self) -> String {
        self.command().get_about().map(ToString::to_string).unwrap_or_default()
    }

    /// What to type for it.
    fn typed(&self) -> String {
        format!("{} {}", self.name, self.usage).trim_end().to_owned()
    }
}

fn help() -> Command {
    Command::new("help").about("List the commands of this plugin").disable_help_flag(true)
}

/// The help of a plugin: the whole body of its executable `commands` is [`Help::answer`].
///
/// ```
/// use dokku_plugin::{Env, Globals, Help, Manual, Result, clap};
///
/// /// Report the quota of an app
/// #[derive(clap::Parser)]
/// struct Arguments {
///     #[command(flatten)]
///     globals: Globals,
///     /// The app
///     app: String,
/// }
///
/// const HELP: Help = Help {
///     plugin: "quota",
///     about: "Keep apps below a quota",
///     commands: &[Manual::of_help("quota:help"), Manual::of::<Arguments>("quota:report", "<app>")],
/// };
///
/// fn commands(env: &Env) -> Result<()> {
///     HELP.answer(env)
/// }
///
/// // In a test:
/// HELP.debug_assert();
/// assert!(HELP.text().ends_with("    quota:report <app>  Report the quota of an app\n"));
/// // What is another plugin's command Dokku is told by this status.
/// let folder = tempfile::tempdir()?;
/// assert_eq!(commands(&Env::of_test_host(folder.path(), &["commands", "nginx:help"])).unwrap_err().status(), 10);
/// # Ok::<(), dokku_plugin::Error>(())
/// ```
#[derive(Clone, Copy, Debug)]
pub struct Help<'a> {
    /// The plugin's name, which its commands begin with.
    pub plugin: &'a str,
    /// What it is for, without a comma.
    pub about: &'a str,
    /// Its commands, sorted by their names.
    pub commands: &'a [Manual],
}

/// The words behind the command, without what Dokku has heard as its own, and without what asks for help once more.
fn words(env: &Env) -> Result<Vec<&str>> {
    let (mut words, mut arguments) = (Vec::new(), env.args_from(2)?.into_iter());
    while let Some(word) = arguments.next() {
        match word {
            "" | "--quiet" | "--trace" | "--force" | "--help" | "-h" => {}
            "--app" => drop(arguments.next()),
            _ if word.starts_with("--app=") => {}
            _ => words.push(word),
        }
    }
    Ok(words)
}

impl Help<'_> {
    /// Answers what Dokku asks `commands`.
    ///
    /// # Errors
    /// A silent one with the status `DOKKU_NOT_IMPLEMENTED_EXIT` where another plugin is meant.
    pub fn answer(&self, env: &Env) -> Result<()> {
        let asked = env.arg(1)?;
        let own = asked.strip_prefix(self.plugin).is_some_and(|rest| matches!(rest, "" | ":help"));
        match asked {
            _ if own => match words(env)?.as_slice() {
                [] => env.output().print(&self.text()),
                [command] => env.output().print(&self.of_command(command)?),
                [_, word, ..] => Err(Error::new(format!("{} is a word too many", shown(word))).with_status(2)),
            },
            // Dokku makes columns of what all plugins print, so here the commas stay.
            "help" if env.parent_command_line().split(' ').any(|word| word == "--all") => {
                env.output().print(&self.listed())
            }
            "help" => env.output().print(&format!("\n    {}, {}\n", self.plugin, self.about)),
            _ => Err(Error::silent(
                env.var("DOKKU_NOT_IMPLEMENTED_EXIT").and_then(|status| status.parse().ok()).unwrap_or(NOT_IMPLEMENTED),
            )),
        }
    }

    /// The help of one of its commands, as its `--help` prints it: `scale` or `ps:scale`.
    ///
    /// # Errors
    /// When there is no such command: with those that there are.
    ///
    /// ```
    /// use dokku_plugin::{Help, Manual};
    ///
    /// const HELP: Help = Help { plugin: "quota", about: "Keep apps below a quota", commands: &[Manual::of_help("quota:help")] };
    /// assert!(HELP.of_command("help")?.starts_with("List the commands of this plugin"));
    /// assert!(HELP.of_command("sett").unwrap_err().message().ends_with("no command sett, it has: quota:help"));
    /// # Ok::<(), dokku_plugin::Error>(())
    /// ```
    pub fn of_command(&self, name: &str) -> Result<String> {
        let is_meant = |manual: &&Manual| manual.name == name || manual.name.split(':').nth(1) == Some(name);
        let found = self.commands.iter().find(is_meant).map(|manual| manual.command().render_long_help().to_string());
        found.ok_or_else(|| {
            let names = listed(self.commands.iter().map(|manual| manual.name));
            Error::new(format!("The plugin {} has no command {}, it has: {names}", self.plugin, shown(name)))
        })
    }

    /// The help of the plugin, in columns: what is typed, and what it does. What is too long for a line of a hundred
    /// characters has two.
    pub fn text(&self) -> String {
        const COLUMNS: usize = 100;
        const WIDEST: usize = 44;
        let typed: Vec<String> = self.commands.iter().map(Manual::typed).collect();
        let width = typed.iter().map(String::len).filter(|width| *width <= WIDEST).max().unwrap_or_default();
        let line = |(typed, manual): (&String, &Manual)| {
            let about = manual.about();
            if typed.len() > WIDEST || 6 + width + about.len() > COLUMNS {
                return format!("    {typed}\n        {about}\n");
            }
            format!("    {typed:<width$}  {about}\n")
        };
        let lines: String = typed.iter().zip(self.commands).map(line).collect();
        format!("Usage: dokku {}[:COMMAND]\n\n{}\n\nAdditional commands:\n{lines}", self.plugin, self.about)
    }

    /// The commands for `dokku help --all`: a line each, of which the first comma parts the columns.
    fn listed(&self) -> String {
        self.commands.iter().map(|manual| format!("    {}, {}\n", manual.typed(), manual.about())).collect()
    }

    /// For a plugin's test: panics where a definition is wrong, so that none is at a user's.
    ///
    /// # Panics
    /// When clap would not take a definition; when a command has no sentence of what it does, a longer text, or a comma in
    /// what is told of it; when its usage names a flag that there is not; when the commands are not sorted, or not the
    /// plugin's.
    #[allow(clippy::panic, reason = "a test fails by it")]
    pub fn debug_assert(&self) {
        assert!(!self.about.contains(','), "{}: Dokku would part {:?} at its comma", self.plugin, self.about);
        assert!(self.commands.is_sorted_by_key(|manual| manual.name), "the commands of {} are not sorted", self.plugin);
        for manual in self.commands {
            let name = manual.name;
            let of_plugin = name.strip_prefix(self.plugin).is_some_and(|rest| rest.is_empty() || rest.starts_with(':'));
            assert!(of_plugin, "{name} is no command of {}", self.plugin);
            let definition = as_parsed(manual.command());
            if let Some(fault) = fault(&definition) {
                panic!("{name}: {fault}");
            }
            assert!(!manual.about().is_empty(), "{name} does not say what it does");
            assert!(definition.get_long_about().is_none(), "{name} has a longer text than one sentence");
            let line = manual.typed() + &manual.about();
            assert!(!line.contains(','), "{name}: Dokku would part {line:?} at its comma");
            let flags: Vec<&str> = definition.get_arguments().filter_map(Arg::get_long).collect();
            let words = manual.usage.split(|letter: char| !letter.is_ascii_alphanumeric() && letter != '-');
            for flag in words.filter_map(|word| word.strip_prefix("--")) {
                assert!(flags.contains(&flag), "the usage of {name} names --{flag}, which it does not take");
            }
            definition.debug_assert();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::panic::catch_unwind;

    fn report() -> Command {
        Command::new("report").about("Report it").arg(Arg::new("app"))
    }

    const REPORT: Manual = Manual { name: "quota:report", usage: "<app>", definition: report };

    fn is_refused(plugin: &str, about: &str, commands: &[Manual]) -> bool {
        catch_unwind(|| Help { plugin, about, commands }.debug_assert()).is_err()
    }

    #[test]
    fn columns_are_split_at_the_first_comma() {
        let help = Help { plugin: "quota", about: "Keep apps small", commands: &[REPORT] };
        assert_eq!(help.listed(), "    quota:report <app>, Report it\n");
        assert_eq!(help.text().matches("Keep apps small").count(), 1);
    }

    #[test]
    fn dokku_s_own_flags_are_no_commands() {
        let asked =
            |line: &[&str]| words(&Env::of_test_host(std::path::Path::new("/"), line)).map(|words| words.join(" "));
        assert_eq!(asked(&["commands", "quota:help", "--quiet", "--app", "shop", "--help", ""]), Ok(String::new()));
        assert_eq!(asked(&["commands", "quota:help", "--trace", "report", "--app=shop"]), Ok("report".to_owned()));
        let help = Help { plugin: "quota", about: "Keep apps small", commands: &[REPORT] };
        let env = Env::of_test_host(std::path::Path::new("/"), &["commands", "quota:help", "report", "shop"]);
        let error = help.answer(&env).unwrap_err();
        assert_eq!((error.message(), error.status()), ("shop is a word too many", 2));
    }

    #[test]
    fn what_would_be_wrong_at_a_user_s_fails_a_test() {
        assert!(!is_refused("quota", "Keep apps small", &[Manual::of_help("quota:help"), REPORT]));
        assert!(is_refused("quota", "Keep apps, small", &[REPORT]));
        assert!(is_refused("quota", "Keep", &[REPORT, Manual::of_help("quota:help")]));
        assert!(is_refused("quo", "Keep", &[REPORT]));
        assert!(is_refused("quota", "Keep", &[Manual { usage: "[--format json]", ..REPORT }]));
        assert!(is_refused("quota", "Keep", &[Manual { usage: "<app>, <app>", ..REPORT }]));
        let wrong: [fn() -> Command; 5] = [
            || Command::new("mute"),
            || report().about("Reports, and more"),
            || report().long_about("Reports\nand more"),
            || report().arg(Arg::new("app").long("app")),
            || report().arg(Arg::new("all").long("all").conflicts_with("nobody")),
        ];
        for definition in wrong {
            assert!(is_refused("quota", "Keep", &[Manual { definition, ..REPORT }]));
        }
    }
}
