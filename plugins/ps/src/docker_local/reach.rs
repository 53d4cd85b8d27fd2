//! Does this host's own Docker run an app, and does it answer?

use crate::scheduler::{DOCKER_LOCAL, scheduler_of};
use common::{Docker, Env, Result, Scope, Triggers};
use std::time::{Duration, Instant};

/// How often Docker is asked again for a sign of life.
const LOOK_AGAIN: Duration = Duration::from_millis(500);

/// The plugin that runs apps on this host's own Docker.
const DOCKER_LOCAL_PLUGIN: &str = "scheduler-docker-local";

/// Whether an app, or one for which nothing else is said, runs on this host's own Docker: its plugin is enabled and the
/// app's scheduler.
pub(crate) fn runs_on_docker_local<'s>(env: &Env, scope: impl Into<Scope<'s>>) -> Result<bool> {
    let plugins = Triggers::new(env).implementers("scheduler-deploy")?;
    Ok(plugins.iter().any(|plugin| plugin.name == DOCKER_LOCAL_PLUGIN) && scheduler_of(env, scope)? == DOCKER_LOCAL)
}

/// Before a change of an app that is made through the host's scripts, which wait for Docker without end: Docker works,
/// where it is what runs the app.
pub(crate) fn check_docker<'s>(env: &Env, scope: impl Into<Scope<'s>>) -> Result<()> {
    if runs_on_docker_local(env, scope)? { Docker::check_that_it_answers(env) } else { Ok(()) }
}

/// The same for apps that are restored, maybe by a host that has just booted and whose Docker is on its way: it is waited
/// for, at most `patience`.
pub(super) fn wait_for_docker(env: &Env, patience: Duration) -> Result<()> {
    let (began, mut told) = (Instant::now(), false);
    loop {
        let Err(error) = Docker::check_that_it_answers(env) else { return Ok(()) };
        if began.elapsed() >= patience || common::interrupted().is_some() {
            return Err(error);
        }
        if !told {
            env.output().warn(&format!("Waiting for Docker: {error}"));
            told = true;
        }
        std::thread::sleep(LOOK_AGAIN);
    }
}
