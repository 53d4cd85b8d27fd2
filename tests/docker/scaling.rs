//! Quantities: up, down, to zero, at once.

use std::fs;
use std::thread;
use std::time::Duration;

use ps_tests::docker::Dokku;
use ps_tests::process::wait_until;

pub(crate) fn scaling_up_starts_what_is_missing() {
    let dokku = Dokku::new();
    let app = dokku.deployed(&[]);
    let said = dokku.succeeds(&["ps:scale", &app, "web=3", "worker=1"]);
    assert!(said.starts_with(&format!("-----> Scaling {app} processes: web=3 worker=1\n")), "{said}");
    dokku.runs(&app, &["web.1", "web.2", "web.3", "worker.1"]);
    dokku.answers(&app, &["web.1", "web.2", "web.3"]);
}

pub(crate) fn scaling_up_with_checks() {
    let dokku = Dokku::new();
    let app = dokku.deployed(&[]);
    dokku.succeeds(&["checks:enable", &app]);
    dokku.succeeds(&["ps:scale", &app, "web=2"]);
    dokku.runs(&app, &["web.1", "web.2"]);
    dokku.answers(&app, &["web.1", "web.2"]);
}

pub(crate) fn scaling_down_stops_what_is_too_much() {
    let dokku = Dokku::new();
    let app = dokku.deployed(&["web=3", "worker=2"]);
    dokku.runs(&app, &["web.1", "web.2", "web.3", "worker.1", "worker.2"]);
    dokku.succeeds(&["ps:scale", &app, "web=1", "worker=1"]);
    dokku.runs(&app, &["web.1", "worker.1"]);
    dokku.has_files(&app, "IP.", &["web.1", "worker.1"]);
    dokku.has_files(&app, "PORT.", &["web.1"]);
    dokku.answers(&app, &["web.1"]);
}

pub(crate) fn scaling_to_zero_stops_everything_of_a_type() {
    let dokku = Dokku::new();
    let app = dokku.deployed(&["web=2", "worker=1"]);
    dokku.succeeds(&["ps:scale", &app, "web=0"]);
    dokku.runs(&app, &["worker.1"]);
    dokku.succeeds(&["ps:scale", &app, "worker=0"]);
    dokku.runs(&app, &[]);
    assert_eq!(dokku.report(&app, "--running"), "false");
    assert_eq!(dokku.report(&app, "--processes"), "0");
    dokku.succeeds(&["ps:scale", &app, "web=1"]);
    dokku.runs(&app, &["web.1"]);
    dokku.answers(&app, &["web.1"]);
}

pub(crate) fn a_scale_without_deploy_is_for_the_next_deploy() {
    let dokku = Dokku::new();
    let app = dokku.deployed(&[]);
    let before = dokku.ids(&app);
    dokku.succeeds(&["ps:scale", "--skip-deploy", &app, "web=2"]);
    assert_eq!(dokku.ids(&app), before);
    dokku.succeeds(&["ps:rebuild", &app]);
    dokku.runs(&app, &["web.1", "web.2"]);
}

pub(crate) fn the_same_scale_again_does_nothing() {
    let dokku = Dokku::new();
    let app = dokku.deployed(&["web=2"]);
    let before = dokku.containers(&app);
    dokku.succeeds(&["ps:scale", &app, "web=2"]);
    assert_eq!(dokku.containers(&app), before);
}

pub(crate) fn a_stopped_app_is_scaled_for_its_next_start() {
    let dokku = Dokku::new();
    let app = dokku.deployed(&[]);
    dokku.succeeds(&["ps:stop", &app]);
    let scaled = dokku.run(&["ps:scale", &app, "web=2"]);
    assert!(scaled.status == 0 && scaled.stderr.contains("stopped"), "{scaled}");
    dokku.runs_nothing(&app);
    dokku.succeeds(&["ps:start", &app]);
    dokku.runs(&app, &["web.1", "web.2"]);
}

pub(crate) fn two_scales_at_once_both_hold() {
    let dokku = Dokku::new();
    let app = dokku.deployed(&[]);
    thread::scope(|scope| {
        for quantity in ["web=2", "worker=2"] {
            scope.spawn(|| dokku.succeeds(&["ps:scale", "--lock-timeout", "600", &app, quantity]));
        }
    });
    dokku.runs(&app, &["web.1", "web.2", "worker.1", "worker.2"]);
    assert_eq!(dokku.succeeds(&["--quiet", "ps:scale", &app]), "web:  2\nworker: 2\n");
}

pub(crate) fn a_scale_waits_for_a_deploy() {
    let dokku = Dokku::new();
    let app = dokku.app();
    let lock = dokku.path(&format!("lib/data/apps/{app}/.deploy.lock"));
    let source = dokku.source().display().to_string();
    thread::scope(|scope| {
        let deploy = scope.spawn(|| dokku.succeeds(&["deploy-folder", &app, &source]));
        // The holder's name is written once the lock is taken, and goes with the lock.
        let is_signed = || fs::metadata(&lock).is_ok_and(|about| about.len() > 0);
        wait_until("the deploy has the lock", Duration::from_mins(3), || is_signed() || deploy.is_finished());
        dokku.succeeds(&["ps:scale", "--lock-timeout", "600", &app, "worker=2"]);
    });
    dokku.runs(&app, &["web.1", "worker.1", "worker.2"]);
}
