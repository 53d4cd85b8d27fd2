//! A Procfile's `$NAME` is what the host's config says it is.

use crate::host::{Afterwards, App, WEB, succeeds};
use crate::plugin;

const WORKER: &str = "worker: sleep $NAP\n";
const ECHO: &str = "echo: echo $PS_TESTS_OWN/${PS_TESTS_GLOBAL}/$PS_TESTS_BOTH/$PS_TESTS_NONE/$PORT/$PS\n";

/// What the source of the app says.
pub(crate) fn procfile() -> String {
    format!("{WEB}{WORKER}{ECHO}")
}

/// Sets what the Procfile asks for, before the app is deployed.
pub(crate) fn is_set(app: &App) {
    let values = ["PS_TESTS_OWN=a \"quoted\" $value", "PS_TESTS_BOTH=app", "NAP=100000"];
    succeeds(&[&["config:set", "--no-restart", &app.name], &values[..]].concat());
}

/// The app is deployed with [`procfile`]. It ends with the stock plugin in place.
pub(crate) fn a_command_is_expanded_with_the_config_of_the_host(app: &App) {
    let unset = ["config:unset", "--no-restart", "--global", "PS_TESTS_GLOBAL", "PS_TESTS_BOTH"];
    let _unset = Afterwards(unset.map(str::to_owned).to_vec());
    succeeds(&["config:set", "--no-restart", "--global", "PS_TESTS_GLOBAL=from the host", "PS_TESTS_BOTH=host"]);
    let command = |process_type: &str| {
        succeeds(&["plugin:trigger", "procfile-get-command", &app.name, process_type, "5001"]).trim_end().to_owned()
    };
    let get = |name: &str| succeeds(&["config:get", &app.name, name]).trim_end_matches('\n').to_owned();
    let merged = succeeds(&["config:export", "--merged", "--format", "shell", &app.name]);
    assert!(merged.contains("PS_TESTS_GLOBAL='from the host'"), "{merged}");
    let wanted = format!("echo {}/from the host/{}//5001/echo", get("PS_TESTS_OWN"), get("PS_TESTS_BOTH"));
    assert_eq!(command("echo"), wanted);
    assert_eq!(command("worker"), format!("sleep {}", get("NAP")));
    // It is what the containers run.
    assert_eq!(app.inspect("worker.1", "{{join .Config.Cmd \" \"}}"), "sleep 100000");
    succeeds(&["config:set", "--no-restart", &app.name, "NAP=200000"]);
    assert_eq!(command("worker"), "sleep 200000");
    // The stock plugin says the same.
    let ours = command("echo");
    plugin::stock();
    assert_eq!(command("echo"), ours);
}
