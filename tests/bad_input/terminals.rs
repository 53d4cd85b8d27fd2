//! What would command a terminal: refused where it would be kept, shown escaped where it is told.

use crate::shop;

const CLEARS: &str = "\u{1b}[2J\u{1b}]0;mine\u{7}";

#[test]
fn no_property_holds_what_commands_a_terminal() {
    for value in [CLEARS, "a\u{7f}b", "a\u{9b}2J", "a\u{202e}b", "a\tb"] {
        for name in ["start-cmd", "dockerfile-start-cmd", "procfile-path"] {
            shop().command("set", ["shop", name, value]).refuses(name).does_not_say("\u{1b}");
        }
    }
}

#[test]
fn what_a_hand_has_put_into_a_property_is_shown_escaped() {
    let host = shop().property("start-cmd", CLEARS).property("restart-policy", CLEARS);
    host.command("report", ["shop"]).succeeds().stdout_contains("\\u{1b}[2J").does_not_say("\u{1b}");
    host.command("report", ["shop", "--ps-start-cmd"]).succeeds().any_stdout().does_not_say("\u{1b}");
    host.command("report", ["shop", "--format", "json"]).succeeds().any_stdout().does_not_say("\u{1b}");
    host.command("restart-policy", ["shop"]).succeeds().any_stdout().does_not_say("\u{1b}");
}

#[test]
fn words_and_docker_s_answers_are_told_escaped() {
    let host =
        shop().docker_local().docker("printf 'no \\033[2Jdisk\\n' >&2; exit 1").container("web.1", &"a".repeat(64));
    host.command("report", ["shop"]).refuses("disk").any_stdout().does_not_say("\u{1b}");
    for args in [["shop", CLEARS], ["shop", "web\u{1b}[2J=1"]] {
        shop().command("scale", args).fails(1).any_stdout().any_stderr().does_not_say("\u{1b}");
    }
    shop().command("set", ["shop", CLEARS, "x"]).refuses("").does_not_say("\u{1b}");
    shop().command("report", [CLEARS]).fails(1).any_stderr().does_not_say("\u{1b}");
}

#[test]
fn of_docker_s_words_the_last_are_told() {
    let host = shop().docker_local().docker("seq 1 5000 >&2; exit 1").container("web.1", &"a".repeat(64));
    let outcome = host.command("report", ["shop"]).refuses("5000").any_stdout();
    outcome.stderr_is_a_message_of_at_most(2_000).does_not_say("4980\n");
}

#[test]
fn of_a_docker_that_talks_without_end_little_is_told() {
    let endless = "head -c 3000000 /dev/zero | tr '\\0' '\\033' >&2; exit 1";
    let host = shop().docker_local().docker(endless).container("web.1", &"a".repeat(64));
    let outcome = host.command("report", ["shop"]).fails(1).any_stdout();
    outcome.stderr_is_a_message_of_at_most(20_000).does_not_say("\u{1b}");
}

#[test]
fn a_hook_cannot_spoil_the_lines_of_other_jobs() {
    let host = shop().app("api");
    let body = "#!/bin/sh\nprintf 'up\\033[2A\\033[2K over\\rwritten \\033[31mred\\r\\n'\nprintf 'title\\033]0;x\\007\\n' >&2\n";
    host.sandbox().write_script("lib/core-plugins/available/host/scheduler-stop", body);
    let outcome = host.command("stop", ["--all", "--parallel", "2"]).succeeds();
    let outcome = outcome.stderr_contains("[shop] title\\u{1b}]0;x\\u{7}\n");
    let outcome = outcome.stdout_contains("[shop] up\\u{1b}[2A\\u{1b}[2K over\\rwritten \u{1b}[31mred\u{1b}[0m\n");
    outcome.does_not_say("\u{1b}[2").does_not_say("\r").does_not_say("\u{7}");
}
