//! Containers are stopped: each has the time to end that its process type has, and is killed then.

use super::open::all_of;
use crate::settings::StopTimeouts;
use common::{Docker, Result, at_once};
use std::collections::BTreeMap;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

/// Stops containers of an app, each named by its id and its type, and nothing starts them again then. All of them have
/// their time at once.
pub(super) fn stop_containers<'c>(
    docker: &Docker<'_>,
    timeouts: &StopTimeouts,
    containers: impl Iterator<Item = (&'c str, &'c str)>,
) -> Result<()> {
    let mut groups: BTreeMap<Duration, Vec<String>> = BTreeMap::new();
    for (id, process_type) in containers {
        groups.entry(timeouts.of_type(process_type)).or_default().push(id.to_owned());
    }
    // What fails here the next look finds.
    let _ended = docker.set_restart_policy(&groups.values().flatten().cloned().collect::<Vec<_>>(), "no");
    let (workers, waiting, failures) = (groups.len(), Mutex::new(groups.into_iter()), Mutex::new(Vec::new()));
    let next = || locked(&waiting).next();
    at_once(workers, || {
        while let Some((time, ids)) = next() {
            if let Err(error) = docker.stop(&ids, time.as_secs()) {
                locked(&failures).push(error);
            }
        }
    });
    all_of(failures.into_inner().unwrap_or_else(PoisonError::into_inner).into_iter())
}

fn locked<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
