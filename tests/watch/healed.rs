//! What is gone comes back, and everybody who asks or listens is told.

use std::fs;
use std::process::Command;

use ps_tests::docker::docker;
use ps_tests::process::wait_until;
use serde_json::Value;

use crate::shop::{Shop, kept, new};
use crate::watcher::{SETTLES, Watcher};

pub(crate) fn a_removed_instance_comes_back_and_all_is_told() {
    let shop = Shop::with(&["web=1", "worker=2"]);
    let all = ["web.1", "worker.1", "worker.2"];
    let before = shop.runs(&all);
    shop.takes_notes();
    let mut watcher = Watcher::of(&shop.dokku);
    watcher.has_seen(&shop.dokku, &shop.app);
    // What happens to an app of another host on the same Docker is none of ours.
    let stranger = shop.dokku.name();
    for name in [stranger.as_str(), "../odd name"] {
        let image = format!("dokku/{}:latest", shop.app);
        let label = format!("--label=com.dokku.app-name={name}");
        let run =
            ["container", "run", "--rm", &label, "--label=com.dokku.container-type=deploy", &image, "/demo", "fail"];
        let status = Command::new("docker").args(run).output().expect("docker").status;
        assert_eq!(status.code(), Some(3), "{name}");
    }
    assert!(all.iter().all(|instance| shop.told(instance).is_empty()), "the first look tells nothing");

    shop.loses("worker.1");
    let after = shop.is_healed(&all);
    kept(&before, &after, &["web.1", "worker.2"]);
    new(&before, &after, &["worker.1"]);
    wait_until("it is told that worker.1 runs", SETTLES, || {
        shop.told("worker.1").last().is_some_and(|last| last.ends_with(" running"))
    });
    let told = shop.told("worker.1");
    // Docker ends a container before it removes it, and a look may come in between: each change goes on from the one before.
    let words = |told: &String| -> Vec<String> { told.split(' ').take(2).map(str::to_owned).collect() };
    let ways: Vec<Vec<String>> = told.iter().map(words).collect();
    let goes_on = ways.windows(2).all(|pair| pair[0][1] == pair[1][0] && pair[0][1] != "running");
    assert!(ways.len() > 1 && ways[0][0] == "running" && goes_on, "{told:?}");
    assert!(["web.1", "worker.2"].iter().all(|instance| shop.told(instance).is_empty()));

    shop.was_done("worker.1: started again");
    let listed = shop.dokku.succeeds(&["ps", &shop.app]);
    assert!(listed.contains("healed") && listed.contains("worker.1: it is missing, and was started again"), "{listed}");
    let status = shop.dokku.succeeds(&["ps:watch", "--status"]);
    assert!(status.contains(&format!("ps:watch runs as process {}\n", watcher.id())), "{status}");
    assert!(
        status.contains(&format!("=====> {}\n", shop.app))
            && status.contains("worker.1: it is missing, and was started again"),
        "{status}"
    );
    let status = shop.dokku.succeeds(&["ps:watch", "--status", "--format", "json"]);
    let status: Value = serde_json::from_str(&status).expect("JSON");
    assert_eq!(status["process"], watcher.id(), "{status}");
    assert_eq!(status["apps"][0]["app"], shop.app.as_str(), "{status}");
    assert_eq!(status["apps"][0]["given_up"], Value::Array(Vec::new()), "{status}");
    let healed = &status["apps"][0]["healed"];
    assert_eq!(healed.as_array().map(Vec::len), Some(1), "{status}");
    assert!(
        healed[0]["what"].as_str().is_some_and(|what| what == "worker.1: it is missing, and was started again"),
        "{status}"
    );

    // One record that cannot be read hides no other.
    let other = shop.dokku.app();
    let no_record = shop.dokku.path(&format!("lib/data/ps/{other}/watch"));
    fs::create_dir_all(&no_record).expect("what is no file");
    let status = shop.dokku.run(&["ps:watch", "--status"]);
    assert!(status.status == 1 && status.stderr.contains(&format!("{other}: ")), "{status}");
    assert!(status.stdout.contains("worker.1: it is missing, and was started again"), "{status}");
    fs::remove_dir(no_record).expect("its end");

    let said = watcher.ends();
    assert_eq!(said.matches("worker.1: it is missing, and was started again").count(), 1, "{said}");
    assert!(!said.contains(&stranger) && !said.contains(" !     "), "{said}");
    assert!(!shop.dokku.path(&format!("lib/data/ps/{stranger}")).exists());
    let status = shop.dokku.succeeds(&["ps:watch", "--status"]);
    assert!(status.contains("ps:watch does not run"), "{status}");
    // Somebody else's containers are theirs to remove.
    assert_eq!(
        docker(&["container", "ls", "--all", "--quiet", "--filter", &format!("label=com.dokku.app-name={stranger}")]),
        ""
    );
}
