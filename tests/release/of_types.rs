//! Properties that a process type has of its own: which value holds, who is told, and what runs by it.

use std::fs;

use ps_tests::Host;

use crate::restart_policy::update;
use crate::{FIRST, PROCFILE, SECOND, changes_by_docker, content, property, shop, with_docker};

const THIRD: &str = "3333333333333333333333333333333333333333333333333333333333333333";
const ALL: [(&str, &str); 3] = [("web", FIRST), ("worker", SECOND), ("beat", THIRD)];

/// An app with a container of each of three types that run.
fn three() -> Host {
    let procfile = format!("{PROCFILE}beat: /demo worker\n");
    let host = shop().scale("web=1 worker=1 beat=1").procfile(procfile);
    let host = ALL.iter().fold(host, |host, (name, id)| host.container(&format!("{name}.1"), &format!("{id}\n")));
    with_docker(host, &[FIRST, SECOND, THIRD], "")
}

fn sets(host: &Host, words: &[&str]) {
    host.command("set", words.iter().copied()).succeeds().any_stdout();
}

#[test]
fn a_policy_of_a_type_is_saved_beside_the_app_s_and_reaches_the_containers_of_that_type() {
    let host = three();
    host.command("set", ["shop", "restart-policy.worker", "no"])
        .succeeds()
        .stdout("=====> Setting restart-policy.worker to no\n")
        .leaves("lib/config/ps/shop/restart-policy.worker", "no")
        .changes_only(&["lib/config/ps/shop/restart-policy.worker"]);
    assert_eq!(changes_by_docker(&host), update("no", &[SECOND]));
}

#[test]
fn without_its_own_a_type_has_the_app_s_policy_again() {
    let host = three().property("restart-policy", "always").property("restart-policy.worker", "no");
    host.command("set", ["shop", "restart-policy.worker"])
        .succeeds()
        .stdout("=====> Unsetting restart-policy.worker\n")
        .leaves_nothing_at("lib/config/ps/shop/restart-policy.worker");
    assert_eq!(changes_by_docker(&host), update("always", &[SECOND]));
}

#[test]
fn a_policy_of_the_app_or_the_host_reaches_the_types_without_one_of_their_own() {
    for words in [&["shop", "restart-policy", "always"][..], &["--global", "restart-policy", "always"]] {
        let host = three().property("restart-policy.worker", "no");
        sets(&host, words);
        // The files of the instances are read in the order of their names.
        assert_eq!(changes_by_docker(&host), update("always", &[THIRD, FIRST]), "{words:?}");
    }
    let host = three().property("restart-policy.worker", "no");
    host.command("set-restart-policy", ["shop", "always"]).succeeds().any_stdout();
    assert_eq!(changes_by_docker(&host), update("always", &[THIRD, FIRST]));
    assert_eq!(property(&host, "restart-policy.worker").as_deref(), Some("no"));
}

#[test]
fn the_nameless_container_of_an_old_release_is_a_web() {
    let host = with_docker(shop().file("home/shop/CONTAINER", format!("{FIRST}\n")), &[FIRST], "");
    sets(&host, &["shop", "restart-policy.web", "no"]);
    assert_eq!(changes_by_docker(&host), update("no", &[FIRST]));
}

#[test]
fn a_policy_of_a_type_that_docker_does_not_take_is_a_warning_that_names_the_type() {
    let host = three().docker("if [ \"$2\" = ls ]; then exit 1; fi");
    host.command("set", ["shop", "restart-policy.worker", "no"])
        .succeeds()
        .any_stdout()
        .stderr_contains("has not reached the worker containers of shop: ")
        .stderr_contains("dokku ps:restart shop worker\n")
        .leaves("lib/config/ps/shop/restart-policy.worker", "no");
}

#[test]
fn a_new_container_has_the_policy_of_its_type() {
    let host = three().property("restart-policy", "always").property("restart-policy.worker", "on-failure:3");
    let arguments = |more: &[&str]| {
        let words = [&["shop", "dockerfile", "latest"], more].concat();
        let printed = host.run("docker-args-process-deploy", words).succeeds().into_stdout();
        printed.split(" --label=").next().unwrap_or_default().to_owned()
    };
    assert_eq!(arguments(&["worker", "1"]), " --restart=on-failure:3");
    for more in [&["web", "1"][..], &["web"], &[], &[""], &["../x"], &["worker.1"]] {
        assert_eq!(arguments(more), " --restart=always", "{more:?}");
    }
}

#[test]
fn other_plugins_may_ask_for_the_value_of_a_type() {
    let host = three()
        .property("restart-policy", "always")
        .property("restart-policy.worker", "no")
        .property("stop-timeout-seconds.worker", "120");
    for (name, value) in [
        ("restart-policy.worker", "no"),
        ("restart-policy.web", "always"),
        ("restart-policy", "always"),
        ("stop-timeout-seconds.worker", "120"),
        ("stop-timeout-seconds.web", "30"),
        ("stop-timeout-seconds", "30"),
    ] {
        host.run("ps-get-property", ["shop", name]).succeeds().stdout(&format!("{value}\n")).changes_no_file();
    }
}

#[test]
fn a_report_tells_what_types_were_given_and_no_more() {
    let host = three().property("restart-policy.worker", "no").property("stop-timeout-seconds.m-w", "120");
    host.command("report", ["shop"])
        .succeeds()
        .stdout_contains("       Ps restart policy worker:         no\n")
        .stdout_contains("       Ps stop timeout seconds m w:      120\n")
        .does_not_say("Ps restart policy web")
        .does_not_say("Ps computed restart policy worker");
    host.command("report", ["shop", "--ps-restart-policy.worker"]).succeeds().stdout("no\n");
    let json = host.command("report", ["shop", "--format", "json"]).succeeds().into_stdout();
    let json: serde_json::Value = serde_json::from_str(&json).expect("JSON");
    for (key, value) in [
        ("ps-restart-policy.worker", "no"),
        ("restart-policy.worker", "no"),
        ("stop-timeout-seconds.m-w", "120"),
        ("restart-policy", ""),
    ] {
        assert_eq!(json[key], value, "{key} in {json:#}");
    }
    host.command("report", ["shop", "--ps-restart-policy.web"])
        .refuses("Invalid flag passed, valid flags: ")
        .stderr_contains("--ps-restart-policy, --ps-restart-policy.worker, --ps-skip-deploy, ")
        .stderr_contains("--ps-stop-timeout-seconds, --ps-stop-timeout-seconds.m-w, --restore, ");
    host.command("report", ["--global"]).succeeds().any_stdout().does_not_say("worker");
}

#[test]
fn types_of_which_nothing_runs_yet_may_have_a_policy() {
    let host = shop().scale("web=1 worker=0").procfile("web: x\nfresh: y\n");
    for name in ["worker", "fresh", "web"] {
        sets(&host, &["shop", &format!("restart-policy.{name}"), "no"]);
        assert_eq!(property(&host, &format!("restart-policy.{name}")).as_deref(), Some("no"));
    }
    // Nobody can say what is no type of an app without a Procfile.
    let host = shop();
    sets(&host, &["shop", "stop-timeout-seconds.later", "5"]);
    assert_eq!(property(&host, "stop-timeout-seconds.later").as_deref(), Some("5"));
}

#[test]
fn a_type_that_is_gone_can_lose_its_policy() {
    let host = three().property("restart-policy.gone", "no");
    sets(&host, &["shop", "restart-policy.gone"]);
    assert_eq!(property(&host, "restart-policy.gone"), None);
    sets(&host, &["shop", "restart-policy.never"]);
}

/// The same app on a Docker that keeps count of what runs: a file for each container, with its type in it. While there is
/// a file `fails`, a stop fails and removes it; a file `meets` is run by each stop first.
fn counted() -> Host {
    let docker = r#"
        cd "$CONFORMANCE_ROOT"
        printf '%s\n' "$*" >>docker-calls
        case "$1 $2" in
        'container ls')
            for file in running/*; do
                [ -e "$file" ] || continue
                read -r type <"$file"
                printf '%s\tshop.%s.1\trunning\t"shop"\t"deploy"\t"%s"\t"%s.1"\n' "${file#*/}" "$type" "$type" "$type"
            done ;;
        'container stop')
            [ ! -e fails ] || { rm fails; exit 1; }
            [ ! -e meets ] || . ./meets
            shift 5
            for id in "$@"; do rm "running/$id"; done ;;
        esac"#;
    let running = |host: Host, (name, id): &(&str, &str)| host.file(&format!("running/{id}"), format!("{name}\n"));
    ALL.iter().fold(three(), running).docker(docker)
}

/// `ps:stop` of an app of which the host's own stop ends these; says what it prints.
fn stop(host: &Host, ended_by_the_host: &[&str]) -> String {
    let ids = ended_by_the_host.join(" ");
    let body = format!(
        "#!/bin/sh\ncd \"$CONFORMANCE_ROOT\"\necho scheduler-stop >>docker-calls\n\
         for id in {ids}; do rm \"running/$id\"; done\n"
    );
    host.sandbox().write_script("lib/core-plugins/available/host/scheduler-stop", &body);
    let printed = host.command("stop", ["shop"]).succeeds().into_stdout();
    assert_eq!(fs::read_dir(host.sandbox().path("running")).unwrap().count(), 0, "all of it must end");
    printed
}

#[test]
fn a_stop_gives_a_type_its_time_before_the_host_stops_the_rest() {
    let host = counted().property("stop-timeout-seconds.worker", "120");
    assert_eq!(stop(&host, &[FIRST, THIRD]), "-----> Stopping shop\n       worker: has 120 s to end\n");
    let stopped = format!("container stop -t 120 -- {SECOND}");
    assert_eq!(changes_by_docker(&host), [&update("no", &[SECOND])[0], &stopped, "scheduler-stop"]);
}

#[test]
fn types_with_times_of_their_own_are_stopped_at_once() {
    // Each stop waits for the other one to begin; one after the other they would never meet.
    let meets = "touch \"began-$4\"; n=0\n\
                 until [ -e began-0 ] && [ -e began-120 ]; do\n\
                 n=$((n + 1)); [ $n -lt 1200 ] || { echo 'nobody came' >>docker-calls; exit 1; }; sleep 0.1; done\n";
    let host = counted().property("stop-timeout-seconds.worker", "120").property("stop-timeout-seconds.beat", "0");
    let host = host.file("meets", meets).env("DOKKU_QUIET_OUTPUT", "1");
    assert_eq!(stop(&host, &[FIRST]), "");
    let mut calls = changes_by_docker(&host);
    assert_eq!(calls.pop().as_deref(), Some("scheduler-stop"));
    assert_eq!(calls.remove(0), update("no", &[THIRD, SECOND])[0]);
    calls.sort();
    assert_eq!(calls, [format!("container stop -t 0 -- {THIRD}"), format!("container stop -t 120 -- {SECOND}")]);
}

#[test]
fn what_the_host_leaves_has_the_time_of_its_type() {
    let host = counted().property("stop-timeout-seconds", "7").property("stop-timeout-seconds.worker", "120");
    let host = host.file("fails", "");
    stop(&host, &[THIRD]);
    let calls = changes_by_docker(&host);
    let behind = calls.iter().skip_while(|call| *call != "scheduler-stop").skip(1);
    let mut behind: Vec<&str> = behind.map(String::as_str).collect();
    behind.sort_unstable();
    let (worker, web) = (format!("container stop -t 120 -- {SECOND}"), format!("container stop -t 7 -- {FIRST}"));
    assert_eq!(behind, [&worker, &web, &update("no", &[FIRST, SECOND])[0]]);
}

#[test]
fn a_time_that_is_the_app_s_is_none_of_its_own() {
    for host in [counted(), counted().property("stop-timeout-seconds.worker", "30")] {
        assert_eq!(stop(&host, &[FIRST, SECOND, THIRD]), "-----> Stopping shop\n");
        assert_eq!(changes_by_docker(&host), ["scheduler-stop"]);
    }
}

#[test]
fn on_another_scheduler_the_times_are_its_own_affair() {
    let host = counted().property("stop-timeout-seconds.worker", "120");
    let host = host.file("lib/config/scheduler/shop/selected", "k3s");
    host.command("stop", ["shop"]).succeeds().stdout("-----> Stopping shop\n");
    assert_eq!(content(&host, "docker-calls"), None);
}
