//! How a container that is replaced or not wanted any more leaves its app: queued for removal first, so that
//! nothing is forgotten whatever happens next, then without its files, then asked to end, and stopped hard
//! after the wait.

use common::{App, AppLock, Docker, Env, Error, Instance, Process, Result, Triggers, atomic};
use std::time::Duration;

/// The files of an instance in its app's folder.
const FILES: [&str; 3] = ["CONTAINER", "IP", "PORT"];

/// The first argument with which an executable of ours is started in the background to stop containers.
const STOP_LATER: &str = "--stop-containers-later";

/// Queues containers for `ps:retire`, which removes them after `wait` seconds. The image stays: an app at 0
/// instances still has its release.
///
/// # Errors
/// When the host refuses one.
pub(crate) fn register<'c>(
    env: &Env,
    app: &App,
    containers: impl IntoIterator<Item = &'c String>,
    wait: &str,
) -> Result<()> {
    let triggers = Triggers::new(env).var("DOKKU_SKIP_IMAGE_CLEANUP_REGISTRATION", "1");
    containers
        .into_iter()
        .try_for_each(|container| triggers.fire("scheduler-register-retired", &[app.as_str(), container, wait]))
}

/// Removes the files of an instance: its container is no longer the app's.
///
/// # Errors
/// When one cannot be removed.
pub(crate) fn remove_files(env: &Env, app: &App, instance: &Instance) -> Result<()> {
    let folder = app.root(env)?;
    FILES.iter().try_for_each(|kind| atomic::remove(&folder.join(format!("{kind}.{instance}"))))
}

/// Sends SIGTERM to containers, which nothing starts again then. One that has ended by itself cannot be
/// signalled, which is no failure.
///
/// # Errors
/// When Docker does not let go of one.
pub(crate) fn ask_to_end(docker: &Docker<'_>, containers: &[String]) -> Result<()> {
    docker.set_restart_policy(containers, "no")?;
    let _registered = docker.send_signal(containers, "TERM");
    Ok(())
}

/// Starts the process that stops containers which still run after `wait` seconds; each has then `timeout`
/// seconds more.
///
/// # Errors
/// When it cannot be started.
pub(super) fn stop_in_background(
    env: &Env,
    lock: &AppLock,
    containers: &[String],
    wait: &str,
    timeout: &str,
) -> Result<()> {
    let program = env.arguments().first().cloned().unwrap_or_default();
    lock.let_go_without(&Process::new(program).args([STOP_LATER, wait, timeout]).args(containers))
}

/// What that process does. Every command that retires containers begins with this; `None` when it was started
/// for anything else.
///
/// # Errors
/// When Docker fails; nobody sees that, and `ps:retire` does what is left.
pub fn stop_later_if_asked(env: &Env) -> Option<Result<()>> {
    (env.arguments().get(1)? == STOP_LATER).then(|| stop_later(env))
}

fn stop_later(env: &Env) -> Result<()> {
    let arguments = env.args_from(2)?;
    let [wait, timeout, containers @ ..] = arguments.as_slice() else { return Err(Error::new("nothing to stop")) };
    std::thread::sleep(Duration::from_secs(wait.parse().unwrap_or(60)));
    let containers: Vec<String> = containers.iter().map(|id| (*id).to_owned()).collect();
    Docker::new(env)?.stop(&containers, timeout.parse().unwrap_or(30))
}
