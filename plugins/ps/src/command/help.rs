//! `commands`: the plugin's help, and its line in Dokku's.

use super::manual::{COMMANDS, Manual};
use common::{Env, Error, Result};

/// The body of `commands`, which Dokku asks for commands that are no subcommand.
pub fn main(env: &Env) -> Result<()> {
    match env.arg(1)? {
        "ps" | "ps:help" => env.output().print(&full_help()),
        // Dokku makes columns of what all plugins print, so here the commas stay.
        "help" if env.parent_command_line().split(' ').any(|word| word == "--all") => env.output().print(&listed()),
        "help" => env.output().print("\n    ps, Manage app processes\n"),
        _ => Err(Error::silent(
            env.var("DOKKU_NOT_IMPLEMENTED_EXIT").and_then(|status| status.parse().ok()).unwrap_or(10),
        )),
    }
}

/// The help of this plugin, in columns.
pub(crate) fn full_help() -> String {
    let typed: Vec<String> = COMMANDS.iter().map(typed).collect();
    let width = typed.iter().map(String::len).max().unwrap_or_default();
    let line = |(typed, manual): (&String, &Manual)| format!("    {typed:<width$}  {}\n", manual.about());
    let lines: String = typed.iter().zip(COMMANDS).map(line).collect();
    format!("Usage: dokku ps[:COMMAND]\n\nManage app processes\n\nAdditional commands:\n{lines}")
}

fn listed() -> String {
    COMMANDS.iter().map(|manual| format!("    {}, {}\n", typed(manual), manual.about())).collect()
}

/// What to type for a command.
fn typed(manual: &Manual) -> String {
    format!("{} {}", manual.name, manual.usage).trim_end().to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_help_says_once_what_the_plugin_is_for() {
        assert_eq!(full_help().matches("Manage app processes").count(), 1);
    }

    #[test]
    fn columns_are_split_at_the_first_comma() {
        for line in listed().lines() {
            assert!(line.starts_with("    ps") && line.matches(", ").count() == 1, "{line}");
        }
    }
}
