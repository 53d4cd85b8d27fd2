//! Docker gives a container another address at any start of it, and the one that it had to somebody else.

use ps_tests::docker::docker;

use crate::host::{App, ends, same_lives, succeeds};

pub(crate) fn a_changed_address_is_seen_and_mended_before_another_app_answers(app: &App) {
    let other = App::deployed(&[]);
    let before = app.runs(&["web.1"]);
    let address_of = |app: &App, instance: &str| app.inspect(instance, "{{.NetworkSettings.IPAddress}}");
    let address = address_of(app, "web.1");
    docker(&["container", "stop", &before["web.1"].id]);
    // Docker gives the lowest address that is free.
    other.scales(&["web=2"]);
    assert_eq!(address_of(&other, "web.2"), address, "the other app must have the address by now");
    docker(&["container", "start", &before["web.1"].id]);
    assert_ne!(address_of(app, "web.1"), address);
    let others = other.runs(&["web.1", "web.2"]);
    app.answers(&others);

    let seen = ends(3, &["ps", &app.name, "--exit-code"]);
    assert!(seen.stdout.contains("stale address"), "{seen}");
    succeeds(&["ps:reconcile", &app.name]);
    ends(0, &["ps", &app.name, "--exit-code"]);
    let now = app.runs(&["web.1"]);
    assert_eq!(now["web.1"].id, before["web.1"].id);
    // nginx ends its old workers once their last request is answered.
    app.answers(&now);
    let served = app.asked_while(|| {});
    assert!(served.iter().all(|host| now["web.1"].id.starts_with(host.as_str())), "{served:?}");
    same_lives(&others, &other.runs(&["web.1", "web.2"]), &["web.1", "web.2"]);
}
