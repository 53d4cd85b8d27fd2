//! `commands`: the plugin's help, and its line in Dokku's.

use super::manual::COMMANDS;
use crate::PLUGIN;
use common::{Env, Help, Result};

const HELP: Help<'_> = Help { plugin: PLUGIN, about: "Manage app processes", commands: COMMANDS };

/// The body of `commands`, which Dokku asks for commands that are no subcommand.
pub fn main(env: &Env) -> Result<()> {
    HELP.answer(env)
}

/// The help of this plugin, in columns.
pub(crate) fn full_help() -> String {
    HELP.text()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_help_fits_a_hundred_columns() {
        for manual in COMMANDS {
            for line in HELP.of_command(manual.name).unwrap().lines() {
                assert!(line.chars().count() <= 100, "{}: {line}", manual.name);
            }
        }
        for line in full_help().lines() {
            assert!(line.chars().count() <= 100, "{line}");
        }
    }

    #[test]
    fn a_command_is_found_by_either_name() {
        assert_eq!(HELP.of_command("scale").unwrap(), HELP.of_command("ps:scale").unwrap());
        assert!(HELP.of_command("scale").unwrap().contains("Examples:\n  dokku ps:scale shop\n"));
        let error = HELP.of_command("skale").unwrap_err();
        assert!(error.message().starts_with("The plugin ps has no command skale, it has: ps, ps:help"), "{error}");
    }

    #[test]
    fn every_definition_holds() {
        HELP.debug_assert();
    }
}
