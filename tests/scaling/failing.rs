//! An instance that dies at start: the type is as it was, and the message says why.

use std::fs;

use ps_tests::docker::Dokku;

use crate::shop::{MORE_TYPES, Shop, kept, lines_with};

/// What the demo prints when it fails.
const LOG: &str = "demo: told to fail";

/// An app whose containers are started once and not again, so that each log has one line.
fn shop(quantities: &[&str]) -> Shop {
    let dokku = Dokku::new();
    dokku.succeeds(&["ps:set", "--global", "restart-policy", "no"]);
    Shop::on(dokku, quantities, &[("Procfile", &format!("web: /demo web\n{MORE_TYPES}"))]).checked("5")
}

pub(crate) fn an_instance_that_dies_at_start_leaves_what_was_there_before() {
    let shop = shop(&["web=1", "picky=1"]);
    let before = shop.runs(&["picky.1", "web.1"]);
    // Its second instance lives and its third does not: both go.
    for (flags, request) in [(&[][..], "picky=3"), (&["--quiet"][..], "picky=3"), (&[], "bad=1")] {
        let known: Vec<_> = shop.dokku.containers(&shop.app).into_iter().map(|container| container.id).collect();
        let words = [flags, &["ps:scale", &shop.app, request]].concat();
        let failed = shop.dokku.fails(1, &words);
        assert_eq!(failed.both().matches(LOG).count(), 1, "its log, once: {failed}");
        let instance = if request == "bad=1" { "bad.1" } else { "picky.3" };
        assert!(failed.both().contains(instance), "{instance} must be named: {failed}");
        assert_eq!(shop.scale(), ["picky=1", "web=1"], "{failed}");
        assert_eq!(shop.half_made(), [""; 0], "{failed}");
        let left = shop.dokku.containers(&shop.app).into_iter().filter(|container| !known.contains(&container.id));
        assert_eq!(left.collect::<Vec<_>>(), [], "no container of it may be left: {failed}");
        kept(&before, &shop.runs(&["picky.1", "web.1"]), &["picky.1", "web.1"]);
        shop.dokku.has_files(&shop.app, "IP.", &["picky.1", "web.1"]);
    }
    // Nothing of it stands in the way of the next change.
    shop.scales(&["picky=2"]);
    kept(&before, &shop.runs(&["picky.1", "picky.2", "web.1"]), &["picky.1", "web.1"]);
}

pub(crate) fn what_was_done_before_the_failure_stays() {
    let shop = shop(&["web=1", "picky=2"]);
    let before = shop.runs(&["picky.1", "picky.2", "web.1"]);
    let failed = shop.ends(1, &["beat=2", "picky=3"]);
    let back = lines_with(&failed.stderr, &["picky=2"]);
    assert!(!back.is_empty(), "it must say that picky has its old quantity: {failed}");
    let after = shop.runs(&["beat.1", "beat.2", "picky.1", "picky.2", "web.1"]);
    kept(&before, &after, &["picky.1", "picky.2", "web.1"]);
    assert_eq!(shop.scale(), ["beat=2", "picky=2", "web=1"]);
}

/// A plugin of a third party whose hook fails while there is a file of its name.
fn broken(shop: &Shop) -> std::path::PathBuf {
    shop.plugin("zz-broken", &[("post-deploy", "[ ! -e \"$LOG.fails\" ] || { echo 'no disk' >&2; exit 1; }")]);
    let mark = shop.dokku.path("zz-broken.log.fails");
    fs::write(&mark, "").expect("the mark to fail");
    mark
}

pub(crate) fn a_hook_that_fails_leaves_what_was_there_before() {
    let shop = Shop::with(&["web=3", "worker=1"]);
    let all = ["web.1", "web.2", "web.3", "worker.1"];
    let before = shop.runs(&all);
    let servers = shop.servers();
    let mark = broken(&shop);
    for request in ["web=1", "web=4", "worker=0", "worker=2"] {
        let known = shop.dokku.containers(&shop.app);
        let failed = shop.ends(1, &[request]);
        assert!(failed.both().contains("no disk"), "{failed}");
        assert_eq!(shop.scale(), ["web=3", "worker=1"], "{failed}");
        // One that is queued for removal would be ended by the host's timer.
        let queue = fs::read_to_string(shop.dokku.path("lib/data/scheduler-docker-local/dead-containers"));
        let queue = queue.unwrap_or_default();
        assert!(before.values().all(|life| !queue.contains(&life.id)), "{failed}\n{queue}");
        kept(&before, &shop.runs(&all), &all);
        assert_eq!(shop.dokku.containers(&shop.app), known, "{failed}");
        shop.dokku.has_files(&shop.app, "IP.", &all);
        assert_eq!(shop.servers(), servers, "whom the proxy knows: {failed}");
        crate::locked::is_free(&shop);
    }
    fs::remove_file(mark).expect("the mark to fail");
    shop.scales(&["web=1"]);
    kept(&before, &shop.runs(&["web.1", "worker.1"]), &["web.1", "worker.1"]);
    assert_eq!(shop.servers().len(), 1);
}

pub(crate) fn a_deploy_that_fails_half_way_is_made_known_by_a_reconcile() {
    // Its third instance dies, and something has changed: the host deploys the type, and replaces two of three.
    let shop = Shop::on(Dokku::new(), &["web=2"], &[("Procfile", "web: /demo worker 2\n")]).checked("5");
    let before = shop.runs(&["web.1", "web.2"]);
    shop.dokku.succeeds(&["config:set", "--no-restart", &shop.app, "COLOUR=blue"]);
    shop.ends(1, &["web=3"]);
    assert_eq!(shop.scale(), ["web=2"]);
    assert_ne!(shop.named(), before.iter().map(|(name, life)| (name.clone(), life.id.clone())).collect());
    shop.reconciles(&[]);
    assert_eq!(shop.servers(), crate::killed::addresses(&shop));
    shop.watch();
    shop.reconciles(&[]);
    assert_eq!(shop.fired("core-post-deploy"), 0, "{:#?}", shop.events());
}
