//! Numbers from outside that are too large: refused before anything is written, in a moment, with how to be allowed more.

use std::time::Duration;

use ps_tests::{Answer, Host};

use crate::{headline, shop};

/// Whoever counts to a billion is ended, and fails.
const SOON: Duration = Duration::from_mins(1);

fn with_types() -> Host {
    shop().procfile("web: x\nworker: y\n").within(SOON)
}

#[test]
fn a_count_above_the_limit_is_refused_with_the_property_s_name() {
    for count in ["1001", "1000000000", "4294967295"] {
        for flags in [&[][..], &["--dry-run"], &["--skip-deploy"]] {
            let words = format!("worker={count}");
            let args = [flags, &["shop", words.as_str()]].concat();
            with_types()
                .command("scale", args)
                .refuses("max-instances")
                .stderr_contains("dokku ps:set shop max-instances")
                .stdout_at_most(&headline(&words))
                .takes_at_most(SOON);
        }
        with_types().run("ps-set-scale", ["shop", "true", "false", &format!("web={count}")]).refuses("max-instances");
    }
    with_types().scale("web=999").command("scale", ["shop", "web+2"]).refuses("max-instances").any_stdout();
}

#[test]
fn the_limit_is_the_app_s_else_the_host_s() {
    let host = with_types().property("max-instances", "3");
    host.command("scale", ["--skip-deploy", "shop", "worker=4"]).refuses("(3)").any_stdout();
    host.command("scale", ["--skip-deploy", "shop", "worker=3"]).succeeds().any_stdout();
    let host = with_types().file("lib/config/ps/--global/max-instances", "2");
    host.command("scale", ["--skip-deploy", "shop", "worker=3"]).refuses("(2)").any_stdout();
    host.command("set", ["shop", "max-instances", "5"]).succeeds().any_stdout();
    host.command("scale", ["--skip-deploy", "shop", "worker=5"]).succeeds().any_stdout();
    for bad in ["0", "-1", "many", "1.5", "99999999999999999999"] {
        host.command("set", ["shop", "--", "max-instances", bad]).refuses("max-instances");
    }
}

#[test]
fn a_source_that_asks_for_more_fails_before_anything_stops() {
    let host = with_types().file("work/Procfile", "web: x\n").file("work/DOKKU_SCALE", "# all\nweb=1000000000\n");
    let source = host.sandbox().expand("@ROOT@/work");
    host.run("core-post-extract", ["shop", &source])
        .refuses("DOKKU_SCALE")
        .stderr_contains("line 2")
        .stderr_contains("max-instances");
    let content = r#"{"formation":{"worker":{"quantity":1000000000}}}"#;
    let host = with_types().answers("app-json-get-content", content);
    host.run("pre-release-builder", ["dockerfile", "shop", "image"])
        .refuses("app.json")
        .stderr_contains("max-instances");
}

#[test]
fn a_saved_scale_that_is_too_large_is_named_and_can_be_mended() {
    let host = with_types().property("scale", "web=1\nworker=4294967295\n").docker_local().docker("exit 0");
    let outcome = host.run("subcommands/default", ["ps", "shop"]).succeeds().any_stdout().takes_at_most(SOON);
    outcome.stderr_contains("config/ps/shop/scale, line 2").stderr_contains("max-instances");
    host.command("scale", ["--skip-deploy", "shop", "worker=1"]).succeeds().any_stdout();
    host.run("ps-current-scale", ["shop"]).succeeds().stdout("web=1\nworker=1");
}

/// An app on docker-local, without a container, whose scale a hand has made too large.
fn too_large() -> Host {
    let host = with_types().property("scale", "web=1\nworker=99999999999999999999\n").docker_local().docker("exit 0");
    host.sandbox().answer("scheduler-docker-local", "scheduler-deploy", &[Answer::default()]);
    host
}

#[test]
fn nothing_is_deployed_by_a_saved_scale_that_is_too_large() {
    for args in [&["shop"][..], &["shop", "worker"]] {
        too_large().command("restart", args.iter().copied()).refuses("scale, line 2").stderr_contains("max-instances");
    }
    too_large().command("restart", ["shop", "web"]).succeeds().deploys("web");
    too_large()
        .run("pre-release-builder", ["dockerfile", "shop", "image"])
        .refuses("scale, line 2")
        .stderr_contains("dokku ps:scale shop worker=1");
    // What the release brings with it takes the place of what is saved.
    too_large()
        .answers("app-json-get-content", r#"{"formation":{"worker":{"quantity":0}}}"#)
        .run("pre-release-builder", ["dockerfile", "shop", "image"])
        .succeeds();
}

#[test]
fn a_saved_scale_that_is_too_large_is_told_where_it_matters() {
    let all = too_large().run("subcommands/default", ["ps", "--all"]).succeeds().any_stdout();
    all.stderr_contains("scale, line 2").takes_at_most(SOON);
    let other = too_large().command("scale", ["--skip-deploy", "shop", "web=2"]).succeeds().any_stdout();
    other.stderr_contains("scale, line 2");
    let plan = too_large().command("reconcile", ["--dry-run", "shop"]).fails(1);
    plan.stdout_contains("web: 1,")
        .does_not_say("worker: 4294967295 ->")
        .stderr_contains("scale, line 2")
        .takes_at_most(SOON);
    let reconciled = too_large().command("reconcile", ["shop"]).fails(1).any_stdout().deploys("web");
    reconciled.stderr_contains("scale, line 2").takes_at_most(SOON);
    // On docker-local as well, where the change is measured against what runs.
    let mended =
        too_large().command("scale", ["shop", "worker=1"]).succeeds().any_stdout().any_stderr().deploys("worker");
    mended.leaves("lib/config/ps/shop/scale", "web=1\nworker=1\n").takes_at_most(SOON);
}

#[test]
fn where_no_thread_can_be_had_the_work_is_done_all_the_same() {
    let host = shop().app("api").env("RUST_MIN_STACK", "1152921504606846976");
    for workers in ["4", "100000"] {
        let outcome = host.command("stop", ["--all", "--parallel", workers]).succeeds();
        outcome.stdout_contains("shop  done").stdout_contains("api   done").takes_at_most(SOON);
    }
}

#[test]
fn a_scale_of_a_hundred_thousand_types_is_listed_soon() {
    let mut scale = String::new();
    (0..100_000).for_each(|number| scale.push_str(&format!("t{number}=1000\n")));
    let host = with_types().property("scale", &scale).docker_local().docker("exit 0");
    let outcome = host.run("subcommands/default", ["ps", "--all"]).succeeds().any_stdout().takes_at_most(SOON);
    outcome.stdout_contains("0/1000");
}

#[test]
fn a_time_of_any_size_panics_nowhere() {
    for seconds in ["18446744073709551615", "9223372036854775807", "99999999999999999999", "-1", ""] {
        let host = with_types().docker_local().docker("exit 0").env("DOKKU_DOCKER_TIMEOUT", seconds);
        host.container("web.1", &"a".repeat(64)).command("report", ["shop"]).succeeds().any_stdout();
    }
    let patience = ["--skip-deploy", "--lock-timeout", "18446744073709551615", "shop", "worker=2"];
    with_types().command("scale", patience).succeeds().any_stdout();
}

#[test]
fn a_type_that_nobody_knows_may_be_set_to_none() {
    let host = with_types();
    let outcome = host.command("scale", ["shop", "clock=0"]).succeeds().fires_nothing().changes_no_file();
    outcome.stdout(&headline("clock=0")).stderr_contains(" !     App shop has no process type clock");
    let outcome = host.command("scale", ["shop", "clock=0", "worker=2"]).succeeds().deploys("worker");
    outcome.any_stdout().stderr_contains("clock").leaves("lib/config/ps/shop/scale", "web=1\nworker=2\n");
    host.command("scale", ["shop", "clock=1"]).refuses("clock").any_stdout();
}
