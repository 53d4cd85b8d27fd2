//! Quantities that are relative, guarded, tried, and at once.

use std::thread;

use serde_json::Value;

use crate::shop::{Shop, kept, lines_with};

pub(crate) fn relative_quantities() {
    let shop = Shop::with(&["web=1", "worker=1"]);
    let before = shop.runs(&["web.1", "worker.1"]);
    shop.scales(&["worker+1"]);
    assert_eq!(shop.scale(), ["web=1", "worker=2"]);
    shop.scales(&["web+1", "worker+1"]);
    let more = shop.runs(&["web.1", "web.2", "worker.1", "worker.2", "worker.3"]);
    kept(&before, &more, &["web.1", "worker.1"]);
    shop.scales(&["worker-2", "web-1"]);
    kept(&more, &shop.runs(&["web.1", "worker.1"]), &["web.1", "worker.1"]);
    assert_eq!(shop.scale(), ["web=1", "worker=1"]);

    let state = shop.state();
    for below in [&["worker-2"][..], &["web+1", "worker-5"], &["web-2"]] {
        let refused = shop.ends(1, below);
        assert!(refused.stderr.contains(" !     "), "{refused}");
        shop.is_still(&state, "a request below zero");
    }
}

pub(crate) fn a_guard_holds_or_changes_nothing() {
    let shop = Shop::with(&["web=1", "worker=2"]);
    let before = shop.runs(&["web.1", "worker.1", "worker.2"]);
    let state = shop.state();
    let refused = shop.ends(1, &["--current", "worker=7", "worker=3"]);
    let numbers: Vec<u32> = refused
        .stderr
        .replace(&shop.app, "APP")
        .split(|letter: char| !letter.is_ascii_digit())
        .filter_map(|number| number.parse().ok())
        .collect();
    assert!(numbers.contains(&7) && numbers.contains(&2), "both numbers must be told: {refused}");
    shop.is_still(&state, "a guard that does not hold");

    shop.scales(&["--current", "worker=2", "worker=3"]);
    let after = shop.runs(&["web.1", "worker.1", "worker.2", "worker.3"]);
    kept(&before, &after, &["web.1", "worker.1", "worker.2"]);
    assert_eq!(shop.scale(), ["web=1", "worker=3"]);
}

pub(crate) fn a_dry_run_prints_the_plan_and_changes_nothing() {
    let shop = Shop::with(&["web=1", "worker=2"]);
    shop.runs(&["web.1", "worker.1", "worker.2"]);
    let state = shop.state();
    shop.watch();
    for (words, steps) in [
        (["worker=3"], [("worker.1", "keep"), ("worker.2", "keep"), ("worker.3", "start")]),
        (["worker-1"], [("worker.1", "keep"), ("worker.2", "stop"), ("worker.2", "stop")]),
    ] {
        let text = shop.scales(&[&["--dry-run"], &words[..]].concat()).stdout;
        for (instance, step) in steps {
            let lines = lines_with(&text, &[instance]);
            assert_eq!(lines.len(), 1, "one line for {instance}:\n{text}");
            let reason = lines[0].replace(instance, "").replace(step, "");
            assert!(lines[0].contains(step), "{step} {instance}:\n{text}");
            assert!(reason.chars().any(char::is_alphabetic), "a reason for {instance}:\n{text}");
        }
        let json = shop.scales(&[&["--dry-run", "--format", "json"], &words[..]].concat()).stdout;
        let json: Value = serde_json::from_str(&json).unwrap_or_else(|error| panic!("{error}: {json}"));
        for (instance, step) in steps {
            assert!(says(&json, instance, step), "{step} {instance} in {json:#}");
        }
    }
    for trigger in ["deploy", "core-post-deploy", "post-deploy", "ps-post-scale"] {
        assert_eq!(shop.fired(trigger), 0, "{trigger} in {:#?}", shop.events());
    }
    // Who may refuse it is asked, once for each plan.
    assert_eq!(shop.fired("ps-pre-scale"), 4, "{:#?}", shop.events());
    shop.is_still(&state, "a dry run");
}

/// Whether an object somewhere in `value` holds both texts.
fn says(value: &Value, instance: &str, step: &str) -> bool {
    match value {
        Value::Object(fields) => {
            let has = |text: &str| fields.values().any(|field| field == text);
            has(instance) && has(step) || fields.values().any(|field| says(field, instance, step))
        }
        Value::Array(items) => items.iter().any(|item| says(item, instance, step)),
        _ => false,
    }
}

pub(crate) fn two_relative_changes_at_once_both_count() {
    let shop = Shop::with(&["web=1", "worker=1"]);
    let before = shop.runs(&["web.1", "worker.1"]);
    thread::scope(|scope| {
        for _ in 0..2 {
            scope.spawn(|| shop.scales(&["--lock-timeout", "600", "worker+1"]));
        }
    });
    let after = shop.runs(&["web.1", "worker.1", "worker.2", "worker.3"]);
    kept(&before, &after, &["web.1", "worker.1"]);
    assert_eq!(shop.scale(), ["web=1", "worker=3"]);
}
