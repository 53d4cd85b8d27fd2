//! `ps:reconcile`: what is missing is started, what is too much goes, and the rest is left alone.

use std::collections::BTreeSet;
use std::fs;
use std::path::PathBuf;
use std::time::Duration;

use ps_tests::docker::{Dokku, docker};
use ps_tests::process::wait_until;

use crate::shop::{Shop, kept, lines_with, new};
use crate::started::Started;

/// How long a container may take until it is as it should be.
const SETTLES: Duration = Duration::from_mins(3);

/// A container that says of itself that it is an instance of the app, and that no file names. The demo runs in
/// it with this argument.
fn stray(shop: &Shop, instance: &str, demo: &str) -> String {
    let (process_type, _) = instance.rsplit_once('.').expect("TYPE.INDEX");
    let labels = [
        format!("--label=com.dokku.app-name={}", shop.app),
        format!("--label=com.dokku.process-type={process_type}"),
        format!("--label=com.dokku.dyno={instance}"),
        "--label=com.dokku.container-type=deploy".to_owned(),
        "--label=com.dokku.builder-type=dockerfile".to_owned(),
        "--label=dokku=".to_owned(),
    ];
    let name = format!("--name={}.{instance}", shop.app);
    let image = format!("dokku/{}:latest", shop.app);
    let mut words = vec!["container", "run", "--detach", "--restart=always", &name];
    words.extend(labels.iter().map(String::as_str));
    words.extend([image.as_str(), "/demo", demo]);
    docker(&words).trim().to_owned()
}

fn runs(shop: &Shop, id: &str) -> bool {
    shop.dokku.ids(&shop.app).iter().any(|running| running == id)
}

pub(crate) fn what_is_missing_is_started_and_what_is_stray_retired() {
    let shop = Shop::with(&["web=2", "worker=2"]);
    let before = shop.runs(&["web.1", "web.2", "worker.1", "worker.2"]);
    docker(&["container", "rm", "--force", &before["worker.1"].id]);
    docker(&["container", "rm", "--force", &before["web.2"].id]);
    let stray = stray(&shop, "worker.9", "worker");

    let state = shop.state();
    let planned = shop.reconciles(&["--dry-run"]);
    for instance in ["worker.1", "web.2"] {
        assert!(!lines_with(&planned.stdout, &[instance, "start"]).is_empty(), "{instance}: {planned}");
    }
    assert!(planned.stdout.contains("worker.9"), "the stray: {planned}");
    shop.is_still(&state, "a dry run");

    let mended = shop.reconciles(&[]);
    assert!(!mended.stdout.is_empty(), "it must say what it did: {mended}");
    wait_until("the stray has ended", SETTLES, || !runs(&shop, &stray));
    let after = shop.runs(&["web.1", "web.2", "worker.1", "worker.2"]);
    kept(&before, &after, &["web.1", "worker.2"]);
    new(&before, &after, &["web.2", "worker.1"]);
    shop.dokku.answers(&shop.app, &["web.1", "web.2"]);
    assert_eq!(shop.scale(), ["web=2", "worker=2"]);
    // The stray is out of the way for good: ps:retire removes it once its time has come.
    wait_until("the stray is gone", SETTLES, || {
        shop.dokku.succeeds(&["ps:retire", &shop.app]);
        shop.dokku.containers(&shop.app).iter().all(|container| container.id != stray)
    });
    kept(&after, &shop.instances(), &["web.1", "web.2", "worker.1", "worker.2"]);
}

pub(crate) fn a_stray_that_does_not_listen_is_stopped_after_the_wait() {
    let shop = Shop::with(&["web=1"]);
    let before = shop.runs(&["web.1"]);
    shop.dokku.succeeds(&["ps:set", &shop.app, "stop-timeout-seconds", "1"]);
    let deaf = stray(&shop, "worker.9", "deaf");
    shop.reconciles(&[]);
    // Nobody calls ps:retire here: it is stopped in the background.
    wait_until("the stray has ended", SETTLES, || !runs(&shop, &deaf));
    kept(&before, &shop.runs(&["web.1"]), &["web.1"]);
}

/// Triggers that only ask. They may be many; what is not here does something.
fn only_asks(trigger: &str) -> bool {
    let questions = BTreeSet::from([
        "app-json-get-content",
        "app-json-process-deploy-parallelism",
        "config-export",
        "config-get",
        "deployed-app-image-repo",
        "deployed-app-image-tag",
        "deployed-app-repository",
        "proxy-is-enabled",
        "proxy-type",
        "ps-current-scale",
        "procfile-exists",
        "procfile-get-command",
        "scheduler-app-status",
        "scheduler-detect",
        "scheduler-is-deployed",
        "user-auth",
        "user-auth-app",
    ]);
    questions.contains(trigger) || trigger.ends_with("-get-property")
}

pub(crate) fn with_nothing_to_do_it_asks_and_does_nothing() {
    let shop = Shop::with(&["web=2", "worker=2"]);
    shop.runs(&["web.1", "web.2", "worker.1", "worker.2"]);
    let log = shop.dokku.path("docker-calls");
    let counting = format!("echo \"$*\" >>'{}'\nexec '{}' \"$@\"", log.display(), docker_path().display());
    let counting = shop.dokku.script("bin/counting-docker", &counting);
    let state = shop.state();
    shop.watch();
    let idle = shop.dokku.run_with(&["ps:reconcile", &shop.app], &[("DOCKER_BIN", &counting)]);
    assert_eq!(idle.status, 0, "{idle}");
    assert_eq!(idle.stderr, "", "{idle}");
    let calls = fs::read_to_string(&log).unwrap_or_default();
    assert!((1..=2).contains(&calls.lines().count()), "calls of Docker:\n{calls}");
    let events = shop.events();
    let deeds: Vec<_> = events.iter().filter(|line| !only_asks(line.split(' ').next().unwrap_or_default())).collect();
    assert!(deeds.is_empty(), "{deeds:#?}");
    shop.is_still(&state, "a reconcile with nothing to do");
}

fn docker_path() -> PathBuf {
    let path = std::env::var_os("PATH").expect("a PATH");
    let mut programs = std::env::split_paths(&path).map(|folder| folder.join("docker"));
    programs.find(|program| program.is_file()).expect("docker is on the PATH")
}

pub(crate) fn all_apps_one_after_the_other() {
    let first = Shop::with(&["web=1", "worker=2"]);
    let second = Shop::deploy(&first.dokku, &["web=1"], &[]);
    let third = Shop::deploy(&first.dokku, &["web=1"], &[]);
    first.dokku.succeeds(&["ps:stop", &third]);
    let before = first.runs(&["web.1", "worker.1", "worker.2"]);
    docker(&["container", "rm", "--force", &before["worker.2"].id]);
    docker(&["container", "rm", "--force", &first.dokku.ids(&second)[0]]);
    first.dokku.succeeds(&["ps:reconcile", "--all"]);
    let after = first.runs(&["web.1", "worker.1", "worker.2"]);
    kept(&before, &after, &["web.1", "worker.1"]);
    first.dokku.runs(&second, &["web.1"]);
    first.dokku.answers(&second, &["web.1"]);
    // Who was stopped by hand stays so.
    assert_eq!(first.dokku.running(&third), [""; 0]);
}

pub(crate) fn an_unhealthy_instance_is_replaced() {
    let dokku = Dokku::new();
    let dockerfile = "FROM scratch\nHEALTHCHECK --interval=2s --timeout=60s --retries=2 CMD [\"/demo\", \"health\"]\n";
    let shop = Shop::on(dokku, &["web=1", "worker=2"], &[("Dockerfile", dockerfile)]);
    let before = shop.runs(&["web.1", "worker.1", "worker.2"]);
    let health = |id: &str| docker(&["container", "inspect", "--format", "{{.State.Health.Status}}", id]);
    wait_until("all are healthy", SETTLES, || before.values().all(|life| health(&life.id).trim() == "healthy"));
    // A file of this name in its container makes the demo say that it is sick.
    let mark = shop.dokku.path("sick");
    fs::write(&mark, "").expect("a file");
    docker(&["container", "cp", &mark.display().to_string(), &format!("{}:/sick", before["worker.1"].id)]);
    let sick = || health(&before["worker.1"].id).trim() == "unhealthy";
    wait_until("one is unhealthy", SETTLES, sick);

    let state = shop.state();
    shop.reconciles(&[]);
    shop.is_still(&state, "a reconcile that is not told to look at health");
    shop.reconciles(&["--unhealthy"]);
    let after = shop.runs(&["web.1", "worker.1", "worker.2"]);
    kept(&before, &after, &["web.1", "worker.2"]);
    new(&before, &after, &["worker.1"]);
}

pub(crate) fn a_container_that_docker_starts_again_and_again_is_replaced_and_ends() {
    let shop = Shop::with(&["web=1", "worker=2"]);
    let before = shop.runs(&["web.1", "worker.1", "worker.2"]);
    let looping = looping(&shop, &before["worker.2"].id);
    let mended = shop.reconciles(&[]);
    assert!(!lines_with(&mended.stdout, &["worker.2", "start"]).is_empty(), "{mended}");
    let after = shop.runs(&["web.1", "worker.1", "worker.2"]);
    kept(&before, &after, &["web.1", "worker.1"]);
    assert_eq!(state(&looping), "exited", "it must not be started again");
    // One that is too much goes as well.
    let looping = self::looping(&shop, &after["worker.2"].id);
    shop.scales(&["worker=1"]);
    kept(&before, &shop.runs(&["web.1", "worker.1"]), &["web.1", "worker.1"]);
    assert_eq!(state(&looping), "exited", "it must not be started again");
}

/// A container in the place of worker.2 that fails whenever Docker starts it, and waits for long to be started again:
/// Docker doubles the time with each start, from a tenth of a second.
fn looping(shop: &Shop, instead_of: &str) -> String {
    docker(&["container", "rm", "--force", instead_of]);
    let looping = stray(shop, "worker.2", "fail");
    fs::write(shop.home().join("CONTAINER.worker.2"), format!("{looping}\n")).expect("its file");
    let count = || docker(&["container", "inspect", "--format", "{{.RestartCount}}", &looping]);
    wait_until("it is between two starts", Duration::from_mins(5), || {
        state(&looping) == "restarting" && count().trim().parse::<u32>().is_ok_and(|count| count >= 8)
    });
    looping
}

fn state(container: &str) -> String {
    docker(&["container", "inspect", "--format", "{{.State.Status}}", container]).trim().to_owned()
}

pub(crate) fn a_deploy_that_takes_no_lock_is_waited_for() {
    let shop = Shop::with(&["web=1", "worker=1"]).checked("15");
    let before = shop.runs(&["web.1", "worker.1"]);
    let mut setting = Started::new(&shop.dokku, "scale", &["config:set", &shop.app, "COLOUR=blue"]);
    wait_until("a container of the deploy is checked", Duration::from_mins(1), || {
        assert!(setting.is_running(), "{}", setting.said());
        !shop.half_made().is_empty()
    });
    let listing = shop.dokku.succeeds(&["ps", &shop.app]);
    assert!(listing.contains("upcoming") && !listing.contains("stray"), "{listing}");
    let idle = shop.reconciles(&["--lock-timeout", "120"]);
    assert!(idle.stderr.contains("deploys"), "it must say for whom it waits: {idle}");
    assert_eq!(setting.status(), 0, "{}", setting.said());
    let after = shop.runs(&["web.1", "worker.1"]);
    new(&before, &after, &["web.1", "worker.1"]);
    assert_eq!(shop.half_made(), [""; 0]);
}

pub(crate) fn what_is_paused_is_left_alone() {
    let shop = Shop::with(&["web=1", "worker=1"]);
    let before = shop.runs(&["web.1", "worker.1"]);
    docker(&["container", "pause", &before["worker.1"].id]);
    let state = shop.state();
    shop.reconciles(&[]);
    shop.is_still(&state, "a reconcile while an instance is paused");
    shop.scales(&["worker=2"]);
    docker(&["container", "unpause", &before["worker.1"].id]);
    kept(&before, &shop.runs(&["web.1", "worker.1", "worker.2"]), &["web.1", "worker.1"]);
}
