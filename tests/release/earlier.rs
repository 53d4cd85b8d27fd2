//! The commands of earlier versions that work on all apps are today's with `--all`.

use ps_tests::{Answer, Host, host};

use crate::shop;

/// Each with the command that it stands for, and what that fires for an app.
const COMMANDS: [(&str, &str, &[&str]); 4] = [
    ("rebuildall", "rebuild", &["receive-app APP"]),
    ("restartall", "restart", &["deploy APP latest"]),
    ("startall", "start", &["pre-start APP", "release-and-deploy APP latest", "proxy-build-config APP"]),
    ("stopall", "stop", &["scheduler-stop docker-local APP", "post-stop APP"]),
];

/// Two apps.
fn two_apps() -> Host {
    host().app("api").app("shop")
}

#[test]
fn each_does_to_every_app_what_its_command_does_with_all() {
    for (earlier, today, fires) in COMMANDS {
        let fired: Vec<String> =
            ["api", "shop"].iter().flat_map(|app| fires.iter().map(move |call| call.replace("APP", app))).collect();
        let fired: Vec<&str> = fired.iter().map(String::as_str).collect();
        let of = |command: &str, words: &[&str]| {
            let outcome = two_apps().command(command, words.iter().copied()).succeeds().fires(&fired);
            outcome.stderr_contains(&format!(" !     Running {today} in serial mode\n")).into_stdout()
        };
        let said = of(earlier, &[]);
        assert!(said.contains(&format!("-----> Running {today} against app shop\n")), "{earlier}: {said}");
        assert_eq!(said, of(today, &["--all"]), "{earlier}");
    }
}

#[test]
fn the_number_of_apps_at_once_is_passed_on() {
    for (earlier, today, _) in COMMANDS {
        let said = two_apps().command(earlier, ["--parallel", "2"]).succeeds().any_stderr().into_stdout();
        for line in ["-----> Running command against api\n", "-----> Running command against shop\n"] {
            assert!(said.contains(line), "{earlier}: {said}");
        }
        assert!(said.contains(&format!("=====> {today} results\n")), "{earlier}: {said}");
    }
}

#[test]
fn a_number_of_apps_that_cannot_be_is_refused_before_anything_is_done() {
    for (earlier, ..) in COMMANDS {
        two_apps().command(earlier, ["--parallel", "-2"]).refuses("Invalid value -2 for --parallel flag");
        two_apps().command(earlier, ["--parallel=-2"]).refuses("Invalid value -2 for --parallel flag");
    }
}

#[test]
fn a_flag_that_is_not_known_is_refused() {
    for (earlier, ..) in COMMANDS {
        two_apps().command(earlier, ["--nope"]).fails(2).fires_nothing().changes_no_file().stderr_contains("--nope");
    }
}

#[test]
fn an_app_that_fails_makes_the_status_1_and_the_others_have_their_turn() {
    let host = two_apps().gives("deploy", &[Answer::failure(1).to(&["api"])]);
    host.command("restartall", Vec::<&str>::new())
        .fails(1)
        .any_stdout()
        .stderr_contains("Error running restart against app api")
        .fires(&["deploy api latest", "deploy shop latest"]);
}

#[test]
fn on_a_host_without_apps_there_is_nothing_to_do() {
    for (earlier, ..) in COMMANDS {
        host()
            .command(earlier, Vec::<&str>::new())
            .succeeds()
            .any_stdout()
            .stderr_contains("You haven't deployed any applications yet")
            .fires_nothing();
    }
}

#[test]
fn the_help_tells_of_each_as_kept_from_earlier_versions() {
    let help = shop().run("commands", ["ps:help"]).into_stdout();
    for name in ["rebuildall", "restart-policy", "restartall", "set-restart-policy", "startall", "stopall"] {
        // Up to the next command: what does not fit beside the usage stands below it.
        let begins =
            help.find(&format!("\n    ps:{name} ")).unwrap_or_else(|| panic!("ps:{name} is not in the help\n{help}"));
        let entry = &help[begins + 1..];
        let entry = entry.find("\n    ps:").map_or(entry, |end| &entry[..end]);
        assert!(entry.contains("earlier version"), "{entry}");
    }
}
