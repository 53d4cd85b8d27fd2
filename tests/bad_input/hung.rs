//! A Docker that does not answer: said in a moment, before the host's scripts wait for it under the app's lock.

use std::fs;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use ps_tests::{Answer, Host};

use crate::shop;

/// What hangs is ended, and fails.
const HANGS: Duration = Duration::from_mins(2);

fn hung() -> Host {
    let host = shop().docker_local().docker("exec sleep 600").procfile("web: x\n").within(HANGS);
    host.sandbox().answer("scheduler-docker-local", "scheduler-deploy", &[Answer::default()]);
    host
}

#[test]
fn a_change_asks_docker_for_a_sign_of_life() {
    for (command, args) in [
        ("stop", &["shop"][..]),
        ("start", &["shop"]),
        ("restart", &["shop"]),
        ("rebuild", &["shop"]),
        ("restore", &["--lock-timeout", "0", "shop"]),
        ("restore", &["--lock-timeout", "0", "--all"]),
        ("retire", &["shop"]),
        ("retire", &[]),
        ("scale", &["shop", "web=2"]),
    ] {
        let outcome = hung().command(command, args.iter().copied()).fails(1).fires_nothing();
        // ps:retire has a lock file of its own, which stays.
        let outcome = if command == "retire" { outcome } else { outcome.changes_no_file() };
        outcome.any_stdout().stderr_contains("did not answer within 2 seconds");
    }
}

/// The host's script for a stop, which waits until there is a file `go`, and writes down who it is.
fn slow() -> Host {
    let host = shop();
    let wait = "while [ -e \"$CONFORMANCE_ROOT/waits\" ] && [ ! -e \"$CONFORMANCE_ROOT/go\" ]; do sleep 0.1; done";
    stops_with(host, &format!("echo $$ >\"$CONFORMANCE_ROOT/waits\"\n{wait}"))
}

/// The host's script for a stop has this body.
fn stops_with(host: Host, body: &str) -> Host {
    host.sandbox().write_script("lib/core-plugins/available/host/scheduler-stop", &format!("#!/bin/sh\n{body}\n"));
    host
}

fn until(what: &str, mut holds: impl FnMut() -> bool) {
    let end = Instant::now() + Duration::from_mins(3);
    while !holds() {
        assert!(Instant::now() < end, "{what} has not come");
        std::thread::sleep(Duration::from_millis(50));
    }
}

fn text(host: &Host, path: &str) -> String {
    fs::read_to_string(host.sandbox().path(path)).unwrap_or_default()
}

fn stop(host: &Host) -> std::process::Child {
    let errors = fs::File::create(host.sandbox().path("errors")).unwrap();
    let mut command = Command::new(host.sandbox().program("subcommands/stop"));
    command.args(["ps:stop", "shop"]).stdin(Stdio::null()).stdout(Stdio::null()).stderr(errors);
    host.spawn(&mut command)
}

#[test]
fn a_script_that_takes_long_is_told_of() {
    let host = slow();
    let mut child = stop(&host);
    until("a line that says what is waited for", || text(&host, "errors").contains("still waiting for scheduler-stop"));
    fs::write(host.sandbox().path("go"), "").unwrap();
    assert!(child.wait().unwrap().success());
    assert!(
        text(&host, "errors")
            .starts_with(" !     still waiting for scheduler-stop docker-local shop in plugin host (3")
    );
}

#[test]
fn a_signal_ends_a_script_that_is_waited_for_and_frees_the_lock() {
    for (sent, status) in [(rustix::process::Signal::INT, 130), (rustix::process::Signal::QUIT, 131)] {
        let host = slow();
        let mut child = stop(&host);
        until("the script", || !text(&host, "waits").trim().is_empty());
        let script = text(&host, "waits").trim().to_owned();
        signal(&child, sent);
        assert_eq!(child.wait().unwrap().code(), Some(status));
        until("the end of the script", || is_gone(&script));
        assert!(!host.sandbox().path("lib/data/apps/shop/.deploy.lock").exists());
    }
}

#[test]
fn what_hears_no_signal_is_killed_with_all_that_it_has_started() {
    // Like a docker that hangs in the kernel below a script which waits for it.
    let child = "trap '' INT TERM HUP; echo $$ >\"$CONFORMANCE_ROOT/child\"; while [ -e \"$CONFORMANCE_ROOT/child\" ]; do sleep 0.1; done";
    let script =
        format!("trap '' INT TERM HUP\necho $$ >\"$CONFORMANCE_ROOT/waits\"\nsh -c '{}'", child.replace('\'', "'\\''"));
    let host = stops_with(shop(), &script);
    let mut stopping = stop(&host);
    until("the script and its child", || !text(&host, "waits").is_empty() && text(&host, "child").ends_with('\n'));
    let processes = ["waits", "child"].map(|file| text(&host, file).trim().to_owned());
    let pid = i32::try_from(stopping.id()).ok().and_then(rustix::process::Pid::from_raw).unwrap();
    rustix::process::kill_process(pid, rustix::process::Signal::TERM).unwrap();
    until("the end of the command", || stopping.try_wait().unwrap().is_some());
    assert_eq!(stopping.wait().unwrap().code(), Some(128 + 15), "{}", text(&host, "errors"));
    until("the end of both", || processes.iter().all(|process| is_gone(process)));
    assert!(!host.sandbox().path("lib/data/apps/shop/.deploy.lock").exists());
    assert!(
        text(&host, "errors").contains("The hook scheduler-stop of the plugin host failed"),
        "{}",
        text(&host, "errors")
    );
}

/// Begins `ps:COMMAND WORDS…` with its errors in a file.
fn begun(host: &Host, command: &str, words: &[&str]) -> std::process::Child {
    let errors = fs::File::create(host.sandbox().path("errors")).unwrap();
    let mut process = Command::new(host.sandbox().program(&format!("subcommands/{command}")));
    process.arg(format!("ps:{command}")).args(words).stdin(Stdio::null()).stdout(Stdio::null()).stderr(errors);
    host.spawn(&mut process)
}

fn signal(child: &std::process::Child, signal: rustix::process::Signal) {
    let pid = i32::try_from(child.id()).ok().and_then(rustix::process::Pid::from_raw).unwrap();
    rustix::process::kill_process(pid, signal).unwrap();
}

#[test]
fn a_signal_is_no_answer_of_a_host_that_was_asked() {
    let host = shop();
    fs::remove_file(host.sandbox().path("lib/config/common/shop/deployed")).unwrap();
    let asked = "echo $$ >\"$CONFORMANCE_ROOT/waits\"; exec sleep 600";
    host.sandbox()
        .write_script("lib/core-plugins/available/host/scheduler-is-deployed", &format!("#!/bin/sh\n{asked}\n"));
    let mut child = begun(&host, "stop", &["shop"]);
    until("the question", || !text(&host, "waits").trim().is_empty());
    signal(&child, rustix::process::Signal::TERM);
    assert_eq!(child.wait().unwrap().code(), Some(128 + 15), "{}", text(&host, "errors"));
    assert!(
        !host.sandbox().path("lib/config/common/shop/deployed").exists(),
        "nobody has said that it is not deployed"
    );
}

#[test]
fn a_signal_while_a_type_has_its_time_keeps_the_host_from_stopping_the_rest() {
    let id = "1".repeat(64);
    let listed = format!("{id}\\tshop.web.1\\trunning\\t\"shop\"\\t\"deploy\"\\t\"web\"\\t\"web.1\"\\n");
    let docker = format!(
        "case \"$1 $2\" in 'container ls') printf '{listed}' ;;\n\
         'container stop') echo $$ >\"$CONFORMANCE_ROOT/waits\"; exec sleep 600 ;; esac"
    );
    let host = shop().docker_local().docker(&docker).property("stop-timeout-seconds.web", "600");
    host.sandbox().answer("scheduler-docker-local", "scheduler-deploy", &[Answer::default()]);
    let mut stopping = begun(&host, "stop", &["shop"]);
    until("the stop of the type", || !text(&host, "waits").trim().is_empty());
    signal(&stopping, rustix::process::Signal::TERM);
    assert_eq!(stopping.wait().unwrap().code(), Some(128 + 15), "{}", text(&host, "errors"));
    let fired = host.sandbox().fired();
    assert!(!fired.iter().any(|call| ["scheduler-stop", "post-stop"].contains(&call[0].as_str())), "{fired:?}");
}

#[test]
fn what_a_script_leaves_behind_on_a_signal_is_killed_before_the_lock_is_free() {
    let child = "trap '' TERM INT HUP; echo $$ >\"$CONFORMANCE_ROOT/child\"; while [ -e \"$CONFORMANCE_ROOT/child\" ]; do sleep 0.1; done";
    let host = stops_with(shop(), &format!("sh -c '{}'; true", child.replace('\'', "'\\''")));
    let mut stopping = stop(&host);
    until("the child", || text(&host, "child").ends_with('\n'));
    let process = text(&host, "child").trim().to_owned();
    signal(&stopping, rustix::process::Signal::TERM);
    assert_eq!(stopping.wait().unwrap().code(), Some(128 + 15));
    assert!(is_gone(&process) || !host.sandbox().path("lib/data/apps/shop/.deploy.lock").exists());
    until("the end of what was left", || is_gone(&process));
}

/// A hook calls a command of ours, whose own hook hears no signal: that one is killed by the command that waits for it,
/// and only then the two before it end.
#[test]
fn a_command_within_a_hook_has_time_to_end_what_it_has_started() {
    let deaf = "trap '' TERM; echo $$ >\"$CONFORMANCE_ROOT/child\"; while [ -e \"$CONFORMANCE_ROOT/child\" ]; do sleep 0.1; done";
    for traps in ["", "trap : TERM"] {
        let host = shop().app("api");
        let stop = host.sandbox().program("subcommands/stop").display().to_string();
        let host =
            stops_with(host, &format!("{traps}\nif [ \"$2\" = shop ]; then '{stop}' ps:stop api; exit 1; fi\n{deaf}"));
        let mut stopping = begun(&host, "stop", &["shop"]);
        until("the inner hook", || text(&host, "child").ends_with('\n'));
        let process = text(&host, "child").trim().to_owned();
        signal(&stopping, rustix::process::Signal::TERM);
        assert_eq!(stopping.wait().unwrap().code(), Some(128 + 15));
        assert!(is_gone(&process), "{traps}: the hook of the inner command is left");
        let errors = text(&host, "errors");
        let told = errors.find("The hook scheduler-stop of the plugin host failed (signal 9)");
        let later = errors.rfind("The hook scheduler-stop of the plugin host failed");
        assert!(told.is_some() && told < later, "{traps}: {errors}");
        assert!(!host.sandbox().path("lib/data/apps/api/.deploy.lock").exists());
    }
}

#[test]
fn a_signal_that_is_ignored_where_we_are_started_is_ignored() {
    let host = slow();
    let program = host.sandbox().program("subcommands/stop");
    let mut shell = Command::new("sh");
    shell.args(["-c", "trap '' HUP; exec \"$0\" ps:stop shop"]).arg(program).stdin(Stdio::null()).stdout(Stdio::null());
    let mut child = host.spawn(&mut shell);
    until("the script", || !text(&host, "waits").trim().is_empty());
    signal(&child, rustix::process::Signal::HUP);
    fs::write(host.sandbox().path("go"), "").unwrap();
    assert_eq!(child.wait().unwrap().code(), Some(0));
}

#[test]
fn hooks_have_our_input() {
    let host = stops_with(shop(), "cat >\"$CONFORMANCE_ROOT/input\"").stdin("of the user\n");
    host.command("stop", ["shop"]).succeeds().any_stdout();
    assert_eq!(text(&host, "input"), "of the user\n");
}

#[test]
fn a_restore_waits_for_a_docker_that_is_on_its_way() {
    let docker = "for sign in first second; do [ -e \"$CONFORMANCE_ROOT/$sign\" ] || \
                  { touch \"$CONFORMANCE_ROOT/$sign\"; echo 'Cannot connect' >&2; exit 1; }; done";
    let host = shop().docker_local().docker(docker).within(HANGS);
    host.sandbox().answer("scheduler-docker-local", "scheduler-deploy", &[Answer::default()]);
    host.command("restore", ["shop"]).succeeds().any_stdout().stderr_contains("Waiting for Docker: ");
}

#[test]
fn who_goes_on_talking_in_the_background_is_not_listened_to() {
    let talks = "(while [ -e \"$CONFORMANCE_ROOT/log\" ]; do echo tick; sleep 0.01; done) &";
    let host = stops_with(shop().app("api"), talks).within(HANGS);
    host.command("stop", ["--all", "--parallel", "2"]).succeeds().any_stdout().any_stderr().takes_at_most(HANGS);
}

/// Whether a process has ended, be it that nobody has taken notice of it yet.
fn is_gone(process: &str) -> bool {
    let stat = fs::read_to_string(format!("/proc/{process}/stat")).unwrap_or_default();
    stat.rsplit(')').next().is_none_or(|rest| rest.is_empty() || rest.starts_with(" Z"))
}
