//! What a boot does: dockerd starts, and `ps:restore` is run.

use crate::host::{App, restart_dockerd, same_lives, succeeds};
use crate::{host, plugin};

pub(crate) fn a_restart_of_dockerd_is_survived() {
    plugin::ours();
    let app = App::deployed(&["web=2", "worker=1"]);
    let stopped = App::deployed(&[]);
    succeeds(&["ps:stop", &stopped.name]);
    stopped.runs_nothing();
    restart_dockerd();
    // Other apps of the host may be broken, and then say so in the status.
    let restored = host::dokku(&["ps:restore", "--parallel", "-1"]);
    for app in [&app, &stopped] {
        let failed = restored
            .stderr
            .lines()
            .chain(restored.stdout.lines())
            .find(|line| line.contains("Error running") && line.contains(&app.name));
        assert_eq!(failed, None, "{restored}");
    }
    let lives = app.runs(&["web.1", "web.2", "worker.1"]);
    app.answers(&lives);
    assert_eq!(app.report("--running"), "true");
    stopped.runs_nothing();
    assert_eq!(stopped.report("--restore"), "false");
    // Once all runs, another restore finds nothing to do, and no request is lost.
    app.asked_while(|| {
        succeeds(&["ps:restore", &app.name]);
    });
    let all = ["web.1", "web.2", "worker.1"];
    same_lives(&lives, &app.runs(&all), &all);
}
