//! One at a time; and however it ends, whoever comes next goes on from there.

use ps_tests::process::wait_until;

use crate::shop::{Shop, kept, new};
use crate::watcher::{SETTLES, Watcher, made, time_passes};

/// Waits until a container of its is being checked.
fn is_being_healed(shop: &Shop) {
    wait_until("a container is checked", SETTLES, || !shop.half_made().is_empty());
}

pub(crate) fn one_that_is_killed_goes_on_where_it_was() {
    let shop = Shop::with(&["web=1", "worker=1"]);
    let all = ["web.1", "worker.1"];
    let before = shop.runs(&all);
    let mut watcher = Watcher::of(&shop.dokku);
    watcher.has_seen(&shop.dokku, &shop.app);
    watcher.kill();
    shop.loses("worker.1");
    let watcher = Watcher::of(&shop.dokku);
    let after = shop.is_healed(&all);
    kept(&before, &after, &["web.1"]);
    new(&before, &after, &["worker.1"]);

    let refused = shop.dokku.run(&["ps:watch", "--every", "5"]);
    assert!(refused.status != 0 && refused.stderr.contains("--every"), "{refused}");

    // There is one on a host, and the second has its turn.
    let mut second = watcher.behind(&shop.dokku);
    assert!(!second.said().contains("Watching"), "{}", second.said());
    watcher.ends();
    second.says("Watching all apps");
    shop.loses("web.1");
    let healed = shop.is_healed(&all);
    kept(&after, &healed, &["worker.1"]);
    second.ends();
}

pub(crate) fn what_a_killed_one_has_left_is_mended() {
    let shop = Shop::with(&["web=1", "worker=1"]).checked("6");
    let all = ["web.1", "worker.1"];
    let before = shop.runs(&all);
    // What it has begun ends without it, and its successor waits for that.
    let mut watcher = Watcher::of(&shop.dokku);
    watcher.has_seen(&shop.dokku, &shop.app);
    shop.loses("worker.1");
    is_being_healed(&shop);
    watcher.kill();
    let watcher = Watcher::of(&shop.dokku);
    let healed = shop.is_healed(&all);
    kept(&before, &healed, &["web.1"]);
    new(&before, &healed, &["worker.1"]);
    assert_eq!(shop.half_made(), [""; 0]);

    // With it goes what it has begun, and a container is left that has not taken its place.
    shop.loses("web.1");
    is_being_healed(&shop);
    watcher.kill_with_its_acts();
    assert_eq!(shop.half_made().len(), 1);
    assert_eq!(made(&shop.dokku, &shop.app, "missing web.1"), 1, "who is killed has tried");
    time_passes(&shop.dokku, &shop.app);
    let watcher = Watcher::of(&shop.dokku);
    let after = shop.is_healed(&all);
    kept(&healed, &after, &["worker.1"]);
    new(&healed, &after, &["web.1"]);
    shop.was_done("web.1: started again");
    wait_until("nothing is left over", SETTLES, || shop.half_made().is_empty());
    watcher.ends();
    kept(&after, &shop.runs(&all), &all);
}

pub(crate) fn it_ends_in_order_when_it_is_told_to() {
    let shop = Shop::with(&["web=1", "worker=1"]).checked("60");
    let before = shop.runs(&["web.1", "worker.1"]);
    let mut watcher = Watcher::of(&shop.dokku);
    watcher.has_seen(&shop.dokku, &shop.app);
    watcher.ends();
    let watcher = Watcher::of(&shop.dokku);
    shop.loses("worker.1");
    is_being_healed(&shop);
    watcher.ends();
    assert_eq!(shop.half_made(), [""; 0]);
    assert_eq!(shop.running_names(), [format!("{}.web.1", shop.app)]);
    // It was not in vain, so whoever comes next need not wait.
    assert_eq!(made(&shop.dokku, &shop.app, "missing worker.1"), 0);
    shop.dokku.succeeds(&["checks:set", &shop.app, "uptime", "1"]);
    let watcher = Watcher::of(&shop.dokku);
    let after = shop.is_healed(&["web.1", "worker.1"]);
    kept(&before, &after, &["web.1"]);
    watcher.ends();
}
