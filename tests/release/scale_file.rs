//! A `DOKKU_SCALE` from the release on: it is applied, it rules, it goes.

use ps_tests::Host;

use crate::{
    PROCFILE, SCALE_FILE_RULES, content, data_files, deploy_source, extract, property, release, release_source, shop,
    source,
};

/// `dokku ps:scale shop ...` some time after the deploy, in a process of its own.
fn scale(host: Host, quantities: &str) -> ps_tests::Outcome {
    host.env("DOKKU_PID", "5353").command("scale", ["shop"].into_iter().chain(quantities.split_whitespace()))
}

fn can_be_scaled(host: Host) {
    scale(host, "web=3").succeeds().stdout("-----> Scaling shop processes: web=3\n").deploys("web");
}

/// The plugin app-json with this content, which has told whether the scale may be changed, as it does before our hook.
fn app_json(host: Host, content: &str, can_scale: &str) -> Host {
    let host = host.answers("app-json-get-content", content);
    host.run("ps-can-scale", ["shop", can_scale]).succeeds();
    host
}

const FORMATION: &str = r#"{"formation":{"web":{"quantity":4}}}"#;

#[test]
fn a_dokku_scale_is_applied_at_the_release() {
    let host = release_source(shop(), PROCFILE, "web=2\nworker=1\n");
    assert_eq!(property(&host, "scale").unwrap(), "web=2\nworker=1\n");
}

#[test]
fn it_rules_once_the_deploy_has_succeeded() {
    let host = deploy_source(shop(), PROCFILE, "web=2\nworker=1\n");
    assert_eq!(property(&host, "can-scale").unwrap(), "false");
}

#[test]
fn types_that_it_does_not_name_keep_their_quantity() {
    let host = release_source(shop().scale("web=1 worker=3"), PROCFILE, "web=2\n");
    assert_eq!(property(&host, "scale").unwrap(), "web=2\nworker=3\n");
}

#[test]
fn a_type_that_is_not_in_the_procfile_at_0_goes_to_scale_old() {
    let host = release_source(shop().scale("web=1"), PROCFILE, "web=1\nbeat=0\n");
    assert_eq!(property(&host, "scale").unwrap(), "web=1\nworker=0\n");
    assert_eq!(property(&host, "scale.old").unwrap(), "beat=0\n");
}

#[test]
fn it_is_applied_without_a_procfile_too() {
    let host = release_source(shop(), "", "web=2\nbeat=1\n");
    assert_eq!(property(&host, "scale").unwrap(), "beat=1\nweb=2\n");
}

#[test]
fn it_is_applied_again_by_a_release_without_a_new_source() {
    let host = deploy_source(shop(), PROCFILE, "web=2\n").env("DOKKU_PID", "5353");
    host.run("ps-set-scale", ["shop", "true", "false", "web=7"]).succeeds();
    release(&host).succeeds().leaves("lib/config/ps/shop/scale", "web=2\nworker=0\n");
}

#[test]
fn it_is_applied_where_app_json_has_no_formation() {
    // app-json says at each release that the scale may be changed.
    let host = source(shop(), PROCFILE, "web=2\n");
    extract(&host).succeeds();
    let host = app_json(host, "{}", "true");
    release(&host).succeeds().leaves("lib/config/ps/shop/scale", "web=2\nworker=0\n");
    host.run("core-post-deploy", ["shop", "", "", "latest"]).succeeds();
    assert_eq!(property(&host, "can-scale").unwrap(), "false");
}

#[test]
fn it_is_not_applied_where_a_formation_rules() {
    let host = source(shop().scale("web=4"), PROCFILE, "web=2\nworker=1\n");
    extract(&host).succeeds();
    let host = app_json(host, FORMATION, "false");
    release(&host).succeeds().leaves("lib/config/ps/shop/scale", "web=4\nworker=0\n");
    assert_eq!(property(&host, "can-scale").unwrap(), "false");
    host.run("core-post-deploy", ["shop", "", "", "latest"]).succeeds();
    assert_eq!(data_files(&host), ["Procfile"], "a DOKKU_SCALE that has no say is not kept");
    scale(host, "web=3").refuses("app.json").stderr_contains("cannot be manually scaled");
}

#[test]
fn a_formation_that_goes_gives_the_dokku_scale_its_say() {
    let host = source(shop().scale("web=4"), PROCFILE, "web=2\nworker=1\n").property("can-scale", "false");
    extract(&host).succeeds();
    let host = app_json(host, "{}", "true");
    release(&host).succeeds().leaves("lib/config/ps/shop/scale", "web=2\nworker=1\n");
    host.run("core-post-deploy", ["shop", "", "", "latest"]).succeeds();
    scale(host, "web=3").refuses("DOKKU_SCALE");
}

#[test]
fn an_invalid_dokku_scale_changes_nothing_at_the_release() {
    let host = source(shop(), PROCFILE, "web=2\n");
    extract(&host).succeeds();
    let host = host.file("lib/data/ps/shop/.DOKKU_SCALE.4242", "web\n");
    release(&host).refuses("Invalid DOKKU_SCALE: line 1");
}

#[test]
fn the_deploy_puts_it_in_its_place() {
    let host = deploy_source(shop(), PROCFILE, "web=2\n");
    assert_eq!(data_files(&host), ["DOKKU_SCALE", "Procfile"]);
    assert_eq!(content(&host, "lib/data/ps/shop/DOKKU_SCALE").unwrap(), "web=2\n");
    let host = deploy_source(host, PROCFILE, "web=3\n");
    assert_eq!(content(&host, "lib/data/ps/shop/DOKKU_SCALE").unwrap(), "web=3\n");
}

#[test]
fn the_deploy_of_a_source_without_one_removes_it() {
    let host = deploy_source(deploy_source(shop(), PROCFILE, "web=2\n"), PROCFILE, "");
    assert_eq!(data_files(&host), ["Procfile"]);
}

#[test]
fn ps_scale_refuses_to_set_while_it_rules() {
    let host = deploy_source(shop(), PROCFILE, "web=2\n").env("DOKKU_PID", "5353");
    for words in [&["shop", "web=3"][..], &["--skip-deploy", "shop", "web=3"], &["shop", "web=2"]] {
        host.command("scale", words.iter().copied())
            .refuses("DOKKU_SCALE")
            .stderr_contains("App shop contains a DOKKU_SCALE file and cannot be manually scaled");
    }
}

#[test]
fn ps_scale_shows_the_scale_while_it_rules() {
    let host = deploy_source(shop(), PROCFILE, "web=2\n");
    host.env("DOKKU_PID", "5353")
        .env("DOKKU_QUIET_OUTPUT", "1")
        .command("scale", ["shop"])
        .stdout("web:  2\nworker: 0\n");
}

#[test]
fn the_report_says_that_it_cannot_be_scaled() {
    let host = deploy_source(shop(), PROCFILE, "web=2\n").env("DOKKU_PID", "5353");
    host.command("report", ["shop", "--ps-can-scale"]).succeeds().stdout("false\n");
}

#[test]
fn ps_scale_refuses_with_the_words_of_app_json_where_a_formation_rules() {
    let host = deploy_source(shop(), PROCFILE, "");
    let host = app_json(host, FORMATION, "false");
    scale(host, "web=3")
        .refuses("")
        .stderr(" !     App shop contains an app.json file with a formations key and cannot be manually scaled\n");
}

#[test]
fn a_source_without_one_gives_ps_scale_back_its_say() {
    let host = deploy_source(shop(), PROCFILE, "web=2\nworker=1\n");
    let host = deploy_source(host, PROCFILE, "");
    assert_eq!(property(&host, "can-scale").unwrap(), "true");
    assert_eq!(property(&host, "scale").unwrap(), "web=2\nworker=1\n", "the scale itself stays");
    can_be_scaled(host);
}

#[test]
fn a_source_without_one_does_not_undo_the_rule_of_a_formation() {
    let host = deploy_source(shop(), PROCFILE, "web=2\n");
    let host = source(host, PROCFILE, "");
    extract(&host).succeeds();
    let host = app_json(host, FORMATION, "false");
    release(&host).succeeds();
    host.run("core-post-deploy", ["shop", "", "", "latest"]).succeeds();
    assert_eq!(property(&host, "can-scale").unwrap(), "false");
    scale(host, "web=3").refuses("app.json");
}

#[test]
fn an_app_that_never_had_one_can_be_scaled() {
    let host = deploy_source(shop(), PROCFILE, "");
    assert_ne!(property(&host, "can-scale").as_deref(), Some("false"));
    can_be_scaled(host);
}

#[test]
fn a_deploy_that_fails_after_its_release_does_not_tell_of_a_formation_that_is_not_there() {
    // The first deploy with a DOKKU_SCALE fails: core-post-deploy is never fired.
    let host = release_source(deploy_source(shop(), PROCFILE, ""), PROCFILE, "web=2\n");
    let outcome = scale(host, "web=3").exits_with_one_of(&[0, 1]).any_stdout();
    assert!(!format!("{outcome}").contains("app.json"), "there is no app.json\n{outcome}");
    drop(outcome.any_stderr());
}

#[test]
fn a_deploy_without_one_that_fails_after_its_release_leaves_the_rule_of_the_release() {
    let host = release_source(deploy_source(shop(), PROCFILE, "web=2\n"), PROCFILE, "");
    scale(host, "web=3").refuses("DOKKU_SCALE");
}

#[test]
fn the_first_release_that_goes_by_it_says_so() {
    let host = source(shop(), PROCFILE, "web=2\n");
    extract(&host).succeeds();
    release(&host).succeeds().stderr(SCALE_FILE_RULES);
    host.run("core-post-deploy", ["shop", "", "", "latest"]).succeeds();
    extract(&host).succeeds();
    release(&host).succeeds().stderr("");
}

#[test]
fn it_is_ignored_where_the_property_says_so() {
    for scope in ["shop", "--global"] {
        let host = source(shop(), PROCFILE, "web=2\nthis is no scale\n");
        host.command("set", [scope, "scale-file", "none"]).succeeds().any_stdout();
        extract(&host).succeeds();
        release(&host).succeeds().leaves("lib/config/ps/shop/scale", "web=1\nworker=0\n").stderr("");
        host.run("core-post-deploy", ["shop", "", "", "latest"]).succeeds();
        host.command("scale", ["shop", "--skip-deploy", "web=3"]).succeeds().any_stdout();
    }
    // One that ruled gives ps:scale back its say with the next deploy.
    let host = deploy_source(shop(), PROCFILE, "web=2\n");
    host.command("set", ["shop", "scale-file", "none"]).succeeds().any_stdout();
    host.command("scale", ["shop", "--skip-deploy", "web=3"]).refuses("a DOKKU_SCALE file");
    let host = deploy_source(host, PROCFILE, "web=2\n");
    host.command("scale", ["shop", "--skip-deploy", "web=3"]).succeeds().any_stdout();
    // So it is with one that extracts no source, as after a change of the config.
    let host = deploy_source(shop(), PROCFILE, "web=2\n");
    host.command("set", ["shop", "scale-file", "none"]).succeeds().any_stdout();
    release(&host).succeeds().leaves("lib/config/ps/shop/scale", "web=2\nworker=0\n");
    host.run("core-post-deploy", ["shop", "", "", "latest"]).succeeds();
    host.command("scale", ["shop", "--skip-deploy", "web=3"]).succeeds().any_stdout();
    assert!(!host.sandbox().path("lib/data/ps/shop/DOKKU_SCALE").exists());
    shop().command("set", ["shop", "scale-file", "scale.txt"]).refuses("scale-file");
}

/// `core-post-deploy` is fired by a change of one type as well, whose app a boot may be meant to leave alone.
#[test]
fn only_a_deploy_has_an_app_started_after_a_boot() {
    let host = shop().file("lib/config/ps/shop/restore", "false").env("DOKKU_PS_CHANGED_TYPE", "web");
    host.run("core-post-deploy", ["shop", "", "", "latest"]).succeeds().leaves("lib/config/ps/shop/restore", "false");
    let host = shop().file("lib/config/ps/shop/restore", "false");
    host.run("core-post-deploy", ["shop", "", "", "latest"]).succeeds().leaves("lib/config/ps/shop/restore", "true");
}
