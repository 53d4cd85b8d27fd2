//! kill -9 of commands at any moment: of the command alone, whose scripts live on, or with all that it has started.

use std::collections::BTreeSet;
use std::fs;
use std::process::{Child, Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use ps_tests::docker::docker;
use ps_tests::process::wait_until;

use crate::host::{App, PATIENCE, ends, home, succeeds};

/// How many moments are tried; `PS_MOMENTS` says another number. Each takes half a minute.
const MOMENTS: usize = 1;
/// What the host's scripts and our executables are called: nobody else uses the host meanwhile.
const ALL_OF_IT: &str = "/var/lib/dokku/|plugn trigger|/usr/bin/dokku";

pub(crate) fn what_is_killed_at_any_moment_is_mended_by_reconcile(app: &App) {
    let moments = std::env::var("PS_MOMENTS").map_or(MOMENTS, |value| value.parse().expect("PS_MOMENTS is a number"));
    app.scales(&["web=2"]);
    // As long as each takes, or a little less; a moment is somewhere in it.
    let mut whole = [Duration::from_secs(20), Duration::from_secs(10), Duration::from_secs(5), Duration::from_secs(20)];
    let mut random = seeded::numbers();
    let mut number = || random.next().expect("numbers without end");
    // All kinds in turn, from any of them on.
    let drawn = number();
    let first = [0.25, 0.5, 0.75].into_iter().filter(|bound| drawn > *bound).count();
    for moment in first..first + moments {
        let which = moment % whole.len();
        let words = words(app, which);
        let (alone, after) = (number() < 0.5, whole[which].mul_f64(number()));
        let begun = Instant::now();
        let mut command = start(&words);
        thread::sleep(after);
        let ended = command.try_wait().expect("the command").is_some();
        if ended {
            whole[which] = begun.elapsed().mul_f64(0.9);
        }
        kill(if alone { "ps/subcommands/" } else { ALL_OF_IT });
        command.wait().expect("the command");
        let what = format!("{words:?}, killed {} after {after:?}", if alone { "alone" } else { "with all" });
        is_mended(app, &what);
        println!("mended: {what}{}", if ended { " (it had ended)" } else { "" });
    }
    println!("killed: {moments} commands, each mended");
}

/// Which command is killed next; the app is made ready for it.
fn words(app: &App, which: usize) -> Vec<String> {
    let many = app.scale().contains(&"web=3".to_owned());
    let words = match which {
        0 => vec!["ps:restart", &app.name],
        1 => vec!["ps:scale", &app.name, if many { "web=2" } else { "web=3" }],
        2 => vec!["ps:stop", &app.name],
        _ => {
            succeeds(&["ps:stop", &app.name]);
            vec!["ps:start", &app.name]
        }
    };
    words.into_iter().map(str::to_owned).collect()
}

fn start(words: &[String]) -> Child {
    let mut command = Command::new("dokku");
    command.args(words).stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
    command.spawn().expect("dokku")
}

fn kill(pattern: &str) {
    // Twice: one that was being started when the first look was taken is seen by the second.
    for _ in 0..2 {
        Command::new("pkill").args(["-KILL", "-f", pattern]).status().expect("pkill");
        thread::sleep(Duration::from_millis(50));
    }
}

/// After `ps:reconcile` all that should run does, where nginx looks for it.
fn is_mended(app: &App, what: &str) {
    if app.report("--restore") == "false" {
        // It was stopped to the end, or just about: who wants it to run says so.
        succeeds(&["ps:start", &app.name]);
    }
    ends(0, &["ps:reconcile", &app.name, "--lock-timeout", "300"]);
    ends(0, &["ps", &app.name, "--exit-code"]);
    let mut addresses = BTreeSet::new();
    wait_until(&format!("nginx knows all webs: {what}"), PATIENCE, || {
        let webs: Vec<String> = app.instances().into_values().map(|life| life.id).collect();
        let template = "{{range .NetworkSettings.Networks}}{{.IPAddress}}{{end}}";
        let words =
            [&["container", "inspect", "--format", template][..], &webs.iter().map(String::as_str).collect::<Vec<_>>()];
        addresses = docker(&words.concat()).lines().map(str::to_owned).collect();
        !addresses.is_empty() && servers(app) == addresses
    });
    let wanted = if app.scale().contains(&"web=3".to_owned()) { 3 } else { 2 };
    assert_eq!(addresses.len(), wanted, "{what}: {addresses:?}");
    app.answers(&app.instances());
}

/// The addresses to which nginx passes requests for the app.
fn servers(app: &App) -> BTreeSet<String> {
    let configuration = fs::read_to_string(home(&app.name).join("nginx.conf")).unwrap_or_default();
    let servers = configuration.lines().filter_map(|line| line.trim().strip_prefix("server ")?.split_once(':'));
    servers
        .filter(|(address, _)| address.parse::<std::net::Ipv4Addr>().is_ok())
        .map(|(address, _)| address.to_owned())
        .collect()
}
