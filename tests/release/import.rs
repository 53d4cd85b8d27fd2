//! `install`: an old host's `DOKKU_SCALE` becomes the scale of an app that has none.

use std::fs;

use ps_tests::{Answer, Host};

use crate::{content, property, shop};

const FILE: &str = "home/shop/DOKKU_SCALE";

/// An app as a version before the property left it.
fn old_host(dokku_scale: &str) -> Host {
    let host = shop().file(FILE, dokku_scale);
    fs::remove_file(host.sandbox().path("lib/config/ps/shop/scale")).unwrap();
    host
}

fn install(host: &Host) -> ps_tests::Outcome {
    host.run("install", Vec::<&str>::new())
}

#[test]
fn an_app_without_a_scale_gets_that_of_its_dokku_scale() {
    let host = old_host("web=3\nworker=2\n");
    install(&host).succeeds().leaves("lib/config/ps/shop/scale", "web=3\nworker=2\n");
    assert_eq!(content(&host, FILE).unwrap(), "web=3\nworker=2\n", "the file stays");
    host.run("ps-current-scale", ["shop"]).stdout("web=3\nworker=2");
}

#[test]
fn line_ends_of_dos_blanks_and_comments_are_tolerated() {
    let host = old_host("# by hand\r\n\r\n web = 3\r\nworker=0\r\n");
    install(&host).succeeds().leaves("lib/config/ps/shop/scale", "web=3\nworker=0\n");
}

#[test]
fn an_app_with_a_scale_keeps_it() {
    let host = shop().scale("web=5").file(FILE, "web=3\nworker=2\n");
    install(&host).succeeds();
    assert_eq!(property(&host, "scale").unwrap(), "web=5\n");
    assert_eq!(content(&host, FILE).unwrap(), "web=3\nworker=2\n");
}

#[test]
fn an_app_with_neither_gets_none() {
    let host = old_host("web=1\n");
    fs::remove_file(host.sandbox().path(FILE)).unwrap();
    install(&host).succeeds();
    assert_eq!(property(&host, "scale"), None);
}

/// As on a host where the config of one app cannot be read: the other apps, and the plugin, do not wait for it.
#[test]
fn what_config_cannot_migrate_is_a_warning() {
    let broken = Answer::failure(1).saying("Unable to migrate environment for other: unterminated quoted value");
    let host = old_host("web=3\n").gives("config-migrate-env", &[broken]);
    install(&host)
        .succeeds()
        .stderr_contains("Unable to migrate environment for other")
        .stderr_contains(" !     Not all old settings may be found")
        .leaves("lib/config/ps/shop/scale", "web=3\n");
}

#[test]
fn of_the_host_s_old_variables_one_is_moved() {
    let host = shop().answers("config-get-global", "true");
    install(&host).succeeds().stdout(
        "-----> Migrating deprecated global DOKKU_SKIP_DEPLOY to ps skip-deploy property. \
         Use 'dokku ps:set --global skip-deploy <value>' to manage this going forward.\n",
    );
    assert_eq!(content(&host, "lib/config/ps/--global/skip-deploy").unwrap(), "true");
    for other in ["restore", "start-cmd", "dockerfile-start-cmd", "stop-timeout-seconds"] {
        assert_eq!(content(&host, &format!("lib/config/ps/--global/{other}")), None, "{other}");
    }
}

#[test]
fn a_docker_option_that_is_more_than_a_restart_policy_stays() {
    let options = "lib/config/docker-options/shop/_default_.deploy";
    let host = shop().file(options, "--restart=always\n--restart=always -v /a:/b\n--memory 1g\n");
    install(&host).succeeds().stderr_contains("A docker option --restart of shop stays");
    assert_eq!(content(&host, options).unwrap(), "--restart=always -v /a:/b\n--memory 1g\n");
    assert_eq!(property(&host, "restart-policy").unwrap(), "always");
}

#[test]
fn to_install_twice_is_to_install_once() {
    let host = old_host("web=3\n");
    install(&host).succeeds();
    host.sandbox().write(FILE, "web=9\n");
    install(&host).succeeds().changes_no_file();
    assert_eq!(property(&host, "scale").unwrap(), "web=3\n");
}

#[test]
fn a_bad_one_is_a_warning_with_file_and_line_and_nothing_is_lost() {
    for (text, line) in [("web=3\nworker\n", "line 2"), ("\nweb=-1\n", "line 2"), ("web=1\nweb=2\n", "line 2")] {
        let host = old_host(text);
        install(&host)
            .succeeds()
            .stderr_contains(" !     ")
            .stderr_contains("shop")
            .stderr_contains("DOKKU_SCALE")
            .stderr_contains(line);
        assert_eq!(property(&host, "scale"), None);
        assert_eq!(content(&host, FILE).unwrap(), text);
    }
}

#[test]
fn one_that_is_no_text_or_no_file_is_a_warning() {
    let host = old_host("");
    fs::write(host.sandbox().path(FILE), b"web=\xff\n").unwrap();
    install(&host).succeeds().stderr_contains("DOKKU_SCALE").stderr_contains("UTF-8");
    let host = old_host("").directory(FILE);
    install(&host).succeeds().stderr_contains("DOKKU_SCALE");
    assert_eq!(property(&host, "scale"), None);
}

#[test]
fn a_bad_one_does_not_keep_the_other_apps_from_theirs() {
    let host = old_host("web\n").file("home/zoo/DOKKU_SCALE", "web=4\n");
    install(&host).succeeds().stderr_contains("shop").leaves("lib/config/ps/zoo/scale", "web=4\n");
}

#[test]
fn a_variable_that_ps_set_would_refuse_stays() {
    let host = shop().gives(
        "config-get",
        &[
            ps_tests::Answer::text("soon --privileged").to(&["shop", "DOKKU_DOCKER_STOP_TIMEOUT"]),
            ps_tests::Answer::text(""),
        ],
    );
    let outcome = host.run("install", Vec::<String>::new()).succeeds().any_stdout();
    outcome.stderr_contains("DOKKU_DOCKER_STOP_TIMEOUT of shop stays").does_not_say("privileged");
    assert!(!host.sandbox().path("lib/config/ps/shop/stop-timeout-seconds").exists());
}
