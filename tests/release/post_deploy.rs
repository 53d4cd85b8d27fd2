//! `post-deploy`: types that are short, and types that have left the Procfile.

use std::fs;

use ps_tests::{Answer, Host, Outcome};

use crate::{FIRST, PROCFILE, SECOND, changes_by_docker, content, docker_calls, property, shop, with_docker};

fn post_deploy(host: &Host) -> Outcome {
    host.run("post-deploy", ["shop", "", "", "latest"])
}

/// One web runs; the scale is this.
fn one_web(quantities: &str) -> Host {
    with_docker(shop().procfile(PROCFILE).scale(quantities).container("web.1", &format!("{FIRST}\n")), &[FIRST], "")
}

/// A release that no longer has the type worker, of which two instances run beside one web.
fn worker_has_left() -> Host {
    worker_has_left_with("")
}

fn worker_has_left_with(docker: &str) -> Host {
    const WEB: &str = "9999999999999999999999999999999999999999999999999999999999999999";
    let mut host = shop().procfile("web: /demo web\n").scale("web=1 worker=2").answers("checks-get-property", "7");
    for (instance, id, ip) in
        [("web.1", WEB, "172.17.0.2"), ("worker.1", FIRST, "172.17.0.3"), ("worker.2", SECOND, "172.17.0.4")]
    {
        host = host
            .container(instance, &format!("{id}\n"))
            .file(&format!("home/shop/IP.{instance}"), ip)
            .file(&format!("home/shop/PORT.{instance}"), "5000");
    }
    let host = with_docker(host, &[WEB, FIRST, SECOND], docker);
    host.sandbox().write_script(
        "lib/core-plugins/available/scheduler-docker-local/scheduler-register-retired",
        "#!/bin/sh\necho \"skip image=$DOKKU_SKIP_IMAGE_CLEANUP_REGISTRATION $*\" >>\"$CONFORMANCE_ROOT/registered\"\n",
    );
    host
}

/// The instance files of the app.
fn files(host: &Host) -> Vec<String> {
    let entries = fs::read_dir(host.sandbox().path("home/shop")).unwrap();
    let mut names: Vec<String> = entries.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
    names.retain(|name| ["CONTAINER.", "IP.", "PORT."].iter().any(|kind| name.starts_with(kind)));
    names.sort();
    names
}

const FILES_OF_WEB: [&str; 3] = ["CONTAINER.web.1", "IP.web.1", "PORT.web.1"];

#[test]
fn an_app_that_runs_as_it_should_is_no_word_worth() {
    let host = one_web("web=1 worker=0");
    post_deploy(&host).succeeds().fires_nothing().changes_no_file();
    assert!(changes_by_docker(&host).is_empty());
}

#[test]
fn each_type_that_is_short_is_a_warning() {
    let host = one_web("web=3 worker=1");
    post_deploy(&host)
        .succeeds()
        .stderr(" !     shop should run 3 of web, and 1 run\n !     shop should run 1 of worker, and 0 run\n")
        .changes_no_file();
}

#[test]
fn an_instance_whose_container_has_ended_does_not_count() {
    let host = with_docker(
        shop().procfile(PROCFILE).scale("web=1").container("web.1", &format!("{FIRST}\n")),
        &[],
        &format!("[ \"$2\" = ls ] && printf '{FIRST}\\texited\\n'"),
    );
    post_deploy(&host).succeeds().stderr(" !     shop should run 1 of web, and 0 run\n");
}

#[test]
fn a_docker_that_is_absent_is_a_warning() {
    let host = one_web("web=1").env("DOCKER_BIN", "/nonexistent/docker");
    post_deploy(&host).succeeds().stderr_contains(" !     ").stderr_contains("/nonexistent/docker").changes_no_file();
}

#[test]
fn a_docker_that_fails_is_a_warning_and_retires_nothing() {
    let host = worker_has_left_with("echo 'Cannot connect to the Docker daemon' >&2; exit 1");
    post_deploy(&host).succeeds().any_stdout().stderr_contains("Cannot connect to the Docker daemon").changes_no_file();
    assert_eq!(content(&host, "registered"), None);
}

#[test]
fn a_docker_that_is_absent_retires_nothing() {
    let host = worker_has_left().env("DOCKER_BIN", "/nonexistent/docker");
    post_deploy(&host).succeeds().any_stdout().stderr_contains("/nonexistent/docker").changes_no_file();
}

#[test]
fn on_another_scheduler_it_does_nothing() {
    let host = worker_has_left().file("lib/config/scheduler/shop/selected", "k3s");
    post_deploy(&host).succeeds().fires_nothing().changes_no_file();
    assert!(docker_calls(&host, "").is_empty(), "Docker must not be asked");
}

#[test]
fn on_a_host_without_docker_local_it_does_nothing() {
    let host = worker_has_left();
    fs::remove_file(host.sandbox().path("lib/plugins/enabled/scheduler-docker-local")).unwrap();
    post_deploy(&host).succeeds().fires_nothing().changes_no_file();
    assert!(docker_calls(&host, "").is_empty(), "Docker must not be asked");
}

#[test]
fn a_type_that_has_left_the_procfile_is_queued_for_retirement_without_its_image() {
    let host = worker_has_left();
    post_deploy(&host).succeeds().stdout_contains("worker");
    let registered = content(&host, "registered").unwrap();
    assert_eq!(registered, format!("skip image=1 shop {FIRST} 7\nskip image=1 shop {SECOND} 7\n"));
}

#[test]
fn the_files_of_its_instances_go_and_no_others() {
    let host = worker_has_left();
    post_deploy(&host).succeeds().any_stdout();
    assert_eq!(files(&host), FILES_OF_WEB);
}

#[test]
fn its_quantity_is_0_from_then_on() {
    let host = worker_has_left();
    post_deploy(&host).succeeds().any_stdout();
    assert_eq!(property(&host, "scale").unwrap(), "web=1\n");
    assert_eq!(property(&host, "scale.old").unwrap(), "worker=0\n");
    assert_eq!(content(&host, "home/shop/DOKKU_SCALE").unwrap(), "web=1\n");
}

#[test]
fn its_containers_lose_their_policy_before_they_are_asked_to_end_each_in_one_call() {
    let host = worker_has_left();
    post_deploy(&host).succeeds().any_stdout();
    let wanted = [
        format!("container update --restart=no -- {FIRST} {SECOND}"),
        format!("container kill --signal TERM -- {FIRST} {SECOND}"),
    ];
    assert_eq!(changes_by_docker(&host), wanted);
}

#[test]
fn once_it_is_retired_there_is_nothing_left_to_do() {
    let host = worker_has_left();
    post_deploy(&host).succeeds().any_stdout();
    let calls = changes_by_docker(&host);
    post_deploy(&host).succeeds().changes_no_file();
    assert_eq!(changes_by_docker(&host), calls);
}

#[test]
fn an_instance_whose_container_is_gone_loses_its_files_and_is_not_queued() {
    let host = worker_has_left();
    let host = host.container("worker.2", "4444444444444444444444444444444444444444444444444444444444444444\n");
    post_deploy(&host).succeeds().any_stdout();
    assert_eq!(content(&host, "registered").unwrap(), format!("skip image=1 shop {FIRST} 7\n"));
    assert_eq!(files(&host), FILES_OF_WEB);
}

#[test]
fn a_web_that_has_left_goes_out_of_the_proxy() {
    let host = worker_has_left().procfile("worker: /demo worker\n");
    post_deploy(&host).succeeds().any_stdout().fires(&["proxy-build-config shop"]);
}

#[test]
fn an_app_without_a_procfile_keeps_its_types() {
    let host = worker_has_left();
    fs::remove_file(host.sandbox().path("lib/data/ps/shop/Procfile")).unwrap();
    post_deploy(&host).succeeds().fires_nothing().changes_no_file();
    assert!(changes_by_docker(&host).is_empty());
}

#[test]
fn a_retirement_that_fails_is_a_warning_that_keeps_the_files() {
    let host = worker_has_left();
    host.sandbox().answer(
        "scheduler-docker-local",
        "scheduler-register-retired",
        &[Answer::failure(1).saying("disk full\n")],
    );
    post_deploy(&host)
        .succeeds()
        .any_stdout()
        .stderr_contains("disk full")
        .stderr_contains(" !     shop is deployed, but");
    assert_eq!(files(&host).len(), 9, "the files are what the next attempt goes by");
    assert_eq!(property(&host, "scale").unwrap(), "web=1\nworker=2\n");
}
