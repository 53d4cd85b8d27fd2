//! What a change of the scale touches, and what it does not, while nginx is asked.

use crate::host::{App, ends, new_lives, same_lives, succeeds};

/// The names of these instances' containers are among those that answered.
pub(crate) fn answered(
    served: &std::collections::BTreeSet<String>,
    lives: &crate::host::Instances,
    instances: &[&str],
) {
    for instance in instances {
        let id = &lives[*instance].id;
        assert!(served.iter().any(|host| id.starts_with(host.as_str())), "{instance} ({id}) answered none: {served:?}");
    }
}

/// The app has web.1, worker.1 to worker.3 and clock.1, as [`crate::life`] leaves it.
pub(crate) fn workers_go_and_nothing_else_is_touched(app: &App) {
    let before = app.runs(&["clock.1", "web.1", "worker.1", "worker.2", "worker.3"]);
    assert_eq!(app.scale(), ["clock=1", "web=1", "worker=3"]);
    assert_eq!(app.report("--processes"), "5");
    app.scales(&["worker-2"]);
    let fewer = app.runs(&["clock.1", "web.1", "worker.1"]);
    same_lives(&before, &fewer, &["clock.1", "web.1", "worker.1"]);
    assert_eq!(app.scale(), ["clock=1", "web=1", "worker=1"]);
    let refused = ends(1, &["ps:scale", &app.name, "cloak=1"]);
    assert!(refused.both().contains("cloak"), "{refused}");
    same_lives(&fewer, &app.runs(&["clock.1", "web.1", "worker.1"]), &["clock.1", "web.1", "worker.1"]);
    assert_eq!(app.scale(), ["clock=1", "web=1", "worker=1"]);
}

/// While the last worker goes, and comes back.
pub(crate) fn webs_come_and_go_and_no_request_is_lost(app: &App) {
    let before = app.runs(&["clock.1", "web.1", "worker.1"]);
    app.answers(&before);
    let served = app.asked_while(|| {
        app.scales(&["web=3", "worker=0"]);
    });
    let more = app.runs(&["clock.1", "web.1", "web.2", "web.3"]);
    same_lives(&before, &more, &["clock.1", "web.1"]);
    answered(&served, &more, &["web.1", "web.2", "web.3"]);
    app.asked_while(|| {
        app.scales(&["web=1", "worker=2", "clock=0"]);
    });
    let fewer = app.runs(&["web.1", "worker.1", "worker.2"]);
    same_lives(&before, &fewer, &["web.1"]);
    let served = app.asked_while(|| {});
    assert_eq!(served.len(), 1, "only web.1 is there to answer: {served:?}");
    answered(&served, &fewer, &["web.1"]);
}

/// What the stock plugin has deployed has no fingerprints: it is judged by itself.
pub(crate) fn containers_of_the_stock_plugin_are_scaled_without_touching_them(app: &App) {
    let before = app.runs(&["web.1", "worker.1", "worker.2"]);
    assert_eq!(app.pending("web"), [""; 0]);
    app.scales(&["web=2", "worker=3"]);
    let more = app.runs(&["web.1", "web.2", "worker.1", "worker.2", "worker.3"]);
    same_lives(&before, &more, &["web.1", "worker.1", "worker.2"]);
    succeeds(&["docker-options:add", &app.name, "deploy", "--label=shelf=3"]);
    let shown = app.pending("worker");
    assert!(shown.contains(&"docker options".to_owned()), "{shown:?}");
    app.scales(&["worker=4"]);
    let anew = app.runs(&["web.1", "web.2", "worker.1", "worker.2", "worker.3", "worker.4"]);
    same_lives(&more, &anew, &["web.1", "web.2"]);
    new_lives(&more, &anew, &["worker.1", "worker.2", "worker.3", "worker.4"]);
}
