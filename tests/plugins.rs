//! What `ps:scale` tells the plugins that listen to it, and what they may answer. Nothing runs: the scale is only saved.

use std::fs;

use ps_tests::{Host, host};

/// Another plugin of the host.
const PLUGIN: &str = "lib/core-plugins/available/host";

/// A host whose plugin has these hooks; each writes down first how it was called.
fn with_hooks(hooks: &[(&str, &str)]) -> Host {
    let host = host().app("shop").scale("web=1 worker=1");
    for (name, body) in hooks {
        let note = "echo \"${DOKKU_PS_DRY_RUN:-none} ${0##*/} $*\" >>\"$CONFORMANCE_ROOT/heard\"";
        host.sandbox().write_script(&format!("{PLUGIN}/{name}"), &format!("#!/bin/sh\n{note}\n{body}\n"));
    }
    host
}

/// What the hooks have written down.
fn heard(host: &Host) -> Vec<String> {
    let heard = fs::read_to_string(host.sandbox().path("heard")).unwrap_or_default();
    heard.lines().map(str::to_owned).collect()
}

fn saved(host: &Host) -> String {
    fs::read_to_string(host.sandbox().path("lib/config/ps/shop/scale")).unwrap_or_default()
}

/// A change of scale that is only saved, by a hook.
fn by_a_hook(request: &str) -> String {
    format!("\"$PLUGIN_AVAILABLE_PATH/ps/subcommands/scale\" ps:scale --skip-deploy shop {request}")
}

#[test]
fn who_refuses_is_named_with_the_reason() {
    let host = with_hooks(&[("ps-pre-scale", "echo ' !     not on a Friday' >&2; exit 3"), ("ps-post-scale", "")]);
    for flags in [&["--skip-deploy"][..], &["--dry-run"]] {
        let words = [flags, &["shop", "web=2"]].concat();
        host.command("scale", words).fails(1).any_stdout().stderr(" !     refused by plugin host: not on a Friday\n");
        assert_eq!(saved(&host), "web=1\nworker=1\n");
    }
    assert_eq!(heard(&host), ["false ps-pre-scale shop web=1:2", "true ps-pre-scale shop web=1:2"]);
}

#[test]
fn who_refuses_without_a_word_is_named() {
    let host = with_hooks(&[("ps-pre-scale", "exit 3")]);
    let message = " !     The hook ps-pre-scale of the plugin host failed (exit status 3)\n";
    host.command("scale", ["--skip-deploy", "shop", "web=2"]).fails(1).any_stdout().stderr(message);
}

#[test]
fn a_plan_is_asked_for_before_it_is_told_and_told_to_nobody_after_it() {
    let host = with_hooks(&[("ps-pre-scale", ""), ("ps-post-scale", "")]);
    host.command("scale", ["--dry-run", "shop", "web=2", "worker=1"]).succeeds().any_stdout();
    host.command("scale", ["--dry-run", "shop", "worker=1"]).succeeds().any_stdout();
    assert_eq!(heard(&host), ["true ps-pre-scale shop web=1:2"]);
    host.command("scale", ["--skip-deploy", "shop", "web=2"]).succeeds().any_stdout();
    assert_eq!(heard(&host)[1..], ["false ps-pre-scale shop web=1:2", "none ps-post-scale shop web=1:2"]);
}

#[test]
fn a_change_by_a_hook_after_the_change_comes_within_it() {
    let nested = format!("case $2 in web=*) {};; esac", by_a_hook("worker=3"));
    let host = with_hooks(&[("ps-pre-scale", ""), ("ps-post-scale", &nested)]);
    host.command("scale", ["--skip-deploy", "shop", "web=2"]).succeeds().any_stdout();
    let order = [
        "false ps-pre-scale shop web=1:2",
        "none ps-post-scale shop web=1:2",
        "false ps-pre-scale shop worker=1:3",
        "none ps-post-scale shop worker=1:3",
    ];
    let heard = heard(&host);
    assert_eq!(heard.len(), order.len(), "{heard:#?}");
    for (line, wanted) in heard.iter().zip(order) {
        assert_eq!(line.split_once(' ').map(|(_, call)| call), wanted.split_once(' ').map(|(_, call)| call));
    }
    assert_eq!(saved(&host), "web=2\nworker=3\n");
}

#[test]
fn a_change_by_a_hook_before_the_change_takes_its_place() {
    let nested = format!("case $2 in web=*) {};; esac", by_a_hook("worker=3"));
    let host = with_hooks(&[("ps-pre-scale", &nested), ("ps-post-scale", "")]);
    host.command("scale", ["--skip-deploy", "shop", "web=2"])
        .fails(1)
        .any_stdout()
        .stderr_contains("A plugin has scaled shop in its ps-pre-scale");
    assert_eq!(saved(&host), "web=1\nworker=3\n");
}

#[test]
fn what_is_killed_before_it_is_done_is_told_to_nobody_and_keeps_nobody_out() {
    let host = with_hooks(&[
        ("ps-pre-scale", "[ -e \"$CONFORMANCE_ROOT/once\" ] || { : >\"$CONFORMANCE_ROOT/once\"; kill -9 $PPID; }"),
        ("ps-post-scale", ""),
    ]);
    host.command("scale", ["--skip-deploy", "shop", "web=2"]).exits_with_one_of(&[137, -1]).any_stdout().any_stderr();
    assert_eq!(saved(&host), "web=1\nworker=1\n");
    host.command("scale", ["--skip-deploy", "shop", "web=2"]).succeeds().any_stdout().any_stderr();
    let calls: Vec<String> = heard(&host).iter().filter_map(|line| line.split(' ').nth(1).map(str::to_owned)).collect();
    assert_eq!(calls, ["ps-pre-scale", "ps-pre-scale", "ps-post-scale"]);
}

#[test]
fn what_a_deploy_brings_along_is_announced_to_nobody() {
    let host = with_hooks(&[("ps-pre-scale", "exit 3"), ("ps-post-scale", "")])
        .file("lib/data/ps/shop/DOKKU_SCALE", "worker=5\n");
    host.run("ps-set-scale", ["shop", "true", "false", "web=4"]).succeeds();
    host.run("post-release-builder", ["dockerfile", "shop", "dokku/shop:latest"]).succeeds().any_stdout();
    assert!(saved(&host).contains("web=4\n"), "{}", saved(&host));
    assert!(heard(&host).is_empty(), "{:?}", heard(&host));
}

#[test]
fn who_fails_after_the_change_leaves_it_and_that_is_said() {
    let host = with_hooks(&[("ps-post-scale", "exit 3")]);
    let message = " !     The scale stands, but not all were told of it: The hook ps-post-scale of the plugin host failed \
                   (exit status 3)\n";
    host.command("scale", ["--skip-deploy", "shop", "web=2"]).fails(1).any_stdout().stderr(message);
    assert_eq!(saved(&host), "web=2\nworker=1\n");
}
