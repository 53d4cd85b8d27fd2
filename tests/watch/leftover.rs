//! Containers that have no place in their app.

use std::fs;

use ps_tests::process::wait_until;

use crate::shop::{Shop, kept};
use crate::watcher::{SETTLES, Watcher, acts};

pub(crate) fn what_heal_names_goes_and_nothing_else() {
    let shop = Shop::with(&["web=1", "worker=1"]);
    let all = ["web.1", "worker.1"];
    let before = shop.runs(&all);
    shop.takes_notes();
    let heals = |words: &str| drop(shop.dokku.succeeds(&["ps:set", &shop.app, "heal", words]));
    heals("address,missing");
    let mut watcher = Watcher::of(&shop.dokku);
    watcher.has_seen(&shop.dokku, &shop.app);
    let upcoming = shop.runs_besides(&format!("{}.web.1.upcoming-4711", shop.app), "web.1");
    let stray = shop.runs_besides(&format!("{}.web.1.1795000000", shop.app), "web.1");
    let runs = |id: &String| shop.dokku.ids(&shop.app).contains(id);
    shop.is_looked_at_with_a_pause_of("worker.1");
    assert!(runs(&upcoming) && runs(&stray), "neither is named: {}", watcher.said());
    assert_eq!(acts(&shop.dokku, &shop.app), [""; 0]);

    // By default one of them is.
    shop.dokku.succeeds(&["ps:set", &shop.app, "heal"]);
    shop.goes_on("worker.1");
    wait_until("what a deploy has left is gone", SETTLES, || shop.half_made().is_empty());
    shop.was_done(&format!("{}.web.1.upcoming-4711: was removed", shop.app));
    shop.is_looked_at_with_a_pause_of("worker.1");
    assert!(runs(&stray), "it is not named: {}", watcher.said());

    heals("stray");
    shop.goes_on("worker.1");
    shop.was_done(&format!("{}.web.1.1795000000: was retired", shop.app));
    let queue = shop.dokku.path("lib/data/scheduler-docker-local/dead-containers");
    let queue = fs::read_to_string(queue).unwrap_or_default();
    assert!(!runs(&stray) || queue.contains(&stray), "it must be retired: {queue} {}", watcher.said());
    watcher.ends();
    shop.dokku.succeeds(&["ps:retire", &shop.app]);
    wait_until("the stray one has ended", SETTLES, || !runs(&stray));
    kept(&before, &shop.runs(&all), &all);
}
