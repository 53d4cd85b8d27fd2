//! What `ps:watch` costs while nothing happens: memory, processor, and how often Docker is asked.
//!
//! All apps run as they should, on an Engine that never tells anything. What Docker's own daemon does is not measured.

use std::collections::BTreeMap;
use std::fs;
use std::process::{Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use ps_tests::host;
use ps_tests::process::{self, wait_until};
use ps_tests::sandbox::Sandbox;
use rustix::process::{Pid, Signal, kill_process};

use crate::engine::Engine;
use crate::files::{INSTANCES, app, containers, make_apps};
use crate::plot::{self, Series};
use crate::table::Table;

const APPS: usize = 200;

/// How often the kernel counts a process's time: the same on all systems that run Dokku.
const TICKS: f64 = 100.0;

/// What a process and those that it has waited for have used, in seconds.
#[derive(Clone, Copy)]
struct Used {
    own: f64,
    children: f64,
}

/// What was measured, memory in kB.
struct Cost {
    took: Duration,
    peak: u64,
    median: u64,
    last: u64,
    /// Once a second.
    course: Vec<u64>,
    used: Used,
}

pub(crate) fn watch(minutes: u64, plots: bool) {
    let (host, containers) = (host().docker_local(), containers(APPS));
    let sandbox = host.sandbox();
    make_apps(sandbox, &containers);
    let engine = Engine::begin(&sandbox.path("docker.sock"), &containers);
    let mut command = Command::new(sandbox.program("subcommands/watch"));
    let socket = ("DOCKER_HOST".to_owned(), Some("unix://@ROOT@/docker.sock".to_owned()));
    sandbox.surround(&mut command, &BTreeMap::from([socket]));
    let said = fs::File::create(sandbox.path("said")).expect("a file");
    command.arg("ps:watch").stdin(Stdio::null()).stdout(said.try_clone().expect("a file")).stderr(said);
    let mut child = process::spawn(&mut command);
    let cost = measure(child.id(), Duration::from_mins(minutes));
    let pid = i32::try_from(child.id()).ok().and_then(Pid::from_raw).expect("a process id");
    kill_process(pid, Signal::TERM).expect("ps:watch runs");
    wait_until("ps:watch has ended", process::DEADLINE, || child.try_wait().expect("it is ours").is_some());
    check_that_it_was_idle(sandbox);
    print(&cost, &engine);
    if plots {
        plot::write("watch.svg", &plot(&cost));
    }
}

fn measure(pid: u32, end: Duration) -> Cost {
    let began = Instant::now();
    let mut memory = Vec::new();
    while began.elapsed() < end {
        thread::sleep(Duration::from_secs(1).min(end.saturating_sub(began.elapsed())));
        memory.push(kilobytes(pid, "VmRSS"));
    }
    let last = *memory.last().expect("a minute at least");
    let course = memory.clone();
    memory.sort_unstable();
    let median = memory[memory.len() / 2];
    Cost { took: began.elapsed(), peak: kilobytes(pid, "VmHWM"), median, last, course, used: used(pid) }
}

/// Otherwise something else was measured than a host at rest.
fn check_that_it_was_idle(sandbox: &Sandbox) {
    let said = fs::read_to_string(sandbox.path("said")).expect("what it said");
    assert_eq!(said.trim(), "-----> Watching all apps", "it is not idle");
    for number in 0..APPS {
        let seen = fs::read_to_string(sandbox.path(&format!("lib/data/ps/{}/watch", app(number))));
        let seen: serde_json::Value = serde_json::from_str(&seen.expect("what it saw")).expect("JSON");
        let told = serde_json::json!({ "web.1": "running", "web.2": "running", "worker.1": "running" });
        assert_eq!(seen["told"], told, "{}", app(number));
    }
}

fn print(cost: &Cost, engine: &Engine) {
    let Cost { took, peak, median, last, course: _, used } = cost;
    let share = |seconds: f64| format!("{seconds:.2} s = {:.3} % of a core", seconds / took.as_secs_f64() * 100.0);
    let is_of_a_container = |path: &str| path.starts_with("GET /containers/") && path != "GET /containers/json";
    println!("{APPS} apps of {} containers, idle for {} s", INSTANCES.len(), took.as_secs());
    println!();
    let mut table = Table::new(&["", "measured"]);
    let mut row = |name: &str, value: String| table.row(vec![name.to_owned(), value]);
    row("memory, peak (VmHWM)", format!("{peak} kB"));
    row("memory, median (VmRSS)", format!("{median} kB"));
    row("memory, at the end (VmRSS)", format!("{last} kB"));
    row("processor, `ps:watch` itself", share(used.own));
    row("processor, what it starts", share(used.children));
    row("processor, both", share(used.own + used.children));
    // Each run of Docker's program begins with this question.
    row("calls of `docker`, at second", seconds(&engine.asked(|path| path.ends_with(" /_ping"))));
    row("lists of containers, at second", seconds(&engine.asked(|path| path == "GET /containers/json")));
    row("questions about a container", engine.asked(is_of_a_container).len().to_string());
    row("requests for events, at second", seconds(&engine.asked(|path| path == "GET /events")));
    println!("{table}");
}

fn plot(cost: &Cost) -> String {
    let megabytes = cost.course.iter().map(|kilobytes| Some(*kilobytes as f64 / 1024.0)).collect();
    let seconds: Vec<f64> = (1..=cost.course.len()).map(|second| second as f64).collect();
    let memory = [Series { name: "ps:watch".to_owned(), values: megabytes }];
    plot::lines(
        "Memory of ps:watch on 200 apps in which nothing happens (VmRSS)",
        ["seconds", "MB"],
        &seconds,
        &memory,
        false,
    )
}

/// A line of `/proc/PID/status`.
fn kilobytes(pid: u32, name: &str) -> u64 {
    let status = fs::read_to_string(format!("/proc/{pid}/status")).expect("ps:watch runs");
    let line = status.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(':'));
    let number = line.and_then(|line| line.split_whitespace().next()?.parse().ok());
    number.unwrap_or_else(|| panic!("ps:watch has no {name}: it has ended"))
}

fn used(pid: u32) -> Used {
    let stat = fs::read_to_string(format!("/proc/{pid}/stat")).expect("ps:watch runs");
    // The name, the second field, may hold anything; these are the fields 14 to 17.
    let (_, fields) = stat.rsplit_once(')').expect("a name");
    let ticks: Vec<f64> =
        fields.split_whitespace().skip(11).take(4).map(|field| field.parse().expect("a number")).collect();
    Used { own: (ticks[0] + ticks[1]) / TICKS, children: (ticks[2] + ticks[3]) / TICKS }
}

/// `0, 300`; those of one second as `3 x 0`.
fn seconds(times: &[Duration]) -> String {
    let mut counts: BTreeMap<u64, usize> = BTreeMap::new();
    for time in times {
        *counts.entry(time.as_secs()).or_default() += 1;
    }
    let shown = counts
        .iter()
        .map(|(second, count)| if *count > 1 { format!("{count} x {second}") } else { second.to_string() });
    let shown: Vec<String> = shown.collect();
    if shown.is_empty() { "never".to_owned() } else { shown.join(", ") }
}
