//! What an app goes through on a host.

use ps_tests::docker::{containers_of, docker};

use crate::host::{App, WEB, ends, home, new_lives, same_lives, succeeds};
use crate::plugin;

pub(crate) fn a_deploy_runs_what_the_procfile_says() {
    plugin::ours();
    let app = App::new();
    assert_eq!(app.scale(), ["web=1"], "a new app has one web");
    let said = app.deploys(&[("Procfile", &format!("{WEB}worker: sleep 100000\nclock: sleep 100000\n"))]);
    assert!(said.both().contains("Deploying web (count=1)"), "{said}");
    let lives = app.runs(&["web.1"]);
    app.answers(&lives);
    let scale = succeeds(&["--quiet", "ps:scale", &app.name]);
    assert_eq!(scale.lines().collect::<Vec<_>>(), ["clock: 0", "web:  1", "worker: 0"]);
    for (flag, value) in [("--deployed", "true"), ("--running", "true"), ("--processes", "1"), ("--restore", "true")] {
        assert_eq!(app.report(flag), value, "{flag}");
    }
    let cid = &lives["web.1"].id[..11];
    assert_eq!(app.report("--status-web.1"), format!("running (CID: {cid})"));
    let listing = succeeds(&["ps", &app.name]);
    assert!(listing.contains("web.1") && listing.contains("running") && !listing.contains("pending"), "{listing}");
    ends(0, &["ps", &app.name, "--exit-code"]);
    // A type that the next release has no more is retired, its files with it.
    app.scales(&["clock=1"]);
    app.runs(&["clock.1", "web.1"]);
    app.deploys(&[]);
    app.runs(&["web.1"]);
    assert_eq!(app.scale(), ["web=1"]);
}

pub(crate) fn a_restart_replaces_what_it_names() {
    plugin::ours();
    let app = App::deployed(&["worker=2"]);
    let all = ["web.1", "worker.1", "worker.2"];
    let first = app.runs(&all);
    succeeds(&["ps:restart", &app.name, "worker"]);
    let second = app.runs(&all);
    same_lives(&first, &second, &["web.1"]);
    new_lives(&first, &second, &["worker.1", "worker.2"]);
    let refused = ends(1, &["ps:restart", &app.name, "wroker"]);
    assert!(refused.both().contains("web, worker"), "{refused}");
    same_lives(&second, &app.runs(&all), &all);
    succeeds(&["ps:restart", &app.name]);
    let third = app.runs(&all);
    new_lives(&second, &third, &all);
    app.answers(&third);
}

pub(crate) fn a_stopped_app_stays_stopped_until_it_is_started() {
    plugin::ours();
    let app = App::deployed(&["worker=2"]);
    app.runs(&["web.1", "worker.1", "worker.2"]);
    succeeds(&["ps:stop", &app.name]);
    app.runs_nothing();
    assert_eq!((app.report("--running"), app.report("--restore")), ("false".to_owned(), "false".to_owned()));
    // Neither another config nor another scale starts it.
    succeeds(&["config:set", &app.name, "COLOUR=red"]);
    app.runs_nothing();
    let saved = app.scales(&["worker=1"]);
    assert!(saved.both().contains("stopped"), "{saved}");
    app.runs_nothing();
    succeeds(&["ps:start", &app.name]);
    let started = app.runs(&["web.1", "worker.1"]);
    app.answers(&started);
    assert_eq!((app.report("--running"), app.report("--restore")), ("true".to_owned(), "true".to_owned()));
    succeeds(&["ps:start", &app.name]);
    same_lives(&started, &app.runs(&["web.1", "worker.1"]), &["web.1", "worker.1"]);
    // One that has died is missed, and nothing else is touched when it is brought back.
    docker(&["container", "rm", "--force", &started["worker.1"].id]);
    ends(3, &["ps", &app.name, "--exit-code"]);
    succeeds(&["ps:reconcile", &app.name]);
    same_lives(&started, &app.runs(&["web.1", "worker.1"]), &["web.1"]);
}

pub(crate) fn a_rebuild_makes_a_new_image() {
    plugin::ours();
    let app = App::deployed(&["web=0", "worker=2"]);
    let both_workers = ["worker.1", "worker.2"];
    let before = app.runs(&both_workers);
    let image = app.inspect("worker.1", "{{.Image}}");
    // The build has something new in it, so that its image is another one.
    succeeds(&["docker-options:add", &app.name, "build", "--label=shelf=3"]);
    succeeds(&["ps:rebuild", &app.name]);
    let after = app.runs(&both_workers);
    new_lives(&before, &after, &both_workers);
    assert_ne!(app.inspect("worker.1", "{{.Image}}"), image);
    assert_eq!(app.scale(), ["worker=2"]);
    // What has done its time goes, and what runs stays.
    succeeds(&["ps:retire", &app.name]);
    same_lives(&after, &app.runs(&both_workers), &both_workers);
    assert!(containers_of(&app.name).iter().all(|container| !container.name.contains("upcoming")));
}

pub(crate) fn a_set_config_reaches_every_container() {
    plugin::ours();
    let app = App::deployed(&["worker=1"]);
    let before = app.runs(&["web.1", "worker.1"]);
    succeeds(&["config:set", &app.name, "COLOUR=blue and green"]);
    let after = app.runs(&["web.1", "worker.1"]);
    new_lives(&before, &after, &["web.1", "worker.1"]);
    for instance in ["web.1", "worker.1"] {
        let variables = app.inspect(instance, "{{range .Config.Env}}{{println .}}{{end}}");
        assert!(variables.lines().any(|line| line == "COLOUR=blue and green"), "{instance}: {variables}");
        let process_type = instance.trim_end_matches(".1");
        assert_eq!(app.pending(process_type), [""; 0], "{process_type}");
    }
    // What was deployed is deployed: nothing of it is to be made anew.
    app.scales(&["worker=2"]);
    let more = app.runs(&["web.1", "worker.1", "worker.2"]);
    same_lives(&after, &more, &["web.1", "worker.1"]);
}

pub(crate) fn a_restart_policy_reaches_running_containers() {
    plugin::ours();
    let app = App::deployed(&["web=0", "worker=2"]);
    let before = app.runs(&["worker.1", "worker.2"]);
    let policy = |instance: &str| {
        app.inspect(instance, "{{.HostConfig.RestartPolicy.Name}}:{{.HostConfig.RestartPolicy.MaximumRetryCount}}")
    };
    assert_eq!(policy("worker.1"), "on-failure:10");
    for (set, has) in [("unless-stopped", "unless-stopped:0"), ("on-failure:3", "on-failure:3"), ("", "on-failure:10")]
    {
        let words = [&["ps:set", &app.name, "restart-policy"], &[set][..usize::from(!set.is_empty())]].concat();
        succeeds(&words);
        same_lives(&before, &app.runs(&["worker.1", "worker.2"]), &["worker.1", "worker.2"]);
        for instance in ["worker.1", "worker.2"] {
            assert_eq!(policy(instance), has, "{instance} after {words:?}");
        }
    }
    succeeds(&["ps:set", &app.name, "restart-policy", "always"]);
    // It is no reason to make a container anew, and a new one has it too.
    app.scales(&["worker=3"]);
    same_lives(&before, &app.runs(&["worker.1", "worker.2", "worker.3"]), &["worker.1", "worker.2"]);
    assert_eq!(policy("worker.3"), "always:0");
    assert!(home(&app.name).join("DOKKU_SCALE").is_file(), "the scale is written where earlier versions kept it");
}
