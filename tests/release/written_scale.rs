//! The file `DOKKU_SCALE` in an app's folder, which says the scale to whoever looks there.

use std::fs;
use std::time::{Duration, SystemTime};

use ps_tests::{Answer, Host, host};

use crate::{PROCFILE, content, deploy_source, shop};

const FILE: &str = "home/shop/DOKKU_SCALE";

/// An app without a `DOKKU_SCALE` in its source, that runs this.
fn deployed(quantities: &str) -> Host {
    deploy_source(shop().scale(quantities), PROCFILE, "")
}

fn written(host: &Host) -> String {
    content(host, FILE).unwrap_or_else(|| panic!("{FILE} is not there"))
}

/// Makes the file look old, so that one that is written anew can be told from it.
fn grow_old(host: &Host) -> SystemTime {
    let file = fs::File::options().append(true).open(host.sandbox().path(FILE)).unwrap();
    let then = SystemTime::now() - Duration::from_hours(1);
    file.set_modified(then).unwrap();
    modified(host)
}

fn modified(host: &Host) -> SystemTime {
    fs::metadata(host.sandbox().path(FILE)).unwrap().modified().unwrap()
}

#[test]
fn a_new_app_has_it() {
    let host = host();
    host.sandbox().make_directory("home/shop");
    host.run("post-create", ["shop"]).succeeds();
    assert_eq!(written(&host), "web=1\n");
}

#[test]
fn a_deploy_writes_the_types_of_its_procfile() {
    assert_eq!(written(&deployed("web=2")), "web=2\nworker=0\n");
}

#[test]
fn ps_scale_writes_it_anew() {
    let host = deployed("web=1");
    host.command("scale", ["shop", "web=2", "worker=1"]).any_stdout().deploys("web worker");
    assert_eq!(written(&host), "web=2\nworker=1\n");
    host.command("scale", ["--skip-deploy", "shop", "worker=0"]).any_stdout().fires_nothing();
    assert_eq!(written(&host), "web=2\nworker=0\n");
}

#[test]
fn another_plugin_that_sets_the_scale_has_it_written_anew() {
    let host = deployed("web=1");
    host.run("ps-set-scale", ["shop", "true", "true", "web=3"]).succeeds();
    assert_eq!(written(&host), "web=3\nworker=0\n");
}

#[test]
fn a_scale_that_is_put_back_after_a_failure_is_put_back_there_too() {
    let host = deployed("web=1").gives("deploy", &[Answer::failure(1).to(&["shop", "latest", "worker"])]);
    host.command("scale", ["shop", "web=2", "worker=1"]).fails(1).any_stdout().any_stderr();
    assert_eq!(written(&host), "web=2\nworker=0\n");
}

#[test]
fn a_request_that_is_refused_leaves_it() {
    let host = deployed("web=1");
    let then = grow_old(&host);
    host.command("scale", ["shop", "web=two"]).fails(1).any_stdout().any_stderr();
    host.command("scale", ["shop", "web=3", "nope=1"]).fails(1).any_stdout().any_stderr();
    assert_eq!((modified(&host), written(&host)), (then, "web=1\nworker=0\n".to_owned()));
}

#[test]
fn it_is_not_written_anew_when_nothing_changes() {
    let host = deployed("web=2");
    let then = grow_old(&host);
    host.command("scale", ["shop", "web=2"]).any_stdout().fires_nothing();
    host.command("scale", ["shop"]).any_stdout();
    let host = deploy_source(host, PROCFILE, "");
    assert_eq!(modified(&host), then);
    host.command("scale", ["--skip-deploy", "shop", "web=3"]).any_stdout();
    assert_ne!(modified(&host), then, "a change must be seen by that measure");
}

#[test]
fn it_is_not_written_while_the_source_has_one() {
    let host = deploy_source(shop(), PROCFILE, "web=2\n");
    assert_eq!(content(&host, FILE), None);
    host.run("ps-set-scale", ["shop", "true", "false", "web=5"]).succeeds();
    assert_eq!(content(&host, FILE), None);
}

#[test]
fn the_first_deploy_of_a_source_without_one_writes_it() {
    let host = deploy_source(deploy_source(shop(), PROCFILE, "web=2\n"), PROCFILE, "");
    assert_eq!(written(&host), "web=2\nworker=0\n");
}

#[test]
fn it_is_no_command_to_the_next_deploy() {
    // What stands there is told, not asked: only the source and ps:scale have a say.
    let host = deployed("web=1").file(FILE, "web=9\n");
    let host = deploy_source(host, PROCFILE, "");
    assert_eq!(written(&host), "web=1\nworker=0\n");
}

#[test]
fn a_clone_and_a_renamed_app_have_it_too() {
    for hook in ["post-app-clone-setup", "post-app-rename-setup"] {
        let host = deployed("web=2");
        host.sandbox().make_directory("home/other");
        host.run("post-create", ["other"]).succeeds();
        host.run(hook, ["shop", "other"]).succeeds().leaves("lib/config/ps/other/scale", "web=2\nworker=0\n");
        assert_eq!(content(&host, "home/other/DOKKU_SCALE").unwrap(), "web=2\nworker=0\n", "{hook}");
    }
}

#[test]
fn a_scale_that_cannot_be_told_there_is_set_all_the_same_or_not_at_all() {
    let host = deployed("web=1");
    fs::remove_file(host.sandbox().path(FILE)).unwrap();
    let host = host.directory(FILE).file(&format!("{FILE}/README"), "in the way\n");
    let outcome = host.command("scale", ["shop", "web=2"]).exits_with_one_of(&[0, 1]).any_stdout().any_stderr();
    let scale = content(&host, "lib/config/ps/shop/scale").unwrap();
    if format!("{outcome}").contains("exit: 0") {
        drop(outcome.deploys("web"));
        assert_eq!(scale, "web=2\nworker=0\n");
    } else {
        drop(outcome.deploys(""));
        assert_eq!(scale, "web=1\nworker=0\n", "a command that fails without a deploy must not keep the new scale");
    }
}
