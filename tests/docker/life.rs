//! An app's life: deploy, stop, start, restart, rebuild, restore, retire, clone, rename, destroy.

use std::time::Duration;

use ps_tests::docker::{Dokku, docker};
use ps_tests::process::wait_until;

pub(crate) fn a_deploy_starts_one_web_that_answers() {
    let dokku = Dokku::new();
    let app = dokku.deployed(&[]);
    dokku.runs(&app, &["web.1"]);
    dokku.answers(&app, &["web.1"]);
    assert_eq!(dokku.succeeds(&["--quiet", "ps:scale", &app]), "web:  1\nworker: 0\n");
}

pub(crate) fn stop_and_start() {
    let dokku = Dokku::new();
    let app = dokku.deployed(&["web=2", "worker=1"]);
    assert_eq!(dokku.report(&app, "--restore"), "true");
    dokku.succeeds(&["ps:stop", &app]);
    dokku.runs_nothing(&app);
    assert_eq!(dokku.report(&app, "--restore"), "false");
    assert_eq!(dokku.report(&app, "--running"), "false");
    dokku.succeeds(&["ps:start", &app]);
    dokku.runs(&app, &["web.1", "web.2", "worker.1"]);
    dokku.answers(&app, &["web.1", "web.2"]);
    assert_eq!(dokku.report(&app, "--restore"), "true");
    assert_eq!(dokku.report(&app, "--running"), "true");
    let before = dokku.containers(&app);
    let again = dokku.run(&["ps:start", &app]);
    assert_eq!((again.status, again.stderr.as_str()), (0, format!(" !     App {app} already running\n").as_str()));
    assert_eq!(dokku.containers(&app), before);
}

pub(crate) fn a_restart_replaces_every_container() {
    let dokku = Dokku::new();
    let app = dokku.deployed(&["web=1", "worker=1"]);
    let before = dokku.ids(&app);
    dokku.succeeds(&["ps:restart", &app]);
    dokku.runs(&app, &["web.1", "worker.1"]);
    dokku.answers(&app, &["web.1"]);
    let after = dokku.ids(&app);
    assert!(before.iter().all(|id| !after.contains(id)), "{before:?} {after:?}");
}

pub(crate) fn a_restart_of_one_type_leaves_the_others() {
    let dokku = Dokku::new();
    let app = dokku.deployed(&["web=1", "worker=1"]);
    let before = dokku.ids(&app);
    dokku.succeeds(&["ps:restart", &app, "worker"]);
    dokku.runs(&app, &["web.1", "worker.1"]);
    let after = dokku.ids(&app);
    assert_eq!(before[0], after[0], "web.1 must stay");
    assert_ne!(before[1], after[1], "worker.1 must be new");
}

pub(crate) fn a_rebuild_makes_a_new_image() {
    let dokku = Dokku::new();
    let app = dokku.deployed(&[]);
    let image = |id: &str| docker(&["container", "inspect", "--format", "{{.Image}}", id]);
    let before = image(&dokku.ids(&app)[0]);
    let said = dokku.succeeds(&["ps:rebuild", &app]);
    assert!(said.contains(&format!("-----> Building {app} from dockerfile\n")), "{said}");
    dokku.runs(&app, &["web.1"]);
    dokku.answers(&app, &["web.1"]);
    assert_ne!(image(&dokku.ids(&app)[0]), before);
}

pub(crate) fn a_restore_brings_back_what_was_killed() {
    let dokku = Dokku::new();
    let app = dokku.deployed(&["web=2", "worker=1"]);
    let ids = dokku.ids(&app);
    for id in &ids[1..] {
        docker(&["container", "kill", id]);
    }
    wait_until("two are dead", Duration::from_mins(1), || dokku.running(&app) == ["web.1"]);
    assert_eq!(dokku.report(&app, "--running"), "mixed");
    dokku.succeeds(&["ps:restore", &app]);
    dokku.runs(&app, &["web.1", "web.2", "worker.1"]);
    dokku.answers(&app, &["web.1", "web.2"]);
    assert_eq!(dokku.report(&app, "--running"), "true");
}

pub(crate) fn a_restore_of_all_leaves_a_stopped_app_stopped() {
    let dokku = Dokku::new();
    let (stopped, killed) = (dokku.deployed(&[]), dokku.deployed(&[]));
    dokku.succeeds(&["ps:stop", &stopped]);
    docker(&["container", "kill", &dokku.ids(&killed)[0]]);
    dokku.succeeds(&["ps:restore"]);
    dokku.runs(&killed, &["web.1"]);
    dokku.runs_nothing(&stopped);
}

pub(crate) fn a_reboot_is_survived() {
    // After a boot every container is down and the addresses of before belong to nobody.
    let dokku = Dokku::new();
    let app = dokku.deployed(&["web=2"]);
    for id in dokku.ids(&app) {
        docker(&["container", "kill", &id]);
    }
    dokku.succeeds(&["ps:restore", "--all", "--parallel", "-1"]);
    dokku.runs(&app, &["web.1", "web.2"]);
    dokku.answers(&app, &["web.1", "web.2"]);
}

pub(crate) fn retire_removes_what_is_due_and_nothing_else() {
    let dokku = Dokku::new();
    let app = dokku.deployed(&[]);
    dokku.succeeds(&["checks:enable", &app]);
    let old = dokku.ids(&app);
    dokku.succeeds(&["ps:restart", &app]);
    dokku.runs(&app, &["web.1"]);
    let live = dokku.ids(&app);
    assert_ne!(live, old);
    // The old one is due a second after the restart; until then ps:retire leaves it alone.
    wait_until("the old container is retired", Duration::from_mins(3), || {
        dokku.succeeds(&["ps:retire", &app]);
        dokku.containers(&app).iter().all(|container| container.id != old[0])
    });
    assert_eq!(dokku.ids(&app), live);
    dokku.answers(&app, &["web.1"]);
}

pub(crate) fn a_clone_runs_with_the_same_quantities() {
    let dokku = Dokku::new();
    let app = dokku.deployed(&["web=2"]);
    dokku.succeeds(&["ps:set", &app, "stop-timeout-seconds", "7"]);
    let before = dokku.containers(&app);
    let clone = dokku.name();
    dokku.succeeds(&["apps:clone", &app, &clone]);
    dokku.runs(&clone, &["web.1", "web.2"]);
    dokku.answers(&clone, &["web.1", "web.2"]);
    assert_eq!(dokku.report(&clone, "--ps-stop-timeout-seconds"), "7");
    assert_eq!(dokku.containers(&app), before, "the old app must not be touched");
}

pub(crate) fn a_renamed_app_runs_under_its_new_name() {
    let dokku = Dokku::new();
    let app = dokku.deployed(&["web=2"]);
    let renamed = dokku.name();
    dokku.succeeds(&["apps:rename", &app, &renamed]);
    dokku.runs(&renamed, &["web.1", "web.2"]);
    dokku.answers(&renamed, &["web.1", "web.2"]);
    assert_eq!(dokku.containers(&app), [], "nothing may run under the old name");
    dokku.fails(20, &["ps:report", &app]);
    for folder in ["lib/config/ps", "lib/data/ps"] {
        assert!(!dokku.path(folder).join(&app).exists(), "{folder}/{app} must be gone");
    }
}

pub(crate) fn a_destroyed_app_leaves_nothing() {
    let dokku = Dokku::new();
    let app = dokku.deployed(&["web=1", "worker=1"]);
    dokku.succeeds(&["apps:destroy", &app, "--force"]);
    assert_eq!(dokku.containers(&app), []);
    for folder in ["home", "lib/config/ps", "lib/data/ps"] {
        assert!(!dokku.path(folder).join(&app).exists(), "{folder}/{app} must be gone");
    }
    dokku.fails(20, &["ps:scale", &app]);
}

pub(crate) fn all_apps_in_parallel() {
    let dokku = Dokku::new();
    let apps: Vec<String> = (0..3).map(|_| dokku.deployed(&[])).collect();
    let before: Vec<_> = apps.iter().map(|app| dokku.ids(app)).collect();
    let said = dokku.succeeds(&["ps:restart", "--all", "--parallel", "2"]);
    for (app, before) in apps.iter().zip(before) {
        assert!(said.contains(app.as_str()), "{said}");
        dokku.runs(app, &["web.1"]);
        assert_ne!(dokku.ids(app), before);
    }
}

pub(crate) fn the_functions_for_plugins() {
    let dokku = Dokku::new();
    let app = dokku.deployed(&[]);
    let script = format!(
        "set -eo pipefail\nsource '{}'\nsource \"$PLUGIN_AVAILABLE_PATH/ps/functions\"\n\
         fn-ps-app-status {app}\nps_stop {app} >&2\nfn-ps-is-app-running {app}\nps_start {app} >&2\nfn-ps-is-app-running {app}",
        dokku.path("environment").display()
    );
    let printed = dokku.bash(&script);
    assert_eq!((printed.status, printed.stdout.as_str()), (0, "1 true\nfalse\ntrue\n"), "{printed}");
    dokku.runs(&app, &["web.1"]);
}
