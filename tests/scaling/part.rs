//! Part of an app: single types and instances that are started, stopped and made anew. What must never run twice.

use std::fs;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::Duration;

use ps_tests::docker::{Dokku, docker};

use crate::killed::addresses;
use crate::shop::{Shop, kept, new};

/// How often Docker is asked what runs.
const LOOK_AGAIN: Duration = Duration::from_millis(100);

impl Shop {
    /// `COMMAND APP WORDS…`, which must succeed.
    fn does(&self, command: &str, words: &[&str]) -> ps_tests::docker::Printed {
        self.dokku.fails(0, &[&[command, &self.app], words].concat())
    }
}

pub(crate) fn a_restarted_instance_is_the_only_one_that_is_touched() {
    let shop = Shop::with(&["web=2", "worker=2"]).checked("1");
    let all = ["web.1", "web.2", "worker.1", "worker.2"];
    let before = shop.runs(&all);
    let plan = shop.does("ps:restart", &["web.1", "--dry-run"]);
    assert!(plan.stdout.contains("replace") && plan.stdout.matches("it is not asked for").count() == 1, "{plan}");
    kept(&before, &shop.runs(&all), &all);
    shop.does("ps:restart", &["web.1"]);
    let after = shop.runs(&all);
    kept(&before, &after, &["web.2", "worker.1", "worker.2"]);
    new(&before, &after, &["web.1"]);
    assert_eq!(shop.servers(), addresses(&shop));
    for word in ["web.0", "web.3", "web.x", "wroker", "x*"] {
        let refused = shop.dokku.fails(1, &["ps:restart", &shop.app, word]);
        assert!(refused.both().contains("it has: "), "{refused}");
    }
    kept(&after, &shop.runs(&all), &all);
}

pub(crate) fn what_is_stopped_by_hand_stays_so_until_it_is_started() {
    let shop = Shop::with(&["web=1", "worker=2"]);
    let before = shop.runs(&["web.1", "worker.1", "worker.2"]);
    shop.does("ps:stop", &["worker"]);
    kept(&before, &shop.runs_beside(&["web.1"]), &["web.1"]);
    assert_eq!(shop.word("worker.1"), "stopped");
    shop.dokku.fails(0, &["ps", &shop.app, "--exit-code"]);
    // Nobody starts it but who is asked to.
    let idle = shop.reconciles(&[]);
    assert!(idle.stdout.contains("is as it should be"), "{idle}");
    shop.dokku.succeeds(&["ps:restore", &shop.app]);
    let saved = shop.scales(&["worker=3"]);
    assert!(saved.stderr.contains(&format!("ps:start {} worker", shop.app)), "{saved}");
    assert!(saved.stdout.contains("nothing to start or stop: worker 0/3 (3 stopped)"), "{saved}");
    let again = shop.scales(&["worker=3"]);
    assert!(again.stdout.contains("nothing to do: worker 0/3 (3 stopped)"), "{again}");
    kept(&before, &shop.runs_beside(&["web.1"]), &["web.1"]);
    assert_eq!(shop.scale(), ["web=1", "worker=3"]);
    // Of an app with a part that rests another part is started again.
    docker(&["container", "rm", "--force", &before["web.1"].id]);
    shop.dokku.succeeds(&["ps:restore", &shop.app]);
    shop.runs_beside(&["web.1"]);
    // The same containers, and one that was never there.
    shop.does("ps:start", &["worker.1"]);
    assert_eq!((shop.word("worker.1").as_str(), shop.word("worker.2").as_str()), ("running", "stopped"));
    shop.does("ps:start", &["worker"]);
    let after = shop.runs(&["web.1", "worker.1", "worker.2", "worker.3"]);
    for instance in ["worker.1", "worker.2"] {
        assert_eq!(after[instance].id, before[instance].id);
        let policy = ["container", "inspect", "--format", "{{.HostConfig.RestartPolicy.Name}}", &after[instance].id];
        assert_eq!(docker(&policy).trim(), "on-failure");
    }
    // A deploy ends it as well.
    shop.does("ps:stop", &["worker.2"]);
    assert_eq!(shop.word("worker.2"), "stopped");
    shop.does("ps:restart", &[]);
    shop.runs(&["web.1", "worker.1", "worker.2", "worker.3"]);
    assert!(!shop.dokku.path(&format!("lib/data/ps/{}/stopped", shop.app)).exists());
}

/// `ps:set APP restore false` of an app that runs is no stop, and stays what it is.
pub(crate) fn an_app_that_a_boot_is_to_leave_alone_is_changed_as_any_other() {
    let shop = Shop::with(&["web=1", "worker=2"]);
    let before = shop.runs(&["web.1", "worker.1", "worker.2"]);
    shop.dokku.succeeds(&["ps:set", &shop.app, "restore", "false"]);
    shop.does("ps:stop", &["worker"]);
    kept(&before, &shop.runs_beside(&["web.1"]), &["web.1"]);
    shop.does("ps:start", &["worker"]);
    let started = shop.runs(&["web.1", "worker.1", "worker.2"]);
    kept(&before, &started, &["web.1"]);
    // What has ended besides is started with the others of its type.
    docker(&["container", "kill", &started["worker.1"].id]);
    shop.scales(&["worker=3"]);
    kept(&started, &shop.runs(&["web.1", "worker.1", "worker.2", "worker.3"]), &["web.1", "worker.2"]);
    shop.dokku.fails(0, &["ps", &shop.app, "--exit-code"]);
    let property = shop.dokku.path(&format!("lib/config/ps/{}/restore", shop.app));
    assert_eq!(std::fs::read_to_string(property).expect("the property"), "false");
}

pub(crate) fn a_web_that_is_stopped_leaves_the_proxy_and_comes_back() {
    let shop = Shop::with(&["web=2"]);
    let before = shop.runs(&["web.1", "web.2"]);
    let both = shop.servers();
    shop.does("ps:stop", &["web.1"]);
    let left = shop.servers();
    assert_eq!((both.len(), left.len()), (2, 1), "{left:?}");
    kept(&before, &shop.runs_beside(&["web.2"]), &["web.2"]);
    shop.does("ps:start", &["web.1"]);
    let after = shop.runs(&["web.1", "web.2"]);
    kept(&before, &after, &["web.2"]);
    assert_eq!(after["web.1"].id, before["web.1"].id);
    assert_eq!(shop.servers(), addresses(&shop));
    assert_eq!(shop.servers().len(), 2);
}

pub(crate) fn a_stopped_app_is_started_as_it_was_unless_something_has_changed() {
    let shop = Shop::with(&["web=2", "worker=3"]);
    let all = ["web.1", "web.2", "worker.1", "worker.2", "worker.3"];
    let before = shop.runs(&all);
    shop.does("ps:stop", &[]);
    shop.dokku.runs_nothing(&shop.app);
    shop.watch();
    shop.does("ps:start", &[]);
    let after = shop.runs(&all);
    for instance in all {
        assert_eq!(after[instance].id, before[instance].id, "{instance}");
    }
    assert_eq!((shop.fired("release-and-deploy"), shop.fired("proxy-build-config")), (0, 1), "{:#?}", shop.events());
    assert_eq!(shop.servers(), addresses(&shop));
    shop.does("ps:stop", &[]);
    shop.dokku.succeeds(&["config:set", "--no-restart", &shop.app, "COLOUR=blue"]);
    shop.does("ps:start", &[]);
    new(&before, &shop.runs(&all), &all);
}

pub(crate) fn only_what_is_down_is_started() {
    let shop = Shop::with(&["web=2", "worker=1"]);
    let before = shop.runs(&["web.1", "web.2", "worker.1"]);
    docker(&["container", "rm", "--force", &before["worker.1"].id]);
    docker(&["container", "stop", &before["web.2"].id]);
    shop.does("ps:start", &[]);
    let after = shop.runs(&["web.1", "web.2", "worker.1"]);
    kept(&before, &after, &["web.1"]);
    new(&before, &after, &["worker.1"]);
    assert_eq!(after["web.2"].id, before["web.2"].id);
}

pub(crate) fn rolling_goes_one_by_one_and_stops_where_it_fails() {
    // The third instance dies at start, from now on.
    let files = [("Procfile", "web: /demo web\npicky: /demo worker 2\n")];
    let shop = Shop::on(Dokku::new(), &["web=2", "picky=2"], &files).checked("1");
    let all = ["picky.1", "picky.2", "web.1", "web.2"];
    let before = shop.runs(&all);
    shop.does("ps:restart", &["--rolling"]);
    let rolled = shop.runs(&all);
    new(&before, &rolled, &all);
    assert_eq!(shop.servers(), addresses(&shop));
    // A plugin refuses the second container from now on.
    let second = "case $(docker container inspect --format '{{index .Config.Labels \"com.dokku.dyno\"}}' \"$2\") in \
                  *.2) exit 1;; esac";
    shop.plugin("zz-second", &[("post-container-create", second)]);
    shop.dokku.fails(1, &["ps:restart", &shop.app, "--rolling"]);
    let after = shop.runs(&all);
    new(&rolled, &after, &["picky.1"]);
    kept(&rolled, &after, &["picky.2", "web.1", "web.2"]);
    assert_eq!(shop.half_made(), [""; 0]);
}

/// Docker is asked all the while: never two of the workers run, those included that are being made or are going.
pub(crate) fn what_is_started_without_checks_never_runs_twice() {
    let shop = Shop::with(&["web=1", "worker=1"]);
    shop.runs(&["web.1", "worker.1"]);
    let filters = [format!("label=com.dokku.app-name={}", shop.app), "label=com.dokku.process-type=worker".to_owned()];
    let running =
        || docker(&["container", "ls", "--quiet", "--filter", &filters[0], "--filter", &filters[1]]).lines().count();
    let (done, most) = (AtomicBool::new(false), std::sync::atomic::AtomicUsize::new(0));
    thread::scope(|scope| {
        scope.spawn(|| {
            while !done.load(Ordering::Relaxed) {
                most.fetch_max(running(), Ordering::Relaxed);
                thread::sleep(LOOK_AGAIN);
            }
        });
        let end = EndsWhenDropped(&done);
        for words in [&["worker"][..], &["worker.1"], &["worker", "--rolling"], &["--rolling"], &[]] {
            let before = shop.instances();
            shop.does("ps:restart", words);
            new(&before, &shop.runs(&["web.1", "worker.1"]), &["worker.1"]);
        }
        shop.scales(&["--strategy", "recreate", "worker=0"]);
        shop.scales(&["--strategy", "recreate", "worker=1"]);
        // One that is queued for removal is replaced, and one that is gone is started.
        let queue = shop.dokku.path("lib/data/scheduler-docker-local/dead-containers");
        fs::write(&queue, format!("{} {} 4102444800\n", shop.app, shop.named()["worker.1"])).expect("the queue");
        shop.reconciles(&[]);
        docker(&["container", "kill", &shop.named()["worker.1"]]);
        shop.reconciles(&[]);
        shop.runs(&["web.1", "worker.1"]);
        drop(end);
    });
    assert_eq!(most.into_inner(), 1, "so many workers ran at once");
}

pub(crate) fn the_old_one_runs_again_where_no_other_comes_up() {
    let shop = Shop::with(&["web=1", "worker=1"]);
    let before = shop.runs(&["web.1", "worker.1"]);
    // The host's script takes a container without checks for one that runs; this one ends at once.
    shop.dokku.succeeds(&["ps:set", &shop.app, "dockerfile-start-cmd", "/demo fail"]);
    for words in [&["worker"][..], &["worker.1"], &["worker", "--rolling"]] {
        let failed = shop.dokku.fails(1, &[&["ps:restart", &shop.app], words].concat());
        assert!(failed.both().contains("worker.1 of") && failed.both().contains("started again"), "{failed}");
        let after = shop.runs(&["web.1", "worker.1"]);
        kept(&before, &after, &["web.1"]);
        assert_eq!(after["worker.1"].id, before["worker.1"].id, "{failed}");
        let queue = fs::read_to_string(shop.dokku.path("lib/data/scheduler-docker-local/dead-containers"));
        assert!(!queue.unwrap_or_default().contains(&before["worker.1"].id));
        let idle = shop.reconciles(&[]);
        assert!(idle.stdout.contains("is as it should be"), "{idle}");
    }
}

/// What a killed command or deploy has left runs beside a worker that has ended, in no file: one that waits to take its
/// place, or one that has lost it. Whoever starts the worker ends that first.
pub(crate) fn what_runs_in_no_place_ends_before_another_is_started() {
    let shop = Shop::with(&["web=1", "worker=1"]);
    let before = shop.runs(&["web.1", "worker.1"]);
    for (number, command) in ["ps:start", "ps:restart"].into_iter().enumerate() {
        let worker = shop.named()["worker.1"].clone();
        docker(&["container", "stop", &worker]);
        let names = [format!("{}.worker.1.upcoming-4711", shop.app), format!("{}.worker.1.179{number}", shop.app)];
        let left = names.map(|name| shop.runs_besides(&name, "worker.1"));
        shop.does(command, &["worker"]);
        let after = shop.runs(&["web.1", "worker.1"]);
        kept(&before, &after, &["web.1"]);
        assert!(left.iter().all(|id| *id != after["worker.1"].id));
        assert_eq!(after["worker.1"].id == worker, command == "ps:start", "{command}");
        assert_eq!(shop.half_made(), [""; 0]);
    }
}

pub(crate) fn what_is_queued_for_removal_is_not_started_again() {
    let shop = Shop::with(&["web=1", "worker=1"]);
    let before = shop.runs(&["web.1", "worker.1"]);
    docker(&["container", "stop", &before["worker.1"].id]);
    let queue = shop.dokku.path("lib/data/scheduler-docker-local/dead-containers");
    fs::write(&queue, format!("{} {} 4102444800\n", shop.app, before["worker.1"].id)).expect("the queue");
    shop.does("ps:start", &[]);
    let after = shop.runs(&["web.1", "worker.1"]);
    kept(&before, &after, &["web.1"]);
    new(&before, &after, &["worker.1"]);
}

pub(crate) fn of_a_stopped_app_only_the_part_comes_up_that_is_restarted() {
    let shop = Shop::with(&["web=1", "worker=1"]);
    shop.runs(&["web.1", "worker.1"]);
    shop.does("ps:stop", &[]);
    shop.does("ps:restart", &["worker"]);
    shop.runs_beside(&["worker.1"]);
    assert_eq!(shop.word("web.1"), "stopped");
    let idle = shop.reconciles(&[]);
    assert!(idle.stdout.contains("is as it should be"), "{idle}");
    shop.does("ps:start", &[]);
    shop.runs(&["web.1", "worker.1"]);
}

struct EndsWhenDropped<'a>(&'a AtomicBool);

impl Drop for EndsWhenDropped<'_> {
    fn drop(&mut self) {
        self.0.store(true, Ordering::Relaxed);
    }
}
