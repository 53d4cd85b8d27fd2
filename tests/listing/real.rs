//! Real containers on the stand-in host.

use std::path::Path;
use std::time::Duration;

use ps_tests::docker::{Dokku, docker, id_in};
use ps_tests::process::wait_until;
use serde_json::Value;

/// Two web and one worker, and the file of each.
fn deployed(dokku: &Dokku) -> String {
    let app = dokku.deployed(&["web=2", "worker=1"]);
    dokku.runs(&app, &["web.1", "web.2", "worker.1"]);
    app
}

pub(crate) fn the_real_processes_are_listed() {
    let dokku = Dokku::new();
    let app = deployed(&dokku);
    let text = dokku.succeeds(&["ps", &app, "--exit-code"]);
    for (process, count) in [(" /demo web\n", 2), (" /demo worker\n", 1)] {
        assert!(text.matches(process).count() >= count, "{text}");
    }
    assert!(text.ends_with("\n       web 2/2  worker 1/1\n"), "{text}");
    let ids = dokku.ids(&app);
    let document: Value =
        serde_json::from_str(&dokku.succeeds(&["ps", &app, "web", "--format", "json"])).expect("JSON");
    let running: Vec<&Value> = document["instances"].as_array().expect("instances").iter().collect();
    assert_eq!(
        running.iter().map(|instance| &instance["container"]).collect::<Vec<_>>(),
        ids[..2].iter().collect::<Vec<_>>()
    );
    for instance in running {
        let pid = instance["processes"][0]["pid"].as_u64().expect("a process");
        assert!(Path::new(&format!("/proc/{pid}")).exists(), "{instance:#}");
    }
    assert_eq!(dokku.succeeds(&["ps"]), dokku.succeeds(&["ps:help"]));
}

pub(crate) fn what_was_killed_and_what_was_removed_is_seen() {
    let dokku = Dokku::new();
    let app = deployed(&dokku);
    let container = |instance: &str| id_in(&dokku.path(&format!("home/{app}/CONTAINER.{instance}")));
    docker(&["container", "kill", &container("web.2")]);
    docker(&["container", "rm", "--force", &container("worker.1")]);
    let states = || {
        let lines = dokku.succeeds(&["--quiet", "ps", &app]);
        let fields = |line: &str| line.split('\t').map(str::to_owned).collect::<Vec<_>>();
        lines
            .lines()
            .map(|line| {
                let line = fields(line);
                format!("{} {} {}", line[1], line[2], line[6])
            })
            .collect::<Vec<_>>()
    };
    let wanted = ["web.1 running -", "web.2 exited 137", "worker.1 missing -"];
    wait_until("both are seen", Duration::from_mins(1), || states() == wanted);
    let printed = dokku.fails(3, &["ps", &app, "--exit-code"]);
    assert!(printed.stdout.contains("137 (SIGKILL)\n"), "{printed}");
    assert!(printed.stdout.ends_with("\n       web 1/2  worker 0/1\n"), "{printed}");
    dokku.fails(3, &["ps", "--all", "--exit-code"]);
    dokku.succeeds(&["ps", &app]);
}
