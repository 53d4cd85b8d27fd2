//! Clone, rename and destroy: the hooks that other plugins send on an app's way.

use std::path::PathBuf;

use ps_tests::docker::{containers_of, docker};

use crate::host::{App, home, lib, same_lives, succeeds};

/// Every place where the plugin or the scheduler keeps something of an app.
fn places(app: &str) -> [PathBuf; 4] {
    [lib(&format!("config/ps/{app}")), lib(&format!("data/ps/{app}")), home(app), lib(&format!("data/apps/{app}"))]
}

fn nothing_is_left_of(app: &str) {
    for place in places(app) {
        assert!(!place.exists(), "{} is left", place.display());
    }
    assert_eq!(containers_of(app), [], "no container is left");
    let images = docker(&["image", "ls", "--quiet", "--filter", &format!("label=com.dokku.app-name={app}")]);
    assert_eq!(images.trim(), "", "no image is left");
}

/// The app has one worker and nothing else that runs.
pub(crate) fn a_clone_runs_and_is_renamed_and_destroyed(app: &App) {
    succeeds(&["ps:set", &app.name, "stop-timeout-seconds", "3"]);
    let before = app.runs(&["worker.1"]);

    let copy = App::named(&format!("{}-copy", app.name));
    succeeds(&["apps:clone", &app.name, &copy.name]);
    copy.runs(&["worker.1"]);
    assert_eq!(copy.scale(), ["worker=1"]);
    assert_eq!(copy.report("--ps-stop-timeout-seconds"), "3");

    let moved = App::named(&format!("{}-moved", app.name));
    succeeds(&["apps:rename", &copy.name, &moved.name]);
    let lives = moved.runs(&["worker.1"]);
    assert_eq!(moved.scale(), ["worker=1"]);
    assert_eq!(moved.report("--ps-stop-timeout-seconds"), "3");
    nothing_is_left_of(&copy.name);
    moved.scales(&["worker=2"]);
    same_lives(&lives, &moved.runs(&["worker.1", "worker.2"]), &["worker.1"]);

    succeeds(&["apps:destroy", "--force", &moved.name]);
    nothing_is_left_of(&moved.name);
    same_lives(&before, &app.runs(&["worker.1"]), &["worker.1"]);
}
