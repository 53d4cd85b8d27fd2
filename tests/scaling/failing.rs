//! An instance that dies at start: the type is as it was, and the message says why.

use ps_tests::docker::Dokku;

use crate::shop::{MORE_TYPES, Shop, both, kept, lines_with};

/// What the demo prints when it fails.
const LOG: &str = "demo: told to fail";

/// An app whose containers are started once and not again, so that each log has one line.
fn shop(quantities: &[&str]) -> Shop {
    let dokku = Dokku::new();
    dokku.succeeds(&["ps:set", "--global", "restart-policy", "no"]);
    Shop::on(dokku, quantities, &[("Procfile", &format!("web: /demo web\n{MORE_TYPES}"))]).checked("1")
}

pub(crate) fn an_instance_that_dies_at_start_leaves_what_was_there_before() {
    let shop = shop(&["web=1", "picky=1"]);
    let before = shop.runs(&["picky.1", "web.1"]);
    // Its second instance lives and its third does not: both go.
    for (flags, request) in [(&[][..], "picky=3"), (&["--quiet"][..], "picky=3"), (&[], "bad=1")] {
        let known: Vec<_> = shop.dokku.containers(&shop.app).into_iter().map(|container| container.id).collect();
        let words = [flags, &["ps:scale", &shop.app, request]].concat();
        let failed = shop.dokku.fails(1, &words);
        assert_eq!(both(&failed).matches(LOG).count(), 1, "its log, once: {failed}");
        let instance = if request == "bad=1" { "bad.1" } else { "picky.3" };
        assert!(both(&failed).contains(instance), "{instance} must be named: {failed}");
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
