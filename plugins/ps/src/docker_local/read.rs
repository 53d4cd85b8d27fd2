//! What the listing asks of the host and of Docker: two calls of Docker for any number of apps, and one
//! for each container whose processes are wanted. This is the one place of the listing with I/O.

use super::deploying::is_changing;
use super::files::{InstanceFile, Queued, held, instance_files, queue};
use super::instances::{Found, instances, is_named_upcoming, that_matter};
use super::listing::{Actual, Aside, ListedInstance, Listing};
use super::pending::{TO_TELL_PENDING, pending_in_files};
use super::status::{AppStatus, Running};
use crate::host_files::address_file;
use crate::saved::SavedScale;
use crate::scheduler::{DOCKER_LOCAL, is_deployed, scheduler_of};
use crate::settings::is_stopped;
use crate::stopped::Stopped;
use crate::targets::Selection;
use crate::watched::WatchedFile;
use common::{
    App, Asked, Container, ContainerDetails, ContainerStats, Docker, Env, Error, Instance, ProcessType, Quantity,
    Result, Triggers, file, now_since_epoch,
};
use std::collections::{BTreeMap, BTreeSet};

/// The address that is written down where Docker publishes the ports of a container on the host itself.
const THE_HOST: &str = "127.0.0.1";

/// What the host's files and triggers say of one app, before Docker is asked.
struct OnHost {
    app: App,
    scheduler: String,
    desired: BTreeMap<ProcessType, Quantity>,
    actual: BeforeDocker,
    is_stopped: bool,
}

enum BeforeDocker {
    /// Docker need not be asked.
    Known(Actual),
    /// Files of docker-local, and the ids that it has queued for removal, and what was stopped by hand.
    Files(Vec<InstanceFile>, Vec<Queued>, Selection),
}

/// What Docker says, for all apps at once.
#[derive(Default)]
struct InDocker {
    containers: Vec<Container>,
    /// What cannot be told of one container is the trouble of its app alone.
    details: BTreeMap<String, Result<ContainerDetails>>,
}

/// The listing of each app, or why it cannot be made.
///
/// Docker is asked for apps that are deployed on docker-local, with files or without: a container that no
/// file names shows only there; `asked` says how much. `queued` is docker-local's queue; a container in it is a stray to who does not know it.
pub(crate) fn listings(
    env: &Env,
    apps: &[App],
    queued: &[Queued],
    asked: Asked,
) -> Result<Vec<(App, Result<Listing>)>> {
    let on_host: Vec<(App, Result<OnHost>)> = apps.iter().map(|app| (app.clone(), on_host(env, app, queued))).collect();
    let in_docker = in_docker(env, on_host.iter().filter_map(|(_, read)| read.as_ref().ok()), asked)?;
    let listing = |read: OnHost| listing(env, read, &in_docker);
    Ok(on_host.into_iter().map(|(app, read)| (app, read.and_then(listing))).collect())
}

/// The listing of one app.
pub(crate) fn listing_of(env: &Env, app: &App, queued: &[Queued]) -> Result<Listing> {
    let read = on_host(env, app, queued)?;
    let in_docker = in_docker(env, std::iter::once(&read), TO_TELL_PENDING)?;
    listing(env, read, &in_docker)
}

/// Adds the processes inside each container that runs. Where they cannot be read, the reason stands in
/// their place.
pub(crate) fn add_processes(env: &Env, listing: &mut Listing) -> Result<()> {
    let Actual::Instances(instances) = &mut listing.actual else { return Ok(()) };
    let mut running: Vec<_> = instances.iter_mut().filter(|instance| instance.has_processes()).collect();
    if running.is_empty() {
        return Ok(());
    }
    let first = |instance: &ListedInstance| instance.details.as_ref().and_then(|details| details.pid);
    let containers: Vec<(&str, Option<u32>)> =
        running.iter().filter_map(|instance| Some((instance.container.as_deref()?, first(instance)))).collect();
    let inside = Docker::new(env)?.inside(&containers);
    for (instance, inside) in running.iter_mut().zip(inside) {
        let reason = |error: Error| error.reason().lines().next().unwrap_or_default().to_owned();
        instance.memory = inside.memory;
        instance.processes = Some(inside.processes.map_err(reason));
    }
    Ok(())
}

/// What all that is alive in these listings uses, by the container's id.
pub(crate) fn used(env: &Env, listings: &[Listing]) -> Result<BTreeMap<String, ContainerStats>> {
    let is_alive =
        |instance: &&ListedInstance| instance.details.as_ref().is_some_and(|details| details.state.is_alive());
    let alive = listings.iter().flat_map(Listing::instances).filter(is_alive);
    let ids: Vec<&str> = alive.filter_map(|instance| instance.container.as_deref()).collect();
    if ids.is_empty() { Ok(BTreeMap::new()) } else { Docker::new(env)?.stats(&ids) }
}

fn on_host(env: &Env, app: &App, queue: &[Queued]) -> Result<OnHost> {
    let scheduler = scheduler_of(env, app)?;
    let desired = SavedScale::new(env, app).desired()?;
    let desired = desired.iter().map(|(process_type, quantity)| (process_type.clone(), quantity)).collect();
    let actual = if !is_deployed(env, app)? {
        BeforeDocker::Known(Actual::NotDeployed)
    } else if scheduler == DOCKER_LOCAL {
        let retiring = queue.iter().filter(|queued| queued.app == app.as_str()).cloned().collect();
        BeforeDocker::Files(instance_files(env, app)?, retiring, Stopped::new(env, app)?.read()?)
    } else {
        let answer = Triggers::new(env).ask("scheduler-app-status", &[&scheduler, app.as_str()])?;
        BeforeDocker::Known(Actual::Status(AppStatus::parse(&answer)?))
    };
    Ok(OnHost { app: app.clone(), scheduler, desired, actual, is_stopped: is_stopped(env, app)? })
}

fn in_docker<'a>(env: &Env, apps: impl Iterator<Item = &'a OnHost>, asked: Asked) -> Result<InDocker> {
    let files = |read: &'a OnHost| match &read.actual {
        BeforeDocker::Files(files, retiring, _) => Some((&read.app, files, retiring)),
        BeforeDocker::Known(_) => None,
    };
    let apps: Vec<_> = apps.filter_map(files).collect();
    if apps.is_empty() {
        return Ok(InDocker::default());
    }
    let docker = Docker::new(env)?;
    let containers = match apps.as_slice() {
        [(app, files, _)] => docker.containers_of(app, &held(files))?,
        _ => docker.containers()?,
    };
    let matter = apps.into_iter().flat_map(|(app, files, retiring)| that_matter(app, files, retiring, &containers));
    let ids: BTreeSet<&str> = matter.map(|container| container.id.as_str()).collect();
    let details = docker.details_of_each(&ids.into_iter().collect::<Vec<_>>(), asked)?;
    Ok(InDocker { containers, details })
}

fn listing(env: &Env, read: OnHost, docker: &InDocker) -> Result<Listing> {
    let OnHost { app, scheduler, desired, actual, mut is_stopped } = read;
    // It is a help to people: an app is listed without it.
    let watched = WatchedFile::new(env, &app)?.read().unwrap_or_default();
    let actual = match actual {
        BeforeDocker::Known(actual) => {
            is_stopped = is_stopped && !matches!(&actual, Actual::Status(status) if status.running == Running::True);
            actual
        }
        BeforeDocker::Files(files, retiring, stopped) => {
            let containers = that_matter(&app, &files, &retiring, &docker.containers);
            let locked =
                containers.iter().any(|container| is_named_upcoming(&container.name)) && is_changing(env, &app)?;
            let details = details_of(&containers, &docker.details)?;
            let mut listed = instances(&Found {
                desired: &desired,
                files: &files,
                containers: &containers,
                details: &details,
                retiring: &retiring,
                locked,
                now: now_since_epoch(),
            });
            is_stopped = is_stopped && !all_run(&desired, &listed, &stopped);
            for instance in &mut listed {
                instance.has_stale_address = has_stale_address(env, &app, instance)?;
                let rests = is_stopped || instance.instance().is_some_and(|instance| stopped.covers(&instance));
                let is_given_up = watched.given_up().any(|(name, ..)| name == instance.name);
                instance.aside = match (rests, is_given_up) {
                    (true, _) => Some(Aside::Stopped),
                    (false, true) => Some(Aside::GivenUp),
                    (false, false) => None,
                };
            }
            Actual::Instances(listed)
        }
    };
    let pending = BTreeMap::new();
    Ok(Listing { app, scheduler, desired, actual, is_stopped, pending, watched })
}

/// Whether all runs that should, but for parts that were stopped by hand: of such an app the property `restore` says no more
/// than that a boot leaves it alone.
fn all_run(desired: &BTreeMap<ProcessType, Quantity>, listed: &[ListedInstance], stopped: &Selection) -> bool {
    let mut running: BTreeMap<&ProcessType, usize> = BTreeMap::new();
    for process_type in
        listed.iter().filter(|found| found.counts_as_running()).filter_map(|found| found.process_type.as_ref())
    {
        *running.entry(process_type).or_default() += 1;
    }
    let runs = |(process_type, quantity): (&ProcessType, &Quantity)| {
        let is_one = |instance: &&Instance| instance.process_type == *process_type && instance.index <= *quantity;
        let by_hand = stopped.instances.iter().filter(is_one).count();
        let wanted = usize::try_from(*quantity).unwrap_or(usize::MAX).saturating_sub(by_hand);
        stopped.types.contains(process_type) || running.get(process_type).copied().unwrap_or_default() >= wanted
    };
    !running.is_empty() && desired.iter().all(runs)
}

/// Whether an app was stopped whole by hand, and is to stay so: it is asked to be, and nothing of it runs, as far as Docker
/// tells.
pub(crate) fn is_stopped_whole(env: &Env, app: &App) -> Result<bool> {
    let some_runs = || queue(env).and_then(|queue| listing_of(env, app, &queue)).is_ok_and(|found| found.some_runs());
    Ok(is_stopped(env, app)? && !some_runs())
}

/// What Docker says of these containers; one that has gone meanwhile is left out.
fn details_of(
    containers: &[&Container],
    details: &BTreeMap<String, Result<ContainerDetails>>,
) -> Result<BTreeMap<String, ContainerDetails>> {
    let told = containers.iter().filter_map(|container| Some((container.id.clone(), details.get(&container.id)?)));
    told.map(|(id, found)| Ok((id, found.clone()?))).collect()
}

/// Whether a container has another address than the one that is written down for the proxy: Docker may give it another
/// at any start of it. Where either is not known, or Docker publishes its ports on the host itself, it is not said so.
fn has_stale_address(env: &Env, app: &App, listed: &ListedInstance) -> Result<bool> {
    let (Some(instance), Some(details), true) = (listed.instance(), &listed.details, listed.is_up()) else {
        return Ok(false);
    };
    let written = file::read_text(&address_file(env, app, &instance)?)?.unwrap_or_default();
    let written = written.trim();
    let is_known = !written.is_empty() && written != THE_HOST && !details.addresses.is_empty();
    Ok(is_known && !details.addresses.iter().any(|address| address == written))
}

/// Adds what has changed of each type since its instances were made, and would come with a deploy.
pub(crate) fn add_pending(env: &Env, listing: &mut Listing) -> Result<()> {
    let mut types: BTreeMap<ProcessType, Vec<&ListedInstance>> = BTreeMap::new();
    for instance in listing.instances() {
        if let Some(process_type) = instance.process_type.as_ref().filter(|_| instance.is_up()) {
            types.entry(process_type.clone()).or_default().push(instance);
        }
    }
    let mut pending = BTreeMap::new();
    for (process_type, instances) in types {
        let sources = pending_in_files(env, &listing.app, &process_type, &instances)?;
        if !sources.is_empty() {
            pending.insert(process_type, sources);
        }
    }
    listing.pending = pending;
    Ok(())
}
