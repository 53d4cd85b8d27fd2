//! Restart policies: what is one, which holds, and that it reaches the containers that run.

use std::fs;

use ps_tests::Host;

use crate::{FIRST, SECOND, changes_by_docker, content, docker_calls, property, shop, with_docker};

const BAD: [&str; 10] = [
    "on-failure:junk",
    "on-failure:0",
    "on-failure:",
    "on-failure:-1",
    "on-failure:1 ",
    "Always",
    "always:3",
    "sometimes",
    "no always",
    "--restart=no",
];

/// An app with two containers that run.
fn running() -> Host {
    running_with("")
}

fn running_with(docker: &str) -> Host {
    let host = shop().container("web.1", &format!("{FIRST}\n")).container("worker.1", &format!("{SECOND}\n"));
    with_docker(host, &[FIRST, SECOND], docker)
}

/// The one change that brings a policy to these containers.
pub(crate) fn update(policy: &str, containers: &[&str]) -> Vec<String> {
    vec![format!("container update --restart={policy} -- {}", containers.join(" "))]
}

#[test]
fn ps_set_restart_policy_refuses_what_is_no_policy_and_writes_nothing() {
    for policy in BAD {
        let host = running();
        let words = if policy.starts_with('-') { vec!["--", "shop", policy] } else { vec!["shop", policy] };
        host.command("set-restart-policy", words).refuses("restart");
        assert_eq!(property(&host, "restart-policy"), None);
        assert!(docker_calls(&host, "").is_empty(), "Docker must not be asked");
    }
}

#[test]
fn ps_set_restart_policy_needs_a_policy() {
    for words in [&["shop"][..], &["shop", ""]] {
        running().command("set-restart-policy", words.iter().copied()).refuses("restart policy");
    }
}

#[test]
fn ps_set_restart_policy_needs_an_app_that_exists() {
    running().command("set-restart-policy", ["nope", "always"]).fails(20).stderr(" !     App nope does not exist\n");
    running().command("set-restart-policy", Vec::<&str>::new()).refuses("Please specify an app to run the command on");
}

#[test]
fn ps_set_restart_policy_sets_it_and_says_so() {
    for policy in ["no", "always", "unless-stopped", "on-failure", "on-failure:1", "on-failure:20"] {
        let host = running();
        host.command("set-restart-policy", ["shop", policy])
            .succeeds()
            .stdout(&format!("-----> Setting restart policy: {policy}\n"))
            .leaves("lib/config/ps/shop/restart-policy", policy);
        assert_eq!(changes_by_docker(&host), update(policy, &[FIRST, SECOND]));
    }
}

#[test]
fn ps_set_restart_policy_says_nothing_when_it_is_to_be_quiet() {
    running().env("DOKKU_QUIET_OUTPUT", "1").command("set-restart-policy", ["shop", "always"]).succeeds();
}

#[test]
fn ps_set_reaches_the_containers_of_the_app_in_one_call() {
    let host = running();
    host.command("set", ["shop", "restart-policy", "always"])
        .succeeds()
        .stdout("=====> Setting restart-policy to always\n")
        .leaves("lib/config/ps/shop/restart-policy", "always");
    assert_eq!(changes_by_docker(&host), update("always", &[FIRST, SECOND]));
}

#[test]
fn to_clear_the_property_brings_the_default() {
    let host = running().property("restart-policy", "always");
    host.command("set", ["shop", "restart-policy"])
        .succeeds()
        .any_stdout()
        .leaves_nothing_at("lib/config/ps/shop/restart-policy");
    assert_eq!(changes_by_docker(&host), update("on-failure:10", &[FIRST, SECOND]));
}

#[test]
fn to_clear_the_property_brings_the_policy_of_the_host_where_there_is_one() {
    let host = running().property("restart-policy", "always").file("lib/config/ps/--global/restart-policy", "no");
    host.command("set", ["shop", "restart-policy"]).succeeds().any_stdout();
    assert_eq!(changes_by_docker(&host), update("no", &[FIRST, SECOND]));
}

#[test]
fn a_policy_of_the_host_reaches_the_apps_without_one_of_their_own_in_one_call() {
    let third = "3333333333333333333333333333333333333333333333333333333333333333";
    let host = shop()
        .container("web.1", &format!("{FIRST}\n"))
        .file("home/own/CONTAINER.web.1", format!("{SECOND}\n"))
        .file("lib/config/ps/own/restart-policy", "no")
        .file("home/zoo/CONTAINER.web.1", format!("{third}\n"));
    let host = with_docker(host, &[FIRST, SECOND, third], "");
    host.command("set", ["--global", "restart-policy", "unless-stopped"])
        .succeeds()
        .stdout("=====> Setting restart-policy to unless-stopped\n");
    assert_eq!(changes_by_docker(&host), update("unless-stopped", &[FIRST, third]));
    assert_eq!(docker_calls(&host, "container ls").len(), 1, "Docker is asked once, however many apps there are");
    host.command("set", ["--global", "restart-policy"]).succeeds().any_stdout();
    assert_eq!(changes_by_docker(&host).last(), update("on-failure:10", &[FIRST, third]).last());
}

#[test]
fn containers_that_do_not_run_are_left_alone() {
    let third = "3333333333333333333333333333333333333333333333333333333333333333";
    let host = shop()
        .container("web.1", &format!("{FIRST}\n"))
        .container("web.2", "")
        .container("web.3", &format!("{third}\n"))
        .container("worker.1", &format!("{SECOND}\n"));
    let host = with_docker(host, &[SECOND], &format!("[ \"$2\" = ls ] && printf '{FIRST}\\texited\\n'"));
    host.command("set", ["shop", "restart-policy", "no"]).succeeds().any_stdout();
    assert_eq!(changes_by_docker(&host), update("no", &[SECOND]));
}

#[test]
fn without_containers_docker_is_not_called() {
    let host = with_docker(shop(), &[FIRST], "");
    host.command("set", ["shop", "restart-policy", "always"]).succeeds().any_stdout();
    host.command("set-restart-policy", ["shop", "no"]).succeeds().any_stdout();
    host.command("set", ["--global", "restart-policy", "always"]).succeeds().any_stdout();
    assert_eq!(content(&host, "docker-calls"), None);
    let host = host.env("DOCKER_BIN", "/nonexistent/docker");
    host.command("set-restart-policy", ["shop", "always"]).succeeds().any_stdout();
}

#[test]
fn other_properties_do_not_reach_for_docker() {
    let host = running();
    host.command("set", ["shop", "stop-timeout-seconds", "7"]).succeeds().any_stdout();
    assert_eq!(content(&host, "docker-calls"), None);
}

#[test]
fn on_another_scheduler_docker_is_not_called() {
    let host = running().file("lib/config/scheduler/shop/selected", "k3s");
    host.command("set-restart-policy", ["shop", "always"]).succeeds().any_stdout();
    assert_eq!(content(&host, "docker-calls"), None);
}

#[test]
fn an_update_that_fails_is_a_warning_that_says_what_to_do() {
    let words = "Restart policy cannot be updated because AutoRemove is enabled";
    let docker = format!("if [ \"$2\" = update ]; then echo 'Error response from daemon: {words}' >&2; exit 1; fi");
    for (command, arguments) in
        [("set", &["shop", "restart-policy", "always"][..]), ("set-restart-policy", &["shop", "always"])]
    {
        let host = running_with(&docker);
        host.command(command, arguments.iter().copied())
            .succeeds()
            .any_stdout()
            .stderr_contains(" !     ")
            .stderr_contains(&format!("Docker: {words}"))
            .stderr_contains("dokku ps:restart shop")
            .leaves("lib/config/ps/shop/restart-policy", "always");
    }
    let host = running_with(&docker);
    host.command("set", ["--global", "restart-policy", "always"])
        .succeeds()
        .any_stdout()
        .stderr_contains("dokku ps:restart --all")
        .leaves("lib/config/ps/--global/restart-policy", "always");
}

#[test]
fn a_docker_that_is_absent_or_does_not_answer_is_a_warning() {
    for host in [running().env("DOCKER_BIN", "/nonexistent/docker"), running_with("exit 1")] {
        host.command("set-restart-policy", ["shop", "always"])
            .succeeds()
            .any_stdout()
            .stderr_contains("dokku ps:restart shop")
            .leaves("lib/config/ps/shop/restart-policy", "always");
    }
}

#[test]
fn ps_restart_policy_prints_a_header_and_the_policy() {
    let shows = |host: Host, policy: &str| {
        let shown = format!("=====> shop restart-policy:\n{policy}\n");
        host.command("restart-policy", ["shop"]).succeeds().stdout(&shown).changes_no_file();
    };
    shows(shop(), "on-failure:10");
    shows(shop().property("restart-policy", "always"), "always");
    shows(shop().file("lib/config/ps/--global/restart-policy", "no"), "no");
    shows(
        shop().property("restart-policy", "on-failure:3").file("lib/config/ps/--global/restart-policy", "no"),
        "on-failure:3",
    );
}

#[test]
fn ps_restart_policy_prints_the_policy_alone_when_it_is_to_be_quiet() {
    shop().env("DOKKU_QUIET_OUTPUT", "1").command("restart-policy", ["shop"]).succeeds().stdout("on-failure:10\n");
}

#[test]
fn ps_restart_policy_needs_an_app_that_exists() {
    shop().command("restart-policy", ["nope"]).fails(20).stderr(" !     App nope does not exist\n");
    shop().command("restart-policy", Vec::<&str>::new()).refuses("Please specify an app to run the command on");
}

#[test]
fn what_was_set_is_what_the_next_container_gets() {
    let host = running().stdin("--env=A=b");
    host.command("set-restart-policy", ["shop", "on-failure:20"]).succeeds().any_stdout();
    host.run("docker-args-process-deploy", ["shop", "dockerfile", "latest"])
        .succeeds()
        .stdout("--env=A=b --restart=on-failure:20");
    assert_eq!(fs::read_to_string(host.sandbox().path("lib/config/ps/shop/restart-policy")).unwrap(), "on-failure:20");
}

/// The user may see `shop` alone.
fn with_a_hidden_app() -> Host {
    let host = shop()
        .container("web.1", &format!("{FIRST}\n"))
        .file("home/secret/CONTAINER.web.1", format!("{SECOND}\n"))
        .file("lib/config/common/secret/deployed", "true");
    with_docker(host, &[FIRST, SECOND], "").answers("user-auth-app", "shop\n")
}

#[test]
fn a_policy_of_the_host_reaches_no_app_that_is_hidden_from_the_user() {
    let host = with_a_hidden_app();
    host.command("set", ["--global", "restart-policy", "always"]).succeeds().any_stdout();
    assert_eq!(changes_by_docker(&host), update("always", &[FIRST]));
}

#[test]
fn a_hook_that_says_what_is_allowed_and_cannot_be_run_allows_nothing() {
    let host = shop().answers("user-auth-app", "shop\n");
    let hook = host.sandbox().path("lib/core-plugins/available/host/user-auth-app");
    fs::set_permissions(hook, std::os::unix::fs::PermissionsExt::from_mode(0o644)).unwrap();
    host.command("scale", ["shop"]).fails(20).any_stderr();
}

#[test]
fn a_restore_of_all_touches_no_app_that_is_hidden_from_the_user() {
    for arguments in [&["--all"][..], &[]] {
        let outcome = with_a_hidden_app().command("restore", arguments.iter().copied()).succeeds();
        outcome.any_stdout().any_stderr().fires(&[
            "pre-restore",
            "scheduler-pre-restore docker-local shop",
            "proxy-clear-config shop",
            "pre-start shop",
            "proxy-build-config shop",
        ]);
    }
}

#[test]
fn a_container_that_is_another_app_s_gets_no_policy() {
    let label = |app: &str| format!("\\t\"{app}\"\\tx.web.1");
    for app in ["api", "shop2"] {
        let listed = format!("[ \"$2\" = ls ] && printf '{SECOND}\\trunning{}\\n'", label(app));
        let host = shop().container("web.1", &format!("{FIRST}\n")).container("web.2", &format!("{SECOND}\n"));
        let host = with_docker(host, &[FIRST], &listed);
        host.command("set", ["shop", "restart-policy", "no"]).succeeds().any_stdout();
        assert_eq!(changes_by_docker(&host), update("no", &[FIRST]));
        host.command("report", ["shop", "--running"]).succeeds().stdout("mixed\n");
        host.command("report", ["shop", "--status-web.2"])
            .succeeds()
            .stdout(&format!("missing (CID: {})\n", &SECOND[..11]));
    }
}
