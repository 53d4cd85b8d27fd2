//! One change of an app after the other.

use std::fs::{self, File};
use std::process::{Command, Stdio};
use std::time::Duration;

use ps_tests::process::{spawn, wait_until};

use crate::shop::{Shop, kept};

/// How long a process may take to begin or to end.
const SOON: Duration = Duration::from_mins(3);

/// As `flock -n` finds it. A file that is not there is no lock.
pub(crate) fn is_free(shop: &Shop) {
    match File::open(shop.lock()) {
        Ok(file) => file.try_lock().unwrap_or_else(|error| panic!("the lock of {} must be free: {error}", shop.app)),
        Err(error) => assert_eq!(error.kind(), std::io::ErrorKind::NotFound, "{error}"),
    }
}

pub(crate) fn a_scale_waits_for_the_holder_and_names_it() {
    let shop = Shop::with(&["web=1", "worker=1"]);
    let before = shop.runs(&["web.1", "worker.1"]);
    fs::create_dir_all(shop.lock().parent().expect("a folder")).expect("the lock's folder");
    // Its content is empty, as after somebody tried for it in vain: only the kernel knows the holder. `cat` ends
    // with its standard input, which is ours.
    let mut command = Command::new("flock");
    command.args(["--exclusive", "--no-fork"]).arg(shop.lock()).arg("cat");
    let mut holder = spawn(command.stdin(Stdio::piped()).stdout(Stdio::null()));
    let held = || File::open(shop.lock()).is_ok_and(|file| file.try_lock().is_err());
    wait_until("flock holds the lock", SOON, held);

    let state = shop.state();
    let late = shop.dokku.run(&["ps:scale", "--lock-timeout", "1", &shop.app, "worker=2"]);
    assert_eq!(late.status, 1, "{late}");
    assert!(late.stderr.contains(&holder.id().to_string()), "it must name process {}: {late}", holder.id());
    shop.is_still(&state, "a scale that waited in vain");

    let mut scale = shop.start(&["worker=2"]);
    wait_until("it names whom it waits for", SOON, || scale.said().contains(&holder.id().to_string()));
    assert!(scale.is_running(), "it must wait: {}", scale.said());
    assert_eq!(shop.scale(), ["web=1", "worker=1"]);
    drop(holder.stdin.take());
    assert!(holder.wait().expect("its exit status").success());
    assert_eq!(scale.status(), 0, "{}", scale.said());
    kept(&before, &shop.runs(&["web.1", "worker.1", "worker.2"]), &["web.1", "worker.1"]);
    is_free(&shop);
}

pub(crate) fn a_lock_by_hand_is_no_lock() {
    let shop = Shop::with(&["web=1", "worker=1"]);
    let before = shop.runs(&["web.1", "worker.1"]);
    shop.dokku.succeeds(&["apps:lock", &shop.app]);
    shop.scales(&["--lock-timeout", "1", "worker=2"]);
    kept(&before, &shop.runs(&["web.1", "worker.1", "worker.2"]), &["web.1", "worker.1"]);
    shop.dokku.succeeds(&["apps:locked", &shop.app]);
}
