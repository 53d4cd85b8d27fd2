//! What does not come up.

use ps_tests::docker::Dokku;
use ps_tests::process::wait_until;
use serde_json::Value;

use crate::shop::Shop;
use crate::watcher::{SETTLES, Watcher, made, record, time_passes};

const TROUBLE: &str = "missing bad.1";
/// What the demo says before it fails.
const LAST_WORDS: &str = "demo: told to fail";

pub(crate) fn what_does_not_come_up_is_given_up_until_somebody_starts_it() {
    let dokku = Dokku::new();
    let app = dokku.app();
    // Docker tries a second time, and no third.
    dokku.succeeds(&["ps:set", &app, "restart-policy", "on-failure:1"]);
    let source =
        dokku.changed_source("source", &[("Procfile", "web: /demo web\nworker: /demo worker\nbad: /demo fail\n")]);
    dokku.deploy(&app, &["web=0", "worker=1", "bad=1"], &source);
    let shop = Shop { dokku, app };
    let (dokku, app) = (&shop.dokku, &shop.app);
    shop.takes_notes();
    let tried = |times: u64| {
        wait_until(&format!("it was tried {times} times"), SETTLES, || {
            let tries = &record(dokku, app)["tries"][TROUBLE];
            tries["made"] == times && tries["unseen"] == false
        });
    };
    let watcher = Watcher::of(dokku);
    tried(1);
    let word = shop.word("bad.1");
    assert!(word != "crashed" && word != "running", "{word}");
    // No look makes the second try come earlier.
    shop.is_looked_at_with_a_pause_of("worker.1");
    shop.goes_on("worker.1");
    assert_eq!(made(dokku, app, TROUBLE), 1, "{}", watcher.said());
    watcher.ends();
    for times in 2..=4 {
        time_passes(dokku, app);
        let watcher = Watcher::of(dokku);
        tried(times);
        if times == 4 {
            shop.hears("bad.1", "exited crashed started 4 times in vain");
        }
        watcher.ends();
    }

    let is_given_up = || {
        let listed = dokku.succeeds(&["ps", app]);
        assert!(listed.contains("crashed") && listed.contains("bad.1 was given up"), "{listed}");
        assert!(listed.contains(LAST_WORDS), "its last lines: {listed}");
        assert_eq!(shop.word("bad.1"), "crashed");
        let status = dokku.succeeds(&["ps:watch", "--status"]);
        assert!(status.contains("bad.1 was given up") && status.contains("tried 4 times in vain"), "{status}");
        assert_eq!(made(dokku, app, TROUBLE), 4);
    };
    is_given_up();
    time_passes(dokku, app);
    let watcher = Watcher::of(dokku);
    shop.is_looked_at_with_a_pause_of("worker.1");
    shop.goes_on("worker.1");
    is_given_up();
    assert!(!watcher.said().contains("bad.1"), "{}", watcher.said());

    // Somebody has found out why.
    dokku.succeeds(&["ps:set", app, "dockerfile-start-cmd", "/demo worker"]);
    dokku.succeeds(&["ps:start", app, "bad"]);
    shop.is_healed(&["bad.1", "worker.1"]);
    shop.hears("bad.1", "crashed running");
    assert_eq!(record(dokku, app)["tries"][TROUBLE], Value::Null);
    let listed = dokku.succeeds(&["ps", app]);
    assert!(!listed.contains("crashed") && !listed.contains("was given up"), "{listed}");
    // It begins anew.
    shop.loses("bad.1");
    shop.is_healed(&["bad.1", "worker.1"]);
    wait_until("it was tried once", SETTLES, || made(dokku, app, TROUBLE) == 1);
    watcher.ends();
}
