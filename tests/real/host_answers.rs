//! What is read from the files of the host's own plugins, instead of asking them, is what they say; and they have no
//! more hooks than is known of them.

use std::fs;
use std::path::Path;

use ps_tests::sources::{host_plugin_names, host_plugins};

use crate::host::{Afterwards, App, lib, succeeds};

/// The triggers that are answered from files, and who of the host's own plugins answers them beside `20_events`.
const ANSWERED: [(&str, &[&str]); 10] = [
    ("checks-get-property", &["checks"]),
    ("config-export", &["config"]),
    ("config-get", &["config"]),
    ("deployed-app-image-repo", &["registry"]),
    ("deployed-app-image-tag", &["registry"]),
    ("deployed-app-repository", &["registry"]),
    ("network-get-property", &["network"]),
    ("scheduler-app-status", &["scheduler-docker-local", "scheduler-k3s", "scheduler-null"]),
    ("scheduler-detect", &["scheduler"]),
    ("user-auth-app", &[]),
];

pub(crate) fn the_host_s_own_plugins_have_the_hooks_that_are_known(_: &App) {
    let known = host_plugin_names();
    let mut wrong = Vec::new();
    for entry in fs::read_dir(lib("core-plugins/available")).expect("the host's own plugins") {
        let name = entry.expect("a plugin").file_name().into_string().expect("a name");
        if !known.contains(&name) {
            wrong.push(format!("{name} is not known"));
        }
        for (trigger, plugins) in ANSWERED {
            let hook = lib(&format!("core-plugins/available/{name}/{trigger}"));
            if name != "20_events" && Path::exists(&hook) && !plugins.contains(&name.as_str()) {
                wrong.push(format!("{name} has {trigger}"));
            }
        }
    }
    let version = fs::read_to_string(lib("STABLE_VERSION")).expect("the host's version");
    if !host_plugins().contains(&format!("\"{}\"", version.trim())) {
        wrong.push(format!("Dokku {} is not known", version.trim()));
    }
    assert_eq!(wrong, [""; 0]);
}

/// What the triggers say of an app: the unit tests of `host_answers` hold ours to the same.
fn answers(app: &App) -> [String; 6] {
    let questions: [&[&str]; 6] = [
        &["checks-get-property", &app.name, "wait-to-retire"],
        &["network-get-property", &app.name, "bind-all-interfaces"],
        &["config-get", &app.name, "DOKKU_APP_USER"],
        &["deployed-app-image-tag", &app.name],
        &["deployed-app-repository", &app.name],
        &["deployed-app-image-repo", &app.name],
    ];
    questions.map(|question| succeeds(&[&["plugin:trigger"], question].concat()).trim().to_owned())
}

pub(crate) fn the_host_says_what_is_read_from_its_files(_: &App) {
    let app = App::created();
    let image = format!("dokku/{}", app.name);
    assert_eq!(answers(&app), ["60", "false", "", "", "", &image]);
    {
        let unset = |words: [&str; 3]| Afterwards(words.map(str::to_owned).to_vec());
        let _of_checks = unset(["checks:set", "--global", "wait-to-retire"]);
        let _of_network = unset(["network:set", "--global", "bind-all-interfaces"]);
        let _of_config = unset(["config:unset", "--global", "DOKKU_APP_USER"]);
        succeeds(&["checks:set", "--global", "wait-to-retire", "9"]);
        succeeds(&["network:set", "--global", "bind-all-interfaces", "true"]);
        succeeds(&["config:set", "--no-restart", "--global", "DOKKU_APP_USER=other"]);
        assert_eq!(answers(&app), ["9", "true", "", "", "", &image]);
        succeeds(&["checks:set", &app.name, "wait-to-retire", "7"]);
        succeeds(&["network:set", &app.name, "bind-all-interfaces", "false"]);
        succeeds(&["config:set", "--no-restart", &app.name, "DOKKU_APP_USER=own me"]);
        assert_eq!(answers(&app), ["7", "false", "own me", "", "", &image]);
    }
    succeeds(&["checks:set", &app.name, "wait-to-retire"]);
    succeeds(&["network:set", &app.name, "bind-all-interfaces"]);
    succeeds(&["config:unset", "--no-restart", &app.name, "DOKKU_APP_USER"]);
    assert_eq!(answers(&app), ["60", "false", "", "", "", &image]);
}
