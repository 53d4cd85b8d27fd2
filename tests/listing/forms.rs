//! The forms of a listing, and what is refused.

use ps_tests::host;
use serde_json::{Value, json};

use crate::fakes::{ENDED, KILLED, STARTED, WithDocker, fake, id, running_shop, shop};

pub(crate) fn without_an_app_the_commands_are_listed() {
    let host = host();
    let help = host.run("commands", ["ps:help"]).succeeds().into_stdout();
    assert!(help.contains("Manage app processes"), "{help}");
    host.ps(&[]).succeeds().stdout(&help);
    host.ps(&["--quiet"]).succeeds().stdout(&help);
}

pub(crate) fn quiet_is_a_line_of_fields_an_instance() {
    let containers = [fake(1, "shop", "web.1").health("healthy"), fake(2, "shop", "web.2").state(KILLED)];
    let host = shop("web=3").container("web.1", &id(1)).container("web.2", &id(2)).containers(&containers);
    let without_seconds = |text: String| -> Vec<String> {
        let line = |line: &str| {
            let mut fields: Vec<&str> = line.split('\t').collect();
            assert_eq!(fields.len(), 8, "{line}");
            let seconds = fields.remove(3);
            assert!(seconds == "-" || seconds.parse::<u64>().is_ok(), "{line}");
            fields.join(" ")
        };
        text.lines().map(line).collect()
    };
    let wanted = [
        format!("shop web.1 running 2 healthy - {}", id(1)),
        format!("shop web.2 exited 0 - 137 {}", id(2)),
        "shop web.3 missing - - - -".to_owned(),
    ];
    assert_eq!(without_seconds(host.ps(&["shop", "--quiet"]).succeeds().into_stdout()), wanted);
    assert_eq!(without_seconds(host.ps(&["--quiet", "--all"]).succeeds().into_stdout()), wanted);
    let host = host.env("DOKKU_QUIET_OUTPUT", "1");
    assert_eq!(without_seconds(host.ps(&["shop"]).succeeds().into_stdout()), wanted);
}

pub(crate) fn json_is_a_document() {
    let host = running_shop();
    let text = host.ps(&["shop", "--format", "json"]).succeeds().into_stdout();
    assert_eq!(text.matches('\n').count(), 1, "{text}");
    let mut document: Value = serde_json::from_str(&text).unwrap();
    for instance in document["instances"].as_array_mut().unwrap() {
        assert!(instance["seconds"].take().is_u64(), "{text}");
    }
    assert_eq!(document["types"][0], json!({"type": "web", "desired": 2, "running": 2, "stopped": 0, "pending": []}));
    assert_eq!((&document["app"], &document["scheduler"]), (&json!("shop"), &json!("docker-local")));
    assert_eq!((&document["state"], &document["as_desired"]), (&json!("running"), &json!(true)));
    assert_eq!((&document["restarts"], &document["since"]), (&json!(6), &json!(STARTED)));
    assert_eq!(
        document["instances"][0],
        json!({
            "instance": "web.1", "type": "web", "index": 1, "state": "running", "container": id(1),
            "container_name": "shop.web.1", "container_state": "running", "started": STARTED, "finished": null,
            "seconds": null, "restarts": 2, "health": null, "exit_code": null, "signal": null,
            "out_of_memory": false, "memory": null, "retires_in": null, "processes": [
                {"pid": 4711, "user": "root", "elapsed": 192, "cpu": 12.3, "command": "/demo web"},
                {"pid": 4712, "user": "www-data", "elapsed": 5, "cpu": 0.0, "command": "sh -c  x"},
            ],
        })
    );
    let killed = shop("web=1").container("web.1", &id(1)).containers(&[fake(1, "shop", "web.1").state(KILLED)]);
    let document: Value =
        serde_json::from_str(&killed.ps(&["shop", "--format=json"]).succeeds().into_stdout()).unwrap();
    let instance = &document["instances"][0];
    assert_eq!((&instance["exit_code"], &instance["signal"]), (&json!(137), &json!("SIGKILL")));
    assert_eq!((&instance["finished"], &instance["out_of_memory"]), (&json!(ENDED), &json!(true)));
}

pub(crate) fn a_pipe_gets_neither_colours_nor_cut_lines() {
    let long = "x".repeat(500);
    let host = running_shop().processes(1, &format!("4711 root 192 0.0 /demo {long}\n")).env("COLUMNS", "40");
    let text = host.ps(&["shop"]).succeeds().into_stdout();
    assert!(text.contains(&format!("/demo {long}\n")) && !text.contains('\x1b'), "{text}");
}

pub(crate) fn flags_that_would_be_passed_over_are_refused() {
    let host = running_shop();
    for (words, told) in [
        (&["shop", "--watch", "--exit-code"][..], "--watch"),
        (&["shop", "--interval", "5"], "--watch"),
        (&["shop", "--watch", "--interval", "0"], "--interval"),
        (&["--all", "--retired"], "--retired"),
        (&["--retired"], "--retired"),
    ] {
        host.ps(words).fails(2).fires_nothing().changes_no_file().stderr_contains(told);
    }
}

pub(crate) fn what_makes_no_sense_is_refused() {
    let host = running_shop();
    host.ps(&["shop", "--format", "yaml"]).refuses("Invalid format specified, supported formats: json, stdout");
    host.ps(&["--all", "shop"]).refuses("Name an app or use --all, not both");
    host.ps(&["nothing"]).fails(20).stderr_contains("App nothing does not exist");
    host.ps(&["../shop"]).refuses("App name must begin with");
    host.ps(&["shop", "--colour"]).fails(2).stderr_contains("--colour");
    assert_eq!(host.calls(), [""; 0]);
    host.ps(&["shop", "web", "wroker"]).refuses("App shop has no process type wroker, it has: web, worker");
}

pub(crate) fn timings_are_told_behind_a_listing() {
    let host = running_shop();
    let listing = host.ps(&["shop", "--quiet"]).succeeds().into_stdout();
    let without_seconds =
        |text: &str| text.lines().map(|line| line.split('\t').take(3).collect::<String>()).collect::<Vec<_>>();
    for words in [["shop", "--quiet", "--timings"], ["--timings", "--quiet", "shop"]] {
        let told = host
            .ps(&words)
            .succeeds()
            .stderr_contains("-----> Timings\n")
            .stderr_contains(" container ls --all ")
            .stderr_contains("hooks and other programs (")
            .stderr_contains(" ms  Docker, besides (2 calls)\n")
            .stderr_contains(" ms  its own\n")
            .into_stdout();
        assert_eq!(without_seconds(&told), without_seconds(&listing));
    }
    // Also of what fails.
    host.ps(&["shop", "beat", "--timings"]).fails(1).stderr_contains(" ms  all\n").stderr_contains("beat");
}
