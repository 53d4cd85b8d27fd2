//! What the listings say, and what they ask of Docker.

use std::fs;

use ps_tests::docker::Dokku;
use serde_json::Value;

pub(crate) fn the_report_says_what_runs() {
    let dokku = Dokku::new();
    let app = dokku.deployed(&["web=2"]);
    let report = dokku.succeeds(&["ps:report", &app]);
    assert!(report.starts_with(&format!("=====> {app} ps information\n")), "{report}");
    for (flag, value) in [("Deployed:", "true"), ("Processes:", "2"), ("Restore:", "true"), ("Running:", "true")] {
        assert!(report.contains(&format!("       {flag:<33} {value}\n")), "{flag} {value}\n{report}");
    }
    for (index, id) in (1..).zip(dokku.ids(&app)) {
        let label = format!("Status web {index}:");
        let line = format!("       {label:<33} running (CID: {})\n", &id[..11]);
        assert!(report.contains(&line), "{line}{report}");
    }
}

pub(crate) fn the_report_as_json() {
    let dokku = Dokku::new();
    let app = dokku.deployed(&[]);
    let report: Value = serde_json::from_str(&dokku.succeeds(&["ps:report", &app, "--format", "json"])).expect("JSON");
    let id = &dokku.ids(&app)[0];
    for (key, value) in [
        ("deployed", "true"),
        ("processes", "1"),
        ("running", "true"),
        ("restart-policy", ""),
        ("ps-computed-restart-policy", "on-failure:10"),
        ("computed-restart-policy", "on-failure:10"),
        ("status-web.1", &format!("running (CID: {})", &id[..11])),
    ] {
        assert_eq!(report[key], value, "{key} in {report:#}");
    }
}

pub(crate) fn a_report_of_many_apps_asks_docker_once() {
    let dokku = Dokku::new();
    let apps: Vec<String> = (0..3).map(|_| dokku.deployed(&["web=1", "worker=1"])).collect();
    let real = docker_path();
    let log = dokku.path("docker-calls");
    let wrapper =
        dokku.script("bin/counting-docker", &format!("echo \"$*\" >>'{}'\nexec '{real}' \"$@\"", log.display()));
    let counted = |words: &[&str]| {
        let _ = fs::remove_file(&log);
        let printed = dokku.run_with(words, &[("DOCKER_BIN", &wrapper)]);
        assert_eq!(printed.status, 0, "{printed}");
        (printed.stdout, fs::read_to_string(&log).unwrap_or_default().lines().count())
    };
    let (report, calls) = counted(&["ps:report"]);
    for app in &apps {
        assert!(report.contains(&format!("=====> {app} ps information\n")), "{report}");
    }
    assert_eq!(report.matches("running (CID: ").count(), 6, "{report}");
    let (_, calls_of_one) = counted(&["ps:report", &apps[0]]);
    assert_eq!((calls, calls_of_one), (1, 1), "calls of Docker for three apps, and for one");
}

pub(crate) fn inspect_shows_the_containers() {
    let dokku = Dokku::new();
    let app = dokku.deployed(&[]);
    let shown: Value = serde_json::from_str(&dokku.succeeds(&["ps:inspect", &app])).expect("JSON");
    assert_eq!(shown[0]["Id"], dokku.ids(&app)[0]);
}

fn docker_path() -> String {
    let path = std::env::var_os("PATH").expect("a PATH");
    let found = std::env::split_paths(&path).map(|folder| folder.join("docker")).find(|program| program.is_file());
    found.expect("docker is on the PATH").display().to_string()
}
