//! `ps --all`.

use ps_tests::host;
use serde_json::{Value, json};

use crate::fakes::{WithDocker, fake, running_shop, shop};

pub(crate) fn fifty_apps_with_150_containers_take_two_calls() {
    let mut containers = Vec::new();
    let mut host = shop("web=0");
    for number in 0..50 {
        let app = format!("app-{number:02}");
        host = host.app(&app).scale("web=2 worker=1");
        for (offset, dyno) in ["web.1", "web.2", "worker.1"].into_iter().enumerate() {
            let container = fake(number * 3 + offset, &app, dyno);
            host = host.container(dyno, &container.id());
            containers.push(container);
        }
    }
    let host = host.containers(&containers);
    let text = host.ps(&["--all"]).succeeds().into_stdout();
    assert_eq!(host.calls(), ["container ls", "container inspect"]);
    assert_eq!(text.matches(" running  web 2/2  worker 1/1 ").count(), 50, "{text}");
    assert_eq!(text.lines().count(), 52, "{text}");
    let lines = host.ps(&["--all", "--quiet"]).succeeds().into_stdout();
    assert_eq!(lines.lines().count(), 150);
    assert_eq!(host.calls().len(), 4);
}

pub(crate) fn all_apps_are_a_line_each_and_a_broken_one_hides_no_other() {
    let host = running_shop().app("new").file("lib/config/common/new/deployed", "false").app("off").scale("web=1");
    let text = host.ps(&["--all"]).succeeds().into_stdout();
    let lines: Vec<Vec<&str>> = text.lines().map(|line| line.split_whitespace().collect()).collect();
    assert_eq!(lines[0], ["APP", "STATE", "RUNNING", "RESTARTS", "SINCE"]);
    assert_eq!(lines[1], ["new", "not", "deployed", "web", "0/1", "-", "-"]);
    assert_eq!(lines[2], ["off", "down", "web", "0/1", "0", "-"]);
    assert_eq!(lines[3][..7], ["shop", "running", "web", "2/2", "worker", "1/1", "6"]);
    host.ps(&["--all", "--exit-code"]).fails(3).any_stdout();
    let host = host.scale("web=many");
    let broken = host.ps(&["--all", "--exit-code"]).fails(1);
    broken.stderr(" !     off: Invalid count for process type web\n").stdout_contains("\nshop  running ");
}

pub(crate) fn all_apps_for_programs() {
    let host = running_shop().app("api");
    let text = host.ps(&["--all", "--format", "json"]).succeeds().into_stdout();
    let apps: Vec<Value> = text.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    assert_eq!(apps.iter().map(|app| &app["app"]).collect::<Vec<_>>(), ["api", "shop"]);
    assert_eq!((&apps[1]["instances"][0]["processes"], &apps[1]["restarts"]), (&Value::Null, &json!(6)));
}

pub(crate) fn no_apps_at_all_are_a_warning() {
    host().ps(&["--all"]).succeeds().stderr(" !     You haven't deployed any applications yet\n");
}
