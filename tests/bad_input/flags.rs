//! Flags: unknown ones, two where one is meant, values that are none.

use ps_tests::executables::subcommands;

use crate::shop;

/// To ps:report an unknown flag is an info flag that does not exist: see below. ps:complete refuses nothing.
fn commands_with_known_flags() -> Vec<String> {
    subcommands().into_iter().filter(|command| !["complete", "report"].contains(&command.as_str())).collect()
}

#[test]
fn an_unknown_flag_is_status_2() {
    for command in commands_with_known_flags() {
        let outcome = shop().command(&command, ["--bogus", "shop"]);
        outcome.fails(2).stderr_contains("--bogus").fires_nothing().changes_no_file();
    }
}

#[test]
fn an_unknown_short_flag_is_status_2() {
    for command in commands_with_known_flags() {
        let outcome = shop().command(&command, ["-Z", "shop"]);
        outcome.fails(2).stderr_contains("-Z").fires_nothing().changes_no_file();
    }
}

#[test]
fn an_unknown_info_flag_lists_the_valid_ones() {
    shop()
        .command("report", ["shop", "--bogus"])
        .refuses("Invalid flag passed, valid flags: --deployed, --processes, ")
        .stderr_contains("--ps-stop-timeout-seconds, --restore, --running\n");
}

#[test]
fn two_info_flags() {
    shop()
        .command("report", ["shop", "--deployed", "--running"])
        .refuses("")
        .stderr(" !     ps:report command allows only a single flag\n");
}

#[test]
fn a_format_of_ps_scale_that_does_not_exist() {
    shop().command("scale", ["--format", "yaml", "shop"]).refuses("format");
    shop().command("scale", ["--format", "yaml", "shop", "web=2"]).refuses("format");
}

#[test]
fn a_format_of_ps_report_that_does_not_exist() {
    let words = " !     Format must be \"stdout\" or \"json\": \"yaml\"\n";
    shop().command("report", ["--format", "yaml", "shop"]).refuses("").stderr(words);
    let words = " !     Invalid format specified, supported formats: json, stdout\n";
    shop().command("scale", ["--format", "yaml", "shop"]).refuses("").stderr(words);
}

#[test]
fn a_parallelism_that_is_no_number() {
    for command in ["rebuild", "restart", "restore", "start", "stop"] {
        let outcome = shop().command(command, ["--all", "--parallel", "many"]);
        outcome.exits_with_one_of(&[1, 2]).stderr_contains("many").fires_nothing().changes_no_file();
    }
}

#[test]
fn a_negative_parallelism_is_refused_before_anything_is_fired() {
    for command in ["rebuild", "restart", "restore", "start", "stop"] {
        shop()
            .command(command, ["--all", "--parallel", "-2"])
            .refuses("")
            .stderr(" !     Invalid value -2 for --parallel flag\n");
    }
}

#[test]
fn a_lock_timeout_that_is_no_number() {
    let outcome = shop().command("scale", ["--lock-timeout", "soon", "shop", "web=2"]);
    outcome.exits_with_one_of(&[1, 2]).stderr_contains("soon").fires_nothing().changes_no_file();
}

#[test]
fn words_that_name_nothing_of_an_app_are_refused_with_what_there_is() {
    let host = shop().procfile("web: run\nworker: work\n").scale("web=2\nworker=1\n");
    for command in ["restart", "start", "stop"] {
        for (word, there) in [
            ("wroker", "no process type wroker, it has: web, worker"),
            ("x*", "no process type like \"x*\", it has: web, worker"),
            ("web.0", "no instance \"web.0\", it has: web.1, web.2"),
            ("web.3", "no instance \"web.3\", it has: web.1, web.2"),
            ("web.x", "no instance \"web.x\", it has: web.1, web.2"),
            ("../x", "\"../x\" is not a process type"),
        ] {
            host.command(command, ["shop", "web", word]).refuses(there);
        }
        host.command(command, ["--all", "shop", "web"]).refuses(&format!("Unable to {command} all apps"));
    }
}

#[test]
fn part_of_an_app_is_started_and_stopped_on_docker_local_alone() {
    let host = shop().procfile("web: run\nworker: work\n").scale("web=1\nworker=1\n");
    for command in ["start", "stop"] {
        host.command(command, ["shop", "worker"]).refuses("run by the scheduler");
    }
    host.command("restart", ["shop", "web.1"]).refuses("run by the scheduler");
    host.command("restart", ["shop", "--rolling"]).refuses("run by the scheduler");
    host.command("restart", ["shop", "w*"]).succeeds().fires(&["deploy shop latest web", "deploy shop latest worker"]);
    let host = host.property("restore", "false");
    host.command("restart", ["shop", "web"]).succeeds().fires(&["deploy shop latest web"]).changes_no_file();
}

/// What a command is told beside a word that it does not know; of the rest every word is a part of the app.
fn too_much() -> Vec<(&'static str, Vec<&'static str>)> {
    let mut lines = vec![
        ("default", vec!["shop", "web", "extra", "--", "-x"]),
        ("inspect", vec!["shop", "extra"]),
        ("rebuild", vec!["shop", "extra"]),
        ("report", vec!["shop", "extra"]),
        ("restart-policy", vec!["shop", "extra"]),
        ("restore", vec!["shop", "extra"]),
        ("retire", vec!["shop", "extra"]),
        ("set-restart-policy", vec!["shop", "always", "extra"]),
        ("wait", vec!["shop", "extra"]),
        ("watch", vec!["extra"]),
    ];
    lines.extend(["rebuildall", "restartall", "startall", "stopall"].map(|name| (name, vec!["shop", "extra", "more"])));
    lines
}

#[test]
fn a_word_too_many_is_refused() {
    for (command, words) in too_much() {
        let host = shop();
        let words = if command == "default" { vec!["shop", "web", "../extra"] } else { words };
        let outcome = host.command(command, words);
        outcome.exits_with_one_of(&[1, 2]).stderr_contains(" !     ").fires_nothing().changes_no_file();
    }
    shop().command("inspect", ["shop", "extra"]).fails(2).stderr_contains(" !     extra is a word too many\n");
    shop().command("report", ["shop", "extra"]).fails(2).stderr_contains(" !     extra is a word too many\n");
}

#[test]
fn an_app_beside_all_is_refused() {
    for command in ["rebuild", "reconcile", "restart", "restore", "start", "stats", "stop", "default"] {
        let outcome = shop().command(command, ["--all", "shop"]);
        outcome.refuses("").stderr_contains("Name an app or use --all, not both");
    }
}

#[test]
fn a_slip_in_a_flag_is_told_with_the_flag_that_was_meant() {
    let outcome = shop().command("scale", ["shop", "web=2", "--dry-rum"]);
    outcome.fails(2).stderr_contains(" !     There is no flag --dry-rum, did you mean --dry-run?\n").changes_no_file();
    let outcome = shop().command("scale", ["shop", "web=2", "--nothing-like-it"]);
    outcome.fails(2).stderr_contains("There is no flag --nothing-like-it, there are: --").changes_no_file();
}
