//! `commands`: the plugin's help, and its line in Dokku's.

use common::{Env, Error, Result};

/// One line a command: what to type, and what it does.
const COMMANDS: &[(&str, &str)] = &[
    ("ps [--all|<app>] [<process-name>]", "Lists what runs of an app and whether it is what should run"),
    ("ps:help", "List the commands of this plugin"),
    ("ps:inspect <app>", "Displays a sanitized version of docker inspect for an app"),
    ("ps:rebuild [--parallel count] [--all|<app>]", "Rebuilds an app"),
    ("ps:rebuildall [--parallel count]", "Rebuilds all apps (kept from earlier versions: ps:rebuild --all)"),
    (
        "ps:reconcile [--dry-run] [--unhealthy] [--all|<app>]",
        "Starts what is missing of an app and retires what nothing accounts for",
    ),
    ("ps:report [<app>] [<flag>]", "Displays a process report for one or more apps"),
    (
        "ps:restart [--rolling] [--dry-run] [--parallel count] [--all|<app>] [<process-name>[.<n>]...]",
        "Restart an app or some of its processes",
    ),
    ("ps:restart-policy <app>", "Shows the restart policy of an app (kept from earlier versions)"),
    ("ps:restartall [--parallel count]", "Restarts all apps (kept from earlier versions: ps:restart --all)"),
    ("ps:restore [--parallel count] [--all|<app>]", "Start previously running app"),
    ("ps:retire [<app>]", "Ensures old containers are retired"),
    (
        "ps:scale [--skip-deploy] [--dry-run] [--format stdout|json] <app> <proc>=<count> [<proc>=<count>...]",
        "Get/Set how many instances of a given process to run",
    ),
    ("ps:set [--global|<app>] <key> <value>", "Set or clear a ps property for an app"),
    (
        "ps:set-restart-policy <app> <policy>",
        "Sets the restart policy of an app (kept from earlier versions: ps:set <app> restart-policy)",
    ),
    ("ps:signal [--dry-run] <app> [<process-name>[.<n>]...] <signal>", "Sends a signal to what runs of an app"),
    (
        "ps:start [--dry-run] [--parallel count] [--all|<app>] [<process-name>[.<n>]...]",
        "Start an app or some of its processes",
    ),
    ("ps:startall [--parallel count]", "Starts all apps (kept from earlier versions: ps:start --all)"),
    (
        "ps:stats [--watch] [--format stdout|json] [--all|<app>] [<process-name>[.<n>]...]",
        "Shows what the instances of an app use of processor and memory against their limits",
    ),
    (
        "ps:stop [--dry-run] [--parallel count] [--all|<app>] [<process-name>[.<n>]...]",
        "Stop an app or some of its processes",
    ),
    ("ps:stopall [--parallel count]", "Stops all apps (kept from earlier versions: ps:stop --all)"),
    ("ps:wait [--type type] [--timeout seconds] <app>", "Waits until what should run of an app does and is healthy"),
];

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
    let width = COMMANDS.iter().map(|(command, _)| command.len()).max().unwrap_or_default();
    let lines: String =
        COMMANDS.iter().map(|(command, description)| format!("    {command:<width$}  {description}\n")).collect();
    format!("Usage: dokku ps[:COMMAND]\n\nManage app processes\n\nAdditional commands:\n{lines}")
}

fn listed() -> String {
    COMMANDS.iter().map(|(command, description)| format!("    {command}, {description}\n")).collect()
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
