//! The rest of the host: empty answers, and triggers that fail half-way.

use ps_tests::Answer;

use crate::{headline, shop};

#[test]
fn an_empty_status_is_an_app_that_does_not_run() {
    shop()
        .answers("scheduler-app-status", "")
        .command("report", ["shop"])
        .succeeds()
        .stdout_contains("       Processes:                        0\n")
        .stdout_contains("       Running:                          false\n")
        .changes_no_file();
}

#[test]
fn a_status_that_is_rubbish() {
    for status in ["many true", "3", "3 perhaps", "-1 true"] {
        let outcome = shop().answers("scheduler-app-status", status).command("report", ["shop"]);
        outcome.exits_with_one_of(&[0, 1]).any_stdout().any_stderr().changes_no_file();
    }
}

#[test]
fn a_type_whose_deploy_fails_gets_its_old_quantity_back() {
    let failure = Answer::failure(1).to(&["shop", "latest", "worker"]).saying("no more memory\n");
    shop()
        .scale("web=1 worker=1")
        .procfile("web: run\nworker: go\n")
        .gives("deploy", &[failure, Answer::default()])
        .command("scale", ["shop", "web=2", "worker=3"])
        .fails(1)
        .stdout_contains(&headline("web=2 worker=3"))
        .stderr_contains("no more memory")
        .stderr_contains("worker")
        .deploys("web worker")
        .leaves("lib/config/ps/shop/scale", "web=2\nworker=1\n")
        .changes_only(&["lib/config/ps/shop/scale"]);
}

#[test]
fn a_new_type_whose_deploy_fails_is_not_kept() {
    shop()
        .gives("deploy", &[Answer::failure(1)])
        .command("scale", ["shop", "worker=3"])
        .fails(1)
        .stdout_contains(&headline("worker=3"))
        .stderr_contains("worker")
        .deploys("worker")
        .changes_no_file();
}

#[test]
fn a_hook_that_fails_before_anything_was_started() {
    shop()
        .gives("pre-start", &[Answer::failure(5).saying("not now\n")])
        .command("start", ["shop"])
        .fails(1)
        .stderr_contains("not now")
        .fires(&["pre-start shop"])
        .changes_no_file();
}

#[test]
fn an_app_for_which_nobody_names_a_scheduler_has_the_one_of_all() {
    shop()
        .gives("scheduler-detect", &[Answer::text("k3s\n").to(&["--global"]), Answer::default()])
        .command("stop", ["shop"])
        .succeeds()
        .any_stdout()
        .fires(&["scheduler-stop k3s shop", "post-stop shop"]);
}
