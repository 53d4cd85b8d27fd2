//! kill -9 of ps:scale alone, at any moment; its children live on. `ps:reconcile` mends what is left.

use std::fs;
use std::thread;
use std::time::{Duration, Instant};

use ps_tests::docker::docker;
use rustix::process::Signal;

use crate::shop::{Instances, Shop, kept, timed};

/// The moments are shared by apps, so that several can be tried at once.
pub(crate) const PARTS: u32 = 2;
const MOMENTS_OF_A_PART: u32 = 6;
/// How long it may take until what was retired has ended.
const SETTLES: Duration = Duration::from_mins(3);

/// Each part kills changes of one type; the last one those of web, after which the proxy must know who serves.
struct Part {
    shop: Shop,
    moves: &'static str,
}

/// The moments of all parts lie evenly over the whole of a change, each somewhere in its share of it.
pub(crate) fn a_scale_that_is_killed_is_mended(part: u32) {
    let (moves, stays) = if part + 1 < PARTS { ("worker", "web") } else { ("web", "worker") };
    let [few, many] = [2, 5].map(|quantity| format!("{moves}={quantity}"));
    let tried = Part { shop: Shop::with(&[&format!("{stays}=1"), &few]), moves };
    let shop = &tried.shop;
    let (first, second, other) = (format!("{moves}.1"), format!("{moves}.2"), format!("{stays}.1"));
    let untouched = [first.as_str(), &second, &other];
    let mut at_first = untouched;
    at_first.sort_unstable();
    let before = shop.runs(&at_first);
    // As long as it takes to its end, up and down, once it runs itself.
    let [mut up, mut down] = [&many, &few].map(|request| {
        let mut scale = shop.start(&[request]);
        scale.runs_itself();
        timed(|| assert_eq!(scale.status(), 0, "{}", scale.said()))
    });
    let (mut killed, mut tried_so_often) = (0, 0);
    let mut random = seeded::numbers();
    while killed < MOMENTS_OF_A_PART {
        tried_so_often += 1;
        assert!(tried_so_often <= 6 * MOMENTS_OF_A_PART, "only {killed} changes could be killed");
        let share = (f64::from(killed * PARTS + part) + random.next().expect("numbers without end"))
            / f64::from(PARTS * MOMENTS_OF_A_PART);
        let (request, whole) = if shop.scale().contains(&few) { (&many, &mut up) } else { (&few, &mut down) };
        let moment = whole.mul_f64(share);
        match kill_at(shop, request, moment) {
            Ok(()) => killed += 1,
            // It was quicker than the one that was measured: this moment is tried again.
            Err(took) => *whole = took.mul_f64(0.95),
        }
        let now = tried.is_mended(&format!("{request}, killed after {moment:?} of {whole:?}"));
        kept(&before, &now, &untouched);
    }
    println!("killed: {killed} changes of {moves} killed and mended, part {} of {PARTS}", part + 1);
}

/// Kills it at a moment after it has begun; when it has ended before, that is how long it took.
fn kill_at(shop: &Shop, request: &str, moment: Duration) -> Result<(), Duration> {
    let began = Instant::now();
    let mut scale = shop.start(&[request]);
    if !scale.runs_itself() {
        return Err(began.elapsed());
    }
    let began = Instant::now();
    // Here time itself is what is tried; nothing is waited for.
    while began.elapsed() < moment {
        if !scale.is_running() {
            return Err(began.elapsed());
        }
        thread::sleep(Duration::from_millis(2));
    }
    let took = began.elapsed();
    scale.signal(Signal::KILL);
    if scale.status() == 128 + 9 { Ok(()) } else { Err(took) }
}

impl Part {
    /// Afterwards desired and actual agree, nothing is half made, and the lock is free. Gives what runs then.
    fn is_mended(&self, what: &str) -> Instances {
        let shop = &self.shop;
        let mended = shop.dokku.run(&["ps:reconcile", &shop.app, "--lock-timeout", "240"]);
        assert_eq!(mended.status, 0, "{what}: {mended}");
        let desired = shop.desired();
        assert!([3, 6].contains(&desired.len()), "{what}: the scale is {:?}: {mended}", shop.scale());
        let instances = shop.instances();
        assert!(instances.keys().eq(&desired), "{what}: {desired:?} should run\n{}\n{mended}", everything(shop));
        assert!(
            shop.named().keys().eq(&desired),
            "{what}: {desired:?} should have files\n{}\n{mended}",
            everything(shop)
        );
        assert_eq!(shop.half_made(), [""; 0], "{what}: {mended}");
        crate::locked::is_free(shop);
        if self.moves == "web" {
            let (known, right) = (shop.servers(), addresses(shop));
            assert_eq!(known, right, "{what}: whom the proxy knows, and who serves: {mended}");
        }
        // What else runs is ending, or is queued for ps:retire, which a timer of the host calls.
        let names: Vec<String> = desired.iter().map(|instance| format!("{}.{instance}", shop.app)).collect();
        let end = Instant::now() + SETTLES;
        while !shop.running_names().iter().eq(&names) {
            assert!(Instant::now() < end, "{what}: only {names:?} should run\n{}\n{mended}", everything(shop));
            shop.dokku.succeeds(&["ps:retire", &shop.app]);
        }
        instances
    }
}

/// Where the web containers that the files name listen, as Docker says.
pub(crate) fn addresses(shop: &Shop) -> Vec<String> {
    let format = "{{range .NetworkSettings.Networks}}{{.IPAddress}}{{end}}:5000";
    let named = shop.named().into_iter().filter(|(instance, _)| instance.starts_with("web."));
    let mut addresses: Vec<String> =
        named.map(|(_, id)| docker(&["container", "inspect", "--format", format, &id]).trim().to_owned()).collect();
    addresses.sort();
    addresses
}

/// The containers of the app, its files, and what is queued for retirement.
fn everything(shop: &Shop) -> String {
    let queue = fs::read_to_string(shop.dokku.path("lib/data/scheduler-docker-local/dead-containers"));
    format!("{:#?}\n{:#?}\nqueued: {queue:?}", shop.dokku.containers(&shop.app), shop.named())
}
