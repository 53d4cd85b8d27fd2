//! The deploy lock: one change of an app after the other, and no waiting for oneself.

use std::fs::{self, File};
use std::process::{Command, Stdio};
use std::time::Duration;

use ps_tests::case::held_lock;
use ps_tests::process::wait_until;
use ps_tests::{Host, Outcome};

use crate::{headline, shop};

const LOCK: &str = "lib/data/apps/shop/.deploy.lock";

fn host_with_lock_file() -> Host {
    shop().file(LOCK, "build-4711\n")
}

/// Runs a bash script; `$1` is the lock, the rest of its arguments a command that scales the app.
fn scale_in_bash(host: &Host, script: &str) -> Outcome {
    let mut command = Command::new("bash");
    command
        .args(["-c", script, "bash"])
        .arg(host.sandbox().path(LOCK))
        .arg(host.sandbox().program("subcommands/scale"));
    command.args(["ps:scale", "--lock-timeout", "1", "shop", "web=2"]);
    host.run_command(script, &mut command)
}

#[test]
fn a_held_lock_is_waited_for_and_its_holder_named() {
    let host = host_with_lock_file();
    let _held = held_lock(host.sandbox(), LOCK);
    host.command("scale", ["--lock-timeout", "1", "shop", "web=2"])
        .refuses("build-4711")
        .stdout_at_most(&headline("web=2"))
        .takes_at_most(Duration::from_mins(1));
    assert_eq!(fs::read_to_string(host.sandbox().path(LOCK)).unwrap(), "build-4711\n");
}

#[test]
fn every_command_that_changes_an_app_waits_for_the_lock() {
    for command in ["rebuild", "restart", "start", "stop"] {
        let host = host_with_lock_file();
        let _held = held_lock(host.sandbox(), LOCK);
        let outcome = host.command(command, ["--lock-timeout", "1", "shop"]);
        outcome.refuses("build-4711").any_stdout().takes_at_most(Duration::from_mins(1));
    }
}

#[test]
fn a_restore_waits_for_the_lock() {
    let host = host_with_lock_file();
    let _held = held_lock(host.sandbox(), LOCK);
    host.command("restore", ["--lock-timeout", "1", "shop"])
        .fails(1)
        .any_stdout()
        .stderr_contains("build-4711")
        .deploys("")
        .changes_no_file();
}

#[test]
fn a_lock_that_is_released_lets_the_command_go_on() {
    let host = host_with_lock_file();
    let held = held_lock(host.sandbox(), LOCK);
    let mut command = Command::new(host.sandbox().program("subcommands/scale"));
    command.args(["ps:scale", "--lock-timeout", "600", "shop", "web=2"]);
    let said = host.sandbox().path("said");
    let stderr = File::create(&said).expect("a file for its stderr");
    command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(stderr);
    let mut child = host.spawn(&mut command);
    let deadline = Duration::from_mins(1);
    let waits = || fs::read_to_string(&said).unwrap().contains("build-4711");
    wait_until("the command says whom it waits for", deadline, waits);
    assert_eq!(child.try_wait().unwrap(), None, "it must wait");
    drop(held);
    let mut status = None;
    wait_until("the command has ended", deadline, || {
        status = child.try_wait().unwrap();
        status.is_some()
    });
    assert!(status.unwrap().success());
    assert_eq!(fs::read_to_string(host.sandbox().path("lib/config/ps/shop/scale")).unwrap(), "web=2\n");
}

#[test]
fn a_command_inside_the_holder_does_not_wait() {
    let host = host_with_lock_file();
    scale_in_bash(&host, r#"exec 200>>"$1"; flock 200; shift; "$@""#)
        .succeeds()
        .stdout(&headline("web=2"))
        .deploys("web")
        .leaves("lib/config/ps/shop/scale", "web=2\n");
    assert!(host.sandbox().path(LOCK).exists(), "the holder's file is not ours to remove");
}

#[test]
fn one_that_tried_for_the_lock_and_lost_has_to_wait() {
    // It has the descriptor, but not the lock.
    let host = host_with_lock_file();
    let _held = held_lock(host.sandbox(), LOCK);
    scale_in_bash(&host, r#"exec 200>>"$1"; ! flock -n 200; shift; "$@""#)
        .refuses("build-4711")
        .stdout_at_most(&headline("web=2"));
}

#[test]
fn a_lock_file_that_nobody_holds_is_no_lock() {
    // As apps:lock makes it: empty. It stays however many commands come and go.
    let host = shop().file(LOCK, "");
    for quantity in ["web=2", "web=3"] {
        host.command("scale", ["--lock-timeout", "1", "shop", quantity])
            .succeeds()
            .stdout(&headline(quantity))
            .deploys("web");
        assert_eq!(fs::read(host.sandbox().path(LOCK)).unwrap(), b"", "apps:lock made it, apps:unlock removes it");
    }
}

#[test]
fn what_a_killed_deploy_of_the_host_has_left_goes() {
    host_with_lock_file()
        .command("scale", ["--lock-timeout", "1", "shop", "web=2"])
        .succeeds()
        .stdout(&headline("web=2"))
        .leaves_nothing_at(LOCK);
}

#[test]
fn contention_and_kills_leave_no_lock_and_only_one_has_it_at_a_time() {
    const COMMANDS: usize = 60;
    let host = shop().file("lib/data/apps/shop/keep", "");
    // Runs under the lock, and inherits it: whoever is killed leaves it to its hook.
    host.sandbox().write_script(
        "lib/core-plugins/available/host/ps-pre-scale",
        "#!/bin/sh\ncd \"$CONFORMANCE_ROOT\" || exit 1\n\
         mkdir inside || echo twice >>overlaps\nsleep 0.02\nrmdir inside\necho >>entered\n",
    );
    let entered = || fs::read_to_string(host.sandbox().path("entered")).unwrap_or_default().lines().count();
    let mut running: Vec<std::process::Child> = Vec::new();
    for number in 0..COMMANDS {
        let mut command = Command::new(host.sandbox().program("subcommands/scale"));
        command.args(["ps:scale", "--lock-timeout", "600", "--skip-deploy", "shop", "web+1"]);
        running.push(host.spawn(command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null())));
        // A killed one has the lock, waits for it, or is about to: each moment comes by itself.
        if number % 3 == 2 {
            let seen = entered();
            wait_until("another has had its turn", Duration::from_mins(1), || entered() > seen);
            running.remove(running.len() / 2).kill().unwrap();
            running.remove(0).kill().unwrap();
        }
    }
    for mut child in running {
        let ended = || child.try_wait().unwrap().is_some();
        wait_until("a command has ended", Duration::from_mins(2), ended);
    }
    let free = || File::open(host.sandbox().path(LOCK)).map_or(true, |file| file.try_lock().is_ok());
    wait_until("the hooks of the killed have ended", Duration::from_mins(1), free);
    host.command("scale", ["--skip-deploy", "shop", "web=1"]).succeeds().any_stdout().leaves_nothing_at(LOCK);
    assert!(!host.sandbox().path("overlaps").exists(), "two had the lock at once");
}

#[test]
fn what_is_no_regular_file_is_no_lock_and_is_named() {
    let soon = Duration::from_mins(1);
    let host = shop().file("lib/data/apps/shop/keep", "");
    let lock = host.sandbox().path(LOCK);
    let aside = host.sandbox().path("aside");
    let make = |kind: &str| match kind {
        "a FIFO" => assert!(Command::new("mkfifo").arg(&lock).status().unwrap().success()),
        "a directory" => fs::create_dir(&lock).unwrap(),
        _ => std::os::unix::fs::symlink(&aside, &lock).unwrap(),
    };
    for kind in ["a FIFO", "a directory", "a symbolic link"] {
        make(kind);
        let says = format!(".deploy.lock: it is {kind}");
        host.command("scale", ["shop", "web=2"])
            .refuses(&says)
            .stdout_at_most(&headline("web=2"))
            .changes_no_file()
            .takes_at_most(soon);
        host.run("ps-set-scale", ["shop", "true", "false", "web=2"])
            .refuses(&says)
            .changes_no_file()
            .takes_at_most(soon);
        fs::rename(&lock, host.sandbox().path("lib/was")).unwrap();
        let _ = fs::remove_dir(host.sandbox().path("lib/was"));
        let _ = fs::remove_file(host.sandbox().path("lib/was"));
    }
    assert!(!aside.exists(), "no link is followed");
}

#[test]
fn reading_does_not_wait_for_the_lock() {
    let host = host_with_lock_file();
    let _held = held_lock(host.sandbox(), LOCK);
    let soon = Duration::from_mins(1);
    host.command("scale", ["shop"]).succeeds().stdout_contains("web:  1\n").takes_at_most(soon);
    host.command("report", ["shop", "--restore"]).succeeds().stdout("true\n").takes_at_most(soon);
    host.run("ps-current-scale", ["shop"]).succeeds().stdout("web=1").takes_at_most(soon);
}
