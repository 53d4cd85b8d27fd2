//! How often Docker is asked, and what it may get wrong.

use std::fs;
use std::time::Duration;

use crate::fakes::{DOCKER, WithDocker, fake, id, running_shop, shop};

pub(crate) fn an_app_without_containers_takes_one_call() {
    let host = shop("web=0 worker=0").containers(&[fake(1, "api", "web.1")]);
    host.ps(&["shop"]).succeeds().stdout("=====> shop processes\n       web 0/0  worker 0/0\n");
    assert_eq!(host.calls(), ["container ls"]);
}

pub(crate) fn one_app_takes_two_calls_and_one_for_each_container_s_processes() {
    let host = running_shop();
    host.ps(&["shop", "--quiet"]).succeeds().any_stdout();
    assert_eq!(host.calls(), ["container ls", "container inspect"]);
    host.ps(&["shop"]).succeeds().any_stdout();
    assert_eq!(host.calls().len(), 2 + 2 + 3);
}

pub(crate) fn processes_that_cannot_be_read_are_a_note() {
    let host = running_shop();
    fs::remove_file(host.sandbox().path(&format!("docker/top.{}", id(2)))).unwrap();
    let note = format!("\n         processes unknown: Container {} is not running\n", id(2));
    host.ps(&["shop", "--exit-code"]).succeeds().stdout_contains(&note);
    let hangs = format!("[ \"$1 $2\" = \"container top\" ] && exec sleep 300\n{DOCKER}");
    let host = host.docker(&hangs).env("DOKKU_DOCKER_TIMEOUT", "5");
    host.ps(&["shop"])
        .succeeds()
        .stdout_contains("\n         processes unknown: Docker did not answer in time\n")
        .takes_at_most(Duration::from_mins(1));
}

pub(crate) fn a_docker_that_fails_is_quoted() {
    let host = shop("web=1").container("web.1", &id(1));
    let host = host.docker("echo 'Cannot connect to the Docker daemon' >&2; exit 1");
    host.ps(&["shop"]).refuses("Cannot connect to the Docker daemon");
    host.ps(&["--all", "--format", "json"]).refuses("Cannot connect to the Docker daemon");
    host.env("DOCKER_BIN", "/nonexistent/docker").ps(&["shop"]).refuses("/nonexistent/docker");
    let host = shop("web=1").docker("echo hello");
    host.ps(&["shop"]).refuses("answered with what is no list of containers: \"hello\"");
}

pub(crate) fn a_docker_that_hangs_is_not_waited_for() {
    let host = shop("web=1").docker("exec sleep 300").env("DOKKU_DOCKER_TIMEOUT", "5");
    host.ps(&["shop"]).refuses("did not answer within 5 seconds").takes_at_most(Duration::from_mins(1));
}
