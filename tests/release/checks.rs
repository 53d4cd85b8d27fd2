//! `pre-release-builder`: what would run wrong is said before anything is released.

use ps_tests::Host;

use crate::{PROCFILE, check, extract, shop, source};

/// A deploy whose source has these two files, at the point where it is to be released.
fn extracted(procfile: &str, dokku_scale: &str) -> Host {
    let host = source(shop(), procfile, dokku_scale);
    extract(&host).succeeds();
    host
}

/// The same with an app.json that has this formation.
fn with_formation(procfile: &str, formation: &str) -> Host {
    extracted(procfile, "").answers("app-json-get-content", &format!(r#"{{"name":"shop","formation":{formation}}}"#))
}

#[test]
fn a_good_procfile_passes() {
    check(&extracted(PROCFILE, "")).succeeds().fires_nothing().changes_no_file();
}

#[test]
fn an_invalid_procfile_is_refused_with_its_line() {
    let host =
        extracted(PROCFILE, "").file("lib/data/ps/shop/Procfile.4242", "web: /demo web\nno line of a Procfile\n");
    check(&host).refuses("Invalid Procfile: ").stderr_contains("line 2");
}

#[test]
fn an_invalid_procfile_of_the_release_is_refused_when_no_source_was_extracted() {
    let host = shop().procfile("web: a\nweb: b\n");
    check(&host).refuses("Invalid Procfile: ");
}

#[test]
fn an_invalid_dokku_scale_is_refused_with_its_line() {
    let host = extracted(PROCFILE, "").file("lib/data/ps/shop/.DOKKU_SCALE.4242", "web=1\nworker=many\n");
    check(&host).refuses("Invalid DOKKU_SCALE: line 2");
}

#[test]
fn a_dokku_scale_that_asks_for_the_types_of_the_procfile_passes() {
    check(&extracted(PROCFILE, "web=2\nworker=1\n")).succeeds().changes_no_file();
}

#[test]
fn a_dokku_scale_that_asks_for_an_unknown_type_is_refused_with_file_type_and_types() {
    check(&extracted(PROCFILE, "web=1\nwroker=1\n"))
        .refuses("DOKKU_SCALE")
        .stderr_contains("wroker")
        .stderr_contains("web, worker");
}

#[test]
fn a_dokku_scale_with_an_unknown_type_at_0_passes() {
    check(&extracted(PROCFILE, "web=1\nwroker=0\n")).succeeds().changes_no_file();
}

#[test]
fn the_procfile_of_the_deploy_counts_and_not_that_of_the_release() {
    let host = extracted("web: /demo web\n", "worker=1\n").procfile(PROCFILE);
    check(&host).refuses("DOKKU_SCALE").stderr_contains("worker");
}

#[test]
fn a_formation_of_the_types_of_the_procfile_passes() {
    let host = with_formation(PROCFILE, r#"{"web":{"quantity":2},"worker":{"quantity":1,"max_parallel":2}}"#);
    check(&host).succeeds().changes_no_file();
}

#[test]
fn a_formation_that_asks_for_an_unknown_type_is_refused_with_file_type_and_types() {
    check(&with_formation(PROCFILE, r#"{"web":{"quantity":1},"wroker":{"quantity":1}}"#))
        .refuses("app.json")
        .stderr_contains("wroker")
        .stderr_contains("web, worker");
}

#[test]
fn a_formation_with_an_unknown_type_at_0_or_without_a_quantity_passes() {
    check(&with_formation(PROCFILE, r#"{"wroker":{"quantity":0}}"#)).succeeds();
    check(&with_formation(PROCFILE, r#"{"wroker":{"max_parallel":2}}"#)).succeeds();
    check(&with_formation(PROCFILE, r#"{"wroker":{}}"#)).succeeds();
}

#[test]
fn an_app_json_without_a_formation_passes() {
    for content in ["{}", "{}\n", "", r#"{"name":"shop","scripts":{"postdeploy":"true"},"healthchecks":{}}"#] {
        let host = extracted(PROCFILE, "").answers("app-json-get-content", content);
        check(&host).succeeds().changes_no_file();
    }
}

#[test]
fn what_is_null_in_an_app_json_asks_for_nothing_as_it_does_in_app_json_itself() {
    check(&with_formation(PROCFILE, "null")).succeeds();
    check(&with_formation(PROCFILE, r#"{"web":null}"#)).succeeds();
    check(&with_formation(PROCFILE, r#"{"web":{"quantity":null}}"#)).succeeds();
}

#[test]
fn an_app_json_of_garbage_is_refused_with_words() {
    for content in ["{", "web=1\n", r#"{"formation":"web=1"}"#, r#"{"formation":{"web":{"quantity":"two"}}}"#] {
        let host = extracted(PROCFILE, "").answers("app-json-get-content", content);
        check(&host).refuses("app.json").stderr_is_a_message_of_at_most(500);
    }
}

#[test]
fn an_app_json_that_is_a_list_is_refused_with_words() {
    let host = extracted(PROCFILE, "").answers("app-json-get-content", "[]");
    check(&host).refuses("app.json");
}

#[test]
fn without_a_procfile_everything_passes() {
    check(&extracted("", "anything=3\n")).succeeds().changes_no_file();
    check(&with_formation("", r#"{"anything":{"quantity":3}}"#)).succeeds().changes_no_file();
    check(&shop()).succeeds().changes_no_file();
}

#[test]
fn a_source_that_no_longer_has_a_procfile_passes_too() {
    let host = shop().procfile("web: /demo web\n");
    let host = source(host, "", "anything=3\n");
    extract(&host).succeeds();
    check(&host).succeeds().changes_no_file();
}

#[test]
fn a_name_that_no_type_can_have_is_shown_and_does_no_harm() {
    check(&with_formation(PROCFILE, r#"{"../x\n":{"quantity":1}}"#)).refuses("app.json").stderr_contains(r"../x\n");
}
