//! What goes wrong late, and what was left by those who were killed: a change that is done stays done, and nothing that
//! serves is taken for a leftover.

use std::fs;
use std::process::Command;
use std::time::Duration;

use ps_tests::docker::docker;
use ps_tests::process::wait_until;
use rustix::process::Signal;

use crate::killed::addresses;
use crate::shop::{Shop, kept, new};
use crate::started::Started;

pub(crate) fn an_error_after_the_hooks_does_not_undo_the_change() {
    let shop = Shop::with(&["web=2", "worker=2"]);
    let before = shop.runs(&["web.1", "web.2", "worker.1", "worker.2"]);
    let setting = shop.dokku.path(&format!("lib/config/ps/{}/stop-timeout-seconds", shop.app));
    fs::create_dir(&setting).expect("a folder in the place of a property");
    let printed = shop.scales(&["worker=1"]);
    assert!(printed.stderr.contains("The change is done") && printed.stderr.contains("ps:retire"), "{printed}");
    assert_eq!(shop.scale(), ["web=2", "worker=1"], "{printed}");
    kept(&before, &shop.runs(&["web.1", "web.2", "worker.1"]), &["web.1", "web.2", "worker.1"]);
    fs::remove_dir(setting).expect("the folder");
    let idle = shop.reconciles(&[]);
    assert!(idle.stdout.contains("is as it should be"), "{idle}");
}

pub(crate) fn what_a_file_names_serves_whatever_it_is_called() {
    let shop = Shop::with(&["web=1", "worker=1"]).checked("1");
    let before = shop.runs(&["web.1", "worker.1"]);
    // As after a core-post-deploy that failed: the hook that gives names has not run.
    let id = before["worker.1"].id.clone();
    docker(&["container", "rename", &id, &format!("{}.worker.1.upcoming-4711", shop.app)]);
    // It is to be replaced, and the new one cannot be made.
    let queue = shop.dokku.path("lib/data/scheduler-docker-local/dead-containers");
    fs::write(&queue, format!("{} {id} 4102444800\n", shop.app)).expect("the queue");
    shop.plugin("zz-broken", &[("post-container-create", "exit 1")]);
    let failed = shop.dokku.fails(1, &["ps:reconcile", &shop.app]);
    assert!(
        shop.dokku.ids(&shop.app).contains(&id),
        "the container that serves must be left alone: {failed} {:?}",
        shop.dokku.containers(&shop.app)
    );
    assert_eq!(shop.named().get("worker.1"), before.get("worker.1").map(|life| &life.id));
    fs::remove_file(shop.dokku.path("lib/plugins/enabled/zz-broken")).expect("the plugin that fails");
    shop.reconciles(&[]);
    let after = shop.runs(&["web.1", "worker.1"]);
    kept(&before, &after, &["web.1"]);
    new(&before, &after, &["worker.1"]);
}

pub(crate) fn a_change_begins_with_what_a_dead_one_has_left() {
    let shop = Shop::with(&["web=1", "worker=1"]);
    let before = shop.runs(&["web.1", "worker.1"]);
    let image = docker(&["container", "inspect", "--format", "{{.Image}}", &before["worker.1"].id]);
    let name = format!("{}.worker.2.upcoming-4711", shop.app);
    let labels = ["app-name", "container-type", "process-type", "dyno"]
        .into_iter()
        .zip([shop.app.as_str(), "deploy", "worker", "worker.2"])
        .map(|(label, value)| format!("--label=com.dokku.{label}={value}"));
    let mut words = vec!["container".to_owned(), "run".to_owned(), "--detach".to_owned(), format!("--name={name}")];
    words.extend(labels.chain([image.trim().to_owned(), "/demo".to_owned(), "worker".to_owned()]));
    docker(&words.iter().map(String::as_str).collect::<Vec<_>>());
    shop.scales(&["worker=2"]);
    kept(&before, &shop.runs(&["web.1", "worker.1", "worker.2"]), &["web.1", "worker.1"]);
    assert_eq!(shop.half_made(), [""; 0]);
}

pub(crate) fn a_changed_address_is_seen_and_mended() {
    let shop = Shop::with(&["web=2", "worker=1"]);
    let before = shop.runs(&["web.1", "web.2", "worker.1"]);
    let file = shop.home().join("IP.web.2");
    fs::write(&file, "172.17.0.250").expect("the address on file");
    let listed = shop.dokku.fails(3, &["ps", &shop.app, "--exit-code"]);
    assert!(listed.stdout.contains("stale address"), "{listed}");
    let plan = shop.reconciles(&["--dry-run"]);
    assert!(plan.stdout.contains("readdress"), "{plan}");
    assert_eq!(fs::read_to_string(&file).unwrap(), "172.17.0.250", "a plan changes nothing");
    shop.watch();
    shop.reconciles(&[]);
    assert_eq!(shop.fired("proxy-build-config"), 1);
    assert_eq!(shop.servers(), addresses(&shop));
    kept(&before, &shop.runs(&["web.1", "web.2", "worker.1"]), &["web.1", "web.2", "worker.1"]);
    shop.dokku.fails(0, &["ps", &shop.app, "--exit-code"]);
}

pub(crate) fn all_of_a_stopped_app_ends() {
    let shop = Shop::with(&["web=1", "worker=1"]);
    let before = shop.runs(&["web.1", "worker.1"]);
    // The host's script goes by the files; and this one's restart policy would bring it back.
    fs::remove_file(shop.home().join("CONTAINER.worker.1")).expect("the file that names it");
    shop.dokku.succeeds(&["ps:stop", &shop.app]);
    let running = shop.running_names();
    assert!(running.is_empty(), "{running:?} of {before:?}");
    let half = shop.dokku.path(&format!("lib/config/ps/{}/restore", shop.app));
    assert_eq!(fs::read_to_string(half).unwrap(), "false");
    docker(&["container", "start", &before["web.1"].id]);
    let told = shop.dokku.fails(1, &["ps:reconcile", &shop.app]);
    assert!(told.both().contains("is stopped, and web.1 of it runs"), "{told}");
    assert!(told.stderr.contains("ps:stop") && told.stderr.contains("ps:start"), "{told}");
}

/// ps:restart, killed once its first new container serves: the old ones of the type have been asked to end by then, and
/// nobody has told the proxy.
pub(crate) fn a_restart_that_is_killed_is_mended() {
    let shop = Shop::with(&["web=2"]).checked("1");
    let before = shop.runs(&["web.1", "web.2"]);
    let old = shop.servers();
    killed_half_way(&shop, "ps:restart");
    shop.reconciles(&["--lock-timeout", "240"]);
    is_mended(&shop);
    new(&before, &shop.runs(&["web.1", "web.2"]), &["web.1", "web.2"]);
    assert_ne!(shop.servers(), old, "the proxy must know the new ones");
}

/// ps:start of a stopped app, killed when some of it runs: all of it should.
pub(crate) fn a_start_that_is_killed_is_mended() {
    let shop = Shop::with(&["web=2"]).checked("1");
    shop.runs(&["web.1", "web.2"]);
    shop.dokku.succeeds(&["ps:stop", &shop.app]);
    // So that it is released anew.
    shop.dokku.succeeds(&["config:set", "--no-restart", &shop.app, "COLOUR=blue"]);
    killed_half_way(&shop, "ps:start");
    shop.reconciles(&["--lock-timeout", "240"]);
    is_mended(&shop);
}

/// Runs a command that has the host deploy the app, and kills it with all that it has started in a hook of the first
/// type.
fn killed_half_way(shop: &Shop, command: &str) {
    shop.plugin(
        "zz-waits",
        &[("scheduler-post-deploy-process", "echo here >>\"$LOG\"; while [ -e \"$LOG\" ]; do sleep 0.1; done")],
    );
    let mut started = Started::new(&shop.dokku, command.trim_start_matches("ps:"), &[command, &shop.app]);
    wait_until("the hook that waits", Duration::from_mins(3), || shop.has_heard("zz-waits"));
    started.signal(Signal::KILL);
    started.status();
    // And all that it has started: every script of this host.
    let scripts = shop.dokku.path("lib").display().to_string();
    Command::new("pkill").args(["-KILL", "-f", &scripts]).status().expect("pkill");
    fs::remove_file(shop.dokku.path("lib/plugins/enabled/zz-waits")).expect("the plugin that waits");
    fs::remove_file(shop.dokku.path("zz-waits.log")).expect("its log");
}

/// Two webs run and are what the proxy knows, and nothing else is to be done.
fn is_mended(shop: &Shop) {
    // The old ones are queued, and nobody is left who would end them before a timer of the host does.
    wait_until("the end of the old ones", Duration::from_mins(3), || {
        shop.dokku.succeeds(&["ps:retire", &shop.app]);
        shop.running_names().len() == 2
    });
    shop.runs(&["web.1", "web.2"]);
    assert_eq!(shop.servers(), addresses(shop));
    let idle = shop.reconciles(&[]);
    assert!(idle.stdout.contains("is as it should be"), "{idle}");
}
