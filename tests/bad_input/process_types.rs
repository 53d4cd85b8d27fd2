//! Names of process types: misspelt, and made to hurt.

use std::ffi::OsString;
use std::os::unix::ffi::OsStringExt;

use crate::shop;

/// What no type can be called, and what the message has to say of it.
fn hostile() -> Vec<(OsString, &'static str)> {
    vec![
        ("../x".into(), "../x"),
        ("-x/".into(), "-x/"),
        ("a/b".into(), "a/b"),
        ("a\nb".into(), "process type"),
        ("web.1".into(), "web.1"),
        ("a b".into(), "a b"),
        ("a".repeat(300).into(), "process type"),
        (OsString::from_vec(b"we\xffb".to_vec()), "UTF-8"),
    ]
}

fn with_count(mut process_type: OsString) -> OsString {
    process_type.push("=1");
    process_type
}

#[test]
fn a_hostile_type_cannot_be_scaled() {
    for (process_type, message) in hostile() {
        let outcome = shop().command("scale", ["--".into(), "shop".into(), with_count(process_type)]);
        outcome.refuses(message).any_stdout();
    }
}

#[test]
fn an_empty_type_cannot_be_scaled() {
    shop().command("scale", ["shop", "=1"]).refuses("process type").any_stdout();
}

#[test]
fn one_hostile_type_stops_the_whole_scale() {
    shop().command("scale", ["shop", "web=2", "../x=1"]).refuses("../x").any_stdout();
}

#[test]
fn a_hostile_type_cannot_be_restarted() {
    // There `web.1` is an instance.
    for (process_type, message) in hostile().into_iter().filter(|(name, _)| name != "web.1") {
        shop().command("restart", ["--".into(), "shop".into(), process_type]).refuses(message);
    }
}

#[test]
fn an_empty_type_cannot_be_restarted() {
    shop().command("restart", ["shop", ""]).refuses("process type");
}

#[test]
fn a_hostile_type_cannot_be_set_by_the_hook() {
    for (process_type, message) in hostile() {
        for skip_deploy in ["true", "false"] {
            let args = ["shop".into(), skip_deploy.into(), "false".into(), with_count(process_type.clone())];
            shop().run("ps-set-scale", args).refuses(message).any_stdout();
        }
    }
}

#[test]
fn a_hostile_type_has_no_command() {
    for (process_type, message) in hostile() {
        let args: [OsString; 3] = ["shop".into(), process_type, "5000".into()];
        shop().procfile("web: run\n").run("procfile-get-command", args).refuses(message);
    }
}

#[test]
fn a_misspelt_type_in_a_restart_names_the_types_there_are() {
    shop()
        .scale("web=1 worker=2")
        .procfile("web: run\nworker: go\n")
        .command("restart", ["shop", "wroker"])
        .refuses("wroker")
        .stderr_contains("web")
        .stderr_contains("worker");
}

#[test]
fn a_type_that_is_not_in_the_procfile_cannot_be_scaled_up() {
    shop()
        .procfile("web: run\n")
        .command("scale", ["shop", "worker=1"])
        .refuses("worker is not a valid process name to scale up")
        .stdout("-----> Scaling shop processes: worker=1\n");
}

#[test]
fn a_type_that_no_saved_scale_names_is_deployed_even_at_none() {
    // As the stock plugin does where the saved scale stands for what runs.
    let procfile = "web: run\nworker: go\n";
    let scaled = shop().procfile(procfile).command("scale", ["shop", "worker=0"]);
    scaled.succeeds().any_stdout().deploys("worker");
    let scaled = shop().scale("web=1 worker=0").procfile(procfile).command("scale", ["shop", "worker=0"]);
    scaled.succeeds().any_stdout().deploys("");
    let left = shop().file("lib/config/ps/shop/scale.old", "worker=0\n").command("scale", ["shop", "worker=0"]);
    left.succeeds().any_stdout().deploys("");
}
