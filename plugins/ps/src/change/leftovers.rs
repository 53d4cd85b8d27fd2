//! What was left of a type by a change or a deploy that did not come to its end.

use super::leaving::{discard_unnamed, unnamed};
use super::stop_containers::stop_containers;
use super::surroundings::checks_are_disabled;
use crate::docker_local::{DEPLOYED, runs_on_docker_local};
use crate::settings::StopTimeouts;
use common::{App, AppLock, Container, Docker, Env, Error, ProcessType, Result};

/// Before something of a type is started: containers that were made for it and have not taken their place go, and of a
/// type that must never run twice whatever runs and no file names ends. Inside a holder of the lock it may be that one's,
/// who is at work.
pub(super) fn clear_left(env: &Env, app: &App, process_type: &ProcessType, lock: Option<&AppLock>) -> Result<()> {
    if !lock.is_some_and(AppLock::is_ours) {
        return Ok(());
    }
    discard_unnamed(env, app, Some(process_type))?;
    end_what_runs_twice(env, app, process_type)
}

fn end_what_runs_twice(env: &Env, app: &App, process_type: &ProcessType) -> Result<()> {
    if !checks_are_disabled(env, app, process_type)? {
        return Ok(());
    }
    let runs = |container: &Container| {
        container.container_type == DEPLOYED
            && container.process_type == process_type.as_str()
            && container.state.counts_as_running()
    };
    let left = unnamed(env, app, runs)?;
    if left.is_empty() {
        return Ok(());
    }
    let ids = left.iter().map(|id| (id.as_str(), process_type.as_str()));
    stop_containers(&Docker::new(env)?, &StopTimeouts::of(env, app)?, ids)?;
    if unnamed(env, app, runs)?.is_empty() {
        return Ok(());
    }
    Err(Error::new(format!("an old container of {process_type} of {app} cannot be ended, and two must never run")))
}

/// The same before the host deploys an app whole.
pub(super) fn clear_all_left(env: &Env, app: &App, types: &[ProcessType], lock: &AppLock) -> Result<()> {
    if !lock.is_ours() || !runs_on_docker_local(env, app)? {
        return Ok(());
    }
    discard_unnamed(env, app, None)?;
    types.iter().try_for_each(|process_type| end_what_runs_twice(env, app, process_type))
}
