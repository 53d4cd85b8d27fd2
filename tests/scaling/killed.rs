//! kill -9 of ps:scale alone, at any moment; its children live on. `ps:reconcile` mends what is left.

use std::fs;
use std::hash::{BuildHasher, RandomState};
use std::thread;
use std::time::{Duration, Instant};

use rustix::process::Signal;

use crate::shop::{Shop, kept, timed};

/// The moments are shared by apps, so that several can be tried at once.
pub(crate) const PARTS: u32 = 5;
const MOMENTS_OF_A_PART: u32 = 10;
/// How long it may take until what was retired has ended.
const SETTLES: Duration = Duration::from_secs(30);

/// The moments of all parts lie evenly over the whole of a change, each somewhere in its share of it.
pub(crate) fn a_scale_that_is_killed_is_mended(part: u32) {
    let shop = Shop::with(&["web=1", "worker=2"]);
    let before = shop.runs(&["web.1", "worker.1", "worker.2"]);
    // As long as it takes to its end, up and down, once it runs itself.
    let [up, down] = ["worker=5", "worker=2"].map(|request| {
        let mut scale = shop.start(&[request]);
        assert!(scale.runs_itself(), "{}", scale.said());
        timed(|| assert_eq!(scale.status(), 0, "{}", scale.said()))
    });
    let mut killed = 0;
    for number in 0..MOMENTS_OF_A_PART {
        let share = (f64::from(number * PARTS + part) + random()) / f64::from(PARTS * MOMENTS_OF_A_PART);
        let grows = shop.scale().contains(&"worker=2".to_owned());
        let (request, whole) = if grows { ("worker=5", up) } else { ("worker=2", down) };
        let moment = whole.mul_f64(share);
        killed += u32::from(kill_at(&shop, request, moment));
        mends(&shop, &format!("{request}, killed after {moment:?} of {whole:?}"));
        kept(&before, &shop.instances(), &["web.1"]);
    }
    // The last moments of a change may come after its end, when it is quicker than the one that was measured.
    assert!(killed * 10 >= MOMENTS_OF_A_PART * 7, "only {killed} of {MOMENTS_OF_A_PART} changes could be killed");
    kept(&before, &shop.instances(), &["web.1", "worker.1", "worker.2"]);
}

/// Whether there was something to kill.
fn kill_at(shop: &Shop, request: &str, moment: Duration) -> bool {
    let mut scale = shop.start(&[request]);
    if !scale.runs_itself() {
        return false;
    }
    // The moment is what is tried: it is not waited for anything.
    thread::sleep(moment);
    if !scale.is_running() {
        return false;
    }
    scale.signal(Signal::KILL);
    scale.status() == 128 + 9
}

/// Afterwards desired and actual agree, nothing is half made, and the lock is free.
fn mends(shop: &Shop, what: &str) {
    let mended = shop.dokku.run(&["ps:reconcile", &shop.app, "--lock-timeout", "120"]);
    assert_eq!(mended.status, 0, "{what}: {mended}");
    let desired = shop.desired();
    assert!([3, 6].contains(&desired.len()), "{what}: the scale is {:?}: {mended}", shop.scale());
    let actual: Vec<String> = shop.instances().into_keys().collect();
    assert_eq!(actual, desired, "{what}: what runs by the files, and what should: {mended}");
    assert_eq!(shop.named().into_keys().collect::<Vec<_>>(), desired, "{what}: the files: {mended}");
    assert_eq!(shop.half_made(), [""; 0], "{what}: {mended}");
    crate::locked::is_free(shop);
    // What else runs is ending, or is queued for ps:retire, which a timer of the host calls.
    let end = Instant::now() + SETTLES;
    while shop.dokku.running(&shop.app) != desired {
        assert!(Instant::now() < end, "{what}: only {desired:?} should run\n{}\n{mended}", everything(shop));
        shop.dokku.succeeds(&["ps:retire", &shop.app]);
    }
    shop.runs(&desired.iter().map(String::as_str).collect::<Vec<_>>());
}

/// The containers of the app, its files, and what is queued for retirement.
fn everything(shop: &Shop) -> String {
    let queue = fs::read_to_string(shop.dokku.path("lib/data/scheduler-docker-local/dead-containers"));
    format!("{:#?}\n{:#?}\nqueued: {queue:?}", shop.dokku.containers(&shop.app), shop.named())
}

/// A number from 0 to 1, another one each time.
fn random() -> f64 {
    let bits = u32::try_from(RandomState::new().hash_one(()) >> 32).unwrap_or_default();
    f64::from(bits) / (f64::from(u32::MAX) + 1.0)
}
