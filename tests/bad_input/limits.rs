//! Numbers from outside that are too large: refused before anything is written, in a moment, with how to be allowed more.

use std::time::Duration;

use ps_tests::Host;

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
