//! What an app goes through on a host.

use ps_tests::docker::{containers_of, docker};

use crate::host::{App, WEB, WORKER, ends, home, new_lives, same_lives, succeeds};

const WORKERS: [&str; 2] = ["worker.1", "worker.2"];
const ALL: [&str; 3] = ["web.1", "worker.1", "worker.2"];

pub(crate) fn a_deploy_runs_what_the_procfile_says(app: &App) {
    assert_eq!(app.scale(), ["web=1"], "a new app has one web");
    let procfile = format!("{WEB}{WORKER}clock: sleep 100000\nbell: sleep 100000\n");
    let said = app.is_deployed(&["worker=1", "clock=1"], &[("Procfile", &procfile)]);
    assert!(said.both().contains("Deploying web (count=1)"), "{said}");
    let lives = app.runs(&["clock.1", "web.1", "worker.1"]);
    app.answers(&lives);
    let scale = succeeds(&["--quiet", "ps:scale", &app.name]);
    assert_eq!(scale.lines().collect::<Vec<_>>(), ["bell: 0", "clock: 1", "web:  1", "worker: 1"]);
    for (flag, value) in [("--deployed", "true"), ("--running", "true"), ("--processes", "3"), ("--restore", "true")] {
        assert_eq!(app.report(flag), value, "{flag}");
    }
    let cid = &lives["web.1"].id[..11];
    assert_eq!(app.report("--status-web.1"), format!("running (CID: {cid})"));
    let listing = succeeds(&["ps", &app.name]);
    assert!(listing.contains("web.1") && listing.contains("running") && !listing.contains("pending"), "{listing}");
    ends(0, &["ps", &app.name, "--exit-code"]);
}

/// And those that are made afterwards.
pub(crate) fn a_restart_policy_reaches_running_containers(app: &App) {
    let first = ["clock.1", "web.1", "worker.1"];
    let before = app.runs(&first);
    let policy = |instance: &str| {
        app.inspect(instance, "{{.HostConfig.RestartPolicy.Name}}:{{.HostConfig.RestartPolicy.MaximumRetryCount}}")
    };
    assert_eq!(policy("web.1"), "on-failure:10");
    for (set, has) in [
        ("unless-stopped", "unless-stopped:0"),
        ("on-failure:3", "on-failure:3"),
        ("", "on-failure:10"),
        ("always", "always:0"),
    ] {
        let words = [&["ps:set", &app.name, "restart-policy"], &[set][..usize::from(!set.is_empty())]].concat();
        succeeds(&words);
        same_lives(&before, &app.runs(&first), &first);
        for instance in first {
            assert_eq!(policy(instance), has, "{instance} after {words:?}");
        }
    }
    // It is no reason to make a container anew, and a new one has it too.
    let said = app.scales(&["worker=3"]);
    assert!(said.stdout.contains(&format!("-----> Scaling {} processes: worker=3", app.name)), "{said}");
    let more = app.runs(&["clock.1", "web.1", "worker.1", "worker.2", "worker.3"]);
    same_lives(&before, &more, &first);
    for instance in more.keys() {
        assert_eq!(policy(instance), "always:0", "{instance}");
    }
    assert!(home(&app.name).join("DOKKU_SCALE").is_file(), "the scale is written where earlier versions kept it");
}

pub(crate) fn a_restart_replaces_what_it_names(app: &App) {
    let first = app.runs(&ALL);
    succeeds(&["ps:restart", &app.name, "worker"]);
    let second = app.runs(&ALL);
    same_lives(&first, &second, &["web.1"]);
    new_lives(&first, &second, &WORKERS);
    let refused = ends(1, &["ps:restart", &app.name, "wroker"]);
    assert!(refused.both().contains("web, worker"), "{refused}");
    same_lives(&second, &app.runs(&ALL), &ALL);
    succeeds(&["ps:restart", &app.name]);
    let third = app.runs(&ALL);
    new_lives(&second, &third, &ALL);
    app.answers(&third);
}

pub(crate) fn a_stopped_app_stays_stopped_until_it_is_started(app: &App) {
    app.runs(&ALL);
    succeeds(&["ps:stop", &app.name]);
    app.runs_nothing();
    assert_eq!((app.report("--running"), app.report("--restore")), ("false".to_owned(), "false".to_owned()));
    // Neither another config nor another scale starts it.
    succeeds(&["config:set", &app.name, "COLOUR=blue and green"]);
    app.runs_nothing();
    let saved = app.scales(&["worker=1"]);
    assert!(saved.both().contains("stopped"), "{saved}");
    app.runs_nothing();
    succeeds(&["ps:start", &app.name]);
    let started = app.runs(&["web.1", "worker.1"]);
    app.answers(&started);
    assert_eq!((app.report("--running"), app.report("--restore")), ("true".to_owned(), "true".to_owned()));
    has_the_config(app, &["web.1", "worker.1"]);
    succeeds(&["ps:start", &app.name]);
    same_lives(&started, &app.runs(&["web.1", "worker.1"]), &["web.1", "worker.1"]);
}

/// `COLOUR` is in these instances, and nothing of them is to be made anew.
pub(crate) fn has_the_config(app: &App, instances: &[&str]) {
    for instance in instances {
        let variables = app.inspect(instance, "{{range .Config.Env}}{{println .}}{{end}}");
        assert!(variables.lines().any(|line| line == "COLOUR=blue and green"), "{instance}: {variables}");
    }
    let pending = app.all_pending();
    assert!(pending.values().all(Vec::is_empty), "{pending:?}");
}

/// Nothing else is touched.
pub(crate) fn what_has_died_is_missed_and_brought_back(app: &App) {
    let before = app.runs(&["web.1", "worker.1"]);
    docker(&["container", "rm", "--force", &before["worker.1"].id]);
    ends(3, &["ps", &app.name, "--exit-code"]);
    succeeds(&["ps:reconcile", &app.name]);
    let after = app.runs(&["web.1", "worker.1"]);
    same_lives(&before, &after, &["web.1"]);
    new_lives(&before, &after, &["worker.1"]);
}

pub(crate) fn a_rebuild_makes_a_new_image(app: &App) {
    let instances = ["web.1", "worker.1"];
    let before = app.runs(&instances);
    let (scale, image) = (app.scale(), app.inspect("worker.1", "{{.Image}}"));
    // The build has something new in it, so that its image is another one.
    succeeds(&["docker-options:add", &app.name, "build", "--label=shelf=3"]);
    succeeds(&["ps:rebuild", &app.name]);
    let after = app.runs(&instances);
    new_lives(&before, &after, &instances);
    assert_ne!(app.inspect("worker.1", "{{.Image}}"), image);
    assert_eq!(app.scale(), scale);
    // What has done its time goes, and what runs stays.
    succeeds(&["ps:retire", &app.name]);
    same_lives(&after, &app.runs(&instances), &instances);
    assert!(containers_of(&app.name).iter().all(|container| !container.name.contains("upcoming")));
}
