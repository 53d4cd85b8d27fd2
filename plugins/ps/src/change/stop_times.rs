//! How long each container has to end before it is killed: every process type may have a time of its own.

use super::open::all_of;
use crate::settings::StopTimeouts;
use common::{App, Container, Docker, Env, Result, at_once};
use std::collections::BTreeMap;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

/// The ids of containers by the time that they have.
pub(super) type ByTime = BTreeMap<Duration, Vec<String>>;

/// These containers of an app. Docker is asked for their types, where it matters.
pub(super) fn by_time(env: &Env, app: &App, docker: &Docker<'_>, ids: &[String]) -> Result<ByTime> {
    let timeouts = StopTimeouts::of(env, app)?;
    let containers = if timeouts.are_one() { Vec::new() } else { docker.containers()? };
    let types: BTreeMap<&str, &str> =
        containers.iter().map(|container| (container.id.as_str(), container.process_type.as_str())).collect();
    Ok(grouped(&timeouts, ids.iter().map(|id| (id, types.get(id.as_str()).copied().unwrap_or_default()))))
}

fn grouped<'c>(timeouts: &StopTimeouts, containers: impl Iterator<Item = (&'c String, &'c str)>) -> ByTime {
    let mut groups = ByTime::new();
    for (id, process_type) in containers {
        groups.entry(timeouts.of_type(process_type)).or_default().push(id.clone());
    }
    groups
}

/// Stops containers of an app, which nothing starts again then: all at once, each with the time of its type.
pub(super) fn stop(docker: &Docker<'_>, containers: &[Container], timeouts: &StopTimeouts) -> Result<()> {
    let ids: Vec<String> = containers.iter().map(|container| container.id.clone()).collect();
    // One that has ended meanwhile cannot be updated.
    let _ended = docker.set_restart_policy(&ids, "no");
    let groups = grouped(timeouts, containers.iter().map(|container| (&container.id, container.process_type.as_str())));
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
