//! How a plan is carried out: on docker-local instance by instance, on every other scheduler by the
//! trigger `deploy`, a type at a time.

mod deploying;
mod docker_local;
mod hooks;
pub(crate) mod retirement;
mod surroundings;
mod unfinished;

pub(crate) use deploying::deploying;
pub(crate) use docker_local::all_of;
pub use docker_local::{DockerLocal, NotStarted};
pub use retirement::{Withdrawn, stop_later_if_asked};
pub use unfinished::Unfinished;

use crate::host_files::address_file;
use crate::plan::Step;
use crate::scheduler::{DOCKER_LOCAL, image_tag, scheduler_of};
use common::atomic::{self, Owner};
use common::{App, AppLock, Docker, Env, ProcessType, Result, Scope, Triggers, file};
use std::time::Duration;

/// The plugin that runs apps on this host's own Docker.
const DOCKER_LOCAL_PLUGIN: &str = "scheduler-docker-local";

/// Whether an app, or one for which nothing else is said, runs on this host's own Docker: its plugin is enabled and the
/// app's scheduler.
///
/// # Errors
/// When the plugins cannot be listed or the scheduler cannot be told.
pub fn runs_on_docker_local<'s>(env: &Env, scope: impl Into<Scope<'s>>) -> Result<bool> {
    let plugins = Triggers::new(env).implementers("scheduler-deploy")?;
    Ok(plugins.iter().any(|plugin| plugin.name == DOCKER_LOCAL_PLUGIN) && scheduler_of(env, scope)? == DOCKER_LOCAL)
}

/// Before a change of an app that is made through the host's scripts, which wait for Docker without end: Docker works,
/// where it is what runs the app.
///
/// # Errors
/// When Docker does not answer in time, or fails. Nothing has been done then.
pub(crate) fn check_docker<'s>(env: &Env, scope: impl Into<Scope<'s>>) -> Result<()> {
    if runs_on_docker_local(env, scope)? { Docker::check_that_it_answers(env) } else { Ok(()) }
}

/// The same before a change of several apps.
///
/// # Errors
/// As [`check_docker`].
pub(crate) fn check_docker_of_any(env: &Env, apps: &[App]) -> Result<()> {
    let mut on_docker = false;
    for app in apps {
        on_docker = on_docker || runs_on_docker_local(env, app)?;
    }
    if on_docker { Docker::check_that_it_answers(env) } else { Ok(()) }
}

/// The lock of an app whose instances are to be changed one by one: it is taken once nobody else changes them, not
/// even a deploy that takes no lock.
///
/// # Errors
/// As [`AppLock::acquire`]; when such a deploy has not ended within `patience`.
pub(crate) fn lock(env: &Env, app: &App, patience: Duration) -> Result<AppLock> {
    let lock = AppLock::acquire(env, app, patience)?;
    if lock.is_ours() {
        deploying::wait_for_deploy(env, app, patience)?;
    }
    Ok(lock)
}

/// Writes down the addresses that Docker has given to instances, and has the proxy made anew from them, once.
///
/// # Errors
/// When an address cannot be had or written, or the proxy cannot be rebuilt.
pub(crate) fn readdress(env: &Env, app: &App, moved: &[&Step]) -> Result<()> {
    if moved.is_empty() {
        return Ok(());
    }
    let triggers = Triggers::new(env);
    for step in moved {
        let Some(container) = &step.container else { continue };
        let process_type = step.instance.process_type.as_str();
        let address = triggers.ask("network-get-ipaddr", &[app.as_str(), process_type, container])?;
        // Where nobody tells, the host finds them out as it rebuilds the proxy.
        if !address.is_empty() {
            let path = address_file(env, app, &step.instance)?;
            atomic::write(&path, address.as_bytes(), file::mode(&path).unwrap_or(0o644), Owner::of_files(env)?)?;
        }
    }
    triggers.fire("proxy-build-config", &[app.as_str()])
}

/// Deploys a whole type through the host, as the stock plugin does: every instance is replaced.
///
/// # Errors
/// When the deploy fails.
pub fn deploy(env: &Env, app: &App, process_type: &ProcessType) -> Result<()> {
    let tag = image_tag(env, app)?;
    Triggers::new(env).fire("deploy", &[app.as_str(), &tag, process_type.as_str()])
}
