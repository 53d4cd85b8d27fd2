//! A new container must be like its siblings: what changed since the deploy is told, and a type that grows is made anew.

use std::fs;
use std::path::Path;

use ps_tests::docker::{Dokku, docker};

use crate::shop::{Shop, kept, lines_with, new};

/// Must not be found in any file but the host's own.
const SECRET: &str = "correct-horse-battery-staple";

/// The lines of `ps APP` that tell of something pending.
fn pending(shop: &Shop) -> Vec<String> {
    let listing = shop.dokku.succeeds(&["ps", &shop.app]);
    listing.lines().filter(|line| line.contains("pending")).map(str::to_owned).collect()
}

pub(crate) fn a_changed_config_is_pending_and_recreates_a_type_that_grows() {
    let shop = Shop::with(&["web=1", "worker=2"]);
    let before = shop.runs(&["web.1", "worker.1", "worker.2"]);
    assert_eq!(pending(&shop), [""; 0]);
    let label = label_of(&before["worker.1"].id);
    assert!(label.starts_with("1,command:") && label.contains(",docker/options:"), "{label}");
    assert_eq!(label_of(&before["worker.2"].id), label, "what is equal is equally made");
    shop.dokku.succeeds(&["config:set", "--no-restart", &shop.app, &format!("TOKEN={SECRET}")]);
    let shown = pending(&shop);
    assert!(shown.iter().any(|line| !lines_with(line, &["config"]).is_empty()), "{shown:#?}");

    let scaled = shop.scales(&["worker+1"]);
    let said = scaled.both();
    assert!(!lines_with(&said, &["config", "changed"]).is_empty(), "it must say why: {scaled}");
    let recreated = shop.runs(&["web.1", "worker.1", "worker.2", "worker.3"]);
    kept(&before, &recreated, &["web.1"]);
    new(&before, &recreated, &["worker.1", "worker.2", "worker.3"]);
    assert!(!said.contains(SECRET) && !shown.concat().contains(SECRET), "a value is shown: {scaled}");
    holds_no_secret(&shop.dokku.path(&format!("lib/data/ps/{}", shop.app)));

    // What was made anew is like what the next one will be.
    let scaled = shop.scales(&["worker+1"]);
    assert!(lines_with(&scaled.both(), &["config", "changed"]).is_empty(), "{scaled}");
    let grown = shop.runs(&["web.1", "worker.1", "worker.2", "worker.3", "worker.4"]);
    kept(&recreated, &grown, &["web.1", "worker.1", "worker.2", "worker.3"]);
    // web still runs with the old config.
    assert_ne!(pending(&shop), [""; 0]);
    shop.dokku.succeeds(&["ps:restart", &shop.app]);
    assert_eq!(pending(&shop), [""; 0]);
}

/// What a container carries of what it was made from.
fn label_of(container: &str) -> String {
    let template = "{{index .Config.Labels \"com.dokku.ps.made-from\"}}";
    docker(&["container", "inspect", "--format", template, container]).trim().to_owned()
}

fn holds_no_secret(folder: &Path) {
    for entry in fs::read_dir(folder).expect("the app's data").flatten() {
        if entry.path().is_dir() {
            holds_no_secret(&entry.path());
        } else {
            let content = fs::read(entry.path()).expect("a file of the app's data");
            let content = String::from_utf8_lossy(&content);
            assert!(!content.contains(SECRET), "{} holds a secret", entry.path().display());
        }
    }
}

pub(crate) fn a_changed_config_does_not_keep_a_type_from_shrinking() {
    let shop = Shop::with(&["web=2", "worker=2"]);
    let before = shop.runs(&["web.1", "web.2", "worker.1", "worker.2"]);
    shop.dokku.succeeds(&["config:set", "--no-restart", &shop.app, "COLOUR=blue"]);
    shop.scales(&["worker=1", "web=1"]);
    kept(&before, &shop.runs(&["web.1", "worker.1"]), &["web.1", "worker.1"]);
}

pub(crate) fn other_changes_are_told_apart() {
    // An option of one type is no matter of another one's, and taken back it is none at all.
    let shop = Shop::with(&["web=1", "worker=1"]);
    let before = shop.runs(&["web.1", "worker.1"]);
    let option = ["--process", "worker", &shop.app, "deploy", "--label=shelf=3"];
    shop.dokku.succeeds(&[&["docker-options:add"], &option[..]].concat());
    let shown = pending(&shop);
    assert!(!shown.is_empty() && shown.iter().all(|line| lines_with(line, &["config"]).is_empty()), "{shown:#?}");
    shop.scales(&["web=2"]);
    let webs = shop.runs(&["web.1", "web.2", "worker.1"]);
    kept(&before, &webs, &["web.1", "worker.1"]);
    shop.dokku.succeeds(&[&["docker-options:remove"], &option[..]].concat());
    assert_eq!(pending(&shop), [""; 0]);
    shop.scales(&["worker=2"]);
    kept(&webs, &shop.runs(&["web.1", "web.2", "worker.1", "worker.2"]), &["web.1", "web.2", "worker.1"]);
    shop.dokku.succeeds(&[&["docker-options:add"], &option[..]].concat());
    let grown = shop.instances();
    shop.scales(&["worker=3"]);
    let recreated = shop.runs(&["web.1", "web.2", "worker.1", "worker.2", "worker.3"]);
    kept(&grown, &recreated, &["web.1", "web.2"]);
    new(&grown, &recreated, &["worker.1", "worker.2", "worker.3"]);
}

pub(crate) fn a_container_without_a_label_is_judged_by_its_times() {
    // With a key that is none no label is made: as on a host where the containers are older than this plugin.
    let dokku = Dokku::new();
    let key = dokku.path("lib/data/ps/.fingerprint-key");
    fs::create_dir_all(key.parent().expect("a folder")).expect("the plugin's data");
    fs::write(&key, "none").expect("a key");
    let shop = Shop::on(dokku, &["web=1", "worker=2"], &[]);
    fs::remove_file(key).expect("the key");
    let before = shop.runs(&["web.1", "worker.1", "worker.2"]);
    assert!(before.values().all(|life| label_of(&life.id).is_empty()));
    assert_eq!(pending(&shop), [""; 0]);
    // A new one beside them has a label, and is like them.
    shop.scales(&["web=2"]);
    let webs = shop.runs(&["web.1", "web.2", "worker.1", "worker.2"]);
    kept(&before, &webs, &["web.1", "worker.1", "worker.2"]);
    assert!(label_of(&webs["web.2"].id).starts_with("1,"));
    assert_eq!(pending(&shop), [""; 0]);
    shop.scales(&["web=1"]);
    shop.dokku.succeeds(&["docker-options:add", &shop.app, "deploy", "--label=shelf=3"]);
    assert_ne!(pending(&shop), [""; 0]);
    // To shrink a type asks nobody what has changed.
    shop.scales(&["worker=1"]);
    kept(&before, &shop.runs(&["web.1", "worker.1"]), &["web.1", "worker.1"]);
    assert_ne!(pending(&shop), [""; 0]);
    shop.scales(&["worker=2"]);
    new(&before, &shop.runs(&["web.1", "worker.1", "worker.2"]), &["worker.1", "worker.2"]);
}
