//! What a boot does: dockerd starts, and `ps:restore` is run.

use ps_tests::process::wait_until;

use crate::host::{self, App, PATIENCE, ends, home, restart_dockerd, same_lives, succeeds};

const ALL: [&str; 4] = ["web.1", "web.2", "worker.1", "worker.2"];

/// The app has two webs, two workers, and runs; another one is stopped.
pub(crate) fn a_restart_of_dockerd_is_survived(app: &App) {
    let stopped = App::deployed(&["web=0", "worker=1"]);
    stopped.runs(&["worker.1"]);
    succeeds(&["ps:stop", &stopped.name]);
    stopped.runs_nothing();
    let before = app.runs(&ALL);
    succeeds(&["ps:stop", &app.name, "worker"]);
    restart_dockerd();
    // Other apps of the host may be broken, and then say so in the status.
    let restored = host::dokku(&["ps:restore", "--parallel", "-1"]);
    for app in [app, &stopped] {
        let failed = restored
            .stderr
            .lines()
            .chain(restored.stdout.lines())
            .find(|line| line.contains("Error running") && line.contains(&app.name));
        assert_eq!(failed, None, "{restored}");
    }
    // What was stopped by hand is so still.
    wait_until("the webs run", PATIENCE, || app.instances().keys().eq(["web.1", "web.2"]));
    app.answers(&app.instances());
    let listed = ends(0, &["ps", &app.name, "--exit-code"]);
    assert_eq!(listed.stdout.matches(" stopped ").count(), 2, "{listed}");
    succeeds(&["ps:start", &app.name, "worker"]);
    let lives = app.runs(&ALL);
    assert_eq!(app.report("--running"), "true");
    for instance in ALL {
        assert_eq!(lives[instance].id, before[instance].id, "{instance} is started, not made anew");
    }
    stopped.runs_nothing();
    assert_eq!(stopped.report("--restore"), "false");
    // Once all runs, another restore finds nothing to do, and no request is lost.
    app.asked_while(|| {
        succeeds(&["ps:restore", &app.name]);
    });
    same_lives(&lives, &app.runs(&ALL), &ALL);
}

/// The same containers, and one proxy for all, which has what was set for it meanwhile.
pub(crate) fn a_stopped_app_is_started_as_it_was(app: &App) {
    let before = app.runs(&ALL);
    let config = || std::fs::read_to_string(home(&app.name).join("nginx.conf")).expect("nginx.conf");
    for size in ["", "7m"] {
        succeeds(&["ps:stop", &app.name]);
        app.runs_nothing();
        succeeds(&["nginx:set", &app.name, "client-max-body-size", size]);
        succeeds(&["ps:start", &app.name]);
        let after = app.runs(&ALL);
        for instance in ALL {
            assert_eq!(after[instance].id, before[instance].id, "{instance}");
        }
        app.answers(&after);
        assert_eq!(config().contains("client_max_body_size 7m;"), size == "7m", "{}", config());
    }
}
