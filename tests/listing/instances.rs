//! What is listed, and when it is as it should be.

use std::fs::File;
use std::process::{Command, Stdio};
use std::time::Duration;

use ps_tests::process::{spawn, wait_until};
use ps_tests::{Host, host};
use serde_json::{Value, json};

use crate::fakes::{KILLED, PAUSED, WithDocker, fake, id, running_shop, shop, states};

pub(crate) fn what_runs_is_listed_with_its_processes() {
    let text = running_shop().ps(&["shop"]).succeeds().into_stdout();
    let lines: Vec<String> = text.lines().map(|line| line.split_whitespace().collect::<Vec<_>>().join(" ")).collect();
    let mut lines = lines.iter().map(String::as_str);
    assert_eq!(lines.next(), Some("=====> shop processes"));
    assert_eq!(lines.next(), Some("INSTANCE STATE SINCE RESTARTS HEALTH MEMORY CONTAINER EXIT"));
    assert_eq!(lines.next(), Some("PID USER ELAPSED %CPU COMMAND"));
    let is_instance = |line: Option<&str>, name: &str| {
        let line = line.unwrap_or_default();
        line.starts_with(&format!("{name} running ")) && line.ends_with(" 2 - - 000000000000")
    };
    assert!(is_instance(lines.next(), "web.1"), "{text}");
    assert_eq!(lines.next(), Some("4711 root 3m 12s 12.3 /demo web"));
    assert_eq!(lines.next(), Some("4712 www-data 5s 0.0 sh -c x"));
    assert!(is_instance(lines.next(), "web.2"), "{text}");
    assert_eq!(lines.next(), Some("4713 root 3m 12s 0.0 /demo web"));
    assert!(is_instance(lines.next(), "worker.1"), "{text}");
    assert_eq!(lines.next(), Some("web 2/2 worker 1/1"));
    assert_eq!(lines.next(), None);
}

pub(crate) fn what_nothing_accounts_for_is_told_apart() {
    let containers = [
        fake(1, "shop", "web.1"),
        fake(2, "shop", "web.1").named("shop.web.1.1700000000"),
        fake(3, "shop", "web.1").named("shop.web.1.1700000001"),
        fake(4, "shop", "run.4242").kind("run"),
        fake(5, "api", "web.1"),
        fake(6, "shop", "web.2").named("shop.web.2.upcoming-4711"),
    ];
    let queue = format!("api {} 1\nshop {} 1700000000\nno line of a queue\n", id(9), id(2));
    let host = shop("web=2 worker=0")
        .container("web.1", &id(1))
        .container("old.1", "")
        .containers(&containers)
        .file("lib/data/scheduler-docker-local/dead-containers", queue);
    let wanted = ["old.1 missing", "web.1 running", "web.1 stray", "web.1 retiring", "web.2 missing", "web.2 stray"];
    assert_eq!(states(&host), wanted);
}

pub(crate) fn a_container_of_a_deploy_in_progress_is_upcoming() {
    let containers = [fake(1, "shop", "web.1"), fake(2, "shop", "web.1").named("shop.web.1.upcoming-4711")];
    let path = "lib/data/apps/shop/.deploy.lock";
    let host = shop("web=1").container("web.1", &id(1)).containers(&containers).file(path, "");
    assert_eq!(states(&host), ["web.1 running", "web.1 stray"]);
    let lock = File::open(host.sandbox().path(path)).unwrap();
    lock.lock().unwrap();
    assert_eq!(states(&host), ["web.1 running", "web.1 upcoming"]);
    host.ps(&["shop", "--exit-code"]).succeeds().any_stdout();
    lock.unlock().unwrap();
}

pub(crate) fn another_app_s_container_is_missing_whatever_names_it() {
    let host = shop("web=2")
        .container("web.1", &id(1))
        .container("web.2", &id(2))
        .containers(&[fake(1, "shop", "web.1"), fake(2, "api", "web.1")])
        .file("lib/data/scheduler-docker-local/dead-containers", format!("shop {} 1700000000\n", id(2)));
    assert_eq!(states(&host), ["web.1 running", "web.2 missing"]);
    host.ps(&["shop", "--exit-code"]).fails(3).any_stdout();
}

pub(crate) fn only_a_deploy_of_this_host_makes_a_container_upcoming() {
    let containers = [fake(1, "shop", "web.1"), fake(2, "shop", "web.1").named("shop.web.1.upcoming-4711")];
    let host = shop("web=1").container("web.1", &id(1)).containers(&containers);
    let script = "#!/bin/sh\nread line\n";
    let (ours, others) = ("lib/plugins/available/x/scheduler-deploy", "other/plugins/x/scheduler-deploy");
    for path in [ours, others] {
        host.sandbox().write_script(path, script);
    }
    let with = |program: &str, arguments: &[&str], state: &str| {
        let mut command = Command::new(program);
        command.args(arguments).stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::null());
        let mut child = spawn(&mut command);
        // The words are another's until the kernel has taken up the new program.
        let line = || std::fs::read(format!("/proc/{}/cmdline", child.id())).unwrap_or_default();
        let last = arguments.last().unwrap().as_bytes();
        wait_until("it has its words", Duration::from_mins(1), || line().windows(last.len()).any(|part| part == last));
        let found = states(&host);
        child.kill().unwrap();
        child.wait().unwrap();
        assert_eq!(found, ["web.1 running".to_owned(), format!("web.1 {state}")], "{program} {arguments:?}");
    };
    let path = |relative: &str| host.sandbox().path(relative).display().to_string();
    with(&path(ours), &["docker-local", "shop", "latest"], "upcoming");
    with(&path(ours), &["docker-local", "shop2", "latest"], "stray");
    with(&path(others), &["docker-local", "shop", "latest"], "stray");
    with("sh", &["-c", "read line", "scheduler-deploy", "docker-local", "shop"], "stray");
    with("sh", &["-c", "read line; : scheduler-deploy docker-local shop"], "stray");
    with("sh", &["-c", &format!("read line; : {} docker-local shop", path(ours))], "stray");
    with("sh", &["-c", "read line", &path(ours), "docker-local", "shop"], "stray");
}

pub(crate) fn a_container_that_vanishes_meanwhile_is_missing() {
    let host = shop("web=2").container("web.1", &id(1)).container("web.2", &id(2));
    let both = [fake(1, "shop", "web.1"), fake(2, "shop", "web.2")];
    let host = host.containers(&both).file("docker/inspect", both[0].inspected());
    assert_eq!(states(&host), ["web.1 running", "web.2 missing"]);
}

pub(crate) fn an_exit_is_told_with_its_signal_and_its_reason() {
    let host = shop("web=1").container("web.1", &id(1)).containers(&[fake(1, "shop", "web.1").state(KILLED)]);
    host.ps(&["shop"])
        .succeeds()
        .stdout_contains(" ago         0  -            -  000000000000  137 (SIGKILL, out of memory)\n")
        .stdout_contains("\n       web 0/1\n");
}

pub(crate) fn the_exit_code_says_whether_all_is_as_desired() {
    let exits = |status, host: Host| {
        let outcome = host.ps(&["shop", "--exit-code"]).any_stdout();
        if status == 0 {
            outcome.succeeds()
        } else {
            outcome.fails(status)
        };
    };
    let web = || fake(1, "shop", "web.1");
    let one = || shop("web=1 worker=0").container("web.1", &id(1));
    exits(0, running_shop());
    exits(0, one().containers(&[web().health("healthy")]));
    exits(0, one().containers(&[web().health("starting")]));
    exits(3, one().containers(&[web().health("unhealthy")]));
    exits(3, one().containers(&[web().state(KILLED)]));
    exits(3, one().containers(&[]));
    exits(3, one().containers(&[web(), fake(2, "shop", "web.1").named("stray").state(KILLED)]));
    exits(3, shop("web=2").container("web.1", &id(1)).containers(&[web()]));
    exits(3, shop("web=0").container("web.1", &id(1)).containers(&[web()]));
    exits(0, shop("web=0").container("web.1", &id(1)).containers(&[web().state(KILLED)]));
    exits(0, shop("web=0").containers(&[]));
}

pub(crate) fn without_the_flag_the_exit_code_is_zero() {
    shop("web=1").containers(&[]).ps(&["shop"]).succeeds().stdout_contains("web.1     missing");
}

pub(crate) fn one_type_alone() {
    let host = running_shop();
    let lines = host.ps(&["shop", "worker", "--quiet"]).succeeds().into_stdout();
    assert!(lines.starts_with("shop\tworker.1\t") && lines.lines().count() == 1, "{lines}");
    host.ps(&["shop", "worker"]).succeeds().stdout_contains("\n       worker 1/1\n");
    assert_eq!(host.calls().iter().filter(|call| *call == "container top").count(), 1);
}

pub(crate) fn an_unknown_type_is_refused_with_the_types_there_are() {
    let host = running_shop();
    host.ps(&["shop", "wrb"]).refuses("App shop has no process type wrb, it has: web, worker");
    host.ps(&["shop", "../web"]).refuses("is not a process type");
    host.ps(&["shop", ""]).refuses("A process type must not be empty");
    // What left the Procfile and the scale, and still runs, is known.
    let host = shop("web=0").containers(&[fake(1, "shop", "gone.1")]);
    host.ps(&["shop", "gone"]).succeeds().stdout_contains("gone.1    stray");
}

pub(crate) fn an_app_that_was_never_deployed_is_a_warning() {
    let host = shop("web=1").file("lib/config/common/shop/deployed", "false").containers(&[]);
    host.ps(&["shop"]).succeeds().stderr(" !     App shop has not been deployed\n");
    host.ps(&["shop", "--exit-code"]).fails(3).any_stderr();
    let text = host.ps(&["shop", "--format", "json"]).succeeds().any_stderr().into_stdout();
    let document: Value = serde_json::from_str(&text).unwrap();
    assert_eq!((&document["state"], &document["instances"]), (&json!("not deployed"), &json!([])));
    assert_eq!(host.calls(), [""; 0]);
    let host = host.scale("web=0");
    host.ps(&["shop", "--exit-code"]).succeeds().any_stderr();
}

pub(crate) fn another_scheduler_is_asked_by_its_trigger() {
    let k3s = |answer| {
        let host = host().app("shop").scale("web=2 worker=1").procfile("web: x\nworker: y\n");
        host.answers("scheduler-detect", "k3s").answers("scheduler-app-status", answer).docker("exit 9")
    };
    let host = k3s("3 true");
    host.ps(&["shop", "--exit-code"])
        .succeeds()
        .stdout("=====> shop processes\n       3 instances, running: true\n       The scheduler k3s tells no more\n");
    host.ps(&["shop", "web", "--exit-code"]).succeeds().stdout_contains("3 instances, running: true");
    host.ps(&["shop", "wrb"]).refuses("no process type wrb");
    host.ps(&["shop", "--quiet"]).succeeds();
    host.ps(&["--all"]).succeeds().stdout_contains("shop  running  web ?/2  worker ?/1  (3 by k3s)");
    let text = host.ps(&["shop", "--format", "json"]).succeeds().into_stdout();
    let document: Value = serde_json::from_str(&text).unwrap();
    assert_eq!(document["status"], json!({"processes": 3, "running": "true"}));
    assert_eq!(document["instances"], Value::Null);
    k3s("2 mixed").ps(&["shop", "--exit-code"]).fails(3).stdout_contains("2 instances, running: mixed");
    k3s("").ps(&["shop"]).succeeds().stdout_contains("0 instances, running: false");
    k3s("soon").ps(&["shop"]).refuses("scheduler-app-status answered");
}

pub(crate) fn what_mends_an_app_is_told_below_it() {
    let ended = |image: &str| {
        let host = shop("web=1").container("web.1", &id(1)).containers(&[fake(1, "shop", "web.1").state(KILLED)]);
        host.image(image)
    };
    ended("echo sha256:1").ps(&["shop"]).succeeds().stdout_contains("to mend that: dokku ps:reconcile shop\n");
    let gone = "echo 'Error: No such image: dokku/shop:latest' >&2; exit 1";
    ended(gone)
        .ps(&["shop"])
        .succeeds()
        .stdout_contains("web.1 is exited, and the image of shop is gone, to build it anew: dokku ps:rebuild shop\n");
    let stopped = ended("echo sha256:1").property("restore", "false");
    stopped
        .ps(&["shop", "--exit-code"])
        .succeeds()
        .stdout_contains(" stopped ")
        .stdout_contains("       web 0/1 (1 stopped)\n       shop was stopped, to start it: dokku ps:start shop\n");
    stopped.ps(&["--all"]).succeeds().stdout_contains("shop  stopped  web 0/1 (1 stopped)");
    stopped
        .command("reconcile", ["shop"])
        .succeeds()
        .stdout("-----> shop is stopped, and stays so\n       shop was stopped, to start it: dokku ps:start shop\n");
    let paused = || shop("web=1").container("web.1", &id(1)).containers(&[fake(1, "shop", "web.1").state(PAUSED)]);
    paused().ps(&["shop", "--exit-code"]).fails(3).stdout_contains("dokku ps:restart shop web.1\n");
    paused().ps(&["--all"]).succeeds().stdout_contains("(1 paused)");
    paused().command("reconcile", ["shop"]).succeeds().stdout_contains("web.1 is paused");
    paused().command("wait", ["shop", "--timeout", "0"]).fails(1).stderr_contains("web.1 is paused");
}

pub(crate) fn a_part_is_listed_and_counted_alone() {
    let host = running_shop();
    host.ps(&["shop", "web.2", "--exit-code"]).succeeds().stdout_contains("\n       web 1/1\n");
    let text = host.ps(&["shop", "web.2", "worker", "--quiet"]).succeeds().into_stdout();
    assert_eq!(text.lines().map(|line| line.split('\t').nth(1).unwrap()).collect::<Vec<_>>(), ["web.2", "worker.1"]);
    host.ps(&["shop", "web.3"]).refuses("App shop has no instance \"web.3\", it has: web.1, web.2");
    let all = host.ps(&["--format", "json"]).succeeds().into_stdout();
    assert_eq!(all, host.ps(&["--all", "--format", "json"]).succeeds().into_stdout());
}

pub(crate) fn what_waits_to_be_removed_is_a_line() {
    let containers = [fake(1, "shop", "web.1"), fake(2, "shop", "web.1").named("shop.web.1.1700000000")];
    let host = shop("web=1").container("web.1", &id(1)).containers(&containers);
    let host = host.file("lib/data/scheduler-docker-local/dead-containers", format!("shop {} 1700000000\n", id(2)));
    let text = host.ps(&["shop"]).succeeds().stdout_contains("\n       web 1/1\n       1 retiring\n").into_stdout();
    assert!(!text.contains("  retiring  "), "{text}");
    host.ps(&["shop", "--retired"]).succeeds().stdout_contains("  retiring  ");
}
