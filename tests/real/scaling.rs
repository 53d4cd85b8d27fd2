//! What a change of the scale touches, and what it does not, while nginx is asked.

use crate::host::{App, ends, new_lives, same_lives, succeeds};
use crate::plugin;

/// The names of these instances' containers are among those that answered.
fn answered(served: &std::collections::BTreeSet<String>, lives: &crate::host::Instances, instances: &[&str]) {
    for instance in instances {
        let id = &lives[*instance].id;
        assert!(served.iter().any(|host| id.starts_with(host.as_str())), "{instance} ({id}) answered none: {served:?}");
    }
}

pub(crate) fn workers_come_and_go_and_nothing_else_is_touched() {
    plugin::ours();
    let app = App::deployed(&["worker=2"]);
    let before = app.runs(&["web.1", "worker.1", "worker.2"]);
    let said = app.scales(&["worker=4"]);
    assert!(said.stdout.contains(&format!("-----> Scaling {} processes: worker=4", app.name)), "{said}");
    let more = app.runs(&["web.1", "worker.1", "worker.2", "worker.3", "worker.4"]);
    same_lives(&before, &more, &["web.1", "worker.1", "worker.2"]);
    assert_eq!(app.scale(), ["web=1", "worker=4"]);
    assert_eq!(app.report("--processes"), "5");
    app.scales(&["worker-3"]);
    let fewer = app.runs(&["web.1", "worker.1"]);
    same_lives(&before, &fewer, &["web.1", "worker.1"]);
    app.scales(&["worker=0"]);
    same_lives(&before, &app.runs(&["web.1"]), &["web.1"]);
    app.scales(&["worker=1"]);
    same_lives(&before, &app.runs(&["web.1", "worker.1"]), &["web.1"]);
    let refused = ends(1, &["ps:scale", &app.name, "clock=1"]);
    assert!(refused.both().contains("clock"), "{refused}");
    assert_eq!(app.scale(), ["web=1", "worker=1"]);
}

pub(crate) fn webs_come_and_go_and_no_request_is_lost() {
    plugin::ours();
    let app = App::deployed(&["worker=1"]);
    let before = app.runs(&["web.1", "worker.1"]);
    app.answers(&before);
    let served = app.asked_while(|| {
        app.scales(&["web=3"]);
    });
    let more = app.runs(&["web.1", "web.2", "web.3", "worker.1"]);
    same_lives(&before, &more, &["web.1", "worker.1"]);
    answered(&served, &more, &["web.1", "web.2", "web.3"]);
    app.asked_while(|| {
        app.scales(&["web=1"]);
    });
    let fewer = app.runs(&["web.1", "worker.1"]);
    same_lives(&before, &fewer, &["web.1", "worker.1"]);
    let served = app.asked_while(|| {});
    assert_eq!(served.len(), 1, "only web.1 is there to answer: {served:?}");
    answered(&served, &fewer, &["web.1"]);
}

/// With the checks of app.json, so that the host's own wait of ten seconds is a short one.
pub(crate) fn with_checks_a_new_instance_is_checked_and_no_request_is_lost() {
    plugin::ours();
    let checks =
        r#"{"healthchecks": {"web": [{"type": "startup", "name": "up", "path": "/", "wait": 1, "attempts": 30}]}}"#;
    let app = App::deployed_from(&[], &[("app.json", checks)]);
    succeeds(&["checks:enable", &app.name]);
    let before = app.runs(&["web.1"]);
    app.answers(&before);
    let mut said = String::new();
    let served = app.asked_while(|| said = app.scales(&["web+1"]).both());
    assert!(said.contains("Attempting pre-flight checks (web.2)"), "{said}");
    let more = app.runs(&["web.1", "web.2"]);
    same_lives(&before, &more, &["web.1"]);
    answered(&served, &more, &["web.1", "web.2"]);
}

/// What the stock plugin has deployed carries no label: it is judged by itself.
pub(crate) fn containers_of_the_stock_plugin_are_scaled_without_touching_them() {
    plugin::stock();
    let app = App::deployed(&["worker=1"]);
    let before = app.runs(&["web.1", "worker.1"]);
    plugin::ours();
    assert_eq!(app.pending("web"), [""; 0]);
    app.scales(&["web=2", "worker=2"]);
    let more = app.runs(&["web.1", "web.2", "worker.1", "worker.2"]);
    same_lives(&before, &more, &["web.1", "worker.1"]);
    succeeds(&["docker-options:add", &app.name, "deploy", "--label=shelf=3"]);
    let shown = app.pending("worker");
    assert!(shown.contains(&"docker options".to_owned()), "{shown:?}");
    app.scales(&["worker=3"]);
    let anew = app.runs(&["web.1", "web.2", "worker.1", "worker.2", "worker.3"]);
    same_lives(&more, &anew, &["web.1", "web.2"]);
    new_lives(&more, &anew, &["worker.1", "worker.2", "worker.3"]);
}
