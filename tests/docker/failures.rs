//! What goes wrong leaves the app as it was, and says why.

use ps_tests::docker::{Dokku, docker, id_in};

pub(crate) fn a_container_that_is_gone_is_missing() {
    let dokku = Dokku::new();
    let app = dokku.deployed(&["web=2"]);
    let gone = id_in(&dokku.path(&format!("home/{app}/CONTAINER.web.2")));
    docker(&["container", "rm", "--force", &gone]);
    let report = dokku.succeeds(&["ps:report", &app]);
    assert!(report.contains("       Status web 2:                     missing"), "{report}");
    assert!(report.contains("       Status web 1:                     running (CID: "), "{report}");
    assert_eq!(dokku.report(&app, "--running"), "mixed");
}

pub(crate) fn a_failing_deploy_leaves_the_old_containers() {
    let dokku = Dokku::new();
    let app = dokku.deployed(&["web=1", "worker=1"]);
    dokku.succeeds(&["checks:enable", &app]);
    dokku.succeeds(&["checks:set", &app, "uptime", "5"]);
    let before = dokku.ids(&app);
    let bad = dokku.changed_source("bad-src", &[("Procfile", "web: /demo fail\nworker: /demo worker\n")]);
    dokku.fails(1, &["deploy-folder", &app, &bad.display().to_string()]);
    assert_eq!(dokku.ids(&app), before);
    dokku.answers(&app, &["web.1"]);
    assert_eq!(dokku.report(&app, "--running"), "true");
    dokku.succeeds(&["deploy-folder", &app, &dokku.source().display().to_string()]);
    dokku.runs(&app, &["web.1", "worker.1"]);
}

pub(crate) fn an_invalid_procfile_stops_the_deploy_and_nothing_else() {
    let dokku = Dokku::new();
    let app = dokku.deployed(&[]);
    let before = dokku.containers(&app);
    let bad = dokku.changed_source("invalid-src", &[("Procfile", "web: /demo web\nthis is no Procfile\n")]);
    let failed = dokku.fails(1, &["deploy-folder", &app, &bad.display().to_string()]);
    assert!(failed.stderr.contains("Invalid Procfile: invalid line in procfile, line 2"), "{failed}");
    assert_eq!(dokku.containers(&app), before);
}

pub(crate) fn a_docker_that_does_not_run_is_no_missing_container() {
    let dokku = Dokku::new();
    let app = dokku.deployed(&[]);
    let nowhere = format!("unix://{}", dokku.path("none.sock").display());
    let printed = dokku.run_with(&["ps:report", &app], &[("DOCKER_HOST", &nowhere)]);
    assert_eq!((printed.status, printed.stdout.as_str()), (1, ""), "{printed}");
    // The words of its program differ by version.
    let ours = format!("Docker does not answer ({nowhere}");
    let words = [&ours, "Cannot connect to the Docker daemon", "failed to connect to the docker API"];
    assert!(words.iter().any(|words| printed.stderr.contains(words)), "{printed}");
}
