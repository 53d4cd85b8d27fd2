//! Ctrl-C, SIGTERM and SIGHUP while new instances are being checked.

use std::fs;
use std::time::Duration;

use ps_tests::process::wait_until;
use rustix::process::Signal;

use crate::shop::{Shop, kept};

/// How long it may take until a new container is seen.
const BEGINS: Duration = Duration::from_mins(3);

pub(crate) fn a_signal_leaves_what_was_there_before() {
    let shop = Shop::with(&["web=1", "worker=1"]).checked("60");
    let before = shop.runs(&["web.1", "worker.1"]);
    let known = shop.dokku.containers(&shop.app);
    for (signal, number, request) in
        [(Signal::INT, 2, "worker=2"), (Signal::TERM, 15, "worker=3"), (Signal::HUP, 1, "web=2")]
    {
        let mut scale = shop.start(&[request]);
        wait_until(&format!("a container of {request} runs and is checked"), BEGINS, || {
            assert!(scale.is_running(), "it ended before it could be interrupted: {}", scale.said());
            scale.said().contains("healthcheck") && !shop.half_made().is_empty()
        });
        assert!(scale.runs_itself());
        scale.interrupt(signal);
        assert_eq!(scale.status(), 128 + number, "{request}, {signal:?}: {}", scale.said());
        assert_eq!(shop.scale(), ["web=1", "worker=1"], "{request}, {signal:?}: {}", scale.said());
        assert_eq!(shop.half_made(), [""; 0], "{request}, {signal:?}: {}", scale.said());
        kept(&before, &shop.runs(&["web.1", "worker.1"]), &["web.1", "worker.1"]);
        assert_eq!(shop.dokku.containers(&shop.app), known, "{request}, {signal:?}: {}", scale.said());
        shop.dokku.has_files(&shop.app, "IP.", &["web.1", "worker.1"]);
        crate::locked::is_free(&shop);
    }
    shop.dokku.succeeds(&["checks:set", &shop.app, "uptime", "1"]);
    shop.scales(&["worker=2"]);
    kept(&before, &shop.runs(&["web.1", "worker.1", "worker.2"]), &["web.1", "worker.1"]);
}

pub(crate) fn a_signal_during_the_hooks_leaves_what_was_there_before() {
    let shop = Shop::with(&["web=2", "worker=2"]);
    let all = ["web.1", "web.2", "worker.1", "worker.2"];
    let before = shop.runs(&all);
    let servers = shop.servers();
    let mark = shop.dokku.path("slow.log.sleeps");
    shop.plugin(
        "slow",
        &[("core-post-deploy", "[ ! -e \"$LOG.sleeps\" ] || { echo here >>\"$LOG\"; exec sleep 60; }")],
    );
    fs::write(&mark, "").expect("the mark to sleep");
    for (signal, number, request) in
        [(Signal::INT, 2, "web=1"), (Signal::TERM, 15, "worker=1"), (Signal::HUP, 1, "web=3")]
    {
        let mut scale = shop.start(&[request]);
        wait_until(&format!("the hooks of {request}"), BEGINS, || {
            assert!(scale.is_running(), "it ended before it could be interrupted: {}", scale.said());
            shop.has_heard("slow")
        });
        shop.heard("slow");
        scale.interrupt(signal);
        assert_eq!(scale.status(), 128 + number, "{request}, {signal:?}: {}", scale.said());
        assert_eq!(shop.scale(), ["web=2", "worker=2"], "{request}, {signal:?}: {}", scale.said());
        kept(&before, &shop.runs(&all), &all);
        shop.dokku.has_files(&shop.app, "IP.", &all);
        assert_eq!(shop.servers(), servers, "{request}, {signal:?}: {}", scale.said());
        crate::locked::is_free(&shop);
    }
}
