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

/// An app with two types.
fn typed(words: &[&str], message: &str) {
    let host = shop().scale("web=1 worker=2").procfile("web: run\nworker: go\n").property("restart-policy.web", "no");
    host.command("set", words.iter().copied()).refuses(message).any_stdout();
}

#[test]
fn a_property_of_a_type_that_the_app_does_not_have_names_the_types_there_are() {
    for name in ["restart-policy.wroker", "restart-policy.WEB", "restart-policy.-x"] {
        typed(&["--", "shop", name, "no"], "has no process type ");
        typed(&["--", "shop", name, "no"], ", it has: web, worker\n");
    }
    typed(&["shop", "stop-timeout-seconds.wroker", "5"], "App shop has no process type wroker, it has: web, worker\n");
}

#[test]
fn a_property_that_no_type_can_have_of_its_own() {
    for name in ["start-cmd.web", "max-instances.web", "restore.web", "scale-strategy.worker"] {
        let property = name.split('.').next().unwrap_or_default();
        let message =
            format!("{property} cannot be set for a process type, only restart-policy and stop-timeout-seconds");
        typed(&["shop", name, "1"], &message);
        typed(&["shop", name], &message);
    }
    for name in ["nope.web", "../x.web", ".web", "scale.web", "can-scale.web"] {
        typed(&["shop", name, "1"], "Invalid property specified, valid properties include: ");
    }
}

#[test]
fn a_property_of_what_can_be_no_type() {
    for name in ["web.1", "../../x", "a/b", "w b", "*", "we\u{1b}[2Jb", &"a".repeat(64)] {
        for words in
            [&["shop", &format!("restart-policy.{name}"), "no"][..], &["shop", &format!("restart-policy.{name}")]]
        {
            typed(words, "process type");
        }
    }
    typed(&["shop", "stop-timeout-seconds.", "5"], "A process type must not be empty");
}

#[test]
fn a_property_of_a_type_has_the_values_of_the_property() {
    typed(&["shop", "restart-policy.web", "sometimes"], "Invalid restart-policy specified");
    typed(&["shop", "stop-timeout-seconds.web", "soon"], "Invalid stop-timeout-seconds \"soon\" specified");
    typed(&["shop", "restart-policy.web", "no", "always"], "put quotes around it: 'no always'");
    let unknown = shop().command("set", ["nope", "restart-policy.web", "no"]).fails(20);
    unknown.stderr(" !     App nope does not exist\n").changes_no_file();
}

#[test]
fn a_type_is_of_one_app() {
    for words in [&["--global", "restart-policy.web", "no"][..], &["--global", "stop-timeout-seconds.web"]] {
        shop()
            .command("set", words.iter().copied())
            .refuses("")
            .stderr(" !     Property cannot be specified globally\n");
    }
}

#[test]
fn a_property_of_a_type_that_nobody_can_ask_for() {
    for (app, name) in [
        ("shop", "restart-policy.web.1"),
        ("shop", "restart-policy."),
        ("shop", "restart-policy.../x"),
        ("shop", "skip-deploy.web"),
        ("", "restart-policy.web"),
        ("--global", "restart-policy.web"),
    ] {
        let message = format!(" !     Invalid ps property specified: {name}\n");
        shop().property("restart-policy.web", "no").run("ps-get-property", [app, name]).refuses("").stderr(&message);
    }
}
