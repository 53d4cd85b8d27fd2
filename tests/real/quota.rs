//! An author's way from an empty folder to a plugin at work, as docs/plugin-authors.md tells it.

use std::fs;
use std::path::Path;
use std::process::Command;

use ps_tests::docker::{Printed, print};
use ps_tests::repository;

use crate::host::{App, dokku, ends, lib, succeeds};

/// No plugin of the host's has this name, and none that an author would give.
const PLUGIN: &str = "quota-of-ps-tests";
const REFUSAL: &str = "may have 3 of worker, not 4: it is its quota";

pub(crate) fn a_plugin_of_an_author_keeps_apps_to_it(app: &App) {
    uninstall();
    let folder = tempfile::tempdir().expect("a folder");
    let built = is_built(folder.path());
    let _uninstalled = Uninstalled;
    succeeds(&["plugin:install", &format!("file://{}", built.display()), "--name", PLUGIN]);
    is_in_the_help();
    let report = format!("{PLUGIN}:report");
    succeeds(&[&format!("{PLUGIN}:set"), &app.name, "worker=3"]);
    assert!(succeeds(&[&report, &app.name]).lines().any(|line| line.split_whitespace().eq(["worker:", "3"])));
    app.is_deployed(&["web=1", "worker=1"], &[]);
    scales_to_it_and_no_further(app);
    deploys_to_it_and_no_further(app);
    succeeds(&["apps:destroy", "--force", &app.name]);
    assert!(lib("config").join(PLUGIN).is_dir() && !lib("config").join(PLUGIN).join(&app.name).exists());
    uninstall();
    assert!(!succeeds(&["help"]).contains(PLUGIN));
    assert_ne!(dokku(&[&report]).status, 0, "the plugin is still there");
}

/// Takes the plugin away where a run has left it.
pub(crate) fn uninstall() {
    drop(Uninstalled);
}

/// From nothing to the folder of a plugin in a git repository.
fn is_built(folder: &Path) -> std::path::PathBuf {
    let (source, built) = (folder.join(PLUGIN), folder.join("built"));
    made(Command::new(repository().join("tests/host/new-plugin")).arg(PLUGIN).arg(&source));
    let mut script = Command::new(source.join("build"));
    // One that is quick to make is as good here.
    script.env("CARGO_TARGET_DIR", repository().join("target/new-plugin"));
    script.env("CARGO_PROFILE_RELEASE_LTO", "off").env("CARGO_PROFILE_RELEASE_OPT_LEVEL", "0");
    script.env("CARGO_PROFILE_RELEASE_CODEGEN_UNITS", "16");
    made(script.arg(&built));
    let commit = "set -e; cd \"$0\"; git -c init.defaultBranch=main init --quiet; git add --all; \
                  git -c user.name=tests -c user.email=tests@localhost commit --quiet --message all";
    made(Command::new("bash").args(["-c", commit]).arg(&built));
    built
}

fn made(command: &mut Command) {
    let made = print(command, format!("{command:?}"), b"");
    assert_eq!(made.status, 0, "{made}");
}

fn is_in_the_help() {
    let about = "Keep process types of apps below a quota";
    for words in [&["help"][..], &[PLUGIN], &[&format!("{PLUGIN}:help")]] {
        let help = succeeds(words);
        assert_eq!(help.matches(about).count(), 1, "dokku {words:?}: {help}");
    }
    let all = succeeds(&["help", "--all"]);
    assert!(all.contains(&format!("{PLUGIN}:set <app> <type>=[<max>]")), "{all}");
    // Ours and the host's are still there.
    assert!(all.contains("ps:scale") && all.contains("apps:create"), "{all}");
}

fn says_once(printed: &Printed, app: &App) {
    let line = format!(" !     refused by plugin {PLUGIN}: {} {REFUSAL}\n", app.name);
    assert_eq!(printed.stderr, line, "{printed}");
}

fn scales_to_it_and_no_further(app: &App) {
    app.scales(&["worker=3"]);
    let before = app.runs(&["web.1", "worker.1", "worker.2", "worker.3"]);
    for words in [&["worker=4"][..], &["web=2", "worker+1"], &["worker=4", "--dry-run"]] {
        says_once(&ends(1, &[&["ps:scale", &app.name], words].concat()), app);
    }
    assert_eq!(app.scale(), ["web=1", "worker=3"]);
    assert_eq!(app.runs(&["web.1", "worker.1", "worker.2", "worker.3"]), before);
    app.scales(&["worker=2"]);
}

fn deploys_to_it_and_no_further(app: &App) {
    let before = app.runs(&["web.1", "worker.1", "worker.2"]);
    let formation = |quantity: u32| {
        format!("{{\"formation\": {{\"web\": {{\"quantity\": 1}}, \"worker\": {{\"quantity\": {quantity}}}}}}}")
    };
    let refused = app.deploy(&[("app.json", &formation(4))]);
    assert_ne!(refused.status, 0, "{refused}");
    assert_eq!(refused.both().matches(REFUSAL).count(), 1, "{refused}");
    assert_eq!(app.scale(), ["web=1", "worker=2"]);
    assert_eq!(app.runs(&["web.1", "worker.1", "worker.2"]), before);
    app.deploys(&[("app.json", &formation(3))]);
    app.runs(&["web.1", "worker.1", "worker.2", "worker.3"]);
}

/// Uninstalls the plugin when it is dropped.
struct Uninstalled;

impl Drop for Uninstalled {
    fn drop(&mut self) {
        if lib("plugins/available").join(PLUGIN).exists() {
            let done = Command::new("dokku").args(["plugin:uninstall", PLUGIN]).output();
            println!("plugin:uninstall: {:?}", done.map(|done| done.status));
        }
        drop(fs::remove_dir_all(lib("config").join(PLUGIN)));
    }
}
