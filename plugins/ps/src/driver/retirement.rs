//! How a container that is replaced or not wanted any more leaves its app: queued for removal first, so that
//! nothing is forgotten whatever happens next, then without its files, then asked to end, and stopped hard
//! after the wait.

use crate::host_files::{INSTANCE_FILES, app_folder, retirement_queue};
use crate::status::{InstanceFile, instance_files, names_container};
use common::atomic::{self, Owner};
use common::{App, AppLock, Context, Docker, Env, Error, Instance, Process, Result, Triggers, file};
use std::path::PathBuf;
use std::time::{Duration, SystemTime};

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

/// App and container of each line `APP CONTAINER TIME` of what docker-local will remove. A line that is
/// none is left to docker-local.
///
/// # Errors
/// When it cannot be read.
pub(crate) fn queue(env: &Env) -> Result<Vec<(String, String)>> {
    let bytes = file::read(&retirement_queue(env)?)?.unwrap_or_default();
    let queued = |line: &str| {
        let mut words = line.split_whitespace();
        Some((words.next()?.to_owned(), words.next()?.to_owned()))
    };
    Ok(String::from_utf8_lossy(&bytes).lines().filter_map(queued).collect())
}

/// Takes a container out of the queue again. The host has no trigger for that.
///
/// # Errors
/// When the queue cannot be read or written.
fn unregister(env: &Env, container: &str) -> Result<()> {
    let path = retirement_queue(env)?;
    let Some(bytes) = file::read(&path)? else { return Ok(()) };
    let is_of = |line: &[u8]| String::from_utf8_lossy(line).split_whitespace().nth(1) == Some(container);
    let kept: Vec<&[u8]> = bytes.split_inclusive(|byte| *byte == b'\n').filter(|line| !is_of(line)).collect();
    let mode = file::mode(&path).unwrap_or(0o644);
    atomic::write(&path, &kept.concat(), mode, Owner::of_files(env)?)
}

/// Removes the files of an instance: its container is no longer the app's.
///
/// # Errors
/// When one cannot be removed.
pub(crate) fn remove_files(env: &Env, app: &App, instance: &Instance) -> Result<()> {
    files(env, app, instance)?.iter().try_for_each(|path| atomic::remove(path))
}

/// Takes from an app the files that name other apps' containers: the host's scripts and hooks retire and rename
/// whatever a file names.
///
/// # Errors
/// When Docker does not answer, or a file cannot be read or removed.
pub(crate) fn let_go_of_others(env: &Env, app: &App) -> Result<()> {
    let files = instance_files(env, app)?;
    if files.is_empty() {
        return Ok(());
    }
    let containers = Docker::new(env)?.containers()?;
    for InstanceFile { instance, container } in files {
        let named = containers.iter().find(|known| names_container(&container, &known.id));
        if named.is_none_or(|known| known.belongs_to(app)) {
            continue;
        }
        let name = instance.as_ref().map_or_else(|| "CONTAINER".to_owned(), |instance| format!("CONTAINER.{instance}"));
        env.output().warn(&format!("{name} of {app} names a container that is not the app's; it is left alone"));
        match instance {
            Some(instance) => remove_files(env, app, &instance)?,
            None => atomic::remove(&app_folder(env, app)?.join(name))?,
        }
    }
    Ok(())
}

fn files(env: &Env, app: &App, instance: &Instance) -> Result<Vec<PathBuf>> {
    let folder = app_folder(env, app)?;
    Ok(INSTANCE_FILES.iter().map(|kind| folder.join(format!("{kind}.{instance}"))).collect())
}

/// An instance that has been taken out of its app and still runs, with all that it takes to bring it back.
#[derive(Debug)]
pub struct Withdrawn {
    instance: Instance,
    /// Its container, if it has one.
    pub container: Option<String>,
    files: Vec<(PathBuf, Vec<u8>, u32)>,
}

impl Withdrawn {
    /// What there is of an instance, before it is taken out.
    ///
    /// # Errors
    /// When a file of it cannot be read.
    pub(super) fn of(env: &Env, app: &App, instance: &Instance, container: Option<&str>) -> Result<Self> {
        let mut kept = Vec::new();
        for path in files(env, app, instance)? {
            if let (Some(bytes), Some(mode)) = (file::read(&path)?, file::mode(&path)) {
                kept.push((path, bytes, mode));
            }
        }
        Ok(Self { instance: instance.clone(), container: container.map(str::to_owned), files: kept })
    }

    /// Takes it out: it is queued for removal, gives up its name, and loses its files.
    ///
    /// # Errors
    /// When it cannot be queued or renamed, or a file cannot be removed.
    pub(super) fn take_out(&self, env: &Env, app: &App, docker: &Docker<'_>, wait: &str) -> Result<()> {
        if let Some(container) = &self.container {
            register(env, app, [container], wait)?;
            // The host names what it replaces by the second; so one that it replaced just now keeps its name.
            let now = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default().as_nanos();
            docker.rename(container, &format!("{app}.{}.{now}", self.instance))?;
        }
        remove_files(env, app, &self.instance)
    }

    /// Brings it back, however far [`Withdrawn::take_out`] has come; says what of it failed.
    pub(super) fn bring_back(&self, env: &Env, app: &App, docker: &Docker<'_>) -> Vec<Error> {
        let write = |path: &PathBuf, bytes: &[u8], mode| {
            // A file that could not be removed is there still, and may not be replaced either.
            if file::read(path).is_ok_and(|there| there.as_deref() == Some(bytes)) {
                return Ok(());
            }
            atomic::write(path, bytes, mode, Owner::of_files(env)?)
        };
        let mut done: Vec<Result<()>> =
            self.files.iter().map(|(path, bytes, mode)| write(path, bytes, *mode)).collect();
        if let Some(container) = &self.container {
            // It may have its name still; and the host gives it to whom the file names after every change.
            let _named_later = docker.rename(container, &format!("{app}.{}", self.instance));
            done.push(unregister(env, container).context(|| format!("taking {} out of the queue", self.instance)));
        }
        done.into_iter().filter_map(Result::err).collect()
    }
}

/// Sends SIGTERM to containers, which nothing starts again then. One that has ended by itself can neither be
/// updated nor signalled; they are registered, so what fails here is left to `ps:retire`.
pub(crate) fn ask_to_end(docker: &Docker<'_>, containers: &[String]) {
    let _registered = docker.set_restart_policy(containers, "no");
    let _registered = docker.send_signal(containers, "TERM");
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
    std::thread::sleep(Duration::from_secs(seconds(wait, 60)));
    let containers: Vec<String> = containers.iter().map(|id| (*id).to_owned()).collect();
    Docker::new(env)?.stop(&containers, seconds(timeout, 30))
}

/// Seconds as somebody has set them: `usual` for what is no number, and no more than Docker can count.
pub(super) fn seconds(text: &str, usual: u64) -> u64 {
    let digits = !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    if digits { text.parse().unwrap_or(u64::MAX).min(u64::from(i32::MAX.unsigned_abs())) } else { usual }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn seconds_are_what_docker_can_count() {
        for (text, wanted) in [
            ("0", 0),
            ("45", 45),
            ("", 60),
            ("soon", 60),
            ("-1", 60),
            ("+1", 60),
            ("99999999999999999999", 2_147_483_647),
            ("18446744073709551615", 2_147_483_647),
        ] {
            assert_eq!(seconds(text, 60), wanted, "{text}");
        }
    }
}
