//! `ps:watch` beside the host's own plugins and nginx. It touches every app of the host, so these checks run alone.
//!
//! How soon something is healed is told and not asserted: machines are slow now and then.

use std::process::{Child, Command, Stdio};
use std::thread;
use std::time::Instant;

use ps_tests::docker::{containers_of, docker};
use ps_tests::lives::container_files;
use ps_tests::process::wait_until;

use crate::addresses::{Container, address_of, takes_the_address_of};
use crate::deploys::CHECKS;
use crate::host::{self, App, PATIENCE, WEB, ends, home, lib, restart_dockerd, same_lives, succeeds};

/// Requests that must be answered by the app that they are for.
const REQUESTS: usize = 300;

/// So many apps are hit by a restart of dockerd.
const APPS: usize = 5;

/// A watch that runs, and is killed when it is dropped.
struct Watch(Child);

impl Watch {
    /// Started as a user would, and known to watch.
    fn begin() -> Self {
        let mut command = Command::new("dokku");
        command.arg("ps:watch").stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
        let watch = Self(command.spawn().expect("dokku ps:watch"));
        wait_until("ps:watch runs", PATIENCE, || Self::process().is_some());
        watch
    }

    /// The number of the program itself, which `dokku` has started.
    fn process() -> Option<String> {
        let status = succeeds(&["ps:watch", "--status"]);
        status.lines().find_map(|line| line.strip_prefix("=====> ps:watch runs as process ")).map(str::to_owned)
    }

    /// Killed so that it can do nothing about it.
    fn kill(mut self) {
        self.end();
    }

    fn end(&mut self) {
        if let Some(process) = Self::process() {
            let killed = Command::new("kill").args(["-9", &process]).status().expect("kill");
            assert!(killed.success() || Self::process().is_none());
        }
        self.0.wait().expect("dokku ps:watch");
    }
}

impl Drop for Watch {
    fn drop(&mut self) {
        if self.0.try_wait().ok().flatten().is_none() {
            self.end();
        }
    }
}

fn told<T>(what: &str, done: impl FnOnce() -> T) -> T {
    let began = Instant::now();
    let result = done();
    println!("{what} after {:.1} s", began.elapsed().as_secs_f32());
    result
}

/// Waits until an instance runs in another container than this one.
fn comes_back(app: &App, instance: &str, id: &str) {
    let is_back = || app.instances().get(instance).is_some_and(|life| life.id != id);
    wait_until(&format!("{instance} is back"), PATIENCE, is_back);
}

/// From here on the app has a web and two workers.
pub(crate) fn what_is_removed_comes_back(app: &App) {
    app.is_deployed(&["web=1", "worker=2"], &[]);
    let before = app.runs(&["web.1", "worker.1", "worker.2"]);
    let _watch = Watch::begin();
    docker(&["container", "rm", "--force", &before["worker.1"].id]);
    told("worker.1 is back", || comes_back(app, "worker.1", &before["worker.1"].id));
    docker(&["container", "rm", "--force", &before["web.1"].id]);
    told("web.1 is served", || {
        comes_back(app, "web.1", &before["web.1"].id);
        app.answers(&app.instances());
    });
    let after = app.runs(&["web.1", "worker.1", "worker.2"]);
    same_lives(&before, &after, &["worker.2"]);
    wait_until("it says so", PATIENCE, || succeeds(&["ps", &app.name]).matches("and was started again").count() == 2);
    ends(0, &["ps", &app.name, "--exit-code"]);
}

/// Its web ends and comes back with another address, while a stranger has the one that nginx knows.
fn moves(app: &App) -> Vec<Container> {
    let id = app.instances()["web.1"].id.clone();
    let address = address_of(&id);
    docker(&["container", "kill", &id]);
    let strangers = takes_the_address_of(&address);
    docker(&["container", "start", &id]);
    assert_ne!(address_of(&id), address);
    strangers
}

/// As dokku-event-listener's public issue 8 has it: what was there before it began is known all the same.
pub(crate) fn a_changed_address_is_healed(app: &App) {
    let before = app.runs(&["web.1", "worker.1", "worker.2"]);
    let watch = Watch::begin();
    let strangers = moves(app);
    told("the web is served", || app.answers(&before));
    drop(strangers);
    watch.kill();
    // Nobody sees this one.
    let strangers = moves(app);
    let _watch = told("ps:watch has begun", Watch::begin);
    told("the web is served", || app.answers(&before));
    drop(strangers);
    app.asked_while(|| {});
    same_lives(&before, &app.instances(), &["worker.1", "worker.2"]);
}

/// Whether no change of the app has been cut short.
fn owes_nothing(app: &App) -> bool {
    let marks = lib("data/ps").join(&app.name).join("unfinished");
    std::fs::read_dir(marks).map_or(true, |mut marks| marks.next().is_none())
}

pub(crate) fn apps_that_exchange_their_addresses_answer_for_themselves(app: &App) {
    let other = App::deployed(&["web=1", "worker=0"]);
    let (one, two) = (app.instances()["web.1"].id.clone(), other.instances()["web.1"].id.clone());
    let before = (address_of(&one), address_of(&two));
    let _watch = Watch::begin();
    // The one before was killed in the middle of something.
    wait_until("it is finished", PATIENCE, || owes_nothing(app));
    // Docker gives the lowest address that is free.
    docker(&["container", "kill", &one, &two]);
    let mut ids = [(before.0.clone(), &two), (before.1.clone(), &one)];
    ids.sort_by_key(|(address, _)| address.rsplit('.').next().and_then(|last| last.parse::<u32>().ok()));
    for (_, id) in &ids {
        docker(&["container", "start", id]);
    }
    println!("{before:?} -> {:?}", (address_of(&one), address_of(&two)));
    told("both answer for themselves", || {
        app.answers(&app.instances());
        other.answers(&other.instances());
    });
    wait_until("both are as they should be", PATIENCE, || {
        [app, &other].iter().all(|app| host::dokku(&["ps", &app.name, "--exit-code"]).status == 0)
    });
    for (app, id) in [(app, &one), (&other, &two)] {
        for _ in 0..REQUESTS {
            let answer = app.ask().expect("an answer");
            assert!(id.starts_with(answer.as_str()), "{answer} for {}", app.name);
        }
    }
}

/// Containers that run when dockerd ends are not started again by it, and each gets the address that is free then.
pub(crate) fn all_are_served_again_after_a_restart_of_dockerd(app: &App) {
    let others: Vec<App> = thread::scope(|scope| {
        let begun: Vec<_> = (1..APPS).map(|_| scope.spawn(|| App::deployed(&["web=1", "worker=0"]))).collect();
        begun.into_iter().map(|app| app.join().expect("it is deployed")).collect()
    });
    let apps: Vec<&App> = others.iter().chain([app]).collect();
    let _watch = Watch::begin();
    told("dockerd is there again", restart_dockerd);
    told("all are served", || {
        for app in &apps {
            let what = format!("{} is served and as it should be", app.name);
            wait_until(&what, PATIENCE, || {
                answers_for_itself(app) && host::dokku(&["ps", &app.name, "--exit-code"]).status == 0
            });
        }
    });
    for app in &apps {
        for _ in 0..REQUESTS / APPS {
            assert!(answers_for_itself(app), "{:?} for {}", app.ask(), app.name);
        }
    }
}

/// Whether who answers is what the app's files name.
fn answers_for_itself(app: &App) -> bool {
    let answer = app.ask().unwrap_or_default();
    !answer.is_empty() && app.instances()["web.1"].id.starts_with(&answer)
}

/// A container of an instance as a deploy makes one before it gives it the place; its name.
fn leaves_behind(app: &App, instance: &str) -> String {
    let image = docker(&["container", "inspect", "--format", "{{.Image}}", &app.instances()[instance].id]);
    let name = format!("{}.{instance}.upcoming-4711", app.name);
    let process_type = instance.split('.').next().unwrap_or_default();
    let labels = [
        ("app-name", app.name.as_str()),
        ("container-type", "deploy"),
        ("process-type", process_type),
        ("dyno", instance),
    ];
    let labels = labels.map(|(label, value)| format!("--label=com.dokku.{label}={value}"));
    let mut words = vec!["container", "run", "--detach", "--name", &name];
    words.extend(labels.iter().map(String::as_str).chain([image.trim(), "sleep", "100000"]));
    docker(&words);
    name
}

/// As dokku/dokku#4576 has it. When the worker fails, the host has given the web's place to the new one, which keeps the name
/// that it had before: by its file and not by its name it is what serves.
pub(crate) fn what_a_failed_deploy_has_left_goes(app: &App) {
    let before = app.runs(&["web.1", "worker.1", "worker.2"]);
    succeeds(&["checks:enable", &app.name]);
    let _watch = Watch::begin();
    let procfile = format!("{WEB}worker: sh -c \"exit 5\"\n");
    let failed = app.deploy(&[("Procfile", &procfile), ("app.json", CHECKS)]);
    assert!(failed.status != 0, "{failed}");
    // What it has replaced waits for the host's own retirement.
    let is_clean = || {
        let named = container_files(&home(&app.name));
        let mut containers = containers_of(&app.name).into_iter();
        containers
            .all(|container| !container.name.contains(".upcoming-") || named.values().any(|id| *id == container.id))
    };
    told("what the deploy has left is gone", || wait_until("a file names all that is left", PATIENCE, is_clean));
    // One that was killed leaves what it was about to check.
    let name = leaves_behind(app, "worker.1");
    let is_gone = || containers_of(&app.name).iter().all(|container| container.name != name);
    told("what a killed one has left is gone", || wait_until("it is removed", PATIENCE, is_gone));
    wait_until("it says so", PATIENCE, || {
        let listed = succeeds(&["ps", &app.name]);
        listed.lines().any(|line| line.contains(".worker.") && line.ends_with("and was removed"))
    });
    let after = app.instances();
    same_lives(&before, &after, &["worker.1", "worker.2"]);
    app.answers(&after);
    app.asked_while(|| {});
    ends(0, &["ps", &app.name, "--exit-code"]);
}
