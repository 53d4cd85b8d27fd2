//! What others can have us read: links out of a source, and what is no regular file. It is refused soon, and nothing
//! of it is told.

use std::fs::{self, File};
use std::os::unix::fs::symlink;
use std::os::unix::net::UnixListener;
use std::time::Duration;

use ps_tests::{Host, Outcome};
use rustix::fs::{CWD, FileType, Mode, mknodat};

use crate::shop;

/// What hangs is ended, and fails, after this time.
const HANGS: Duration = Duration::from_mins(1);
const SECRET: &str = "S3CRET_KEY=hunter2hunter2\n";

fn extract(host: &Host) -> Outcome {
    let source = host.sandbox().expand("@ROOT@/work");
    host.run("core-post-extract", ["shop", &source])
}

/// The source is refused, nothing of the deploy is left, and nothing that only the file holds is told.
fn refused(host: &Host, file: &str, words: &str) {
    let outcome = extract(host).refuses(file).stderr_contains(words).fires_nothing().changes_no_file();
    outcome.does_not_say("S3CRET").does_not_say("hunter2").takes_at_most(HANGS);
    let left = fs::read_dir(host.sandbox().path("lib/data/ps/shop")).unwrap().count();
    assert_eq!(left, 1, "only what the test put there");
}

#[test]
fn a_link_out_of_the_source_is_refused() {
    for file in ["Procfile", "DOKKU_SCALE"] {
        for target in ["@ROOT@/lib/config/other/ENV", "../lib/config/other/ENV", "/etc/shadow", "/nonexistent/file"] {
            let host = shop().within(HANGS).file("lib/config/other/ENV", SECRET).file("work/Procfile", "web: x\n");
            let path = host.sandbox().path(&format!("work/{file}"));
            let _ = fs::remove_file(&path);
            symlink(host.sandbox().expand(target), path).unwrap();
            refused(&host, file, "out of the source");
        }
    }
}

#[test]
fn a_folder_that_leads_out_of_the_source_is_refused() {
    let host = shop().within(HANGS).property("procfile-path", "deploy/ENV").file("lib/config/other/ENV", SECRET);
    let host = host.file("work/keep", "");
    symlink(host.sandbox().path("lib/config/other"), host.sandbox().path("work/deploy")).unwrap();
    refused(&host, "Procfile", "out of the source");
}

#[test]
fn a_link_to_what_is_in_the_source_is_followed() {
    let host = shop().file("work/deploy/Procfile", "web: x\n");
    symlink("deploy/Procfile", host.sandbox().path("work/Procfile")).unwrap();
    extract(&host).succeeds().leaves("lib/data/ps/shop/Procfile.4242", "web: x\n");
}

#[test]
fn a_link_that_leads_nowhere_or_round_is_refused() {
    for target in ["nowhere", "Procfile"] {
        let host = shop().within(HANGS).file("work/keep", "");
        symlink(target, host.sandbox().path("work/Procfile")).unwrap();
        refused(&host, "Procfile", "symbolic link");
    }
}

#[test]
fn a_bad_line_is_told_by_its_number_alone() {
    for line in ["S3CRET hunter2", "S3CRET hunter2=1", "S3CRET.hunter2: x"] {
        let host = shop().within(HANGS).file("work/Procfile", format!("web: x\n{line}\n"));
        refused(&host, "Procfile", "line 2");
        let host =
            shop().within(HANGS).file("work/Procfile", "web: x\n").file("work/DOKKU_SCALE", format!("web=1\n{line}\n"));
        refused(&host, "DOKKU_SCALE", "line 2");
    }
}

/// What can be in the place of a file.
#[derive(Clone, Copy, Debug)]
enum Odd {
    Pipe,
    Socket,
    Folder,
    /// Only root can make one.
    Zeros,
    LinkToZeros,
    /// A terabyte of nothing.
    Endless,
}

const ALL: [Odd; 6] = [Odd::Pipe, Odd::Socket, Odd::Folder, Odd::Zeros, Odd::LinkToZeros, Odd::Endless];

impl Odd {
    /// Puts it there; `false` when this user may not.
    fn put(self, host: &Host, path: &str) -> bool {
        let path = host.sandbox().path(path);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        let _ = fs::remove_file(&path);
        match self {
            Self::Pipe => mknodat(CWD, &path, FileType::Fifo, Mode::from_raw_mode(0o644), 0).unwrap(),
            // The path is longer than a socket's may be: bound beside, and moved.
            Self::Socket => {
                let beside = tempfile::Builder::new().prefix("s").tempdir_in("/tmp").unwrap();
                UnixListener::bind(beside.path().join("s")).unwrap();
                fs::rename(beside.path().join("s"), &path).unwrap();
            }
            Self::Folder => fs::create_dir(&path).unwrap(),
            Self::Zeros => {
                let zeros = rustix::fs::makedev(1, 5);
                return mknodat(CWD, &path, FileType::CharacterDevice, Mode::from_raw_mode(0o666), zeros).is_ok();
            }
            Self::LinkToZeros => symlink("/dev/zero", &path).unwrap(),
            Self::Endless => File::create(&path).unwrap().set_len(1 << 40).unwrap(),
        }
        true
    }
}

#[test]
fn what_is_no_regular_file_in_a_source_is_refused() {
    for odd in ALL {
        for file in ["Procfile", "DOKKU_SCALE"] {
            let host = shop().within(HANGS).file("work/Procfile", "web: x\n");
            if odd.put(&host, &format!("work/{file}")) {
                refused(&host, file, "it ");
            }
        }
    }
}

/// Where such a thing may be, the word that names it, and what comes by there.
const PLACES: [(&str, &str, &str, &[&str]); 13] = [
    ("lib/config/ps/shop/scale", "scale", "subcommands/scale", &["ps:scale", "shop"]),
    ("lib/config/ps/shop/scale", "scale", "subcommands/scale", &["ps:scale", "shop", "web=2"]),
    ("lib/config/ps/shop/scale", "scale", "ps-current-scale", &["shop"]),
    ("lib/config/ps/shop/restore", "restore", "subcommands/scale", &["ps:scale", "shop", "web=2"]),
    ("lib/config/ps/shop/restore", "restore", "ps-get-property", &["shop", "restore"]),
    ("lib/config/ps/shop/restart-policy.web", "restart-policy.web", "subcommands/report", &["ps:report", "shop"]),
    ("lib/config/ps/shop/stop-timeout-seconds.web", "stop-timeout", "subcommands/report", &["ps:report", "shop"]),
    ("lib/config/ps/shop/can-scale", "can-scale", "subcommands/scale", &["ps:scale", "shop", "web=2"]),
    ("lib/data/ps/shop/Procfile", "Procfile", "procfile-get-command", &["shop", "web", "5000"]),
    ("lib/data/ps/shop/Procfile", "Procfile", "subcommands/scale", &["ps:scale", "shop", "web=2"]),
    ("home/shop/CONTAINER.web.1", "CONTAINER.web.1", "subcommands/report", &["ps:report", "shop"]),
    ("lib/data/apps/shop/.deploy.lock", "lock", "subcommands/scale", &["ps:scale", "shop", "web=2"]),
    ("lib/data/ps/retire", "retire", "subcommands/retire", &["ps:retire"]),
];

#[test]
fn what_is_no_regular_file_in_the_host_is_refused() {
    for (path, word, program, args) in PLACES {
        for odd in ALL {
            // A lock may have any content: it is not read but for a message.
            if matches!(odd, Odd::Endless) && ["lock", "retire"].contains(&word) {
                continue;
            }
            let host = shop().docker_local().docker("exit 0").procfile("web: x\n").within(HANGS);
            if odd.put(&host, path) {
                let outcome = host.run(program, args.iter().copied());
                outcome.fails(1).fires_nothing().any_stdout().stderr_contains(word).takes_at_most(HANGS);
            }
        }
    }
}

#[test]
fn a_queue_of_retirement_that_is_none_is_told() {
    for odd in [Odd::Pipe, Odd::LinkToZeros, Odd::Endless] {
        let host = shop().docker_local().docker("exit 0").within(HANGS);
        odd.put(&host, "lib/data/scheduler-docker-local/dead-containers");
        host.run("subcommands/default", ["ps", "shop"])
            .succeeds()
            .any_stdout()
            .stderr_contains("dead-containers")
            .takes_at_most(HANGS);
    }
}
