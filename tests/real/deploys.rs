//! Deploys that fail, and sources that say the scale.

use crate::host::{App, WEB, WORKER, ends, same_lives, succeeds};
use crate::plugin;

/// The app runs on as before, and still answers.
fn serves_on(app: &App, before: &crate::host::Instances) {
    let instances: Vec<&str> = before.keys().map(String::as_str).collect();
    same_lives(before, &app.runs(&instances), &instances);
    app.answers(before);
}

pub(crate) fn a_failing_release_leaves_the_old_containers() {
    plugin::ours();
    let app = App::deployed(&["worker=1"]);
    let before = app.runs(&["web.1", "worker.1"]);
    let procfile = format!("{WEB}{WORKER}release: sh -c \"echo no release today; exit 7\"\n");
    let failed = app.deploy(&[("Procfile", &procfile)]);
    assert!(failed.status != 0 && failed.both().contains("no release today"), "{failed}");
    serves_on(&app, &before);
    // What is wrong in the source is found before anything is released.
    for (name, content, said) in [
        ("Procfile", "web: httpd -f\nthis is no line of a Procfile\n", "line 2"),
        ("DOKKU_SCALE", "web=1\nworker=many\n", "DOKKU_SCALE"),
        ("DOKKU_SCALE", "web=1\nclock=1\n", "clock"),
        ("app.json", r#"{"formation": {"clock": {"quantity": 1}}}"#, "clock"),
    ] {
        let failed = app.deploy(&[(name, content)]);
        assert!(failed.status != 0 && failed.both().contains(said), "{name}: {failed}");
        assert!(!failed.both().contains("Deploying web"), "{name}: {failed}");
        serves_on(&app, &before);
        assert_eq!(app.scale(), ["web=1", "worker=1"], "{name}");
    }
    // The app can still be scaled, from the image that its instances have.
    app.scales(&["worker=2"]);
    same_lives(&before, &app.runs(&["web.1", "worker.1", "worker.2"]), &["web.1", "worker.1"]);
}

pub(crate) fn a_web_that_dies_leaves_the_old_containers() {
    plugin::ours();
    let app = App::deployed(&["worker=1"]);
    succeeds(&["checks:enable", &app.name]);
    let before = app.runs(&["web.1", "worker.1"]);
    let checks =
        r#"{"healthchecks": {"web": [{"type": "startup", "name": "up", "path": "/", "wait": 1, "attempts": 2}]}}"#;
    let dying = format!("web: sh -c \"echo I do not serve; exit 5\"\n{WORKER}");
    let mut failed = None;
    app.asked_while(|| failed = Some(app.deploy(&[("Procfile", &dying), ("app.json", checks)])));
    let failed = failed.expect("a deploy");
    assert!(failed.status != 0, "{failed}");
    // What the deploy left besides is no matter of theirs; a reconcile ends it.
    succeeds(&["ps:reconcile", &app.name]);
    serves_on(&app, &before);
}

pub(crate) fn a_formation_in_app_json_rules() {
    plugin::ours();
    let formation =
        |workers: u32| format!(r#"{{"formation": {{"web": {{"quantity": 0}}, "worker": {{"quantity": {workers}}}}}}}"#);
    let app = App::deployed_from(&[], &[("app.json", &formation(2)), ("DOKKU_SCALE", "worker=5\n")]);
    let before = app.runs(&["worker.1", "worker.2"]);
    assert_eq!(app.report("--ps-can-scale"), "false");
    let refused = ends(1, &["ps:scale", &app.name, "worker=1"]);
    assert!(refused.both().contains("app.json"), "{refused}");
    same_lives(&before, &app.runs(&["worker.1", "worker.2"]), &["worker.1", "worker.2"]);
    app.deploys(&[("app.json", &formation(1))]);
    app.runs(&["worker.1"]);
    // Without one, ps:scale has its say again.
    app.deploys(&[]);
    assert_eq!(app.report("--ps-can-scale"), "true");
    app.scales(&["worker=2"]);
    app.runs(&["worker.1", "worker.2"]);
}

pub(crate) fn a_dokku_scale_in_the_source_rules_until_it_is_gone() {
    plugin::ours();
    let procfile = ("Procfile", "web: sleep 100000\nworker: sleep 100000\nclock: sleep 100000\n");
    let app = App::deployed_from(&[], &[procfile, ("DOKKU_SCALE", "web=0\nworker=2\nclock=1\n")]);
    app.runs(&["clock.1", "worker.1", "worker.2"]);
    let refused = ends(1, &["ps:scale", &app.name, "worker=3"]);
    assert!(refused.both().contains("DOKKU_SCALE"), "{refused}");
    assert_eq!(app.scale(), ["clock=1", "worker=2"]);
    app.deploys(&[procfile, ("DOKKU_SCALE", "clock=0")]);
    app.runs(&["worker.1", "worker.2"]);
    app.deploys(&[procfile]);
    app.scales(&["worker=1"]);
    app.runs(&["worker.1"]);
}
