//! Part of an app: single types and instances, and what must never run twice.

use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::thread;
use std::time::Duration;

use ps_tests::docker::{containers_of, docker};

use crate::host::{App, ends, new_lives, same_lives, succeeds};
use crate::scaling::answered;

/// How often Docker is asked what runs.
const LOOK_AGAIN: Duration = Duration::from_millis(100);

/// The app's containers are checked; it has two webs and two workers.
pub(crate) fn a_restarted_web_is_the_only_one_touched_and_no_request_is_lost(app: &App) {
    let all = ["web.1", "web.2", "worker.1", "worker.2"];
    let before = app.runs(&all);
    let served = app.asked_while(|| drop(succeeds(&["ps:restart", &app.name, "web.1"])));
    let after = app.runs(&all);
    same_lives(&before, &after, &["web.2", "worker.1", "worker.2"]);
    new_lives(&before, &after, &["web.1"]);
    answered(&served, &after, &["web.1", "web.2"]);
    for (word, there) in [("web.0", "web.1, web.2"), ("web.9", "web.1, web.2"), ("web.x", "web.1, web.2")] {
        let refused = ends(1, &["ps:restart", &app.name, word]);
        assert!(refused.both().contains(there), "{refused}");
    }
    // One that is stopped is asked no more.
    app.asked_while(|| drop(succeeds(&["ps:stop", &app.name, "web.1"])));
    let served = app.asked_while(|| {});
    assert!(served.iter().all(|host| after["web.2"].id.starts_with(host.as_str())), "{served:?}");
    app.asked_while(|| drop(succeeds(&["ps:start", &app.name, "web.1"])));
    let again = app.runs(&all);
    assert_eq!(again["web.1"].id, after["web.1"].id);
    same_lives(&after, &again, &["web.2", "worker.1", "worker.2"]);
    let served = app.asked_while(|| {});
    answered(&served, &again, &["web.1", "web.2"]);
}

/// The app has one web and one worker, without checks: never two of the workers run, those included that are being made
/// or are going.
pub(crate) fn what_is_started_without_checks_never_runs_twice(app: &App) {
    let all = ["web.1", "worker.1"];
    let before = app.runs(&all);
    let running = || {
        let name = format!("{}.worker.", app.name);
        let is_worker = |container: &&ps_tests::docker::Container| {
            container.name.starts_with(&name) && container.state == "running"
        };
        containers_of(&app.name).iter().filter(is_worker).count()
    };
    let (done, most) = (AtomicBool::new(false), AtomicUsize::new(0));
    thread::scope(|scope| {
        scope.spawn(|| {
            while !done.load(Ordering::Relaxed) {
                most.fetch_max(running(), Ordering::Relaxed);
                thread::sleep(LOOK_AGAIN);
            }
        });
        let end = EndsWhenDropped(&done);
        let mut last = before.clone();
        for words in [&["worker"][..], &["worker.1"], &[]] {
            succeeds(&[&["ps:restart", &app.name], words].concat());
            let now = app.runs(&all);
            new_lives(&last, &now, &["worker.1"]);
            last = now;
        }
        docker(&["container", "kill", &last["worker.1"].id]);
        succeeds(&["ps:reconcile", &app.name]);
        last = app.runs(&all);
        // One of which no other comes up runs on.
        succeeds(&["docker-options:add", "--process", "worker", &app.name, "deploy", "--no-such-option"]);
        let failed = ends(1, &["ps:restart", &app.name, "worker"]);
        assert!(failed.both().contains("started again"), "{failed}");
        assert_eq!(app.runs(&all)["worker.1"].id, last["worker.1"].id);
        succeeds(&["docker-options:remove", "--process", "worker", &app.name, "deploy", "--no-such-option"]);
        drop(end);
    });
    assert_eq!(most.into_inner(), 1, "so many workers ran at once");
}

struct EndsWhenDropped<'a>(&'a AtomicBool);

impl Drop for EndsWhenDropped<'_> {
    fn drop(&mut self) {
        self.0.store(true, Ordering::Relaxed);
    }
}
