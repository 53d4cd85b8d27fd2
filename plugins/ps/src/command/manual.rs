//! All commands of the plugin, each with the definition of its command line. The help, the manual pages and the
//! completion of shells are made from it.

use super::earlier::{self, for_all_apps};
use super::{inspect, listing, rebuild, reconcile, report, restart, restore, retire, scale, set};
use super::{signal, start, stats, stop, wait, watch};
pub use common::Manual;
use common::clap;

/// The one list of commands, in the order of the help. `ps:complete` is none: only shells call it.
pub const COMMANDS: &[Manual] = &[
    Manual {
        name: "ps",
        usage: "[--watch] [--all|<app>] [<process-name>[.<n>]...]",
        definition: of::<listing::Arguments>,
    },
    Manual::of_help("ps:help"),
    Manual { name: "ps:inspect", usage: "<app>", definition: of::<inspect::Arguments> },
    Manual { name: "ps:rebuild", usage: "[--parallel count] [--all|<app>]", definition: of::<rebuild::Arguments> },
    Manual { name: "ps:rebuildall", usage: "[--parallel count]", definition: rebuildall },
    Manual {
        name: "ps:reconcile",
        usage: "[--dry-run] [--all|<app>] [<process-name>[.<n>]...]",
        definition: of::<reconcile::Arguments>,
    },
    Manual { name: "ps:report", usage: "[<app>] [<flag>]", definition: report::definition },
    Manual {
        name: "ps:restart",
        usage: "[--rolling] [--dry-run] [--all|<app>] [<process-name>[.<n>]...]",
        definition: of::<restart::Arguments>,
    },
    Manual { name: "ps:restart-policy", usage: "<app>", definition: of::<earlier::Arguments> },
    Manual { name: "ps:restartall", usage: "[--parallel count]", definition: restartall },
    Manual { name: "ps:restore", usage: "[--parallel count] [--all|<app>]", definition: of::<restore::Arguments> },
    Manual { name: "ps:retire", usage: "[<app>]", definition: of::<retire::Arguments> },
    Manual { name: "ps:scale", usage: "[--dry-run] <app> [<proc>=<count>...]", definition: of::<scale::Arguments> },
    Manual { name: "ps:set", usage: "[--global|<app>] <key> <value>", definition: of::<set::Arguments> },
    Manual { name: "ps:set-restart-policy", usage: "<app> <policy>", definition: of::<set::PolicyArguments> },
    Manual {
        name: "ps:signal",
        usage: "[--dry-run] <app> [<process-name>[.<n>]...] <signal>",
        definition: of::<signal::Arguments>,
    },
    Manual {
        name: "ps:start",
        usage: "[--dry-run] [--all|<app>] [<process-name>[.<n>]...]",
        definition: of::<start::Arguments>,
    },
    Manual { name: "ps:startall", usage: "[--parallel count]", definition: startall },
    Manual {
        name: "ps:stats",
        usage: "[--watch] [--all|<app>] [<process-name>[.<n>]...]",
        definition: of::<stats::Arguments>,
    },
    Manual {
        name: "ps:stop",
        usage: "[--dry-run] [--all|<app>] [<process-name>[.<n>]...]",
        definition: of::<stop::Arguments>,
    },
    Manual { name: "ps:stopall", usage: "[--parallel count]", definition: stopall },
    Manual { name: "ps:wait", usage: "[--type type] [--timeout seconds] <app>", definition: of::<wait::Arguments> },
    Manual { name: "ps:watch", usage: "[--every seconds] [--status]", definition: of::<watch::Arguments> },
];

fn of<T: clap::CommandFactory>() -> clap::Command {
    T::command()
}

fn rebuildall() -> clap::Command {
    for_all_apps::<rebuild::Arguments>("Rebuilds all apps (kept from earlier versions: ps:rebuild --all)").after_help(
        examples!(
            "dokku ps:rebuildall" => "Build all apps again, one after the other.",
        ),
    )
}

fn restartall() -> clap::Command {
    for_all_apps::<restart::Arguments>("Restarts all apps (kept from earlier versions: ps:restart --all)").after_help(
        examples!(
            "dokku ps:restartall --parallel 2" => "Restart all apps, two at once.",
        ),
    )
}

fn startall() -> clap::Command {
    for_all_apps::<start::Arguments>("Starts all apps (kept from earlier versions: ps:start --all)").after_help(
        examples!(
            "dokku ps:startall" => "Start all apps, one after the other.",
        ),
    )
}

fn stopall() -> clap::Command {
    for_all_apps::<stop::Arguments>("Stops all apps (kept from earlier versions: ps:stop --all)").after_help(examples!(
        "dokku ps:stopall" => "Stop all apps, one after the other.",
    ))
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeSet;

    #[test]
    fn every_example_is_a_command_line_that_the_command_takes() {
        for manual in COMMANDS.iter().filter(|manual| manual.name != "ps:help") {
            let end = manual.command().get_after_help().map(ToString::to_string).unwrap_or_default();
            let lines: Vec<&str> = end.lines().collect();
            let Some(("Examples:", examples)) = lines.split_first().map(|(head, rest)| (*head, rest)) else {
                panic!("{} has no example", manual.name);
            };
            assert!(examples.len() >= 2, "{end}");
            for example in examples.chunks(2) {
                let (line, what) = (example[0].strip_prefix("  ").unwrap(), example[1].strip_prefix("      ").unwrap());
                let words: Vec<&str> = line.split(' ').collect();
                assert_eq!(words.first_chunk(), Some(&["dokku", manual.name]), "{line}");
                assert!(what.ends_with('.'), "{what}");
                let taken = manual.command().try_get_matches_from(words.iter().skip(1));
                assert!(taken.is_ok(), "{line}: {taken:?}");
            }
        }
    }

    #[test]
    fn every_executable_is_in_the_list() {
        let sources = std::fs::read_dir(concat!(env!("CARGO_MANIFEST_DIR"), "/subcommands")).unwrap();
        let name = |entry: std::fs::DirEntry| match entry.path().file_stem().unwrap().to_str().unwrap() {
            "default" => "ps".to_owned(),
            name => format!("ps:{name}"),
        };
        let mut executables: BTreeSet<String> = sources.map(|entry| name(entry.unwrap())).collect();
        // Only shells call this one, and the executable `commands` is the help.
        executables.remove("ps:complete");
        executables.insert("ps:help".to_owned());
        assert_eq!(COMMANDS.iter().map(|manual| manual.name.to_owned()).collect::<BTreeSet<_>>(), executables);
    }
}
