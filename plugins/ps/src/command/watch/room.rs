//! How many things may be done at once.

use crate::watch::Room;
use common::{Env, file, host_runs};
use std::path::Path;

/// Another that heals apps, in its own way.
const LISTENER: &str = "dokku-event-listener";

/// So many addresses may be told to the proxy at once, however busy the machine is: it is little work, and as long as it is
/// not done the proxy asks nobody, or another app. What is more work, the host's rebuild of the proxy, takes turns.
const ADDRESSES: usize = 16;

/// As long as nobody has asked: what waits for its time must wake us.
pub(super) const AT_FIRST: Room = Room { addresses: 1, others: 1 };

/// How many acts may be on their way at once, and why there may be none. A machine that has enough to do gets one at a
/// time, beside the addresses.
pub(super) fn room(env: &Env) -> (Room, Option<String>) {
    if host_runs(env, LISTENER) {
        let why =
            format!("{LISTENER} runs and heals apps in its own way: nothing is done beside it until it is stopped");
        return (Room { addresses: 0, others: 0 }, Some(why));
    }
    let processors = env.processors();
    let others = if has_enough_to_do(processors) { 1 } else { processors.max(1) };
    (Room { addresses: ADDRESSES, others }, None)
}

fn has_enough_to_do(processors: usize) -> bool {
    let text = |path: &str| file::read_text(Path::new(path)).ok().flatten().unwrap_or_default();
    is_loaded(&text("/proc/loadavg"), processors) || is_short_of_memory(&text("/proc/meminfo"))
}

/// Whether more wants to run than there are processors, by the average of the last minute.
fn is_loaded(loadavg: &str, processors: usize) -> bool {
    let load: Option<f64> = loadavg.split_whitespace().next().and_then(|load| load.parse().ok());
    load.is_some_and(|load| u32::try_from(processors).is_ok_and(|processors| load > f64::from(processors)))
}

/// Whether less than a tenth of the memory is there for the taking.
fn is_short_of_memory(meminfo: &str) -> bool {
    let kilobytes = |name: &str| -> Option<u64> {
        let line = meminfo.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(':'))?;
        line.split_whitespace().next()?.parse().ok()
    };
    matches!((kilobytes("MemTotal"), kilobytes("MemAvailable")), (Some(total), Some(left)) if left < total / 10)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_machine_says_when_it_has_enough_to_do() {
        assert!(is_loaded("2.01 0.00 0.00 3/400 1234\n", 2) && !is_loaded("2.00 9.00 9.00 3/400 1234\n", 2));
        assert!(!is_loaded("", 2) && !is_loaded("x", 2));
        let memory = |left: u64| format!("MemTotal:       1000 kB\nMemFree: 1 kB\nMemAvailable:    {left} kB\n");
        assert!(is_short_of_memory(&memory(99)) && !is_short_of_memory(&memory(100)) && !is_short_of_memory(""));
    }
}
