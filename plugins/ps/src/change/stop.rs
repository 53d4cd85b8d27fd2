//! The end of all that runs of an app.

use super::deploy::lock_deployed;
use super::stop_containers::stop_containers;
use crate::docker_local::runs_on_docker_local;
use crate::scheduler::scheduler_of;
use crate::settings::StopTimeouts;
use common::{App, Container, Docker, Env, Error, Result, Triggers, listed};
use std::collections::BTreeSet;
use std::time::Duration;

/// Stops an app: all of it that runs. The trigger `post-stop` (ours too) keeps it stopped over a boot.
pub(crate) fn stop(env: &Env, app: &App, patience: Duration) -> Result<()> {
    let Some(_lock) = lock_deployed(env, app, patience)? else { return Ok(()) };
    env.output().info1_quiet(&format!("Stopping {app}"));
    let scheduler = scheduler_of(env, app)?;
    let triggers = Triggers::new(env);
    if let Err(error) = end_types_with_a_time_of_their_own(env, app) {
        env.output().warn(&format!("All of {app} has the same time to end: {error}"));
    }
    triggers.fire("scheduler-stop", &[&scheduler, app.as_str()])?;
    // What still runs would be an app that nobody takes for one: so it is said, and the app not called stopped.
    end_what_runs(env, app)?;
    triggers.fire("post-stop", &[app.as_str()])
}

/// Ends the types of an app that have another time to end than the app: the host stops all of it with the app's. What
/// fails here the host ends, and what it cannot end [`end_what_runs`] finds.
fn end_types_with_a_time_of_their_own(env: &Env, app: &App) -> Result<()> {
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
    let _seen_later = stop_containers(&docker, &timeouts, containers.iter().map(id_and_type));
    Ok(())
}

/// Ends what still runs of an app after the host has stopped it: its scripts go by its files, and not every container
/// is in one. On other schedulers that is theirs to see to.
fn end_what_runs(env: &Env, app: &App) -> Result<()> {
    if !runs_on_docker_local(env, app)? {
        return Ok(());
    }
    let docker = Docker::new(env)?;
    let left = running(&docker, app)?;
    if left.is_empty() {
        return Ok(());
    }
    // What one call cannot end the next look finds.
    let stopped = stop_containers(&docker, &StopTimeouts::of(env, app)?, left.iter().map(id_and_type));
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

fn id_and_type(container: &Container) -> (&str, &str) {
    (&container.id, &container.process_type)
}
