//! What a boot does: dockerd starts, and `ps:restore` is run.

use crate::host::{self, App, restart_dockerd, same_lives, succeeds};

const ALL: [&str; 4] = ["web.1", "web.2", "worker.1", "worker.2"];

/// The app has two webs, two workers, and runs; another one is stopped.
pub(crate) fn a_restart_of_dockerd_is_survived(app: &App) {
    let stopped = App::deployed(&["web=0", "worker=1"]);
    stopped.runs(&["worker.1"]);
    succeeds(&["ps:stop", &stopped.name]);
    stopped.runs_nothing();
    app.runs(&ALL);
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
    let lives = app.runs(&ALL);
    app.answers(&lives);
    assert_eq!(app.report("--running"), "true");
    stopped.runs_nothing();
    assert_eq!(stopped.report("--restore"), "false");
    // Once all runs, another restore finds nothing to do, and no request is lost.
    app.asked_while(|| {
        succeeds(&["ps:restore", &app.name]);
    });
    same_lives(&lives, &app.runs(&ALL), &ALL);
}
