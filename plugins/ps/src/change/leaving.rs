//! How a container that is replaced or not wanted any more leaves its app: queued for removal first, so that
//! nothing is forgotten whatever happens next, then without its files, then asked to end, and stopped hard
//! after the wait.

use super::open::all_of;
use crate::docker_local::{InstanceFile, instance_files, is_named_upcoming, names_container};
use crate::host_files::{INSTANCE_FILES, address_file, app_folder, retirement_queue};
use crate::plan::Step;
use crate::settings::seconds_or;
use common::atomic::{self, Owner};
use common::{
    App, Container, Context, Docker, Env, Error, Instance, Process, ProcessType, Result, Triggers, file,
    in_spite_of_signals,
};
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

/// The first argument with which an executable of ours is started in the background to stop containers.
const STOP_LATER: &str = "--stop-containers-later";

/// Queues containers for `ps:retire`, which removes them after `wait` seconds. The image stays: an app at 0
/// instances still has its release.
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

/// Takes a container out of the queue again. The host has no trigger for that.
fn unregister(env: &Env, container: &str) -> Result<()> {
    let path = retirement_queue(env)?;
    let Some(bytes) = file::read(&path)? else { return Ok(()) };
    let is_of = |line: &[u8]| String::from_utf8_lossy(line).split_whitespace().nth(1) == Some(container);
    let kept: Vec<&[u8]> = bytes.split_inclusive(|byte| *byte == b'\n').filter(|line| !is_of(line)).collect();
    let mode = file::mode(&path).unwrap_or(0o644);
    atomic::write(&path, &kept.concat(), mode, Owner::of_files(env)?)
}

/// Removes the files of an instance: its container is no longer the app's.
pub(crate) fn remove_files(env: &Env, app: &App, instance: &Instance) -> Result<()> {
    files(env, app, instance)?.iter().try_for_each(|path| atomic::remove(path))
}

/// Takes from an app the files that name other apps' containers: the host's scripts and hooks retire and rename
/// whatever a file names.
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

/// The containers that were made for these instances and have not taken their place. One that a file names has,
/// whatever its name: the hook that gives it its own may have failed.
pub(super) fn upcoming(env: &Env, app: &App, instances: &[Instance]) -> Result<Vec<String>> {
    let names: Vec<String> = instances.iter().map(|instance| format!("{app}.{instance}.upcoming-")).collect();
    unnamed(env, app, |container| names.iter().any(|name| container.name.starts_with(name)))
}

/// Removes what a failed deploy of a type, or of all of an app, or a change that was killed has left: containers that
/// were made for it and that no file names.
pub(super) fn discard_unnamed(env: &Env, app: &App, process_type: Option<&ProcessType>) -> Result<()> {
    let prefix = process_type.map_or_else(|| format!("{app}."), |process_type| format!("{app}.{process_type}."));
    let is_left = |container: &Container| container.name.starts_with(&prefix) && is_named_upcoming(&container.name);
    Docker::new(env)?.remove(&unnamed(env, app, is_left)?)
}

/// The ids of an app's containers of such a kind that no file names.
pub(super) fn unnamed(env: &Env, app: &App, is_such: impl Fn(&Container) -> bool) -> Result<Vec<String>> {
    let files = instance_files(env, app)?;
    let is_named = |id: &str| files.iter().any(|file| names_container(&file.container, id));
    let containers = Docker::new(env)?.containers()?.into_iter();
    let of_app = containers.filter(|container| container.app == app.as_str() && is_such(container));
    Ok(of_app.filter(|container| !is_named(&container.id)).map(|container| container.id).collect())
}

/// An instance that is hidden and still runs, with all that it takes to show it again.
#[derive(Debug)]
pub(super) struct Hidden {
    instance: Instance,
    container: Option<String>,
    is_down: bool,
    files: Vec<(PathBuf, Vec<u8>, u32)>,
}

impl Hidden {
    /// What there is of an instance, before it is hidden.
    pub(super) fn of(env: &Env, app: &App, step: &Step) -> Result<Self> {
        let mut kept = Vec::new();
        for path in files(env, app, &step.instance)? {
            if let (Some(bytes), Some(mode)) = (file::read(&path)?, file::mode(&path)) {
                kept.push((path, bytes, mode));
            }
        }
        let (instance, container) = (step.instance.clone(), step.container.clone());
        Ok(Self { instance, container, is_down: step.is_down, files: kept })
    }

    /// Hides it: it is queued for removal, gives up its name, and loses its files.
    pub(super) fn take_out(&self, env: &Env, app: &App, docker: &Docker<'_>, wait: &str) -> Result<()> {
        if let Some(container) = &self.container {
            if self.is_down {
                // Docker may be starting it again and again, and gives nobody its name while it waits to do so.
                drop(docker.stop(std::slice::from_ref(container), 0));
            }
            register(env, app, [container], wait)?;
            // The host names what it replaces by the second; so one that it replaced just now keeps its name.
            let now = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default().as_nanos();
            docker.rename(container, &format!("{app}.{}.{now}", self.instance))?;
        }
        remove_files(env, app, &self.instance)
    }

    /// Shows it again, however far [`Hidden::take_out`] has come; says what of it failed.
    pub(super) fn bring_back(&self, env: &Env, app: &App, docker: &Docker<'_>) -> Result<()> {
        let mut done = vec![self.write_files(env, |_| true)];
        if let Some(container) = &self.container {
            // It may have its name still; and the host gives it to whom the file names after every change.
            drop(docker.rename(container, &format!("{app}.{}", self.instance)));
            done.push(unregister(env, container).context(|| format!("taking {} out of the queue", self.instance)));
        }
        all_of(done.into_iter().filter_map(Result::err))
    }

    /// Has the proxy made anew without these instances, which keep their places: an instance that no file names is none,
    /// and one without an address gets no requests. The app has others that do.
    pub(super) fn from_proxy(env: &Env, app: &App, steps: &[&Step]) -> Result<()> {
        let hidden = steps.iter().map(|step| Self::of(env, app, step)).collect::<Result<Vec<_>>>()?;
        in_spite_of_signals(|| {
            let built = steps
                .iter()
                .try_for_each(|step| remove_files(env, app, &step.instance))
                .and_then(|()| Triggers::new(env).fire("proxy-build-config", &[app.as_str()]));
            let is_address = |path: &Path| {
                steps.iter().any(|step| address_file(env, app, &step.instance).is_ok_and(|address| address == path))
            };
            let back = hidden.iter().filter_map(|hidden| hidden.write_files(env, |path| !is_address(path)).err());
            all_of(built.err().into_iter().chain(back))
        })
    }

    /// Writes files again that there were, those that `wanted` names; says what of it failed.
    fn write_files(&self, env: &Env, wanted: impl Fn(&Path) -> bool) -> Result<()> {
        let write = |path: &PathBuf, bytes: &[u8], mode| {
            // A file that could not be removed is there still, and may not be replaced either.
            if file::read(path).is_ok_and(|there| there.as_deref() == Some(bytes)) {
                return Ok(());
            }
            atomic::write(path, bytes, mode, Owner::of_files(env)?)
        };
        let wanted = self.files.iter().filter(|(path, ..)| wanted(path));
        all_of(wanted.filter_map(|(path, bytes, mode)| write(path, bytes, *mode).err()))
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
pub(super) fn stop_in_background(env: &Env, containers: &[String], wait: Duration, timeout: Duration) -> Result<()> {
    let program = env.arguments().first().cloned().unwrap_or_default();
    let [wait, timeout] = [wait, timeout].map(|time| time.as_secs().to_string());
    Process::new(program).args([STOP_LATER, &wait, &timeout]).args(containers).let_go()
}

/// What that process does. Every command that retires containers begins with this; `None` when it was started
/// for anything else.
pub(crate) fn stop_later_if_asked(env: &Env) -> Option<Result<()>> {
    (env.arguments().get(1)? == STOP_LATER).then(|| stop_later(env))
}

fn stop_later(env: &Env) -> Result<()> {
    let arguments = env.args_from(2)?;
    let [wait, timeout, containers @ ..] = arguments.as_slice() else { return Err(Error::new("nothing to stop")) };
    std::thread::sleep(seconds_or(wait, 60));
    let containers: Vec<String> = containers.iter().map(|id| (*id).to_owned()).collect();
    Docker::new(env)?.stop(&containers, seconds_or(timeout, 30).as_secs())
}
