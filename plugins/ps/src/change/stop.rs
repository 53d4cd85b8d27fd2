//! The end of all that runs of an app.

use super::deploy::lock_deployed;
use crate::docker_local::runs_on_docker_local;
use crate::scheduler::scheduler_of;
use crate::settings;
use common::{App, Container, Docker, Env, Error, Result, Triggers, listed};
use std::time::Duration;

/// Stops an app: all of it that runs. The trigger `post-stop` (ours too) keeps it stopped over a boot.
pub(crate) fn stop(env: &Env, app: &App, patience: Duration) -> Result<()> {
    let Some(_lock) = lock_deployed(env, app, patience)? else { return Ok(()) };
    env.output().info1_quiet(&format!("Stopping {app}"));
    let scheduler = scheduler_of(env, app)?;
    let triggers = Triggers::new(env);
    triggers.fire("scheduler-stop", &[&scheduler, app.as_str()])?;
    // What still runs would be an app that nobody takes for one: so it is said, and the app not called stopped.
    end_what_runs(env, app)?;
    triggers.fire("post-stop", &[app.as_str()])
}

/// Ends what still runs of an app after the host has stopped it: its scripts go by its files, and not every container
/// is in one. On other schedulers that is theirs to see to.
fn end_what_runs(env: &Env, app: &App) -> Result<()> {
    if !runs_on_docker_local(env, app)? {
        return Ok(());
    }
    let docker = Docker::new(env)?;
    let running = || -> Result<Vec<Container>> {
        let containers = docker.containers()?.into_iter();
        let of_app = containers.filter(|container| container.app == app.as_str());
        Ok(of_app.filter(|container| container.state.counts_as_running()).collect())
    };
    let left = running()?;
    if left.is_empty() {
        return Ok(());
    }
    let ids: Vec<String> = left.into_iter().map(|container| container.id).collect();
    let timeout = settings::stop_timeout(env, app)?;
    // What one call cannot end the next look finds.
    let _seen_below = docker.set_restart_policy(&ids, "no");
    let stopped = docker.stop(&ids, timeout.as_secs());
    let left = running()?;
    if left.is_empty() {
        return Ok(());
    }
    let names: Vec<&str> = left.iter().map(|container| container.name.as_str()).collect();
    let why = stopped.err().map(|error| format!(": {error}")).unwrap_or_default();
    Err(Error::new(format!("{app} is not stopped, there still runs {}{why}", listed(names.into_iter()))))
}
