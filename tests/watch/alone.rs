//! What it must not touch.

use std::fs::{self, File};
use std::process::{Command, Stdio};

use ps_tests::docker::{Dokku, docker};
use ps_tests::process::{spawn, wait_until};

use crate::shop::Shop;
use crate::watcher::{SETTLES, Watcher, acts, record};

/// Of each app the worker does not run, and only of the last two it may be started.
pub(crate) fn what_it_must_not_touch_is_left_alone() {
    let dokku = Dokku::new();
    let deploy = || Shop::deploy(&dokku, &["web=0", "worker=1"], &[]);
    let [stopped, by_hand, none, addresses, policy, elsewhere, held] = [(); 7].map(|()| deploy());
    let part = Shop::deploy(&dokku, &["web=1", "worker=1"], &[]);
    dokku.succeeds(&["ps:stop", &stopped]);
    dokku.succeeds(&["apps:lock", &by_hand]);
    dokku.succeeds(&["ps:set", &none, "heal", "none"]);
    dokku.succeeds(&["ps:set", &addresses, "heal", "address,upcoming"]);
    dokku.succeeds(&["ps:set", &policy, "restart-policy", "no"]);
    dokku.succeeds(&["ps:stop", &part, "worker"]);
    let part = Shop { dokku, app: part };
    let dokku = &part.dokku;
    part.plugin("fake", &[("scheduler-app-status", "[ \"$1\" = fake ] || exit 0\necho '1 true'")]);
    dokku.succeeds(&["scheduler:set", &elsewhere, "selected", "fake"]);
    let lock = dokku.path(&format!("lib/data/apps/{held}/.deploy.lock"));
    fs::create_dir_all(lock.parent().expect("a folder")).expect("the lock's folder");
    // A deploy writes its number into it.
    fs::write(&lock, "4711").expect("the lock");
    let mut command = Command::new("flock");
    command.args(["--exclusive", "--no-fork"]).arg(&lock).arg("cat");
    let mut deploy = spawn(command.stdin(Stdio::piped()).stdout(Stdio::null()));
    wait_until("flock holds the lock", SETTLES, || File::open(&lock).is_ok_and(|file| file.try_lock().is_err()));

    docker(&["container", "kill", &dokku.ids(&policy)[0]]);
    for app in [&stopped, &by_hand, &none, &addresses, &elsewhere, &held] {
        docker(&["container", "rm", "--force", &dokku.containers(app)[0].id]);
    }
    part.loses("web.1");
    let watcher = Watcher::of(dokku);
    part.was_done("web.1: started again");
    let rests = || {
        for app in [&stopped, &by_hand, &none, &addresses, &policy, &elsewhere] {
            assert_eq!(dokku.running(app), [""; 0], "{app}: {}", watcher.said());
            assert_eq!(acts(dokku, app), [""; 0], "{app}: {}", watcher.said());
            let tries = &record(dokku, app)["tries"];
            assert!(tries.as_object().is_none_or(serde_json::Map::is_empty), "{app}: {tries} {}", watcher.said());
        }
        assert_eq!(dokku.running(&part.app), ["web.1"]);
        assert_eq!(part.word("worker.1"), "stopped");
    };
    rests();
    assert_eq!(dokku.running(&held), [""; 0]);
    // Nobody tells that the lock is free.
    drop(deploy.stdin.take());
    assert!(deploy.wait().expect("its exit status").success());
    wait_until("the one that was held runs", SETTLES, || acts(dokku, &held).len() == 1);
    dokku.runs(&held, &["worker.1"]);
    rests();
    watcher.ends();
}
