//! Apps on the Dokku of this machine, to be measured and destroyed.

use std::fs;
use std::process::{self, Command};
use std::thread;
use std::time::{Duration, Instant};

use ps_tests::docker::{print, running_of};
use ps_tests::lives;
use ps_tests::real_host::{dokku, home};

/// What they are called; what a killed run left has such a name.
pub(crate) const PREFIX: &str = "ps-bench-";

const FILES: [(&str, &str); 2] = [
    ("Dockerfile", "FROM bb:latest\nWORKDIR /app\nCOPY . /app\n"),
    ("Procfile", "web: httpd -f -p $PORT -h /www\nworker: sleep 100000\n"),
];

/// The apps: one of a web and four workers, on which changes are measured, and some of two webs and a worker.
pub(crate) fn make(apps: u64) -> Vec<String> {
    let name = |number: u64| format!("{PREFIX}{}-{number}", process::id());
    let names: Vec<String> = (1..=apps).map(name).collect();
    for (number, name) in names.iter().enumerate() {
        eprintln!("making app {} of {apps}", number + 1);
        let (web, worker) = if number == 0 { ("web=1", "worker=4") } else { ("web=2", "worker=1") };
        succeeds(&["apps:create", name]);
        succeeds(&["checks:disable", name]);
        succeeds(&["checks:set", name, "wait-to-retire", "1"]);
        succeeds(&["ps:set", name, "stop-timeout-seconds", "1"]);
        succeeds(&["ps:scale", "--skip-deploy", name, web, worker]);
        deploy(name);
    }
    names
}

fn deploy(app: &str) {
    let folder = tempfile::tempdir().expect("a folder for the source");
    for (name, content) in FILES {
        fs::write(folder.path().join(name), content).expect("a file of the source");
    }
    let packed = Command::new("tar").arg("-C").arg(folder.path()).args(["-c", "."]).output().expect("tar");
    assert!(packed.status.success(), "tar: {}", String::from_utf8_lossy(&packed.stderr));
    let mut command = Command::new("dokku");
    command.args(["git:from-archive", "--archive-type", "tar", app, "--"]);
    let printed = print(&mut command, format!("a deploy of {app}"), &packed.stdout);
    assert_eq!(printed.status, 0, "{printed}");
}

/// `dokku WORDS…`, which must succeed.
pub(crate) fn succeeds(words: &[&str]) {
    let printed = dokku(words);
    assert_eq!(printed.status, 0, "{printed}");
}

/// Ends what a change has left to end, so that it takes no processor from what is measured next. Says when that takes
/// more than a minute.
pub(crate) fn settle(app: &str) {
    let end = Instant::now() + Duration::from_mins(1);
    loop {
        let named: Vec<String> = lives::container_files(&home(app)).into_values().collect();
        if running_of(app).iter().all(|container| named.contains(&container.id)) {
            return;
        }
        if Instant::now() > end {
            eprintln!("{app} has containers that no file names, and goes on with them");
            return;
        }
        // One that is at it already says so by its status.
        dokku(&["ps:retire"]);
        thread::sleep(Duration::from_secs(1));
    }
}
