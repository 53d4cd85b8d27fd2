//! Real containers on the stand-in host.

use std::fs;
use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::Duration;

use ps_tests::docker::{Dokku, docker, id_in};
use ps_tests::process::{spawn, wait_until};
use serde_json::{Value, json};

/// How long a container may take until it is as it should be.
const SETTLES: Duration = Duration::from_mins(3);

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
    docker(&["container", "kill", &container(&dokku, &app, "web.2")]);
    docker(&["container", "rm", "--force", &container(&dokku, &app, "worker.1")]);
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
    let end = format!(
        "\n       web 1/2  worker 0/1\n       web.2 is exited, worker.1 is missing, to mend that: dokku ps:reconcile {app}\n"
    );
    assert!(printed.stdout.ends_with(&end), "{printed}");
    dokku.fails(3, &["ps", "--all", "--exit-code"]);
    dokku.succeeds(&["ps", &app]);
}

/// The container of an instance.
fn container(dokku: &Dokku, app: &str, instance: &str) -> String {
    id_in(&dokku.path(&format!("home/{app}/CONTAINER.{instance}")))
}

/// What Docker knows of a container.
fn known(container: &str, template: &str) -> String {
    docker(&["container", "inspect", "--format", template, container]).trim().to_owned()
}

pub(crate) fn a_signal_reaches_one_instance_alone() {
    let dokku = Dokku::new();
    let app = dokku.deployed(&["web=1", "worker=3"]);
    let instances = ["web.1", "worker.1", "worker.2", "worker.3"];
    dokku.runs(&app, &instances);
    let before = dokku.ids(&app);
    // It heeds the signal from its first line on.
    let logs = |instance: &str| docker(&["container", "logs", &container(&dokku, &app, instance)]);
    let works = |instance: &&str| !logs(instance).is_empty();
    wait_until("all have begun", SETTLES, || instances.iter().all(works));
    let told = dokku.succeeds(&["ps:signal", &app, "worker.2", "usr1"]);
    assert_eq!(told, format!("-----> Sending SIGUSR1 to {app}\n       worker.2: SIGUSR1\n"));
    let heard = |instance: &str| logs(instance).contains("told SIGUSR1\n");
    wait_until("it has heard the signal", SETTLES, || heard("worker.2"));
    // Whoever else had got it would not run any more, or say so by its next line.
    let lines = |instance: &str| logs(instance).lines().count();
    let (one, three) = (lines("worker.1"), lines("worker.3"));
    wait_until("the others have gone on", SETTLES, || lines("worker.1") > one + 1 && lines("worker.3") > three + 1);
    assert!(!heard("worker.1") && !heard("worker.3"));
    assert_eq!(dokku.ids(&app), before);
}

pub(crate) fn what_a_signal_has_ended_comes_back_with_a_reconcile() {
    let dokku = Dokku::new();
    let app = dokku.deployed(&["web=1", "worker=2"]);
    dokku.runs(&app, &["web.1", "worker.1", "worker.2"]);
    let before = dokku.ids(&app);
    dokku.succeeds(&["ps:signal", &app, "worker.1", "KILL"]);
    wait_until("it has ended", SETTLES, || dokku.running(&app) == ["web.1", "worker.2"]);
    let ended = container(&dokku, &app, "worker.1");
    // Its policy would have it started again; Docker takes the signal for a stop.
    assert_eq!(
        known(&ended, "{{.HostConfig.RestartPolicy.Name}} {{.State.Status}} {{.RestartCount}}"),
        "on-failure exited 0"
    );
    let printed = dokku.fails(1, &["ps:wait", &app, "--timeout", "1"]);
    assert!(printed.stderr.ends_with("is not up after 1 seconds: worker.1 is exited\n"), "{printed}");
    dokku.succeeds(&["ps:wait", &app, "--type", "web"]);
    dokku.fails(1, &["ps:signal", &app, "worker.1", "HUP"]);
    dokku.succeeds(&["ps:reconcile", &app]);
    dokku.runs(&app, &["web.1", "worker.1", "worker.2"]);
    let after = dokku.ids(&app);
    assert_eq!((&after[0], &after[2]), (&before[0], &before[2]));
    assert_eq!(dokku.succeeds(&["ps:wait", &app]), "");
}

pub(crate) fn a_wait_ends_once_the_last_instance_is_healthy() {
    let dokku = Dokku::new();
    let app = dokku.app();
    let dockerfile = "FROM scratch\nHEALTHCHECK --interval=3s --timeout=60s CMD [\"/demo\", \"health\"]\n";
    let source = dokku.changed_source(
        "checked",
        &[("Dockerfile", dockerfile), ("Procfile", "web: /demo web\nworker: /demo worker\n")],
    );
    dokku.deploy(&app, &["web=1", "worker=1"], &source);
    dokku.succeeds(&["ps:wait", &app, "--timeout", "300"]);
    let ids = dokku.ids(&app);
    let health = |id: &String| known(id, "{{.State.Health.Status}}");
    assert_eq!(ids.iter().map(health).collect::<Vec<_>>(), ["healthy", "healthy"]);
    // A worker that is paused and goes on while it is waited for.
    docker(&["container", "pause", &ids[1]]);
    let mut waiting = Command::new(dokku.path("dokku"));
    waiting.args(["ps:wait", &app, "--timeout", "300"]).stdin(Stdio::null()).stdout(Stdio::piped());
    let mut waiting = spawn(&mut waiting);
    let mut said = String::new();
    BufReader::new(waiting.stdout.take().expect("its output")).read_line(&mut said).expect("a line");
    assert_eq!(said, format!("-----> Waiting for {app}: worker.1 is paused\n"));
    assert_eq!(waiting.try_wait().expect("its state"), None, "it has not come yet");
    docker(&["container", "unpause", &ids[1]]);
    assert!(waiting.wait().expect("its end").success());
    assert_eq!(known(&ids[1], "{{.State.Status}}"), "running");
}

pub(crate) fn what_is_used_is_told_with_its_limits() {
    let dokku = Dokku::new();
    let app = dokku.app();
    for option in ["--memory=64m", "--cpus=0.5"] {
        dokku.succeeds(&["docker-options:add", "--process", "web", &app, "deploy", option]);
    }
    dokku.deploy(&app, &["web=1", "worker=1"], &dokku.source());
    dokku.runs(&app, &["web.1", "worker.1"]);
    let document: Value = serde_json::from_str(&dokku.succeeds(&["ps:stats", &app, "--format", "json"])).expect("JSON");
    let (web, worker) = (&document["instances"][0], &document["instances"][1]);
    assert_eq!((&web["memory_limit"], &web["cpu_limit"]), (&json!(64 << 20), &json!(50.0)), "{document:#}");
    assert!(worker["memory_limit"].is_null() && worker["cpu_limit"].is_null(), "{document:#}");
    for instance in [web, worker] {
        assert!(instance["memory"].as_u64().is_some_and(|bytes| (1..64 << 20).contains(&bytes)), "{document:#}");
        assert!(instance["tasks"].as_u64().is_some_and(|tasks| tasks > 0), "{document:#}");
    }
    docker(&["container", "kill", &container(&dokku, &app, "worker.1")]);
    wait_until("it has ended", SETTLES, || dokku.running(&app) == ["web.1"]);
    let text = dokku.succeeds(&["ps:stats", &app]);
    let last: Vec<&str> = text.lines().last().unwrap_or_default().split_whitespace().collect();
    assert_eq!(last, ["worker.1", "exited", "-", "-", "-", "-", "-", "-", "-", "-"], "{text}");
    assert!(text.contains("  50%  ") && text.contains("  64MiB  "), "{text}");
}

/// A listing without what differs from one moment to the next; and without the memory, which the program does not tell.
fn lasting(document: &str) -> Value {
    let mut document: Value = serde_json::from_str(document).expect("JSON");
    for instance in document["instances"].as_array_mut().expect("instances") {
        for name in ["memory", "seconds"] {
            instance[name].take();
        }
        for process in instance["processes"].as_array_mut().into_iter().flatten() {
            let process = process.as_object_mut().expect("a process");
            process.retain(|name, _| matches!(name.as_str(), "pid" | "user" | "command"));
        }
    }
    document
}

pub(crate) fn the_engine_and_its_program_tell_the_same() {
    let dokku = Dokku::new();
    let app = dokku.deployed(&["web=2", "worker=2"]);
    dokku.runs(&app, &["web.1", "web.2", "worker.1", "worker.2"]);
    docker(&["container", "kill", &container(&dokku, &app, "web.2")]);
    docker(&["container", "pause", &container(&dokku, &app, "worker.1")]);
    docker(&["container", "rm", "--force", &container(&dokku, &app, "worker.2")]);
    // A script is asked itself. Of an executable that is called docker the Engine is asked in its place: this one tells nothing.
    let path = std::env::var_os("PATH").expect("PATH");
    let mut own = std::env::split_paths(&path).map(|folder| folder.join("docker"));
    let own = own.find(|path| path.is_file()).expect("docker");
    fs::create_dir_all(dokku.path("program")).expect("a folder");
    let program = dokku.script("program/docker", &format!("exec {} \"$@\"", own.display()));
    let empty = dokku.path("empty/docker");
    fs::create_dir_all(dokku.path("empty")).expect("a folder");
    fs::copy("/bin/true", &empty).expect("an executable");
    let by = |docker: &str, words: &[&str]| {
        let printed = dokku.run_with(words, &[("DOCKER_BIN", docker)]);
        assert_eq!((printed.status, printed.stderr.as_str()), (0, ""), "{printed}");
        printed.stdout
    };
    let same = |words: &[&str], read: &dyn Fn(&str) -> Value| {
        let (by_program, by_engine) = (by(&program, words), by(empty.to_str().expect("a path"), words));
        assert!(by_program.contains("web"), "{by_program}");
        assert_eq!(read(&by_engine), read(&by_program), "{words:?}");
    };
    let as_it_is = |text: &str| Value::from(text);
    let without_ages =
        |text: &str| Value::from(text.split_whitespace().filter(|word| !is_age(word)).collect::<String>());
    same(&["ps", &app, "--format", "json"], &lasting);
    same(&["ps:report", &app], &as_it_is);
    same(&["ps:reconcile", &app, "--dry-run"], &as_it_is);
    same(&["--quiet", "ps", &app], &without_ages);
    same(&["ps", "--all"], &without_ages);
}

/// `12s`, or a number of seconds.
fn is_age(word: &str) -> bool {
    word.trim_end_matches('s').bytes().all(|byte| byte.is_ascii_digit())
}
