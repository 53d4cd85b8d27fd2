//! What cannot be read of one app, or makes no sense, hides no other app.

use std::fmt::Write as _;
use std::os::unix::fs::symlink;
use std::time::Duration;

use crate::fakes::{ENDED, STARTED, WithDocker, shop};
use crate::restoring::{all, cleared_on, two_apps};

pub(crate) fn one_answer_that_makes_no_sense_is_the_trouble_of_its_app_alone() {
    let [web, worker, api] = all();
    let odd = api.state(["running", STARTED, ENDED, "many", "0", "false", ""]);
    let host = two_apps(&[web, worker, odd]);
    host.ps(&["shop", "--exit-code"]).succeeds().any_stdout();
    host.ps(&["--all"]).refuses("api: ").stderr_contains("no state of a container").stdout_contains("shop  running");
    host.ps(&["api"]).refuses("no state of a container");
    let outcome = host.command("reconcile", ["--all"]).fails(1).fires_nothing().any_stdout();
    outcome.stderr_contains("against app api").does_not_say("against app shop");
    assert_eq!(cleared_on(&host), ["api"]);
}

pub(crate) fn a_queue_that_cannot_be_read_hides_nothing_and_clears_no_proxy() {
    let host = two_apps(&all()).file("lib/data/scheduler-docker-local/dead", "");
    let queue = host.sandbox().path("lib/data/scheduler-docker-local/dead-containers");
    symlink("dead", &queue).unwrap();
    let told = "dead-containers: it is a symbolic link and must be a regular file";
    for words in [&["shop"][..], &["--all"]] {
        host.ps(words).succeeds().stdout_contains("running").stderr_contains(told);
    }
    // What changes something has to know it.
    host.command("reconcile", ["--all"]).refuses(told).fires_nothing();
    assert!(cleared_on(&host).is_empty());
}

pub(crate) fn a_property_that_is_a_link_is_the_trouble_of_its_app_alone() {
    let host = two_apps(&all()).file("lib/config/elsewhere", "web=1\n");
    let scale = host.sandbox().path("lib/config/ps/api/scale");
    let _none_was_there = std::fs::remove_file(&scale);
    symlink("../../elsewhere", &scale).unwrap();
    let told = "config/ps/api/scale: it is a symbolic link and must be a regular file, put the file itself there";
    host.ps(&["api"]).refuses(told);
    host.ps(&["shop", "--exit-code"]).succeeds().any_stdout();
    host.ps(&["--all"]).refuses(told).stdout_contains("shop  running");
}

pub(crate) fn twenty_thousand_types_take_no_longer_than_reading_them() {
    const TYPES: usize = 20_000;
    let mut procfile = String::new();
    for number in 0..TYPES {
        writeln!(procfile, "type{number}: x").unwrap();
    }
    let scale = procfile.replace(": x", "=1");
    let host = shop("").procfile(procfile).file("lib/config/ps/shop/scale", scale).containers(&[]);
    let soon = Duration::from_mins(1);
    host.ps(&["shop"]).succeeds().any_stdout().takes_at_most(soon);
    host.ps(&["--all"]).succeeds().any_stdout().takes_at_most(soon);
    host.command("scale", ["shop"]).succeeds().any_stdout().takes_at_most(soon);
    host.command("report", ["shop"]).succeeds().any_stdout().takes_at_most(soon);
    host.command("reconcile", ["--dry-run", "--all"])
        .any_stdout()
        .any_stderr()
        .exits_with_one_of(&[0, 1])
        .takes_at_most(soon);
}
