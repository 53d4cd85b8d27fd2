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
    fn every_definition_holds() {
        HELP.debug_assert();
    }
}
