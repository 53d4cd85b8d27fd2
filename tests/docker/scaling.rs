//! Quantities of an app that is stopped, or being deployed. What a change of them touches, the suite `scaling` tells.

use std::fs;
use std::thread;
use std::time::Duration;

use ps_tests::docker::Dokku;
use ps_tests::process::wait_until;

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
