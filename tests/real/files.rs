//! The host's own files: what its commands set, and what we make of it.
//!
//! A row sets one thing through the host's own command. Where a container that is made now would differ from those that
//! run, `ps APP` must show it and `ps:scale` must say it; where it would not, nobody may be told. Whether it would, the host
//! itself says: the arguments that its plugins give for a new container are asked for before and after.

use std::collections::BTreeMap;

use ps_tests::case::without_our_labels;
use serde_json::Value;

use crate::host::{Afterwards, App, dokku, new_lives, same_lives, succeeds};

/// What must be shown of a type.
#[derive(Clone, Copy, Debug)]
enum Shows {
    /// Nothing has changed for it.
    Nothing,
    /// This source has, and no other.
    Source(&'static str),
    /// These two have.
    Both(&'static str, &'static str),
}

use Shows::{Both, Nothing, Source};

struct Row {
    /// The command of the host; `APP` stands for the app.
    set: &'static str,
    /// The command that takes it back; none where the next row sets the same thing again.
    unset: &'static str,
    web: Shows,
    worker: Shows,
    /// Whether the host's arguments tell of it; what a scheduler does besides, they do not.
    in_arguments: bool,
}

const fn row(set: &'static str, unset: &'static str, web: Shows, worker: Shows) -> Row {
    Row { set, unset, web, worker, in_arguments: true }
}

/// As [`row`], for what is no argument of a plugin: the scheduler itself gives it to a container.
const fn beside(set: &'static str, unset: &'static str, web: Shows, worker: Shows) -> Row {
    Row { set, unset, web, worker, in_arguments: false }
}

const ROWS: &[Row] = &[
    row(
        "config:set --no-restart APP COLOUR=blue",
        "config:unset --no-restart APP COLOUR",
        Source("config"),
        Source("config"),
    ),
    row(
        "docker-options:add APP deploy --label=shelf=3",
        "docker-options:remove APP deploy --label=shelf=3",
        Source("docker options"),
        Source("docker options"),
    ),
    row(
        "docker-options:add --process worker APP deploy --label=shelf=4",
        "docker-options:remove --process worker APP deploy --label=shelf=4",
        Nothing,
        Source("docker options"),
    ),
    row(
        "docker-options:add APP build --label=shelf=5",
        "docker-options:remove APP build --label=shelf=5",
        Nothing,
        Nothing,
    ),
    row(
        "docker-options:add APP run --label=shelf=6",
        "docker-options:remove APP run --label=shelf=6",
        Nothing,
        Nothing,
    ),
    row(
        "storage:mount APP /var/lib/dokku/data/storage/APP:/shelf",
        "storage:unmount APP /var/lib/dokku/data/storage/APP:/shelf",
        Source("storage"),
        Source("storage"),
    ),
    row("resource:limit --memory 64 APP", "resource:limit-clear APP", Source("limits"), Source("limits")),
    row(
        "resource:limit --memory 32 --process-type worker APP",
        "resource:limit-clear --process-type worker APP",
        Nothing,
        Source("limits"),
    ),
    row("resource:reserve --memory 16 APP", "resource:reserve-clear APP", Source("limits"), Source("limits")),
    row(
        "network:set APP initial-network ps-tests",
        "network:set APP initial-network",
        Source("network"),
        Source("network"),
    ),
    beside(
        "network:set APP attach-post-create ps-tests",
        "network:set APP attach-post-create",
        Source("network"),
        Source("network"),
    ),
    beside(
        "network:set APP bind-all-interfaces true",
        "network:set APP bind-all-interfaces",
        Both("network", "ports"),
        Nothing,
    ),
    beside(
        "network:set APP attach-post-deploy ps-tests",
        "network:set APP attach-post-deploy",
        Source("network"),
        Source("network"),
    ),
    row("network:set APP static-web-listener 127.0.0.1:5000", "network:set APP static-web-listener", Nothing, Nothing),
    row("logs:set APP max-size 5m", "logs:set APP max-size", Source("logs"), Source("logs")),
    row("logs:set APP vector-sink console://?encoding[codec]=json", "logs:set APP vector-sink", Nothing, Nothing),
    beside(
        "scheduler-docker-local:set APP init-process false",
        "scheduler-docker-local:set APP init-process",
        Source("init"),
        Source("init"),
    ),
    row(
        "scheduler-docker-local:set APP parallel-schedule-count 3",
        "scheduler-docker-local:set APP parallel-schedule-count",
        Nothing,
        Nothing,
    ),
    row("checks:set APP wait-to-retire 7", "checks:set APP wait-to-retire 1", Nothing, Nothing),
    row("checks:enable APP", "checks:disable APP", Nothing, Nothing),
    row("domains:add APP more.APP.example.com", "domains:remove APP more.APP.example.com", Nothing, Nothing),
    row("ports:add APP http:8080:5000", "ports:remove APP http:8080:5000", Nothing, Nothing),
    // The port is a variable of a web container, and part of its command.
    beside("ports:set APP http:80:6000", "ports:set APP http:80:5000", Source("ports"), Nothing),
    row("proxy:set APP caddy", "proxy:set APP nginx", Source("proxy labels"), Nothing),
    row("proxy:set APP nginx", "proxy:set APP", Nothing, Nothing),
    // The revision is in another variable from the next deploy on. The one that held it until now is like any other, and
    // is new as such.
    beside("git:set APP rev-env-var REVISION", "git:set APP rev-env-var GIT_REV", Source("config"), Source("config")),
    row("git:set APP keep-git-dir true", "git:set APP keep-git-dir", Nothing, Nothing),
    row("builder:set APP selected null", "builder:set APP selected", Nothing, Nothing),
    row("builder:set APP build-dir part", "builder:set APP build-dir", Nothing, Nothing),
];

/// What holds for every app that says nothing else.
const ROWS_OF_THE_HOST: &[Row] = &[
    row(
        "config:set --no-restart --global PS_TESTS=1",
        "config:unset --no-restart --global PS_TESTS",
        Source("config"),
        Source("config"),
    ),
    beside(
        "network:set --global attach-post-create ps-tests",
        "network:set --global attach-post-create",
        Source("network"),
        Source("network"),
    ),
    row("logs:set --global max-size 6m", "logs:set --global max-size", Source("logs"), Source("logs")),
    beside(
        "scheduler-docker-local:set --global init-process false",
        "scheduler-docker-local:set --global init-process",
        Source("init"),
        Source("init"),
    ),
    row("checks:set --global wait-to-retire 9", "checks:set --global wait-to-retire", Nothing, Nothing),
    row("domains:add-global ps-tests.example.com", "domains:remove-global ps-tests.example.com", Nothing, Nothing),
    row("proxy:set --global caddy", "proxy:set --global", Source("proxy labels"), Nothing),
    row("git:set --global rev-env-var REVISION", "git:set --global rev-env-var", Nothing, Nothing),
    row("builder:set --global selected null", "builder:set --global selected", Nothing, Nothing),
];

/// With a proxy that reads labels, what it reads is made into them.
const ROWS_WITH_LABELS: &[Row] = &[
    row(
        "domains:add APP more.APP.example.com",
        "domains:remove APP more.APP.example.com",
        Source("proxy labels"),
        Nothing,
    ),
    row("caddy:labels:add APP shelf 3", "caddy:labels:remove APP shelf", Source("proxy labels"), Nothing),
    row("proxy:disable APP", "proxy:enable APP", Source("proxy labels"), Nothing),
    row("checks:set APP wait-to-retire 7", "checks:set APP wait-to-retire 1", Nothing, Nothing),
];

/// The app is deployed here, with a web and a worker.
pub(crate) fn what_a_command_sets_for_an_app_is_pending_where_a_new_container_would_differ(app: &App) {
    app.is_deployed(&["worker=1"], &[]);
    app.runs(&["web.1", "worker.1"]);
    hold(app, ROWS, &["worker"]);
}

/// The app is deployed here, with two webs and a worker.
pub(crate) fn what_a_command_sets_for_the_host_is_pending_where_a_new_container_would_differ(app: &App) {
    app.is_deployed(&["web=2", "worker=1"], &[]);
    app.runs(&["web.1", "web.2", "worker.1"]);
    hold(app, ROWS_OF_THE_HOST, &["worker"]);
}

/// The app's webs were made with the labels of caddy.
pub(crate) fn what_proxies_read_from_labels_is_pending_for_web(app: &App) {
    hold(app, ROWS_WITH_LABELS, &["web", "worker"]);
}

/// Sets each row that is to show something, looks, and takes it back; then all the others at once. What does not hold is
/// told of all rows together. That the rows are right is asked of the host for the types in `asked`: for web it takes
/// seconds, and that is different with labels alone.
fn hold(app: &App, rows: &[Row], asked: &[&str]) {
    let before = arguments(app, asked);
    let mut wrong: Vec<String> = Vec::new();
    let mut look = |what: &str, web: Shows, worker: Shows, in_arguments: bool| {
        let seen = Seen::of(app);
        let after = if in_arguments { arguments(app, asked) } else { before.clone() };
        for (process_type, shows) in [("web", web), ("worker", worker)] {
            let told = seen.shows(process_type, shows).and_then(|()| seen.tells(process_type, shows));
            wrong.extend(told.err().map(|why| format!("{what}: {why}")));
            let differs = !matches!(shows, Nothing);
            let (before, after) = (before.get(process_type), after.get(process_type));
            if in_arguments && asked.contains(&process_type) && differs != (before != after) {
                wrong.push(format!("{what}: this test is wrong about {process_type}: {before:?} -> {after:?}"));
            }
        }
    };
    let words = |command: &str| command.replace("APP", &app.name).split(' ').map(str::to_owned).collect::<Vec<_>>();
    let set = |row: &Row| {
        let set = words(row.set);
        succeeds(&set.iter().map(String::as_str).collect::<Vec<_>>());
        Afterwards(words(row.unset))
    };
    look("nothing is set", Nothing, Nothing, false);
    let (silent, shown): (Vec<&Row>, Vec<&Row>) =
        rows.iter().partition(|row| matches!((row.web, row.worker), (Nothing, Nothing)));
    for row in shown {
        let _back = set(row);
        look(row.set, row.web, row.worker, row.in_arguments);
    }
    let back: Vec<Afterwards> = silent.iter().map(|row| set(row)).collect();
    let all: Vec<&str> = silent.iter().map(|row| row.set).collect();
    look(&all.join(", "), Nothing, Nothing, true);
    drop(back);
    look("all is taken back", Nothing, Nothing, false);
    assert!(wrong.is_empty(), "{} things in {} rows:\n{}", wrong.len(), rows.len(), wrong.join("\n"));
}

/// What is said of an app now.
struct Seen {
    /// By `ps APP`, for each type.
    pending: BTreeMap<String, Vec<String>>,
    /// By `ps:scale`, when both types are to grow, before it does anything.
    plan: Value,
}

impl Seen {
    fn of(app: &App) -> Self {
        let plan = succeeds(&["ps:scale", &app.name, "web+1", "worker+1", "--dry-run", "--format", "json"]);
        let plan = serde_json::from_str(&plan).unwrap_or_else(|error| panic!("{error}: {plan}"));
        Self { pending: app.all_pending(), plan }
    }

    /// What is pending is what is expected.
    fn shows(&self, process_type: &str, expected: Shows) -> Result<(), String> {
        let pending = self.pending.get(process_type).ok_or_else(|| format!("ps does not show {process_type}"))?;
        let right = match expected {
            Nothing => pending.is_empty(),
            Source(source) => *pending == [source],
            Both(one, other) => *pending == [one, other],
        };
        if right {
            Ok(())
        } else {
            Err(format!("ps shows {pending:?} as pending for {process_type}, not {expected:?}"))
        }
    }

    /// The plan says why a type is to be made anew.
    fn tells(&self, process_type: &str, expected: Shows) -> Result<(), String> {
        let mut changes = self.plan["changes"].as_array().into_iter().flatten();
        let change = changes.find(|change| change["process_type"] == process_type);
        let change = change.ok_or_else(|| format!("ps:scale plans nothing for {process_type}: {}", self.plan))?;
        let reason = change["reason"].as_str().unwrap_or_default();
        // By the host, or one by one: it does without checks, so that two of an instance must never run.
        let keeps = change["steps"].as_array().into_iter().flatten().any(|step| step["action"] == "keep");
        let right = match expected {
            Nothing => change["how"] == "instances" && reason.is_empty(),
            Source(source) => !keeps && reason.contains(source),
            Both(one, other) => !keeps && reason.contains(one) && reason.contains(other),
        };
        if right { Ok(()) } else { Err(format!("ps:scale plans {change} for {process_type}, not {expected:?}")) }
    }
}

/// The arguments that the host's plugins would give to a new container of these types.
fn arguments<'t>(app: &App, types: &[&'t str]) -> BTreeMap<&'t str, String> {
    let of = |process_type: &&'t str| {
        let deploy = ["plugin:trigger", "docker-args-deploy", &app.name, "latest", process_type];
        let process = ["plugin:trigger", "docker-args-process-deploy", &app.name, "dockerfile", "latest", process_type];
        let process = without_our_labels(&succeeds(&process));
        // A proxy of the host gives its labels to every web container, also where the app has chosen another one.
        let others = process.split(" '--label=openresty").map(|label| match label.split_once('\'') {
            Some((_, rest)) if label.starts_with('.') => rest,
            _ => label,
        });
        (*process_type, succeeds(&deploy) + &others.collect::<String>())
    };
    types.iter().map(of).collect()
}

/// All of it at once, and for good: what is said, and what is in the new containers. It ends with a proxy that reads labels.
pub(crate) fn a_type_that_grows_is_made_anew_with_all_that_was_set(app: &App) {
    let before = app.runs(&["web.1", "worker.1"]);
    let storage = format!("/var/lib/dokku/data/storage/{}:/shelf", app.name);
    let name = app.name.as_str();
    for words in [
        &["config:set", "--no-restart", name, "COLOUR=blue and green"][..],
        &["docker-options:add", name, "deploy", "--label=shelf=3"],
        &["storage:mount", name, &storage],
        &["resource:limit", "--memory", "64", name],
        &["logs:set", name, "max-size", "5m"],
        &["scheduler-docker-local:set", name, "init-process", "false"],
    ] {
        succeeds(words);
    }
    let scaled = app.scales(&["worker=2"]);
    for source in ["config", "docker options", "storage", "limits", "logs", "init"] {
        assert!(scaled.both().contains(source), "{source} has changed: {scaled}");
    }
    let after = app.runs(&["web.1", "worker.1", "worker.2"]);
    same_lives(&before, &after, &["web.1"]);
    new_lives(&before, &after, &["worker.1", "worker.2"]);
    let is_new = |instance: &str| {
        [
            ("{{range .Config.Env}}{{println .}}{{end}}", "COLOUR=blue and green"),
            ("{{index .Config.Labels \"shelf\"}}", "3"),
            ("{{range .Mounts}}{{println .Destination}}{{end}}", "/shelf"),
            ("{{.HostConfig.Memory}}", "67108864"),
            ("{{index .HostConfig.LogConfig.Config \"max-size\"}}", "5m"),
            ("{{.HostConfig.Init}}", "<nil>"),
        ]
        .iter()
        .all(|(template, value)| app.inspect(instance, template).lines().any(|line| line == *value))
    };
    assert!(is_new("worker.1") && is_new("worker.2") && !is_new("web.1"));
    assert_eq!(app.pending("worker"), [""; 0]);
    assert_ne!(app.pending("web"), [""; 0]);
    // What is taken away is as much of a change.
    succeeds(&["storage:unmount", name, &storage]);
    assert_eq!(app.pending("worker"), ["storage"]);
    succeeds(&["storage:mount", name, &storage]);
    assert_eq!(app.pending("worker"), [""; 0]);
    // The next one is like its siblings, and made by the host's script: it must have the same. Web is made anew at the
    // same time, with the labels of another proxy besides.
    succeeds(&["proxy:set", name, "caddy"]);
    let scaled = app.scales(&["web=2", "worker=3"]);
    assert!(scaled.both().contains("proxy labels"), "{scaled}");
    let more = app.runs(&["web.1", "web.2", "worker.1", "worker.2", "worker.3"]);
    same_lives(&after, &more, &["worker.1", "worker.2"]);
    new_lives(&after, &more, &["web.1", "web.2"]);
    assert!(is_new("worker.3") && is_new("web.1") && is_new("web.2"));
    assert!(app.inspect("web.2", "{{json .Config.Labels}}").contains("\"caddy"), "web.2 has the labels of caddy");
}

pub(crate) fn the_scheduler_is_the_one_that_the_host_selects(app: &App) {
    let before = app.runs(&["web.1", "web.2", "worker.1"]);
    let scheduler = || {
        let listing = dokku(&["ps", &app.name, "--format", "json"]);
        let listing: Value = serde_json::from_str(&listing.stdout).unwrap_or_else(|error| panic!("{error}: {listing}"));
        let says = listing["scheduler"].as_str().unwrap_or_default().to_owned();
        let selected = succeeds(&["scheduler:report", &app.name, "--scheduler-computed-selected"]);
        assert_eq!(says, selected.trim(), "ps and the host");
        says
    };
    assert_eq!(scheduler(), "docker-local");
    for scope in [app.name.as_str(), "--global"] {
        let _unset = Afterwards(["scheduler:set", scope, "selected"].map(str::to_owned).to_vec());
        succeeds(&["scheduler:set", scope, "selected", "null"]);
        assert_eq!(scheduler(), "null", "{scope}");
    }
    assert_eq!(scheduler(), "docker-local");
    app.scales(&["worker=2"]);
    let after = app.runs(&["web.1", "web.2", "worker.1", "worker.2"]);
    same_lives(&before, &after, &["web.1", "web.2", "worker.1"]);
}
