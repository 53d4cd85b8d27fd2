//! The time that a container has to end before it is killed: a type may have one of its own.

use std::time::Duration;

use ps_tests::docker::Dokku;
use ps_tests::process::wait_until;

use crate::shop::{Shop, kept};

/// How long a container may take until it is gone. The app's time is longer than any test.
const SETTLES: Duration = Duration::from_mins(3);

/// The workers do not listen, so they end when they are killed.
pub(crate) fn what_does_not_listen_is_killed_after_the_time_of_its_type() {
    let procfile = "web: /demo web\nworker: /demo deaf\n";
    let shop = Shop::on(Dokku::new(), &["web=1", "worker=2"], &[("Procfile", procfile)]);
    for (name, seconds) in [("stop-timeout-seconds", "86400"), ("stop-timeout-seconds.worker", "1")] {
        shop.dokku.succeeds(&["ps:set", &shop.app, name, seconds]);
    }
    let before = shop.runs(&["web.1", "worker.1", "worker.2"]);
    shop.scales(&["worker=1"]);
    let second = &before["worker.2"].id;
    wait_until("the end of the second worker", SETTLES, || !shop.dokku.ids(&shop.app).contains(second));
    kept(&before, &shop.runs(&["web.1", "worker.1"]), &["web.1", "worker.1"]);

    let stopped = shop.dokku.fails(0, &["ps:stop", &shop.app]);
    assert!(stopped.stdout.contains("       worker: has 1 s to end\n"), "{stopped}");
    shop.dokku.runs_nothing(&shop.app);
}
