//! `ps:stats`: what instances use, once and again and again.

use std::fs::{self, File};
use std::io::{BufRead, BufReader, Read};
use std::process::{Command, Stdio};
use std::time::Duration;

use ps_tests::Host;
use ps_tests::process::wait_until;
use rustix::process::{Pid, Signal, kill_process};
use rustix::pty::{OpenptFlags, grantpt, openpt, ptsname, unlockpt};
use rustix::termios::{Winsize, tcsetwinsize};
use serde_json::{Value, json};

use crate::fakes::{DOCKER, KILLED, WithDocker, fake, id, shop};

/// What hangs is ended, and fails.
const HANGS: Duration = Duration::from_mins(2);

const USED: [&str; 2] = [
    "12.34%\t12.3MiB / 256MiB\t4.80%\t1.2kB / 126B\t0B / 4.1kB\t3",
    "0.00%\t512B / 7.638GiB\t0.00%\t0B / 0B\t0B / 0B\t1",
];

/// A web with limits, a second without, one that was killed, and a worker that is missing.
fn measured_shop() -> Host {
    let containers = [
        fake(1, "shop", "web.1").limits(256 << 20, 500_000_000),
        fake(2, "shop", "web.2"),
        fake(3, "shop", "web.3").state(KILLED),
    ];
    let host = shop("web=3 worker=1").container("web.1", &id(1)).container("web.2", &id(2));
    let host = host.container("web.3", &id(3)).containers(&containers);
    host.file("docker/stats", format!("{}\t{}\n{}\t{}\n", id(1), USED[0], id(2), USED[1]))
}

pub(crate) fn each_instance_is_told_against_its_limits() {
    let text = measured_shop().command("stats", ["shop"]).succeeds().fires_nothing().changes_no_file().into_stdout();
    let lines: Vec<String> = text.lines().map(|line| line.split_whitespace().collect::<Vec<_>>().join(" ")).collect();
    assert_eq!(
        lines,
        [
            "=====> shop stats",
            "INSTANCE STATE CPU OF MEMORY OF MEM% RECEIVED SENT TASKS",
            "web.1 running 12.34% 50% 12.3MiB 256MiB 4.80% 1.2KiB 126B 3",
            "web.2 running 0% - 512B - 0% 0B 0B 1",
            "web.3 exited - - - - - - - -",
            "worker.1 missing - - - - - - - -",
        ]
    );
}

pub(crate) fn programs_and_scripts_get_numbers() {
    let host = measured_shop();
    let text = host.command("stats", ["shop", "--format", "json"]).succeeds().into_stdout();
    assert_eq!(text.matches('\n').count(), 1, "{text}");
    let document: Value = serde_json::from_str(&text).unwrap();
    assert_eq!(document["app"], json!("shop"));
    assert_eq!(
        document["instances"][0],
        json!({
            "instance": "web.1", "type": "web", "index": 1, "state": "running", "container": id(1), "cpu": 12.34,
            "cpu_limit": 50.0, "memory": 12_897_484, "memory_limit": 256 << 20, "memory_share": 4.8, "received": 1200,
            "sent": 126, "read": 0, "written": 4100, "tasks": 3,
        })
    );
    assert_eq!(
        (&document["instances"][2]["state"], &document["instances"][2]["cpu"]),
        (&json!("exited"), &Value::Null)
    );
    let quiet = host.command("stats", ["shop", "web.1", "--quiet"]).succeeds().into_stdout();
    let wanted = "shop\tweb.1\trunning\t12.34\t50\t12897484\t268435456\t4.80\t1200\t126\t0\t4100\t3";
    assert_eq!(quiet, format!("{wanted}\t{}\n", id(1)));
    let host = host.env("DOKKU_QUIET_OUTPUT", "1");
    host.command("stats", ["shop", "web.1"]).succeeds().stdout(&quiet);
}

pub(crate) fn one_call_measures_all() {
    let host = measured_shop();
    host.command("stats", ["shop"]).succeeds().any_stdout();
    assert_eq!(host.calls(), ["container ls", "container inspect", "container stats"]);
    let none = shop("web=1").containers(&[]);
    none.command("stats", ["shop"]).succeeds().stdout_contains("web.1     missing    -");
    assert_eq!(none.calls(), ["container ls"]);
}

pub(crate) fn one_that_goes_meanwhile_hides_no_other() {
    // Docker forgets it when it is asked for what it uses.
    let goes = "cd \"$CONFORMANCE_ROOT/docker\"; [ \"$1 $2\" = \"container stats\" ] && sed -i \"/^$GONE/d\" ls stats";
    let host = measured_shop().docker(&format!("{goes}\n{DOCKER}")).env("GONE", &id(1));
    let text = host.command("stats", ["shop", "web.1", "web.2", "--quiet"]).succeeds().into_stdout();
    let told: Vec<&str> = text.lines().filter_map(|line| line.split('\t').nth(5)).collect();
    assert_eq!(told, ["-", "512"], "{text}");
}

pub(crate) fn what_is_chosen_is_told_alone() {
    let host = measured_shop();
    let instances = |words: &[&str]| -> Vec<String> {
        let words = ["shop", "--quiet"].iter().chain(words).copied();
        let text = host.command("stats", words).succeeds().into_stdout();
        text.lines().filter_map(|line| Some(line.split('\t').nth(1)?.to_owned())).collect()
    };
    assert_eq!(instances(&[]), ["web.1", "web.2", "web.3", "worker.1"]);
    assert_eq!(instances(&["web"]), ["web.1", "web.2", "web.3"]);
    assert_eq!(instances(&["web.2", "wor*"]), ["web.2", "worker.1"]);
}

pub(crate) fn all_apps_are_told_together() {
    let host =
        measured_shop().app("api").procfile("web: x\n").app("new").file("lib/config/common/new/deployed", "false");
    let text = host.command("stats", ["--all"]).succeeds().into_stdout();
    let lines: Vec<&str> = text.lines().collect();
    assert_eq!(lines.len(), 1 + 1 + 4, "{text}");
    assert!(lines[0].starts_with("APP   INSTANCE  STATE") && lines[1].starts_with("api   web.1     missing"), "{text}");
    let json = host.command("stats", ["--all", "--format", "json"]).succeeds().into_stdout();
    let apps: Vec<Value> =
        json.lines().map(|line| serde_json::from_str::<Value>(line).unwrap()["app"].take()).collect();
    assert_eq!(apps, ["api", "new", "shop"]);
    let quiet = host.command("stats", ["--all", "--quiet"]).succeeds().into_stdout();
    assert_eq!(quiet.lines().count(), 5, "{quiet}");
    // One that cannot be read hides no other.
    let broken = host.container("web.1", &id(1)).file("lib/config/ps/api/scale", "web=x\n");
    broken.command("stats", ["--all"]).fails(1).stderr_contains("api: ").stdout_contains("shop  web.1     running");
}

/// Begins to watch the shop.
fn watched(host: &Host, stdout: impl Into<Stdio>) -> std::process::Child {
    let errors = File::create(host.sandbox().path("errors")).unwrap();
    let mut command = Command::new(host.sandbox().program("subcommands/stats"));
    command.args(["ps:stats", "shop", "web.1", "--watch", "--interval", "1"]).stdin(Stdio::null());
    host.spawn(command.stdout(stdout).stderr(errors))
}

fn errors(host: &Host) -> String {
    fs::read_to_string(host.sandbox().path("errors")).unwrap_or_default()
}

pub(crate) fn it_goes_on_until_nobody_reads() {
    let host = measured_shop();
    let mut child = watched(&host, Stdio::piped());
    let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
    let mut round = || (0..3).map(|_| lines.next().unwrap().unwrap() + "\n").collect::<String>();
    let first = round();
    assert!(first.starts_with("=====> shop stats\n") && first.contains("web.1"), "{first}");
    assert_eq!((round(), round()), (first.clone(), first));
    drop(lines);
    assert_eq!(child.wait().unwrap().code(), Some(0), "{}", errors(&host));
    assert_eq!(errors(&host), "");
}

pub(crate) fn a_signal_ends_it() {
    let host = measured_shop();
    let out = host.sandbox().path("out");
    let mut child = watched(&host, File::create(&out).unwrap());
    wait_until("it has looked twice", HANGS, || {
        fs::read_to_string(&out).unwrap_or_default().matches("=====> shop stats\n").count() > 1
    });
    kill_process(Pid::from_child(&child), Signal::INT).unwrap();
    assert_eq!(child.wait().unwrap().code(), Some(0), "{}", errors(&host));
    assert_eq!(errors(&host), "");
    assert!(!fs::read_to_string(&out).unwrap().contains('\x1b'), "colours are for terminals");
}

pub(crate) fn on_a_terminal_it_is_drawn_in_place() {
    let terminal = openpt(OpenptFlags::RDWR | OpenptFlags::NOCTTY).unwrap();
    grantpt(&terminal).unwrap();
    unlockpt(&terminal).unwrap();
    tcsetwinsize(&terminal, Winsize { ws_row: 3, ws_col: 40, ws_xpixel: 0, ws_ypixel: 0 }).unwrap();
    let path = ptsname(&terminal, Vec::new()).unwrap().into_string().unwrap();
    let host = measured_shop().env("NO_COLOR", "1");
    let mut child = watched(&host, File::options().write(true).open(path).unwrap());
    let mut screen = File::from(terminal);
    let (mut seen, mut buffer) = (String::new(), [0; 4096]);
    while seen.matches("\x1b[H").count() < 3 {
        let count = screen.read(&mut buffer).unwrap();
        seen.push_str(&String::from_utf8_lossy(&buffer[..count]));
    }
    kill_process(Pid::from_child(&child), Signal::INT).unwrap();
    // Two lines of three rows, cut to the width; a terminal makes two characters of each newline.
    let wanted = "\x1b[H=====> shop stats\x1b[K\r\n       INSTANCE  STATE       CPU   OF\x1b[K\r\n\x1b[J\x1b[H";
    assert!(seen.starts_with(wanted), "{seen:?}");
    drop(screen);
    let _ended_by_the_signal_or_the_end_of_its_terminal = child.wait().unwrap();
}

pub(crate) fn what_makes_no_sense_is_refused() {
    let host = measured_shop();
    let stats = |words: &[&str]| host.command("stats", words.iter().copied());
    stats(&[]).refuses("Please specify an app");
    stats(&["--all", "shop"]).refuses("Name an app or use --all, not both");
    stats(&["nothing"]).fails(20).stderr_contains("App nothing does not exist");
    stats(&["shop", "--format", "yaml"]).refuses("Invalid format specified, supported formats: json, stdout");
    stats(&["shop", "wrb"]).refuses("App shop has no process type wrb, it has: web, worker");
    stats(&["shop", "web.4"]).refuses("App shop has no instance \"web.4\"");
    stats(&["shop", "--interval", "often"]).fails(2).stderr_contains("often");
    assert_eq!(host.calls(), [""; 0]);
    let host = host.file("docker/stats", format!("{}\thello\n", id(1)));
    host.command("stats", ["shop"]).refuses("answered with what is no use of a container");
    let host = host.file("lib/config/common/shop/deployed", "false");
    host.command("stats", ["shop"]).succeeds().any_stdout().stderr(" !     App shop has not been deployed\n");
    let k3s = ps_tests::host().app("shop").answers("scheduler-detect", "k3s").answers("scheduler-app-status", "1 true");
    k3s.command("stats", ["shop"]).refuses("ps:stats works on docker-local alone, and shop is run by k3s");
    k3s.command("stats", ["--all"]).succeeds().any_stdout().stderr_contains("tell nothing of the kind: shop (k3s)");
}
