//! `ps:restore` and the proxy: what runs where its proxy looks for it does not go dark.

use ps_tests::{Answer, Host};

use crate::fakes::{Fake, KILLED, WithDocker, fake, id, shop};

/// The shop with one web and one worker, and an app `api` with one web, with the addresses that are written down.
pub(crate) fn two_apps(containers: &[Fake]) -> Host {
    let host = shop("web=1 worker=1").container("web.1", &id(1)).container("worker.1", &id(2));
    let host = host.file("home/shop/IP.web.1", "172.17.0.1").file("home/shop/IP.worker.1", "172.17.0.2\n");
    let host =
        host.app("api").container("web.1", &id(3)).file("home/api/IP.web.1", "172.17.0.3").containers(containers);
    host.sandbox().answer("scheduler-docker-local", "scheduler-deploy", &[Answer::default()]);
    host
}

/// The proxies that a restore of all clears.
fn cleared(containers: &[Fake]) -> Vec<String> {
    cleared_on(&two_apps(containers))
}

pub(crate) fn cleared_on(host: &Host) -> Vec<String> {
    host.command("restore", ["--all"]).succeeds().any_stdout().any_stderr();
    let fired = host.sandbox().fired().into_iter().filter(|call| call[0] == "proxy-clear-config");
    fired.map(|call| call[1..].join(" ")).collect()
}

pub(crate) fn all() -> [Fake; 3] {
    [fake(1, "shop", "web.1"), fake(2, "shop", "worker.1"), fake(3, "api", "web.1")]
}

pub(crate) fn an_app_that_runs_where_its_proxy_looks_for_it_stays_in_the_proxy() {
    assert!(cleared(&all()).is_empty());
    let [web, worker, api] = all();
    assert_eq!(cleared(&[web.clone(), worker.clone(), api.state(KILLED)]), ["api"]);
    assert_eq!(cleared(&[web, worker]), ["api"]);
}

pub(crate) fn an_app_with_another_address_is_cleared() {
    let [web, worker, api] = all();
    assert_eq!(cleared(&[web.clone(), worker.clone(), api.clone().address("172.17.0.9")]), ["api"]);
    // One of several networks may be the one that is written down.
    assert_eq!(cleared(&[web.clone(), worker.address("172.17.0.9"), api]), ["shop"]);
}

pub(crate) fn a_stop_after_which_something_runs_has_failed() {
    let host = two_apps(&all());
    let outcome = host.command("stop", ["shop"]).fails(1).any_stdout().fires(&["scheduler-stop docker-local shop"]);
    outcome.stderr_contains("shop is not stopped, there still runs shop.web.1, shop.worker.1");
    assert!(!host.sandbox().path("lib/config/ps/shop/restore").exists());
}

pub(crate) fn a_stopped_app_of_which_something_runs_is_told() {
    let [web, worker, api] = all();
    let host = two_apps(&[web, worker.state(KILLED), api]).file("lib/config/ps/shop/restore", "false");
    for words in [&["shop"][..], &["--dry-run", "shop"], &["--all"]] {
        let outcome = host.command("reconcile", words.iter().copied()).fails(1).any_stdout().fires_nothing();
        outcome.stderr_contains("App shop is stopped, and web.1 of it runs");
    }
}

/// `ps:set APP restore false` of an app that runs: it was not stopped.
pub(crate) fn an_app_that_a_boot_is_to_leave_alone_runs() {
    let host = two_apps(&all()).file("lib/config/ps/shop/restore", "false");
    let listing = host.ps(&["shop", "--exit-code"]).succeeds().into_stdout();
    assert!(!listing.contains("stopped"), "{listing}");
    assert!(listing.contains("a boot leaves shop alone, to have it started then: dokku ps:start shop"), "{listing}");
    host.ps(&["--all", "--exit-code"]).succeeds().stdout_contains("running");
    host.command("reconcile", ["shop"]).succeeds().stdout("-----> shop is as it should be\n").changes_no_file();
    // It is scaled as one that runs.
    let plan = host.command("scale", ["shop", "web=1", "worker+1", "--dry-run"]).succeeds();
    plan.stdout_contains("worker: 1 -> 2, all instances are replaced");
    // So it is beside a type that was stopped by hand, and not once something else does not run.
    let [web, worker, api] = all();
    let host = two_apps(&[web.clone(), worker.clone().state(KILLED), api.clone()]);
    let host = host.file("lib/config/ps/shop/restore", "false").file("lib/data/ps/shop/stopped", "worker\n");
    host.ps(&["shop", "--exit-code"]).succeeds().stdout_contains("worker was stopped, to start it");
    let host = two_apps(&[web.state(KILLED), worker, api]).file("lib/config/ps/shop/restore", "false");
    host.ps(&["shop", "--exit-code"]).fails(3).stdout_contains("shop was stopped and worker.1 of it runs");
}

/// A container that has ended and that nothing accounts for is of no harm to an app that was stopped.
pub(crate) fn a_stopped_app_with_what_a_deploy_has_left_is_stopped() {
    let [web, worker, api] = all();
    let left = fake(7, "shop", "web.1").named("shop.web.1.upcoming-7").state(KILLED);
    let containers = [web.state(KILLED), worker.state(KILLED), api, left];
    let host = two_apps(&containers).file("lib/config/ps/shop/restore", "false");
    host.ps(&["shop", "--exit-code"]).succeeds().stdout_contains("shop was stopped, to start it: dokku ps:start shop");
    host.ps(&["--all"]).succeeds().stdout_contains("stopped");
}

pub(crate) fn a_stale_address_is_listed_in_every_form() {
    let [web, worker, api] = all();
    let host = two_apps(&[web.address("172.17.0.77"), worker, api]);
    host.ps(&["shop", "--exit-code"]).fails(3).stdout_contains("web.1     stale address");
    host.ps(&["shop", "--quiet"]).succeeds().stdout_contains("web.1\tstale address\t");
    host.ps(&["shop", "--format", "json"]).succeeds().stdout_contains("\"state\":\"stale address\"");
    host.ps(&["--all"]).succeeds().stdout_contains("(1 stale address)");
    host.ps(&["api", "--exit-code"]).succeeds().any_stdout();
}

pub(crate) fn all_are_cleared_at_once_when_none_could_be_shown_healthy() {
    let [web, worker, api] = all().map(|container| container.address("172.17.0.9"));
    assert_eq!(cleared(&[web, worker, api]), ["--all", "api", "shop"]);
    assert_eq!(cleared(&[]), ["--all", "api", "shop"]);
}

pub(crate) fn fifty_running_apps_with_150_containers_take_two_calls_and_no_trigger() {
    const ADDRESS: &str = "172.17.9.9";
    let mut containers = Vec::new();
    let mut host = ps_tests::host().docker_local();
    for number in 0..50 {
        let app = format!("app-{number:02}");
        host = host.app(&app).scale("web=2 worker=1");
        for (offset, dyno) in ["web.1", "web.2", "worker.1"].into_iter().enumerate() {
            let container = fake(number * 3 + offset, &app, dyno).address(ADDRESS);
            host = host.container(dyno, &container.id()).file(&format!("home/{app}/IP.{dyno}"), ADDRESS);
            containers.push(container);
        }
    }
    let host = host.containers(&containers);
    host.sandbox().answer("scheduler-docker-local", "scheduler-deploy", &[Answer::default()]);
    for words in [&["--all"][..], &["--all", "--parallel", "-1"]] {
        let before = host.calls().len();
        let outcome = host.command("restore", words.iter().copied()).succeeds().any_stderr().fires(&["pre-restore"]);
        assert_eq!(host.calls()[before..], ["container ls", "container inspect"]);
        let told = outcome.into_stdout();
        assert_eq!(told.matches("runs, and is left alone").count(), 50, "{told}");
    }
}

pub(crate) fn one_app_that_fails_keeps_no_other_from_its_turn() {
    let host = two_apps(&[]);
    host.sandbox().answer("host", "proxy-build-config", &[Answer::failure(1).to(&["api"]), Answer::default()]);
    let outcome = host.command("restore", ["--all"]).fails(1).any_stdout();
    outcome
        .stderr_contains("Error running restore against app api")
        .stderr_contains("restore command returned 1 errors");
    assert!(host.sandbox().fired().iter().any(|call| call[..] == ["proxy-build-config", "shop"]));
}

/// The proxy may not have been told of it.
pub(crate) fn an_app_with_an_unfinished_change_is_not_taken_for_one_that_runs() {
    let host = two_apps(&all()).file("lib/data/ps/shop/unfinished/type.web", "");
    assert_eq!(cleared_on(&host), ["shop"]);
    assert!(host.sandbox().fired().iter().any(|call| call[..] == ["proxy-build-config", "shop"]));
}

/// Until its proxy was made anew somebody owes it that.
pub(crate) fn a_restore_that_fails_leaves_a_mark_and_one_that_succeeds_does_not() {
    for (status, left) in [(1, true), (0, false)] {
        let host = two_apps(&[]).gives("proxy-build-config", &[Answer::failure(status)]);
        let outcome = host.command("restore", ["--all"]);
        drop(if left { outcome.fails(1) } else { outcome.succeeds() }.any_stdout().any_stderr());
        assert_eq!(host.sandbox().path("lib/data/ps/shop/unfinished/type.web").exists(), left);
    }
}
