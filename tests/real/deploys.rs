//! Deploys that fail, checks, and sources that say the scale.

use crate::host::{App, WEB, WORKER, ends, same_lives, succeeds};
use crate::scaling::answered;

/// The app runs on as before, and still answers.
fn serves_on(app: &App, before: &crate::host::Instances) {
    let instances: Vec<&str> = before.keys().map(String::as_str).collect();
    same_lives(before, &app.runs(&instances), &instances);
    app.answers(before);
}

/// With checks in its app.json that are not made until somebody enables them.
pub(crate) fn a_first_deploy_with_checks_in_the_source_runs(app: &App) {
    app.is_deployed(&["web=1", "worker=1"], &[("app.json", CHECKS)]);
    app.answers(&app.runs(&["web.1", "worker.1"]));
}

/// Short ones, instead of the host's own wait of ten seconds.
pub(crate) const CHECKS: &str = r#"{"healthchecks": {
    "web": [{"type": "startup", "name": "up", "path": "/", "wait": 1, "attempts": 3}],
    "worker": [{"type": "startup", "name": "up", "uptime": 1}]
}}"#;

pub(crate) fn a_failing_release_leaves_the_old_containers(app: &App) {
    let before = app.runs(&["web.1", "worker.1"]);
    let procfile = format!("{WEB}{WORKER}release: sh -c \"echo no release today; exit 7\"\n");
    let failed = app.deploy(&[("Procfile", &procfile)]);
    assert!(failed.status != 0 && failed.both().contains("no release today"), "{failed}");
    serves_on(app, &before);
}

pub(crate) fn what_is_wrong_in_the_source_is_found_before_anything_is_released(app: &App) {
    let before = app.runs(&["web.1", "worker.1"]);
    for (name, content, said) in [
        ("Procfile", "web: httpd -f\nthis is no line of a Procfile\n", "line 2"),
        ("DOKKU_SCALE", "web=1\nworker=many\n", "DOKKU_SCALE"),
        ("DOKKU_SCALE", "web=1\nclock=1\n", "clock"),
        ("app.json", r#"{"formation": {"clock": {"quantity": 1}}}"#, "clock"),
    ] {
        let failed = app.deploy(&[(name, content)]);
        assert!(failed.status != 0 && failed.both().contains(said), "{name}: {failed}");
        assert!(!failed.both().contains("Deploying web"), "{name}: {failed}");
        serves_on(app, &before);
        assert_eq!(app.scale(), ["web=1", "worker=1"], "{name}");
    }
}

/// Its checks are made from here on.
pub(crate) fn a_web_that_dies_leaves_the_old_containers(app: &App) {
    let before = app.runs(&["web.1", "worker.1"]);
    succeeds(&["checks:enable", &app.name]);
    let dying = format!("web: sh -c \"echo I do not serve; exit 5\"\n{WORKER}");
    let mut failed = None;
    app.asked_while(|| failed = Some(app.deploy(&[("Procfile", &dying), ("app.json", CHECKS)])));
    let failed = failed.expect("a deploy");
    assert!(failed.status != 0, "{failed}");
    // What the deploy left besides is no matter of theirs; a reconcile ends it.
    succeeds(&["ps:reconcile", &app.name]);
    serves_on(app, &before);
}

/// After deploys that failed, it is scaled from the image that its instances have.
pub(crate) fn with_checks_a_new_instance_is_checked_and_no_request_is_lost(app: &App) {
    let before = app.runs(&["web.1", "worker.1"]);
    let mut said = String::new();
    let served = app.asked_while(|| said = app.scales(&["web+1", "worker+1"]).both());
    assert_eq!(checked(&said), ["web.2", "worker.2"], "{said}");
    let more = app.runs(&["web.1", "web.2", "worker.1", "worker.2"]);
    same_lives(&before, &more, &["web.1", "worker.1"]);
    answered(&served, &more, &["web.1", "web.2"]);
}

pub(crate) fn checks_are_made_where_the_host_makes_them(app: &App) {
    let disabled = || succeeds(&["checks:report", &app.name, "--checks-disabled-list"]).trim().to_owned();
    assert_eq!(disabled(), "none", "they were made for all types");
    for (words, listed, quantity, wanted) in [
        (&["checks:disable", &app.name, "web"][..], "web", "3", &["worker.3"][..]),
        (&["checks:disable", &app.name], "_all_", "4", &[]),
    ] {
        succeeds(words);
        assert_eq!(disabled(), listed, "after {words:?}");
        let said = app.scales(&[&format!("web={quantity}"), &format!("worker={quantity}")]).both();
        assert_eq!(checked(&said), wanted, "after {words:?}: {said}");
    }
}

/// The instances that a command says were checked.
fn checked(said: &str) -> Vec<String> {
    let begin = "Attempting pre-flight checks (";
    let instances = said.lines().filter_map(|line| line.split_once(begin)?.1.split_once(')'));
    let mut instances: Vec<String> = instances.map(|(instance, _)| instance.to_owned()).collect();
    instances.sort();
    instances
}

const THREE_TYPES: (&str, &str) = ("Procfile", "web: sleep 100000\nworker: sleep 100000\nclock: sleep 100000\n");

/// A DOKKU_SCALE beside it has no say.
pub(crate) fn a_formation_in_app_json_rules(app: &App) {
    // Nobody asks this app, and at each deploy the host makes nginx's configuration three times.
    succeeds(&["proxy:disable", &app.name]);
    let formation = r#"{"formation": {"web": {"quantity": 0}, "worker": {"quantity": 2}}}"#;
    app.deploys(&[THREE_TYPES, ("app.json", formation), ("DOKKU_SCALE", "worker=5\n")]);
    let before = app.runs(&["worker.1", "worker.2"]);
    assert_eq!(app.report("--ps-can-scale"), "false");
    let refused = ends(1, &["ps:scale", &app.name, "worker=1"]);
    assert!(refused.both().contains("app.json"), "{refused}");
    same_lives(&before, &app.runs(&["worker.1", "worker.2"]), &["worker.1", "worker.2"]);
}

/// It has its say when the formation is gone, and its last line needs no end.
pub(crate) fn a_dokku_scale_in_the_source_rules(app: &App) {
    app.deploys(&[THREE_TYPES, ("DOKKU_SCALE", "worker=1\nclock=1")]);
    let before = app.runs(&["clock.1", "worker.1"]);
    let refused = ends(1, &["ps:scale", &app.name, "worker=3"]);
    assert!(refused.both().contains("DOKKU_SCALE"), "{refused}");
    assert_eq!(app.scale(), ["clock=1", "worker=1"]);
    same_lives(&before, &app.runs(&["clock.1", "worker.1"]), &["clock.1", "worker.1"]);
}

/// A type that the release has no more is retired, its files with it.
pub(crate) fn a_source_without_either_gives_the_scale_back_to_the_user(app: &App) {
    app.deploys(&[("Procfile", WORKER)]);
    let before = app.runs(&["worker.1"]);
    assert_eq!(app.scale(), ["worker=1"]);
    assert_eq!(app.report("--ps-can-scale"), "true");
    app.scales(&["worker=2"]);
    same_lives(&before, &app.runs(&["worker.1", "worker.2"]), &["worker.1"]);
    app.scales(&["worker=1"]);
    same_lives(&before, &app.runs(&["worker.1"]), &["worker.1"]);
}
