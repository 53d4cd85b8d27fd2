//! `ps:set`: properties that do not exist and values that are refused, with what would be right.

use crate::shop;

fn refused(words: &[&str], message: &str) {
    shop().command("set", words.iter().copied()).refuses(message).any_stdout();
}

#[test]
fn an_unknown_property_lists_the_valid_ones() {
    shop()
        .command("set", ["shop", "nope", "x"])
        .refuses("Invalid property specified, valid properties include: ")
        .stderr_contains("restart-policy")
        .stderr_contains("stop-timeout-seconds");
}

#[test]
fn a_property_that_is_a_path() {
    refused(&["shop", "../../x", "1"], "Invalid property specified");
}

#[test]
fn an_unknown_property_in_the_hook() {
    shop().run("ps-get-property", ["shop", "nope"]).refuses("").stderr(" !     Invalid ps property specified: nope\n");
}

#[test]
fn a_stop_timeout_that_is_no_number_of_seconds() {
    for value in ["soon", "-1", "1.5", "30s", "99999999999999999999"] {
        refused(&["--", "shop", "stop-timeout-seconds", value], "stop-timeout-seconds");
    }
    refused(&["--global", "stop-timeout-seconds", "soon"], "stop-timeout-seconds");
}

#[test]
fn a_skip_deploy_that_is_no_truth() {
    for value in ["maybe", "=1", "2", "tru"] {
        refused(&["shop", "skip-deploy", value], "true");
        refused(&["--global", "skip-deploy", value], "true");
    }
}

#[test]
fn a_restart_policy_that_docker_does_not_know() {
    for value in
        ["sometimes", "on-failure:0", "on-failure:-1", "on-failure:x", "on-failure:", "always:3", "Always", "no "]
    {
        refused(&["shop", "restart-policy", value], "Invalid restart-policy specified");
    }
}

#[test]
fn a_value_of_several_words_must_be_quoted() {
    for property in ["start-cmd", "dockerfile-start-cmd", "restart-policy"] {
        refused(&["shop", property, "sleep", "5"], "quot");
    }
}

#[test]
fn a_property_of_apps_cannot_be_set_globally() {
    shop()
        .command("set", ["--global", "start-cmd", "run"])
        .refuses("")
        .stderr(" !     Property cannot be specified globally\n");
}
