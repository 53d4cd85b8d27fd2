//! `functions`, as a datastore plugin uses it: sourced by a bash script under `set -eo pipefail`.

use std::process::Command;

use ps_tests::{Answer, Host, Outcome, host};

const SOURCE: &str = "set -eo pipefail\nsource \"$PLUGIN_AVAILABLE_PATH/ps/functions\"\n";

fn shop() -> Host {
    host().app("shop")
}

/// Runs a bash script that has sourced the file.
fn script(host: &Host, body: &str) -> Outcome {
    bash(host, &format!("{SOURCE}{body}"))
}

fn bash(host: &Host, text: &str) -> Outcome {
    host.run_command(text, Command::new("bash").args(["-c", text, "bash", "one", "two words"]))
}

#[test]
fn to_source_it_does_nothing() {
    script(&shop(), "").succeeds().fires_nothing().changes_no_file();
}

#[test]
fn ps_start_starts_an_app() {
    script(&shop(), "ps_start shop")
        .succeeds()
        .stderr(" !     App has been detected as not running, releasing\n")
        .fires(&["pre-start shop", "release-and-deploy shop latest", "proxy-build-config shop"]);
}

#[test]
fn ps_stop_stops_an_app_and_notes_that_it_was_stopped() {
    script(&shop(), "ps_stop shop")
        .succeeds()
        .stdout("-----> Stopping shop\n")
        .fires(&["scheduler-stop docker-local shop", "post-stop shop"])
        .leaves("lib/config/ps/shop/restore", "false");
}

#[test]
fn ps_restart_deploys_an_app() {
    script(&shop(), "ps_restart shop").succeeds().fires(&["deploy shop latest"]);
}

#[test]
fn ps_restart_deploys_one_type() {
    script(&shop(), "ps_restart shop web").succeeds().fires(&["deploy shop latest web"]);
}

#[test]
fn ps_rebuild_builds_an_app() {
    script(&shop(), "ps_rebuild shop").succeeds().fires(&["receive-app shop"]);
}

#[test]
fn ps_scale_sets_a_quantity() {
    script(&shop(), "ps_scale shop web=2")
        .succeeds()
        .stdout("-----> Scaling shop processes: web=2\n")
        .deploys("web")
        .leaves("lib/config/ps/shop/scale", "web=2\n");
}

#[test]
fn ps_scale_prints_the_quantities() {
    script(&shop(), "ps_scale shop")
        .succeeds()
        .stdout("-----> Scaling for shop\nproctype: qty\n--------: ---\nweb:  1\n")
        .fires_nothing();
}

#[test]
fn ps_restore_brings_an_app_back() {
    script(&shop(), "ps_restore shop").succeeds().any_stderr().stdout_contains("-----> Starting app\n").fires(RESTORED);
}

/// As recorded of the stock plugin, for one app that does not run.
const RESTORED: &[&str] = &[
    "pre-restore",
    "scheduler-pre-restore docker-local shop",
    "proxy-clear-config shop",
    "pre-start shop",
    "release-and-deploy shop latest",
    "proxy-build-config shop",
];

#[test]
fn the_status_of_an_app_is_a_count_and_a_word() {
    for (answer, status) in [("2 true", "2 true"), ("0 false", "0 false"), ("3 mixed", "3 mixed"), ("", "0 false")] {
        let host = shop().answers("scheduler-app-status", answer);
        script(&host, "status=$(fn-ps-app-status shop)\nprintf '[%s]' \"$status\"")
            .succeeds()
            .stdout(&format!("[{status}]"))
            .fires_nothing()
            .changes_no_file();
    }
}

#[test]
fn whether_an_app_runs_is_one_word() {
    for (answer, word) in [("1 true", "true"), ("0 false", "false"), ("3 mixed", "mixed"), ("", "false")] {
        let host = shop().answers("scheduler-app-status", answer);
        script(&host, "running=$(fn-ps-is-app-running shop)\nprintf '[%s]' \"$running\"")
            .succeeds()
            .stdout(&format!("[{word}]"));
    }
    let unknown = script(&shop(), "fn-ps-is-app-running nope\necho not reached");
    unknown.fails(20).stderr(" !     App nope does not exist\n");
}

#[test]
fn an_unknown_app_ends_the_script_with_status_20() {
    for function in ["ps_start", "ps_stop", "ps_restart", "ps_rebuild", "ps_restore"] {
        script(&shop(), &format!("{function} nope\necho not reached"))
            .fails(20)
            .stderr(" !     App nope does not exist\n")
            .fires_nothing()
            .changes_no_file();
    }
    script(&shop(), "ps_scale nope web=2\necho not reached").fails(20).stderr(" !     App nope does not exist\n");
}

#[test]
fn a_failure_can_be_caught() {
    script(&shop(), "ps_stop nope || echo \"caught $?\"")
        .succeeds()
        .stdout("caught 20\n")
        .stderr(" !     App nope does not exist\n");
}

#[test]
fn a_trigger_that_fails_ends_the_script() {
    let host = shop().gives("scheduler-stop", &[Answer::failure(3).saying("no\n")]);
    script(&host, "ps_stop shop\necho not reached").fails(1).stdout("-----> Stopping shop\n").stderr_contains("no\n");
}

/// Prints everything of a shell that a sourced file could change.
const STATE: &str = "state() { set +o; shopt -p; trap; printf '%s\\n' \"$PWD\" \"$IFS\" \"$-\"; }\n";

#[test]
fn nothing_of_the_shell_leaks() {
    for options in ["set -eo pipefail", "set +e", "set -u", "set -f"] {
        let text = format!(
            "{STATE}{options}\n\
             before=$(state)\n\
             source \"$PLUGIN_AVAILABLE_PATH/ps/functions\"\n\
             [ \"$before\" = \"$(state)\" ] || echo 'the file changed the shell'\n\
             ps_scale shop >/dev/null\n\
             fn-ps-is-app-running shop >/dev/null\n\
             [ \"$before\" = \"$(state)\" ] || echo 'a function changed the shell'\n\
             printf '%s,' \"$#\" \"$@\""
        );
        bash(&shop(), &text).succeeds().stdout("2,one,two words,").fires_nothing();
    }
}

#[test]
fn no_variable_leaks() {
    let text = "set -eo pipefail\n\
         app=mine APP=mine name=mine\n\
         before=$(compgen -v | grep -v -e '^BASH' -e '^_$' -e '^PIPESTATUS$')\n\
         source \"$PLUGIN_AVAILABLE_PATH/ps/functions\"\n\
         ps_scale shop >/dev/null\n\
         fn-ps-app-status shop >/dev/null\n\
         after=$(compgen -v | grep -v -e '^BASH' -e '^_$' -e '^PIPESTATUS$' -e '^before$')\n\
         diff <(echo \"$before\" | grep -v '^before$') <(echo \"$after\") && echo \"$app $APP $name\"";
    bash(&shop(), text).succeeds().stdout("mine mine mine\n");
}
