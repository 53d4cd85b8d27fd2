//! Docker gives a container another address at any start of it, and the one that it had to somebody else.

use ps_tests::docker::docker;
use ps_tests::process::wait_until;

use crate::host::{App, PATIENCE, ends, succeeds};

/// Serves what the app's web does: the name of its host.
const STRANGER: &str = "hostname > /www/index.html; exec httpd -f -p 5000 -h /www";

/// Removes a container when it is dropped.
pub(crate) struct Container(String);

impl Drop for Container {
    fn drop(&mut self) {
        docker(&["container", "rm", "--force", &self.0]);
    }
}

pub(crate) fn address_of(id: &str) -> String {
    docker(&["container", "inspect", "--format", "{{.NetworkSettings.IPAddress}}", id]).trim().to_owned()
}

/// Strangers of whom the last has this address, which is free. Docker gives the lowest one that is.
pub(crate) fn takes_the_address_of(address: &str) -> Vec<Container> {
    let run = ["container", "run", "--detach", "bb:latest", "sh", "-c", STRANGER];
    let mut strangers = Vec::new();
    while strangers.last().is_none_or(|Container(last)| address_of(last) != address) {
        assert!(strangers.len() < 20, "none of 20 strangers has {address}");
        strangers.push(Container(docker(&run).trim().to_owned()));
    }
    strangers
}

pub(crate) fn a_changed_address_is_seen_and_mended_before_a_stranger_answers(app: &App) {
    app.scales(&["web=1", "worker=0"]);
    let before = app.runs(&["web.1"]);
    app.answers(&before);
    let id = &before["web.1"].id;
    let address = address_of(id);
    docker(&["container", "stop", id]);
    let strangers = takes_the_address_of(&address);
    docker(&["container", "start", id]);
    assert_ne!(address_of(id), address);
    let is_a_stranger = |host: String| strangers.iter().any(|Container(id)| id.starts_with(host.as_str()));
    wait_until("a stranger answers", PATIENCE, || app.ask().is_ok_and(is_a_stranger));

    let seen = ends(3, &["ps", &app.name, "--exit-code"]);
    assert!(seen.stdout.contains("stale address"), "{seen}");
    succeeds(&["ps:reconcile", &app.name]);
    ends(0, &["ps", &app.name, "--exit-code"]);
    let now = app.runs(&["web.1"]);
    assert_eq!(now["web.1"].id, *id);
    // nginx ends its old workers once their last request is answered.
    app.answers(&now);
    let served = app.asked_while(|| {});
    assert!(served.iter().all(|host| id.starts_with(host.as_str())), "{served:?}");
}
