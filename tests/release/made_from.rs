//! `docker-args-process-deploy`: what a new container is made from goes with it as a label.

use std::collections::BTreeMap;
use std::fs;
use std::os::unix::fs::PermissionsExt;

use ps_tests::Host;

use crate::{PROCFILE, shop};

const STOCK: &str = "--env=A=b --restart=on-failure:10";
const KEY: &str = "lib/data/ps/.fingerprint-key";

/// An app with a Procfile and a config.
fn configured() -> Host {
    shop().procfile(PROCFILE).file("lib/config/shop/ENV", "TOKEN=\"hunter2\"\n").stdin("--env=A=b")
}

fn arguments(host: &Host, more: &[&str]) -> String {
    let words = [&["shop", "dockerfile", "latest"], more].concat();
    host.run("docker-args-process-deploy", words).succeeds().fires_nothing().changes_no_file().into_stdout()
}

/// The hashes in the label of a container, by source.
fn label(host: &Host, process_type: &str) -> BTreeMap<String, String> {
    let printed = arguments(host, &[process_type, "1"]);
    let label = printed.strip_prefix(&format!("{STOCK} --label=com.dokku.ps.made-from=1,"));
    let label = label.unwrap_or_else(|| panic!("no label: {printed:?}"));
    assert!(!label.contains(|c: char| !c.is_ascii_alphanumeric() && !",:/".contains(c)), "{label:?}");
    let pairs = label.split(',').map(|pair| pair.split_once(':').expect("a source and its hash"));
    pairs.map(|(source, hash)| (source.to_owned(), hash.to_owned())).collect()
}

#[test]
fn a_container_carries_what_it_is_made_from_by_source() {
    let host = configured();
    let web = label(&host, "web");
    let sources: Vec<&str> = web.keys().map(String::as_str).collect();
    let wanted = ["command", "config", "docker/options", "init", "limits", "logs", "network", "ports", "storage"];
    assert_eq!(sources, wanted);
    assert_eq!(label(&host, "web"), web, "made again it is the same");
    let worker = label(&host, "worker");
    assert!(worker["config"] == web["config"] && worker["command"] != web["command"] && !worker.contains_key("ports"));

    let host = host.file("lib/config/shop/ENV", "TOKEN=\"hunter3\"\n");
    let mut after = label(&host, "web");
    assert_ne!(after.insert("config".to_owned(), web["config"].clone()).as_ref(), web.get("config"));
    assert_eq!(after, web, "nothing but the config has changed");
    let mode = fs::metadata(host.sandbox().path(KEY)).unwrap().permissions().mode();
    assert_eq!(mode & 0o777, 0o600, "nobody else may read the key");
}

/// The Procfile of the deploy in progress counts, as it does for the command of the container.
#[test]
fn within_a_deploy_the_new_release_counts() {
    let host = configured();
    let before = label(&host, "web");
    let host = host.file("lib/data/ps/shop/Procfile.4242", "web: /demo other\n");
    let during = label(&host, "web");
    assert_ne!(during["command"], before["command"]);
    host.run("core-post-deploy", ["shop", "", "", "latest"]).succeeds();
    assert_eq!(label(&host, "web"), during);
}

#[test]
fn without_a_type_or_with_an_odd_one_there_is_no_label() {
    for odd in [&[][..], &[""], &["", "1"], &["we b", "1"], &["../x", "1"], &["a\nb"]] {
        assert_eq!(arguments(&configured(), odd), STOCK, "{odd:?}");
    }
}

/// A deploy goes on, and says nothing at each of its containers.
#[test]
fn what_cannot_be_read_is_no_reason_to_fail_a_deploy() {
    let broken_key = || configured().file(KEY, "short");
    let no_config = || configured().file("lib/config/shop/ENV", "TOKEN=\"hunter2\n");
    let no_folder = || configured().directory("lib/config/docker-options/shop/web.deploy");
    for (what, host) in [("key", broken_key()), ("config", no_config()), ("options", no_folder())] {
        assert_eq!(arguments(&host, &["web", "1"]), STOCK, "{what}");
    }
}

#[test]
fn install_removes_what_an_earlier_version_kept_of_it() {
    let host = shop().file("lib/data/ps/shop/fingerprints/aaaaaaaaaaaa", "{}");
    host.run("install", Vec::<&str>::new()).succeeds().leaves_nothing_at("lib/data/ps/shop/fingerprints");
    assert!(host.sandbox().path("lib/data/ps/shop/keep").exists());
}
