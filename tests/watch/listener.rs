//! Another that heals apps, in its own way.

use std::fs;
use std::process::{Command, Stdio};

use ps_tests::process::spawn;

use crate::shop::{Shop, new};
use crate::watcher::{Watcher, acts};

/// The program of the host that ps:watch stands aside for.
const LISTENER: &str = "dokku-event-listener";

pub(crate) fn it_stands_aside_while_another_heals() {
    let shop = Shop::with(&["web=0", "worker=1"]);
    let before = shop.runs(&["worker.1"]);
    shop.takes_notes();
    let program = shop.dokku.path(LISTENER);
    fs::copy(shop.dokku.path("demo"), &program).expect("a copy of the demo");
    // It ends when its input does, so that one whose test was killed holds up nobody.
    let mut listener = spawn(Command::new(&program).arg("read").stdin(Stdio::piped()));
    let mut watcher = Watcher::with(&shop.dokku, &["--every", "10"], &[]);
    watcher.has_seen(&shop.dokku, &shop.app);
    shop.loses("worker.1");
    watcher.says(&format!("{LISTENER} runs and heals apps in its own way"));
    // It looks and tells all the same.
    // A slow Docker is seen between its end and its removal.
    shop.hears_of_a_way("worker.1", "running", "missing");
    assert_eq!(shop.dokku.running(&shop.app), [""; 0]);
    assert_eq!(acts(&shop.dokku, &shop.app), [""; 0], "{}", watcher.said());
    drop(listener.stdin.take());
    listener.wait().expect("its end");
    let after = shop.is_healed(&["worker.1"]);
    new(&before, &after, &["worker.1"]);
    shop.was_done("worker.1: started again");
    watcher.ends();
}
