//! The end of all that runs of an app.

use super::stop_times::stop;
use crate::docker_local::runs_on_docker_local;
use crate::settings::StopTimeouts;
use common::{App, Container, Docker, Env, Error, Result, listed};
use std::collections::BTreeSet;

/// Ends the types of an app that have another time to end than the app: the host stops all of it with the app's. What
/// fails here the host ends, and what it cannot end [`end_what_runs`] finds.
pub(crate) fn end_types_with_a_time_of_their_own(env: &Env, app: &App) -> Result<()> {
    let timeouts = StopTimeouts::of(env, app)?;
    if timeouts.are_one() || !runs_on_docker_local(env, app)? {
        return Ok(());
    }
    let docker = Docker::new(env)?;
    let mut containers = running(&docker, app)?;
    containers.retain(|container| timeouts.own(&container.process_type).is_some());
    let types: BTreeSet<&str> = containers.iter().map(|container| container.process_type.as_str()).collect();
    if !env.output().is_quiet() {
        for name in types {
            env.output().verbose(&format!("{name}: has {} s to end", timeouts.of_type(name).as_secs()));
        }
    }
    let _seen_later = stop(&docker, &containers, &timeouts);
    Ok(())
}

/// Ends what still runs of an app after the host has stopped it: its scripts go by its files, and not every container
/// is in one. On other schedulers that is theirs to see to.
pub(crate) fn end_what_runs(env: &Env, app: &App) -> Result<()> {
    if !runs_on_docker_local(env, app)? {
        return Ok(());
    }
    let docker = Docker::new(env)?;
    let left = running(&docker, app)?;
    if left.is_empty() {
        return Ok(());
    }
    // What one call cannot end the next look finds.
    let stopped = stop(&docker, &left, &StopTimeouts::of(env, app)?);
    let left = running(&docker, app)?;
    if left.is_empty() {
        return Ok(());
    }
    let names: Vec<&str> = left.iter().map(|container| container.name.as_str()).collect();
    let why = stopped.err().map(|error| format!(": {error}")).unwrap_or_default();
    Err(Error::new(format!("{app} is not stopped, there still runs {}{why}", listed(names.into_iter()))))
}

fn running(docker: &Docker<'_>, app: &App) -> Result<Vec<Container>> {
    let containers = docker.containers()?.into_iter();
    let of_app = containers.filter(|container| container.app == app.as_str());
    Ok(of_app.filter(|container| container.state.counts_as_running()).collect())
}
