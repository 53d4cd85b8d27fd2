//! Names of apps: missing, unknown, and made to hurt.

use std::ffi::OsString;
use std::os::unix::ffi::OsStringExt;

use ps_tests::executables::{subcommands, triggers};
use ps_tests::{Outcome, host};

use crate::shop;

const NO_APP: &str = "Please specify an app to run the command on";
/// These are given no app: those about all apps, and what only shells call, which refuses nothing.
const WITHOUT_AN_APP: [&str; 6] = ["complete", "rebuildall", "restartall", "startall", "stopall", "watch"];
/// To these no app means all apps.
const MAY_LACK_AN_APP: [&str; 4] = ["default", "report", "restore", "retire"];

/// The subcommands that are given an app.
fn commands_of_an_app() -> Vec<String> {
    subcommands().into_iter().filter(|command| !WITHOUT_AN_APP.contains(&command.as_str())).collect()
}

/// Those that cannot do without.
fn commands_that_need_an_app() -> Vec<String> {
    commands_of_an_app().into_iter().filter(|command| !MAY_LACK_AN_APP.contains(&command.as_str())).collect()
}

/// The arguments of a subcommand for this app.
fn command_line(command: &str, app: &OsString) -> Vec<OsString> {
    let mut words: Vec<OsString> = Vec::new();
    if app.as_encoded_bytes().starts_with(b"-") {
        words.push("--".into());
    }
    words.push(app.clone());
    match command {
        "set-restart-policy" => words.push("always".into()),
        "set" => words.extend(["restart-policy".into(), "always".into()]),
        "scale" => words.push("web=2".into()),
        _ => {}
    }
    words
}

/// The arguments of each hook that is given an app, with `APP` where it stands.
const HOOKS: [(&str, &[&str]); 23] = [
    ("app-restart", &["APP"]),
    ("core-post-deploy", &["APP", "5000", "172.17.0.2", "latest"]),
    ("core-post-extract", &["APP", "@ROOT@/work"]),
    ("docker-args-process-deploy", &["APP", "dockerfile", "latest", "web", "1"]),
    ("post-app-clone", &["shop", "APP"]),
    ("post-app-clone-setup", &["APP", "copy"]),
    ("post-app-clone-setup", &["shop", "APP"]),
    ("post-app-rename", &["APP", "shop"]),
    ("post-app-rename", &["shop", "APP"]),
    ("post-app-rename-setup", &["APP", "copy"]),
    ("post-app-rename-setup", &["shop", "APP"]),
    ("post-create", &["APP"]),
    ("post-delete", &["APP"]),
    ("post-deploy", &["APP", "5000", "172.17.0.2", "latest"]),
    ("post-release-builder", &["dockerfile", "APP", "dokku/shop:latest"]),
    ("post-stop", &["APP"]),
    ("pre-release-builder", &["dockerfile", "APP", "dokku/shop:latest"]),
    ("procfile-exists", &["APP"]),
    ("procfile-get-command", &["APP", "web", "5000"]),
    ("ps-can-scale", &["APP", "true"]),
    ("ps-current-scale", &["APP"]),
    ("ps-set-scale", &["APP", "true", "false", "web=2"]),
    ("report", &["APP"]),
];

fn with_every_hook(app: &OsString, mut check: impl FnMut(Outcome)) {
    for (hook, args) in HOOKS {
        let host = shop().file("work/Procfile", "web: run\n");
        let args: Vec<OsString> = args
            .iter()
            .map(|&arg| if arg == "APP" { app.clone() } else { host.sandbox().expand(arg).into() })
            .collect();
        check(host.run(hook, args));
    }
    // Its empty name means the global value, so it stands apart.
    check(shop().run("ps-get-property", [app.clone(), "restart-policy".into()]));
}

const BAD_NAME: &str = "App name must begin with lowercase alphanumeric character, \
                        and may only contain lowercase alphanumerics, dots, and hyphens";

fn refused_everywhere(app: impl Into<OsString>, message: &str) {
    let app = app.into();
    for command in commands_of_an_app() {
        shop()
            .command(&command, command_line(&command, &app))
            .refuses(message)
            .stderr_is_a_message_of_at_most(500)
            .leaves_nothing_at("lib/data/apps");
    }
    with_every_hook(&app, |outcome| {
        outcome.refuses(message).leaves_nothing_at("lib/data/apps");
    });
}

#[test]
fn every_hook_that_is_given_an_app_is_in_the_list_of_these_tests() {
    let mut listed: Vec<&str> = HOOKS.iter().map(|(hook, _)| *hook).collect();
    // These are given none, or one that may be empty.
    listed.extend(["install", "ps-get-property"]);
    listed.sort_unstable();
    listed.dedup();
    assert_eq!(listed, triggers());
}

#[test]
fn no_app() {
    for command in commands_that_need_an_app() {
        let outcome = shop().command(&command, [] as [&str; 0]);
        outcome.fails(1).stderr(&format!(" !     {NO_APP}\n")).fires_nothing().changes_no_file();
    }
}

#[test]
fn an_app_for_a_command_that_watches_all() {
    for app in ["shop", "nope", "../x"] {
        let outcome = shop().command("watch", [app]);
        outcome.fails(2).stderr_contains(&format!("{app} is a word too many")).fires_nothing().changes_no_file();
    }
}

#[test]
fn an_empty_app() {
    for command in commands_that_need_an_app() {
        let outcome = shop().command(&command, command_line(&command, &OsString::new()));
        outcome.fails(1).stderr(&format!(" !     {NO_APP}\n")).fires_nothing().changes_no_file();
    }
}

#[test]
fn a_hook_without_arguments() {
    for (hook, _) in HOOKS {
        shop().run(hook, [] as [&str; 0]).refuses("").leaves_nothing_at("lib/data/apps");
    }
}

#[test]
fn an_unknown_app_is_status_20() {
    for command in commands_of_an_app() {
        shop()
            .command(&command, command_line(&command, &"nope".into()))
            .fails(20)
            .stderr(" !     App nope does not exist\n")
            .fires_nothing()
            .changes_no_file()
            .leaves_nothing_at("lib/data/apps");
    }
}

#[test]
fn an_app_that_is_a_file_is_unknown() {
    let outcome = host().file("home/shop", "not a directory").command("scale", ["shop"]);
    outcome.fails(20).stderr(" !     App shop does not exist\n").changes_no_file();
}

#[test]
fn an_app_that_leads_out_of_the_app_root() {
    refused_everywhere("../x", BAD_NAME);
}

#[test]
fn an_app_that_looks_like_a_flag() {
    refused_everywhere("-x", BAD_NAME);
}

#[test]
fn an_app_with_a_slash() {
    refused_everywhere("a/b", BAD_NAME);
}

#[test]
fn an_app_with_a_newline() {
    refused_everywhere("a\nb", BAD_NAME);
    refused_everywhere("shop\n", BAD_NAME);
}

#[test]
fn an_app_that_is_not_utf8() {
    refused_everywhere(OsString::from_vec(b"sh\xffop".to_vec()), "UTF-8");
}

#[test]
fn an_app_of_300_characters_does_not_exist() {
    let name = OsString::from("a".repeat(300));
    for command in commands_of_an_app() {
        let outcome = shop().command(&command, command_line(&command, &name)).exits_with_one_of(&[1, 20]);
        outcome.stderr_contains("App ").fires_nothing().changes_no_file().leaves_nothing_at("lib/data/apps");
    }
    // A hook may answer what it answers for any app without properties; no file can have such a name.
    with_every_hook(&name, |outcome| {
        outcome.exits_with_one_of(&[0, 1, 20]).any_stdout().any_stderr().changes_no_file();
    });
}
