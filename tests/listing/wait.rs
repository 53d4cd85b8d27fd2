//! `ps:wait`: what it waits for, and how it ends.

use std::fs::{self, File};
use std::process::{Command, Stdio};
use std::time::Duration;

use ps_tests::process::wait_until;
use ps_tests::{Host, host};
use rustix::process::{Pid, Signal, kill_process};

use crate::fakes::{DOCKER, KILLED, WithDocker, fake, id, running_shop, shop};

/// What hangs is ended, and fails.
const HANGS: Duration = Duration::from_mins(2);

/// Longer than any test may take: who waits for that has hung.
const FOREVER: &str = "86400";

/// Two web, one of which is starting, and a worker.
fn starting_shop() -> Host {
    running_shop().containers(&[
        fake(1, "shop", "web.1").health("healthy"),
        fake(2, "shop", "web.2").health("starting"),
        fake(3, "shop", "worker.1"),
    ])
}

pub(crate) fn it_returns_at_once_when_all_is_as_it_should_be() {
    let host = running_shop();
    host.command("wait", ["shop"]).succeeds().fires_nothing().changes_no_file();
    host.command("wait", ["shop", "--timeout", "0"]).succeeds();
    assert_eq!(host.calls().len(), 4);
}

pub(crate) fn it_names_what_is_missing_or_not_healthy() {
    let containers = [
        fake(1, "shop", "web.1").health("starting"),
        fake(2, "shop", "web.2").state(KILLED),
        fake(4, "shop", "worker.2").health("unhealthy"),
    ];
    let host = shop("web=2 worker=2").container("web.1", &id(1)).container("web.2", &id(2));
    let host = host.container("worker.2", &id(4)).containers(&containers);
    let names = "web.1 is starting, web.2 is exited, worker.1 is missing, worker.2 is unhealthy\n";
    host.command("wait", ["shop", "--timeout", "0"])
        .fails(1)
        .fires_nothing()
        .changes_no_file()
        .stderr(&format!(" !     App shop is not up after 0 seconds: {names}"));
    let outcome = host.command("wait", ["--timeout=1", "shop"]).fails(1);
    outcome.stdout(&format!("-----> Waiting for shop: {names}")).stderr_contains("is not up after 1 seconds: web.1 is");
    let quiet = host.env("DOKKU_QUIET_OUTPUT", "1");
    quiet.command("wait", ["shop", "--timeout", "1"]).fails(1).stderr_contains("web.2 is exited");
}

pub(crate) fn it_returns_once_the_last_instance_is_healthy() {
    // From the seventh call on its health check says so.
    let turns = "[ \"$(grep -c . \"$CONFORMANCE_ROOT/docker/calls\")\" -ge 6 ] && \
                 sed -i s/starting/healthy/ \"$CONFORMANCE_ROOT/docker/inspect\"";
    let host = starting_shop().file("docker/calls", "").docker(&format!("{turns}\n{DOCKER}")).within(HANGS);
    let wanted = "-----> Waiting for shop: web.2 is starting\n";
    host.command("wait", ["shop", "--timeout", FOREVER]).succeeds().stdout(wanted);
    assert_eq!(host.calls().len(), 8, "it looked until that was so, and no longer");
}

pub(crate) fn it_looks_at_the_types_that_it_is_told() {
    let host = starting_shop();
    let wait = |words: &[&str]| host.command("wait", ["shop", "--timeout", "0"].iter().chain(words).copied());
    wait(&["--type", "worker"]).succeeds();
    wait(&["--type", "wor*"]).succeeds();
    for words in [&["--type", "web"][..], &["--type", "worker", "--type=web"], &["--type", "w*"], &[]] {
        wait(words).fails(1).stderr_contains("after 0 seconds: web.2 is starting\n");
    }
}

pub(crate) fn a_stopped_app_will_not_come_up() {
    // What of it runs all the same says nothing else.
    let containers = [
        fake(1, "shop", "web.1").state(KILLED),
        fake(2, "shop", "web.2").health("starting"),
        fake(3, "shop", "worker.1").state(KILLED),
    ];
    let host = running_shop().containers(&containers).property("restore", "false").within(HANGS);
    let stopped = "App shop is stopped and will not come up by itself, start it with: dokku ps:start shop";
    host.command("wait", ["shop", "--timeout", FOREVER]).refuses(stopped);
    // A deploy starts it.
    let path = "lib/data/apps/shop/.deploy.lock";
    let host = host.file(path, "a build");
    let lock = File::open(host.sandbox().path(path)).unwrap();
    lock.lock().unwrap();
    host.command("wait", ["shop", "--timeout", "0"]).fails(1).stderr_contains("web.2 is starting");
    lock.unlock().unwrap();
    host.command("wait", ["shop", "--timeout", "0"]).refuses(stopped);
}

pub(crate) fn an_app_that_a_boot_is_to_leave_alone_is_waited_for_as_long_as_all_of_it_runs() {
    let host = starting_shop().property("restore", "false").within(HANGS);
    host.command("wait", ["shop", "--timeout", "0"]).fails(1).stderr_contains("web.2 is starting");
    let host = running_shop().property("restore", "false").within(HANGS);
    host.command("wait", ["shop", "--timeout", FOREVER]).succeeds();
}

pub(crate) fn a_type_that_was_stopped_is_missed_by_who_names_it() {
    let containers = [fake(1, "shop", "web.1"), fake(2, "shop", "web.2"), fake(3, "shop", "worker.1").state(KILLED)];
    let host = running_shop().containers(&containers).file("lib/data/ps/shop/stopped", "worker\n").within(HANGS);
    host.command("wait", ["shop", "--timeout", FOREVER]).succeeds();
    let stopped = "worker of shop is stopped and will not come up by itself, start it with: dokku ps:start shop worker";
    host.command("wait", ["shop", "--timeout", FOREVER, "--type", "wor*"]).refuses(stopped);
    host.command("wait", ["shop", "--type", "web"]).succeeds();
    // Somebody may be about to start it.
    let path = "lib/data/apps/shop/.deploy.lock";
    let host = host.file(path, "a build");
    let lock = File::open(host.sandbox().path(path)).unwrap();
    lock.lock().unwrap();
    host.command("wait", ["shop", "--timeout", "0", "--type", "worker"])
        .fails(1)
        .stderr_contains("worker is stopped\n");
}

pub(crate) fn an_app_that_has_not_been_deployed_may_come() {
    let host = running_shop().file("lib/config/common/shop/deployed", "false").within(HANGS);
    let told = "shop has not been deployed\n";
    host.command("wait", ["shop", "--timeout", "0"]).refuses(&format!("after 0 seconds: {told}"));
    let mut child = begun(&host);
    wait_until("it says so", HANGS, || text(&host, "out") == format!("-----> Waiting for shop: {told}"));
    fs::write(host.sandbox().path("lib/config/common/shop/deployed"), "true").unwrap();
    assert!(child.wait().unwrap().success(), "{}", text(&host, "errors"));
}

pub(crate) fn it_waits_for_no_lock() {
    let path = "lib/data/apps/shop/.deploy.lock";
    let host = running_shop().file(path, "a build").within(HANGS);
    let lock = File::open(host.sandbox().path(path)).unwrap();
    lock.lock().unwrap();
    host.command("wait", ["shop", "--timeout", FOREVER]).succeeds();
    assert_eq!(text(&host, path), "a build");
}

pub(crate) fn another_scheduler_is_asked_by_its_trigger() {
    let k3s = |answer| {
        let host = host().app("shop").scale("web=2 worker=1").procfile("web: x\nworker: y\n");
        host.answers("scheduler-detect", "k3s").answers("scheduler-app-status", answer).docker("exit 9")
    };
    k3s("3 true").command("wait", ["shop"]).succeeds();
    k3s("2 mixed")
        .command("wait", ["shop", "--timeout", "0"])
        .refuses("after 0 seconds: k3s tells of 2 instances, running: mixed, and the scale wants 3");
    k3s("soon").command("wait", ["shop"]).refuses("scheduler-app-status answered");
}

pub(crate) fn a_signal_ends_it() {
    for (signal, status) in [(Signal::INT, 130), (Signal::TERM, 143)] {
        let host = starting_shop();
        let mut child = begun(&host);
        wait_until("it waits", HANGS, || !text(&host, "out").is_empty());
        kill_process(Pid::from_child(&child), signal).unwrap();
        assert_eq!(child.wait().unwrap().code(), Some(status));
        assert_eq!(text(&host, "errors"), " !     interrupted while waiting for shop\n");
    }
}

pub(crate) fn what_makes_no_sense_is_refused() {
    let host = starting_shop();
    let wait = |words: &[&str]| host.command("wait", words.iter().copied());
    wait(&[]).refuses("Please specify an app");
    wait(&["nothing"]).fails(20).stderr_contains("App nothing does not exist");
    wait(&["shop", "web"]).fails(2).stderr_contains("web");
    wait(&["shop", "--timeout", "soon"]).fails(2).stderr_contains("soon");
    wait(&["shop", "--timeout", "-1"]).fails(2).any_stderr();
    wait(&["shop", "--type", "wrb"]).refuses("App shop has no process type wrb, it has: web, worker");
    wait(&["shop", "--type", "web.1"]).refuses("--type takes a process type, web.1 is an instance of web");
    assert_eq!(host.calls(), [""; 0]);
    let fails = host.docker("echo 'Cannot connect to the Docker daemon' >&2; exit 1");
    fails.command("wait", ["shop"]).refuses("Cannot connect to the Docker daemon");
}

/// Begins to wait for the shop, with its outputs in files.
fn begun(host: &Host) -> std::process::Child {
    let file = |name| File::create(host.sandbox().path(name)).unwrap();
    let mut command = Command::new(host.sandbox().program("subcommands/wait"));
    command.args(["ps:wait", "shop", "--timeout", FOREVER]).stdin(Stdio::null());
    host.spawn(command.stdout(file("out")).stderr(file("errors")))
}

fn text(host: &Host, path: &str) -> String {
    fs::read_to_string(host.sandbox().path(path)).unwrap_or_default()
}
