//! What a user does who has read the README, from the package to the stock plugin again.

use std::process::Command;

use ps_tests::docker::{docker, print};

use crate::host::{App, ends, succeeds};
use crate::package;

const RUNNING: [&str; 3] = ["web.1", "worker.1", "worker.2"];

pub(crate) fn a_user_installs_scales_breaks_mends_and_goes_back(app: &App) {
    package::dokku_is_a_package();
    apt(&["install", "--yes", &package::first()]);

    app.is_deployed(&["web=1", "worker=1"], &[]);
    let before = app.runs(&["web.1", "worker.1"]);
    let said = app.scales(&["worker+1"]);
    assert!(said.stdout.contains(&format!("Scaling {} processes: worker+1", app.name)), "{said}");
    let scaled = app.runs(&RUNNING);
    assert_eq!(
        (&scaled["web.1"], &scaled["worker.1"]),
        (&before["web.1"], &before["worker.1"]),
        "they were not touched"
    );

    docker(&["container", "rm", "--force", &scaled["worker.1"].id]);
    let listing = ends(3, &["ps", &app.name, "--exit-code"]).stdout;
    let line = listing.lines().find(|line| line.contains("worker.1")).unwrap_or_else(|| panic!("{listing}"));
    assert!(line.contains("missing"), "{listing}");

    succeeds(&["ps:reconcile", &app.name]);
    let mended = app.runs(&RUNNING);
    assert_eq!(
        (&mended["web.1"], &mended["worker.2"]),
        (&scaled["web.1"], &scaled["worker.2"]),
        "they were not touched"
    );
    ends(0, &["ps", &app.name, "--exit-code"]);

    apt(&["remove", "--yes", "dokku-ps"]);
    assert!(!succeeds(&["ps:help"]).contains("ps:reconcile"), "it is the stock plugin that answers");
    for (flag, value) in [("--running", "true"), ("--processes", "3"), ("--deployed", "true")] {
        assert_eq!(app.report(flag), value, "{flag}");
    }
    assert_eq!(app.scale(), ["web=1", "worker=2"]);
    app.answers(&app.runs(&RUNNING));
    package::take_away();
}

fn apt(words: &[&str]) {
    let mut command = Command::new("apt-get");
    command.args(words).env("DEBIAN_FRONTEND", "noninteractive");
    let printed = print(&mut command, format!("apt-get {}", words.join(" ")), b"");
    assert_eq!(printed.status, 0, "{printed}");
}
