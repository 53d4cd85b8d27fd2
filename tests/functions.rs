//! `functions`, as a datastore plugin uses it: sourced by a bash script under `set -eo pipefail`.

use std::process::Command;

use ps_tests::{Answer, Host, Outcome, host, repository};

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

/// A `ps-pre-scale` in bash.
const CEILING: &str = "\
    at_most_three() {\n\
      local app=$1 type=$2 old=$3 new=$4\n\
      ((new <= 3 || new <= old)) || { fn-ps-warn \"$app may run 3 of $type at most, not $new\"; return 4; }\n\
      echo \"$app $type $old $new\"\n\
    }\n";

#[test]
fn a_hook_walks_through_the_changes_it_is_told_of() {
    script(&shop(), &format!("{CEILING}fn-ps-changes at_most_three shop web=1:3 my-worker_2=9:4"))
        .succeeds()
        .stdout("shop web 1 3\nshop my-worker_2 9 4\n")
        .fires_nothing()
        .changes_no_file();
    script(&shop(), "fn-ps-changes false shop").succeeds();
}

#[test]
fn a_hook_ends_at_the_first_change_that_it_refuses() {
    let body = format!("{CEILING}fn-ps-changes at_most_three shop web=1:2 worker=3:4 web=5:6\necho not reached");
    script(&shop(), &body).fails(4).stdout("shop web 1 2\n").stderr(" !     shop may run 3 of worker at most, not 4\n");
    // Without `set -e` as well.
    let body = body.replace("\necho not reached", "\necho \"status $?\"");
    bash(&shop(), &format!("{}{body}", SOURCE.replace("set -eo pipefail\n", "")))
        .succeeds()
        .stdout("shop web 1 2\nstatus 4\n")
        .any_stderr();
    // What fails inside the function ends it too.
    let body = "each() { false; echo not reached; }\nfn-ps-changes each shop web=1:2\necho not reached";
    script(&shop(), body).fails(1);
}

#[test]
fn what_is_no_change_is_refused() {
    for bad in ["web=3", "web=1:", "web=-1:2", "../web=1:2", "", "web=1:2 "] {
        script(&shop(), &format!("fn-ps-changes echo shop '{bad}'"))
            .fails(1)
            .stderr(&format!(" !     '{bad}' is not TYPE=OLD:NEW, such as web=1:3\n"));
    }
}

#[test]
fn a_property_is_the_value_that_holds() {
    let path = format!("{}:{}", repository().join("tests/host").display(), std::env::var("PATH").unwrap_or_default());
    let host = shop().property("stop-timeout-seconds", "45").env("PATH", &path);
    for (property, value) in [("stop-timeout-seconds", "45"), ("restart-policy", "on-failure:10")] {
        script(&host, &format!("value=$(fn-ps-property shop {property})\nprintf '[%s]' \"$value\""))
            .succeeds()
            .stdout(&format!("[{value}]"))
            .changes_no_file();
    }
    script(&host, "fn-ps-property shop colour\necho not reached").fails(1).stderr_contains("colour");
}
