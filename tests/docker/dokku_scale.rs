//! A `DOKKU_SCALE` in the source, types that leave the Procfile, and restart policies, with real containers.

use std::fs;
use std::time::Duration;

use ps_tests::docker::{Dokku, docker};
use ps_tests::process::wait_until;

const PROCFILE: &str = "web: /demo web\nworker: /demo worker\n";

/// Deploys a source of this name with these files and waits until these instances run.
fn deploy(dokku: &Dokku, app: &str, source: &str, files: &[(&str, &str)], instances: &[&str]) -> String {
    let source = dokku.changed_source(source, files);
    let said = dokku.run(&["deploy-folder", app, &source.display().to_string()]);
    assert_eq!(said.status, 0, "{said}");
    dokku.runs(app, instances);
    said.to_string()
}

/// The restart policies of the containers that run, in the order of their instances: `always:0`.
fn policies(dokku: &Dokku, app: &str) -> Vec<String> {
    let format = "{{.HostConfig.RestartPolicy.Name}}:{{.HostConfig.RestartPolicy.MaximumRetryCount}}";
    let ids = dokku.ids(app);
    ids.iter().map(|id| docker(&["container", "inspect", "--format", format, id]).trim().to_owned()).collect()
}

pub(crate) fn a_dokku_scale_in_the_source_rules_until_it_is_gone() {
    let dokku = Dokku::new();
    let app = dokku.app();
    dokku.succeeds(&["checks:disable", &app]);
    let three = ["web.1", "web.2", "worker.1"];
    deploy(&dokku, &app, "ruled", &[("Procfile", PROCFILE), ("DOKKU_SCALE", "web=2\nworker=1\n")], &three);
    dokku.answers(&app, &["web.1", "web.2"]);
    assert_eq!(dokku.succeeds(&["--quiet", "ps:scale", &app]), "web:  2\nworker: 1\n");
    let before = dokku.containers(&app);
    let refused = dokku.fails(1, &["ps:scale", &app, "web=1"]);
    assert_eq!(refused.stderr, format!(" !     App {app} contains a DOKKU_SCALE file and cannot be manually scaled\n"));
    assert_eq!(dokku.containers(&app), before);
    // Another release of the same source: it still rules.
    dokku.succeeds(&["ps:rebuild", &app]);
    dokku.runs(&app, &three);
    dokku.fails(1, &["ps:scale", &app, "web=1"]);
    // Without the file the scale stays, and can be set.
    deploy(&dokku, &app, "free", &[("Procfile", PROCFILE)], &three);
    dokku.succeeds(&["ps:scale", &app, "web=1"]);
    dokku.runs(&app, &["web.1", "worker.1"]);
    let told = fs::read_to_string(dokku.path(&format!("home/{app}/DOKKU_SCALE"))).expect("DOKKU_SCALE of the app");
    assert_eq!(told, "web=1\nworker=1\n");
}

pub(crate) fn a_formation_in_app_json_wins_over_a_dokku_scale() {
    let dokku = Dokku::new();
    let app = dokku.app();
    dokku.succeeds(&["checks:disable", &app]);
    let formation = r#"{"formation":{"web":{"quantity":1},"worker":{"quantity":2}}}"#;
    let files = [("Procfile", PROCFILE), ("DOKKU_SCALE", "web=3\nworker=0\n"), ("app.json", formation)];
    deploy(&dokku, &app, "both", &files, &["web.1", "worker.1", "worker.2"]);
    let refused = dokku.fails(1, &["ps:scale", &app, "web=2"]);
    assert!(refused.stderr.contains("app.json"), "{refused}");
}

pub(crate) fn a_dokku_scale_or_a_formation_that_cannot_be_stops_the_deploy_and_nothing_else() {
    let dokku = Dokku::new();
    let app = dokku.deployed(&[]);
    let before = dokku.containers(&app);
    let formation = r#"{"formation":{"wroker":{"quantity":1}}}"#;
    for (source, file, words) in [
        ("bad-line", ("DOKKU_SCALE", "web=1\nworker\n"), ["DOKKU_SCALE", "line 2"]),
        ("bad-type", ("DOKKU_SCALE", "web=1\nwroker=1\n"), ["DOKKU_SCALE", "wroker"]),
        ("bad-formation", ("app.json", formation), ["app.json", "wroker"]),
    ] {
        let bad = dokku.changed_source(source, &[("Procfile", PROCFILE), file]);
        let failed = dokku.fails(1, &["deploy-folder", &app, &bad.display().to_string()]);
        for word in words {
            assert!(failed.stderr.contains(word), "{word}: {failed}");
        }
        assert_eq!(dokku.containers(&app), before, "{source}");
        assert_eq!(dokku.succeeds(&["--quiet", "ps:scale", &app]), "web:  1\nworker: 0\n", "{source}");
    }
    dokku.answers(&app, &["web.1"]);
    dokku.succeeds(&["ps:scale", &app, "web=2"]);
    dokku.runs(&app, &["web.1", "web.2"]);
}

pub(crate) fn a_type_that_leaves_the_procfile_is_retired_by_the_deploy() {
    let dokku = Dokku::new();
    let app = dokku.deployed(&["web=1", "worker=2"]);
    dokku.runs(&app, &["web.1", "worker.1", "worker.2"]);
    let workers = dokku.ids(&app).split_off(1);
    let said = deploy(&dokku, &app, "no-worker", &[("Procfile", "web: /demo web\n")], &["web.1"]);
    assert!(said.contains(&format!("-----> Retiring worker, which the Procfile of {app} no longer has\n")), "{said}");
    for kind in ["CONTAINER.", "IP.", "PORT."] {
        dokku.has_files(&app, kind, &["web.1"]);
    }
    assert_eq!(dokku.succeeds(&["--quiet", "ps:scale", &app]).lines().next(), Some("web:  1"));
    assert_eq!(dokku.report(&app, "--running"), "true");
    // They are due a second later; then ps:retire removes them, and the image that web runs stays.
    wait_until("the workers are removed", Duration::from_mins(3), || {
        dokku.succeeds(&["ps:retire", &app]);
        dokku.containers(&app).iter().all(|container| !workers.contains(&container.id))
    });
    dokku.answers(&app, &["web.1"]);
    dokku.succeeds(&["ps:restart", &app]);
    dokku.runs(&app, &["web.1"]);
}

pub(crate) fn a_restart_policy_reaches_running_containers_at_once() {
    let dokku = Dokku::new();
    let app = dokku.deployed(&["web=2", "worker=1"]);
    let before = dokku.ids(&app);
    assert_eq!(policies(&dokku, &app), ["on-failure:10"; 3]);
    for (policy, docker_s) in [
        ("always", "always:0"),
        ("no", "no:0"),
        ("unless-stopped", "unless-stopped:0"),
        ("on-failure:20", "on-failure:20"),
    ] {
        dokku.succeeds(&["ps:set-restart-policy", &app, policy]);
        assert_eq!(policies(&dokku, &app), [docker_s; 3], "{policy}");
    }
    dokku.succeeds(&["ps:set", &app, "restart-policy"]);
    assert_eq!(policies(&dokku, &app), ["on-failure:10"; 3]);
    assert_eq!(dokku.ids(&app), before, "no container may be replaced for that");
}

pub(crate) fn a_restart_policy_of_a_type_reaches_that_type_at_once() {
    let dokku = Dokku::new();
    let app = dokku.deployed(&["web=1", "worker=2"]);
    dokku.runs(&app, &["web.1", "worker.1", "worker.2"]);
    let before = dokku.ids(&app);
    let set = |name: &str, policy: &str| dokku.succeeds(&["ps:set", &app, name, policy]);
    set("restart-policy.worker", "no");
    assert_eq!(policies(&dokku, &app), ["on-failure:10", "no:0", "no:0"]);
    set("restart-policy", "always");
    assert_eq!(policies(&dokku, &app), ["always:0", "no:0", "no:0"]);
    assert_eq!(dokku.report(&app, "--ps-restart-policy.worker"), "no");
    dokku.succeeds(&["ps:scale", &app, "web=2", "worker=3"]);
    dokku.runs(&app, &["web.1", "web.2", "worker.1", "worker.2", "worker.3"]);
    assert_eq!(policies(&dokku, &app), ["always:0", "always:0", "no:0", "no:0", "no:0"], "what is new has it too");
    set("restart-policy.worker", "");
    assert_eq!(policies(&dokku, &app), ["always:0"; 5]);
    let after = dokku.ids(&app);
    assert!(before.iter().all(|id| after.contains(id)), "no container may be replaced for that");
}

pub(crate) fn a_restart_policy_of_the_host_reaches_the_apps_without_one() {
    let dokku = Dokku::new();
    let (app, own) = (dokku.deployed(&["web=2"]), dokku.deployed(&[]));
    dokku.succeeds(&["ps:set", &own, "restart-policy", "no"]);
    dokku.succeeds(&["ps:set", "--global", "restart-policy", "always"]);
    assert_eq!(policies(&dokku, &app), ["always:0"; 2]);
    assert_eq!(policies(&dokku, &own), ["no:0"]);
    dokku.succeeds(&["ps:scale", &app, "web=1"]);
    dokku.runs(&app, &["web.1"]);
    assert_eq!(policies(&dokku, &app), ["always:0"], "what is new has it too");
}

pub(crate) fn a_deploy_that_leaves_a_type_short_says_so_and_succeeds() {
    // A plugin that comes after docker-local in the deploy takes a worker away before ps looks.
    let dokku = Dokku::new();
    let app = dokku.deployed(&["web=1", "worker=2"]);
    let plugin = dokku.path("lib/plugins/available/a-thief");
    fs::create_dir_all(&plugin).expect("a plugin");
    fs::write(
        plugin.join("plugin.toml"),
        "[plugin]\ndescription = \"takes worker.2 away\"\nversion = \"1\"\n[plugin.config]\n",
    )
    .expect("its description");
    dokku.script(
        "lib/plugins/available/a-thief/post-deploy",
        "\"$DOCKER_BIN\" container rm --force \"$(cat \"$DOKKU_ROOT/$1/CONTAINER.worker.2\")\" >/dev/null",
    );
    std::os::unix::fs::symlink(&plugin, dokku.path("lib/plugins/enabled/a-thief")).expect("the link that enables it");
    let source = dokku.source().display().to_string();
    let deployed = dokku.run(&["deploy-folder", &app, &source]);
    assert_eq!(deployed.status, 0, "{deployed}");
    assert!(deployed.stderr.contains(&format!(" !     {app} should run 2 of worker, and 1 run\n")), "{deployed}");
}

pub(crate) fn types_that_are_still_to_be_deployed_are_not_told_as_short() {
    let dokku = Dokku::new();
    let app = dokku.deployed(&[]);
    let scaled = dokku.run(&["ps:scale", &app, "web=2", "worker=1"]);
    assert_eq!((scaled.status, scaled.stderr.as_str()), (0, ""), "{scaled}");
    dokku.runs(&app, &["web.1", "web.2", "worker.1"]);
}
