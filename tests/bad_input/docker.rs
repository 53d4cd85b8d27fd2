//! Docker: absent, stopped, answering rubbish, hanging. A report then fails with Docker's own words rather
//! than call a container missing; an app without CONTAINER files needs no Docker at all.

use std::fs;
use std::time::Duration;

use ps_tests::Host;
use ps_tests::process::wait_until;

use crate::shop;

const ID: &str = "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef";

/// An app whose status is worked out from its CONTAINER files and from Docker: nobody else is asked.
fn with_a_container() -> Host {
    shop().docker_local().container("web.1", &format!("{ID}\n"))
}

fn fails_with(host: &Host, words: &str) {
    host.command("report", ["shop"]).refuses(words).does_not_ask("scheduler-app-status");
    host.command("report", ["shop", "--format", "json"]).refuses(words);
    host.command("report", ["shop", "--running"]).refuses(words);
}

fn reports_as_usual(host: &Host) {
    host.command("report", ["shop"])
        .succeeds()
        .stdout_contains("       Processes:                        0\n")
        .stdout_contains("       Running:                          false\n")
        .changes_no_file();
}

#[test]
fn docker_is_absent() {
    fails_with(&with_a_container().env("DOCKER_BIN", "/nonexistent/docker"), "/nonexistent/docker");
    fails_with(&with_a_container().env("DOCKER_BIN", "no-such-docker"), "no-such-docker");
}

#[test]
fn an_app_without_containers_needs_no_docker() {
    reports_as_usual(&shop().docker_local().env("DOCKER_BIN", "/nonexistent/docker"));
    reports_as_usual(&shop().docker_local().docker("echo 'docker was called' >&2; exit 1"));
}

#[test]
fn docker_is_stopped() {
    let words = "Cannot connect to the Docker daemon at unix:///run/none.sock. Is the docker daemon running?";
    let told = "Docker does not answer (unix:///run/none.sock)";
    fails_with(&with_a_container().docker(&format!("echo '{words}' >&2; exit 1")), told);
}

#[test]
fn docker_may_not_be_used() {
    let words = "permission denied while trying to connect to the Docker daemon socket";
    fails_with(&with_a_container().docker(&format!("echo '{words}' >&2; exit 1")), words);
}

#[test]
fn docker_answers_rubbish() {
    for rubbish in ["echo '%$ no answer'", "printf '\\377\\376\\000'", "echo '{\"rubbish\":true}'", "printf '['"] {
        fails_with(&with_a_container().docker(rubbish), "Docker answered");
    }
}

#[test]
fn docker_fails_without_a_word() {
    fails_with(&with_a_container().docker("exit 3"), "Docker failed (exit status 3)");
}

#[test]
fn docker_hangs() {
    let host = with_a_container()
        .docker("echo $$ >\"$CONFORMANCE_ROOT/docker-process\"; exec sleep 300")
        .env("DOKKU_DOCKER_TIMEOUT", "5");
    host.command("report", ["shop"]).refuses("did not answer within 5 seconds").takes_at_most(Duration::from_mins(1));
    let process = fs::read_to_string(host.sandbox().path("docker-process")).expect("docker was started");
    // Or ended, and nobody has taken notice of it yet.
    let state = || fs::read_to_string(format!("/proc/{}/stat", process.trim())).unwrap_or_default();
    let gone = || state().rsplit(')').next().is_none_or(|rest| rest.is_empty() || rest.starts_with(" Z"));
    wait_until("the docker that hangs is ended", Duration::from_mins(1), gone);
}

#[test]
fn a_child_of_docker_hangs() {
    // A docker that is a wrapper: its child keeps the outputs open after it is gone itself.
    let host = with_a_container().docker("sleep 300; true").env("DOKKU_DOCKER_TIMEOUT", "5");
    host.command("report", ["shop"]).refuses("did not answer within 5 seconds").takes_at_most(Duration::from_mins(1));
}

#[test]
fn an_empty_container_file_is_a_missing_instance() {
    let host = shop().docker_local().container("web.1", "").docker("exit 0");
    host.command("report", ["shop"]).succeeds().stdout_contains("Status web 1:                     missing\n");
}

#[test]
fn a_container_file_that_holds_no_id_reaches_docker_as_no_flag() {
    let host = shop().docker_local().container("web.1", "--help\n").docker(
        "for a in \"$@\"; do [ \"$a\" = --help ] && echo 'it was a flag' >\"$CONFORMANCE_ROOT/seen\"; done; exit 0",
    );
    let outcome = host.command("report", ["shop"]);
    outcome.exits_with_one_of(&[0, 1]).any_stdout().any_stderr().changes_no_file().leaves_nothing_at("seen");
}

#[test]
fn what_docker_starts_again_or_has_paused_counts_as_running() {
    for state in ["restarting", "paused"] {
        let host = with_a_container().docker(&format!("printf '{ID}\\t{state}\\n'"));
        host.command("report", ["shop", "--running"]).succeeds().stdout("true\n");
    }
}
