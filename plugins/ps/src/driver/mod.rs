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
pub(crate) use hooks::ONE_TYPE;
pub use retirement::{Withdrawn, stop_later_if_asked};
pub use unfinished::Unfinished;

use crate::formation::listed;
use crate::host_files::address_file;
use crate::plan::Step;
use crate::scale::Scale;
use crate::scheduler::{DOCKER_LOCAL, image_tag, scheduler_of};
use crate::settings;
use crate::status::instance_files;
use common::atomic::{self, Owner};
use common::{
    App, AppLock, Container, Docker, Env, Error, ProcessType, Result, Scope, Triggers, file, in_spite_of_signals,
    one_by_one,
};
use std::collections::BTreeSet;
use std::time::{Duration, Instant};

/// How often Docker is asked again for a sign of life.
const LOOK_AGAIN: Duration = Duration::from_millis(500);

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

/// The same for apps that are restored, maybe by a host that has just booted and whose Docker is on its way: it is waited
/// for, at most `patience`.
///
/// # Errors
/// As [`check_docker`], after that time or a signal.
pub(crate) fn wait_for_docker(env: &Env, apps: &[App], patience: Duration) -> Result<()> {
    let mut on_docker = false;
    for app in apps {
        on_docker = on_docker || runs_on_docker_local(env, app)?;
    }
    if !on_docker {
        return Ok(());
    }
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

/// Ends what still runs of an app after the host has stopped it: its scripts go by its files, and not every container
/// is in one. On other schedulers that is theirs to see to.
///
/// # Errors
/// When Docker does not answer; when something still runs afterwards, with its names.
pub(crate) fn end_what_runs(env: &Env, app: &App) -> Result<()> {
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
    let timeout = settings::computed(env, app, "stop-timeout-seconds")?;
    // What one call cannot end the next look finds.
    let _seen_below = docker.set_restart_policy(&ids, "no");
    let stopped = docker.stop(&ids, retirement::seconds(&timeout, 30));
    let left = running()?;
    if left.is_empty() {
        return Ok(());
    }
    let names: Vec<&str> = left.iter().map(|container| container.name.as_str()).collect();
    let why = stopped.err().map(|error| format!(": {error}")).unwrap_or_default();
    Err(Error::new(format!("{app} is not stopped, there still runs {}{why}", listed(names.into_iter()))))
}

/// Has the host deploy these types whole. Its scripts give the places of old containers away one by one and tell the
/// proxy at the end: until then hooks are owed, so that whoever comes after one who was killed makes up for them.
///
/// # Errors
/// When `deploy` fails; hooks are owed then if it has given any place away.
pub(crate) fn with_hooks_owed(
    env: &Env,
    app: &App,
    types: &[ProcessType],
    deploy: impl FnOnce() -> Result<()>,
) -> Result<()> {
    if !runs_on_docker_local(env, app)? {
        return deploy();
    }
    // The host's scripts end whatever a file names.
    retirement::let_go_of_others(env, app)?;
    let (before, marks) = (instance_files(env, app)?, Unfinished::new(env, app)?);
    let fresh: Vec<&ProcessType> = types.iter().filter(|process_type| !marks.is_marked(process_type)).collect();
    types.iter().try_for_each(|process_type| marks.mark(process_type))?;
    let done = deploy();
    // To be told once more does nobody harm, so a mark that stays is no failure.
    let forget = |types: &[&ProcessType]| types.iter().for_each(|process_type| drop(marks.clear(process_type)));
    in_spite_of_signals(|| match &done {
        Ok(()) => forget(&types.iter().collect::<Vec<_>>()),
        Err(_) if instance_files(env, app).is_ok_and(|after| after == before) => forget(&fresh),
        Err(_) => {}
    });
    done
}

/// The host is about to deploy an app: until its hooks have run they are owed, as in [`with_hooks_owed`].
///
/// # Errors
/// When that cannot be written down.
pub(crate) fn owe_hooks_of_deploy(env: &Env, app: &App) -> Result<()> {
    if !runs_on_docker_local(env, app)? {
        return Ok(());
    }
    retirement::let_go_of_others(env, app)?;
    let marks = Unfinished::new(env, app)?;
    types_of(env, app)?.iter().try_for_each(|process_type| marks.mark(process_type))
}

/// The types that a whole app has: those that should run, and those of which something does.
///
/// # Errors
/// When the scale or the app's folder cannot be read.
pub(crate) fn types_of(env: &Env, app: &App) -> Result<Vec<ProcessType>> {
    let desired = Scale::new(env, app).desired()?;
    let mut types: BTreeSet<ProcessType> =
        one_by_one(desired.iter().filter(|(_, quantity)| *quantity > 0).map(|(name, _)| name.clone()));
    types.extend(instance_files(env, app)?.into_iter().filter_map(|file| Some(file.instance?.process_type)));
    Ok(types.into_iter().collect())
}

/// Deploys a whole type through the host, as the stock plugin does: every instance is replaced.
///
/// # Errors
/// When the deploy fails.
pub fn deploy(env: &Env, app: &App, process_type: &ProcessType) -> Result<()> {
    let tag = image_tag(env, app)?;
    Triggers::new(env).fire("deploy", &[app.as_str(), &tag, process_type.as_str()])
}
