//! The page that the project began from, tests/seed/process-management-0.12.txt: each of its commands works, and
//! prints what the page says. The commands are read from the page, so that none is forgotten.

use std::collections::BTreeSet;
use std::fs;

use ps_tests::docker::{Dokku, docker};
use ps_tests::repository;

/// A command line of the page, without `dokku`, and what the page shows of its output.
struct Example {
    words: Vec<String>,
    prints: Vec<String>,
}

fn page() -> String {
    let path = repository().join("tests/seed/process-management-0.12.txt");
    fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

/// The list at the top of the page: `ps:restart <app>   # Restart app container(s)`.
fn listed(page: &str) -> Vec<Vec<&str>> {
    let lines = page.lines().filter(|line| line.starts_with("ps ") || line.starts_with("ps:"));
    let commands: Vec<Vec<&str>> =
        lines.filter_map(|line| Some(line.split_once(" # ")?.0.split_whitespace().collect())).collect();
    assert_eq!(commands.len(), 12, "the page lists twelve commands: {commands:?}");
    commands
}

/// The page's own app is `node-js-app`; here it has another name.
fn examples(page: &str, app: &str) -> Vec<Example> {
    let mut examples: Vec<Example> = Vec::new();
    let mut printing = false;
    for line in page.lines() {
        let line = line.replace("node-js-app", app);
        if let Some(words) = line.strip_prefix("dokku ") {
            examples.push(Example { words: words.split_whitespace().map(str::to_owned).collect(), prints: Vec::new() });
            printing = true;
        } else if printing && ["-----> ", "=====> "].iter().any(|mark| line.starts_with(mark)) {
            examples.last_mut().expect("an example").prints.push(line);
        } else {
            printing = false;
        }
    }
    examples
}

/// The policies that the page sets.
fn policies(page: &str) -> Vec<String> {
    let examples = examples(page, "shop").into_iter();
    let policies: Vec<String> = examples
        .filter(|example| example.words[0] == "ps:set-restart-policy")
        .filter_map(|example| example.words.last().cloned())
        .collect();
    assert_eq!(policies, ["always", "no", "unless-stopped", "on-failure", "on-failure:20"]);
    policies
}

/// The policy of an app's first container, in Docker's form: `on-failure:20`, `always:0`.
fn policy_in_docker(dokku: &Dokku, app: &str) -> String {
    let format = "{{.HostConfig.RestartPolicy.Name}}:{{.HostConfig.RestartPolicy.MaximumRetryCount}}";
    docker(&["container", "inspect", "--format", format, &dokku.ids(app)[0]]).trim().to_owned()
}

fn in_docker(policy: &str) -> String {
    if policy.contains(':') { policy.to_owned() } else { format!("{policy}:0") }
}

pub(crate) fn each_command_that_the_seed_page_lists_does_what_the_page_says() {
    let page = page();
    let dokku = Dokku::new();
    let app = dokku.deployed(&["web=1", "worker=1"]);
    let both = ["web.1", "worker.1"];
    let runs_anew = |words: &[&str]| {
        let before = dokku.ids(&app);
        let said = dokku.succeeds(words);
        dokku.runs(&app, &both);
        dokku.answers(&app, &["web.1"]);
        assert!(dokku.ids(&app).iter().all(|id| !before.contains(id)), "{words:?} must replace the containers");
        said
    };
    for line in listed(&page) {
        let command = line[0];
        let words = [command, app.as_str()];
        match line.join(" ").as_str() {
            "ps <app>" => {
                let said = dokku.succeeds(&words);
                for part in [&both[..], &["/demo web", "/demo worker", "running"]].concat() {
                    assert!(said.contains(part), "{part}: {said}");
                }
            }
            "ps:rebuild <app>" => {
                let said = runs_anew(&words);
                assert!(said.contains(&format!("-----> Building {app} from dockerfile\n")), "{said}");
            }
            "ps:rebuildall" => {
                let said = runs_anew(&[command]);
                assert!(said.contains(&format!("-----> Building {app} from dockerfile\n")), "{said}");
            }
            "ps:restart <app>" => {
                let said = runs_anew(&words);
                assert!(!said.contains("Building"), "{said}");
            }
            "ps:restartall" => {
                let said = runs_anew(&[command]);
                assert!(!said.contains("Building"), "{said}");
            }
            "ps:report [<app>] [<flag>]" => {
                let title = format!("=====> {app} ps information\n");
                assert!(dokku.succeeds(&[command]).starts_with(&title));
                assert!(dokku.succeeds(&words).starts_with(&title));
                assert_eq!(dokku.succeeds(&[command, &app, "--processes"]), "2\n");
            }
            "ps:restart-policy <app>" => {
                assert_eq!(dokku.succeeds(&words), format!("=====> {app} restart-policy:\non-failure:10\n"));
                assert_eq!(dokku.succeeds(&["--quiet", command, &app]), "on-failure:10\n");
            }
            "ps:scale <app> <proc>=<count> [<proc>=<count>]" => {
                dokku.succeeds(&[command, &app, "web=2"]);
                dokku.runs(&app, &["web.1", "web.2", "worker.1"]);
                let said = dokku.succeeds(&[command, &app]);
                let shown = format!("-----> Scaling for {app}\nproctype: qty\n--------: ---\nweb:  2\nworker: 1\n");
                assert_eq!(said, shown);
                dokku.succeeds(&[command, &app, "web=1", "worker=2"]);
                dokku.runs(&app, &["web.1", "worker.1", "worker.2"]);
                dokku.succeeds(&[command, &app, "worker=1"]);
                dokku.runs(&app, &both);
            }
            "ps:set-restart-policy <app> <policy>" => {
                for policy in policies(&page) {
                    let said = dokku.succeeds(&[command, &app, &policy]);
                    assert_eq!(said, format!("-----> Setting restart policy: {policy}\n"));
                    assert_eq!(policy_in_docker(&dokku, &app), in_docker(&policy));
                    let shown = dokku.succeeds(&["--quiet", "ps:restart-policy", &app]);
                    assert_eq!(shown, format!("{policy}\n"));
                }
            }
            "ps:start <app>" => {
                // Nothing is done when the app's containers run; else they are started.
                let before = dokku.containers(&app);
                dokku.succeeds(&words);
                assert_eq!(dokku.containers(&app), before);
                dokku.succeeds(&["ps:stop", &app]);
                dokku.runs_nothing(&app);
                dokku.succeeds(&words);
                dokku.runs(&app, &both);
                dokku.answers(&app, &["web.1"]);
            }
            "ps:stop <app>" => {
                dokku.succeeds(&words);
                dokku.runs_nothing(&app);
                dokku.succeeds(&["ps:start", &app]);
                dokku.runs(&app, &both);
            }
            "ps:stopall" => {
                let said = dokku.succeeds(&[command]);
                assert!(said.contains(&format!("-----> Stopping {app}\n")), "{said}");
                dokku.runs_nothing(&app);
            }
            other => panic!("no test knows this command of the page: {other}"),
        }
    }
}

pub(crate) fn each_example_of_the_seed_page_prints_what_the_page_says() {
    let page = page();
    let dokku = Dokku::new();
    let app = dokku.deployed(&[]);
    let examples = examples(&page, &app);
    for Example { words, prints } in &examples {
        let words: Vec<&str> = words.iter().map(String::as_str).collect();
        let said = dokku.succeeds(&words);
        // How ps:scale lays its table out is another matter today.
        for line in prints.iter().filter(|_| words[0] != "ps:scale") {
            assert!(said.lines().any(|said| said == line), "{words:?} must print {line:?}\n{said}");
        }
        match words[..] {
            ["ps:stop" | "ps:stopall", ..] => dokku.runs_nothing(&app),
            ["ps:start", ..] | ["ps:scale", _, _, _] => dokku.runs(&app, &["web.1", "worker.1"]),
            ["ps:scale", _] => assert!(said.contains("web:  1\nworker: 1\n"), "{said}"),
            ["ps:set-restart-policy", _, policy] => assert_eq!(policy_in_docker(&dokku, &app), in_docker(policy)),
            _ => {}
        }
    }
    let shown: BTreeSet<&str> = examples.iter().map(|example| example.words[0].as_str()).collect();
    let listed: BTreeSet<&str> =
        listed(&page).into_iter().map(|words| words[0]).filter(|name| *name != "ps:report").collect();
    assert_eq!(shown, listed, "the page has an example for each command but ps:report");
    let printing = examples.iter().filter(|example| !example.prints.is_empty()).count();
    assert_eq!(printing, 7, "examples that show an output");
}

pub(crate) fn all_apps_are_stopped_and_started_by_the_earlier_commands() {
    let dokku = Dokku::new();
    let apps = [dokku.deployed(&[]), dokku.deployed(&["web=1", "worker=1"])];
    dokku.succeeds(&["ps:stopall"]);
    for app in &apps {
        dokku.runs_nothing(app);
    }
    dokku.fails(1, &["ps:startall", "--parallel", "-2"]);
    for app in &apps {
        dokku.runs_nothing(app);
    }
    let said = dokku.succeeds(&["ps:startall", "--parallel", "2"]);
    dokku.runs(&apps[0], &["web.1"]);
    dokku.runs(&apps[1], &["web.1", "worker.1"]);
    assert!(said.contains("=====> start results\n"), "{said}");
    for app in &apps {
        dokku.answers(app, &["web.1"]);
    }
}
