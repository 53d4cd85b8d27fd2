//! From what was read to what is listed. Pure.
//!
//! The scale property says which instances should be there, the app's CONTAINER files which containers
//! they are, Docker how those do. What Docker has besides is retiring, upcoming or astray.

use super::files::{InstanceFile, Queued, names_container};
use super::listing::{InstanceState, ListedInstance};
use common::{App, Container, ContainerDetails, Instance, ProcessType, Quantity, seconds_since_epoch};
use std::collections::{BTreeMap, BTreeSet};

/// The containers that a deploy makes, as their label says.
pub(crate) const DEPLOYED: &str = "deploy";

/// So many missing instances of an app are listed one by one. A scale that a hand has set to a billion, or that has a
/// hundred thousand types, is no reason to print as many lines.
const MOST_MISSING: usize = 1000;

/// What was read of one app on docker-local.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Found<'a> {
    /// How many there should be of each type.
    pub(crate) desired: &'a BTreeMap<ProcessType, Quantity>,
    /// The app's files.
    pub(crate) files: &'a [InstanceFile],
    /// The containers that matter to it: see [`that_matter`].
    pub(crate) containers: &'a [&'a Container],
    /// How they do, by id. One that is not in here has gone meanwhile.
    pub(crate) details: &'a BTreeMap<String, ContainerDetails>,
    /// Those that are queued for removal.
    pub(crate) retiring: &'a [Queued],
    /// Whether the app is being deployed, or changed in another way: somebody holds its lock or makes containers
    /// of it.
    pub(crate) locked: bool,
    /// The time, in seconds since 1970.
    pub(crate) now: i64,
}

/// The containers that matter to an app: what was deployed for it, what its files name, and what is queued. Another
/// app's container does not, whatever names it.
pub(crate) fn that_matter<'a>(
    app: &App,
    files: &[InstanceFile],
    retiring: &[Queued],
    containers: &'a [Container],
) -> Vec<&'a Container> {
    let named: BTreeSet<&str> = files.iter().map(|file| file.container.as_str()).collect();
    let queued: BTreeSet<&str> = retiring.iter().map(|queued| queued.container.as_str()).collect();
    // A file may hold a shortened id, as no current release writes it; then all of them are compared.
    let shortened = files.iter().any(|file| file.container.len() < FULL_ID);
    let matters = |container: &&Container| {
        let id = container.id.as_str();
        let is_known = || {
            named.contains(id)
                || queued.contains(id)
                || (shortened && named.iter().any(|held| names_container(held, id)))
        };
        (container.app == app.as_str() && container.container_type == DEPLOYED)
            || (is_known() && container.belongs_to(app))
    };
    containers.iter().filter(matters).collect()
}

const FULL_ID: usize = 64;

/// Whether this is the name that a deploy gives to a container which has not taken its place yet.
pub(crate) fn is_named_upcoming(name: &str) -> bool {
    name.rsplit_once(".upcoming-").is_some_and(|(_, number)| !number.is_empty() && all_digits(number))
}

fn all_digits(text: &str) -> bool {
    text.bytes().all(|byte| byte.is_ascii_digit())
}

/// What is listed, sorted by type and index.
pub(crate) fn instances(found: &Found<'_>) -> Vec<ListedInstance> {
    let mut listed = Vec::new();
    let mut there = BTreeSet::new();
    let mut accounted = BTreeSet::new();
    let by_id: BTreeMap<&str, &Container> =
        found.containers.iter().map(|container| (container.id.as_str(), *container)).collect();
    for file in found.files {
        let instance = file.instance.clone().unwrap_or_else(first_web);
        // The nameless file of very old releases is web.1, unless that has its own.
        if file.instance.is_none() && found.files.iter().any(|other| other.instance.as_ref() == Some(&instance)) {
            continue;
        }
        let held = file.container.as_str();
        // Of the ids from the held one on the first is the one that it names or begins.
        let named = by_id.range(held..).next().filter(|(id, _)| names_container(held, id));
        accounted.extend(named.map(|(id, _)| *id));
        there.insert(instance.clone());
        listed.push(found.of_file(instance, held, named.map(|(_, container)| *container)));
    }
    let wanted = found.desired.iter().flat_map(|(process_type, quantity)| {
        (1..=*quantity).map(|index| Instance { process_type: process_type.clone(), index })
    });
    listed.extend(wanted.filter(|instance| !there.contains(instance)).map(missing).take(MOST_MISSING));
    let others = found.containers.iter().filter(|container| !accounted.contains(container.id.as_str()));
    listed.extend(others.filter_map(|container| found.of_no_file(container)));
    listed.sort_unstable_by(|one, other| order(one).cmp(&order(other)));
    listed
}

fn first_web() -> Instance {
    Instance { process_type: ProcessType::web(), index: 1 }
}

fn missing(instance: Instance) -> ListedInstance {
    ListedInstance {
        name: instance.to_string(),
        index: Some(instance.index),
        process_type: Some(instance.process_type),
        ..ListedInstance::default()
    }
}

impl Found<'_> {
    /// An instance that has a file.
    fn of_file(&self, instance: Instance, held: &str, container: Option<&Container>) -> ListedInstance {
        let known = container.and_then(|container| Some((container, self.details.get(&container.id)?)));
        let without = missing(instance);
        match known {
            None => ListedInstance { container: shown_id(held), ..without },
            Some((container, details)) => ListedInstance {
                state: InstanceState::Docker(details.state.clone()),
                is_queued: self.queued(&container.id).is_some(),
                container: Some(container.id.clone()),
                container_name: Some(container.name.clone()),
                seconds: self.seconds(details),
                details: Some(details.clone()),
                ..without
            },
        }
    }

    /// A container that no file names; `None` when it has gone meanwhile.
    fn of_no_file(&self, container: &Container) -> Option<ListedInstance> {
        let details = self.details.get(&container.id)?;
        let instance: Option<Instance> = container.dyno.parse().ok();
        let queued = self.queued(&container.id);
        let state = if queued.is_some() {
            InstanceState::Retiring
        } else if self.locked && is_named_upcoming(&container.name) {
            InstanceState::Upcoming
        } else {
            InstanceState::Stray
        };
        Some(ListedInstance {
            name: instance.as_ref().map_or_else(|| container.name.clone(), Instance::to_string),
            index: instance.as_ref().map(|instance| instance.index),
            process_type: instance
                .map(|instance| instance.process_type)
                .or_else(|| container.process_type.parse().ok()),
            state,
            retires_in: queued.and_then(|queued| Some(u64::try_from(queued.due? - self.now).unwrap_or_default())),
            container: Some(container.id.clone()),
            container_name: Some(container.name.clone()),
            seconds: self.seconds(details),
            details: Some(details.clone()),
            ..ListedInstance::default()
        })
    }

    fn queued(&self, id: &str) -> Option<&Queued> {
        self.retiring.iter().find(|queued| names_container(&queued.container, id))
    }

    /// Seconds since the start of what runs, or the end of what does not. A clock that was put back makes
    /// no negative span.
    fn seconds(&self, details: &ContainerDetails) -> Option<u64> {
        let since = if details.state.is_alive() { &details.started } else { &details.finished }.as_deref();
        let since = seconds_since_epoch(since?)?;
        Some(u64::try_from(self.now - since).unwrap_or_default())
    }
}

/// What a file holds in place of an id, if it can be shown.
fn shown_id(held: &str) -> Option<String> {
    let is_id = held.len() >= 12 && held.bytes().all(|byte| byte.is_ascii_hexdigit());
    is_id.then(|| held.to_owned())
}

/// By type and index, what has none last; an instance before other containers of its name.
fn order(listed: &ListedInstance) -> impl Ord + '_ {
    let rank = match listed.state {
        InstanceState::Docker(_) | InstanceState::Missing => 0,
        InstanceState::Upcoming => 1,
        InstanceState::Stray => 2,
        InstanceState::Retiring => 3,
    };
    (
        (listed.process_type.is_none(), &listed.process_type),
        (listed.index.is_none(), listed.index),
        rank,
        &listed.name,
        &listed.container,
    )
}

#[cfg(test)]
#[path = "instances_tests.rs"]
mod tests;
