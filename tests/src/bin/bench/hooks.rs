//! What each read-only trigger costs, from start to end, beside an executable that does nothing.
//!
//! `tests/bench` builds both the same way and runs this with `PS_PLUGIN` and `PS_NOTHING`. All are run in turn,
//! so that what the machine does besides is shared by all; the median says what one run costs.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use ps_tests::host;

const RUNS: usize = 200;
const HOOKS: [(&str, &[&str]); 6] = [
    ("ps-current-scale", &["shop"]),
    ("ps-get-property", &["shop", "restart-policy"]),
    ("procfile-exists", &["shop"]),
    ("procfile-get-command", &["shop", "web", "5000"]),
    ("docker-args-process-deploy", &["shop", "dockerfile", "latest", "web", "1"]),
    ("report", &["shop"]),
];

/// Those of the host's own plugins that have nothing to answer here.
const OTHER_PLUGINS: [&str; 41] = [
    "00_dokku-standard",
    "20_events",
    "app-json",
    "apps",
    "builder",
    "builder-dockerfile",
    "builder-herokuish",
    "builder-lambda",
    "builder-nixpacks",
    "builder-null",
    "builder-pack",
    "builder-railpack",
    "buildpacks",
    "builds",
    "caddy-vhosts",
    "certs",
    "checks",
    "common",
    "cron",
    "docker-options",
    "domains",
    "enter",
    "git",
    "haproxy-vhosts",
    "logs",
    "network",
    "nginx-vhosts",
    "openresty-vhosts",
    "plugin",
    "ports",
    "proxy",
    "registry",
    "repo",
    "resource",
    "run",
    "scheduler-null",
    "shell",
    "ssh-keys",
    "storage",
    "trace",
    "traefik-vhosts",
];

pub(crate) fn hooks() {
    let nothing = std::env::var_os("PS_NOTHING").expect("PS_NOTHING does not name an executable: run tests/bench");
    // The answering plugins have the names they have on a real host.
    let host = host()
        .docker_local()
        .answered_by("config", "config-export", "")
        .app("shop")
        .scale("web=2 worker=1")
        .procfile("web: run -p $PORT\nworker: go\n");
    let sandbox = host.sandbox();
    // As many plugins as a real host has, in the version whose own plugins are known.
    sandbox.write("lib/STABLE_VERSION", "0.38.27\n");
    for name in OTHER_PLUGINS {
        sandbox.add_plugin(name);
    }
    let mut programs: Vec<(&str, Command)> = vec![("nothing", Command::new(PathBuf::from(nothing)))];
    for (hook, args) in HOOKS {
        let mut command = Command::new(sandbox.program(hook));
        command.args(args);
        programs.push((hook, command));
    }
    let mut times: Vec<Vec<Duration>> = vec![Vec::with_capacity(RUNS); programs.len()];
    let mut asked = Vec::new();
    for (_, command) in &mut programs {
        sandbox.surround(command, &BTreeMap::new());
        command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
        // The first run of each reads it from the disk.
        let before = sandbox.fired().len();
        time(command);
        let fired = sandbox.fired().split_off(before);
        asked.push(fired.into_iter().map(|call| call[0].clone()).collect::<Vec<_>>().join(" "));
    }
    for _ in 0..RUNS {
        for ((_, command), times) in programs.iter_mut().zip(&mut times) {
            times.push(time(command));
        }
    }
    let medians: Vec<f64> = times.iter_mut().map(|times| median(times)).collect();
    println!("{:<28} {:>10} {:>8}  asks", format!("median of {RUNS} runs"), "ms", "ratio");
    for (((name, _), median), asked) in programs.iter().zip(&medians).zip(&asked) {
        println!("{name:<28} {median:>10.3} {:>8.2}  {asked}", median / medians[0]);
    }
    if asked.iter().any(|asked| !asked.is_empty()) {
        println!("A trigger that is asked is answered by a small shell script, whose time is part of the hook's.");
    }
}

fn time(command: &mut Command) -> Duration {
    let began = Instant::now();
    let status = command.status().unwrap_or_else(|error| panic!("{command:?}: {error}"));
    let took = began.elapsed();
    assert!(status.success(), "{command:?} fails: {status}");
    took
}

fn median(times: &mut [Duration]) -> f64 {
    times.sort_unstable();
    times[times.len() / 2].as_secs_f64() * 1000.0
}
