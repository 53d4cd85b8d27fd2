//! The listing for programs: an object an app, on a line. Pure. docs/commands.md describes it.

use super::text::signal_name;
use super::watched::{DoneObject, GivenUpObject, given_up, healed};
use crate::docker_local::{Actual, ListedInstance, Listing};
use common::{ContainerProcess, Result, shown_json};
use serde::Serialize;

#[derive(Serialize)]
struct AppObject<'a> {
    app: &'a str,
    scheduler: &'a str,
    state: &'a str,
    as_desired: bool,
    types: Vec<TypeObject<'a>>,
    status: Option<StatusObject>,
    restarts: Option<u32>,
    since: Option<&'a str>,
    instances: Option<Vec<InstanceObject<'a>>>,
    given_up: Vec<GivenUpObject<'a>>,
    healed: Vec<DoneObject<'a>>,
}

#[derive(Serialize)]
struct TypeObject<'a> {
    r#type: &'a str,
    desired: u32,
    running: Option<u32>,
    stopped: u32,
    pending: &'a [String],
}

#[derive(Serialize)]
struct StatusObject {
    processes: u32,
    running: &'static str,
}

#[derive(Serialize)]
struct InstanceObject<'a> {
    instance: &'a str,
    r#type: Option<&'a str>,
    index: Option<u32>,
    state: &'a str,
    container: Option<&'a str>,
    container_name: Option<&'a str>,
    container_state: Option<&'a str>,
    started: Option<&'a str>,
    finished: Option<&'a str>,
    seconds: Option<u64>,
    restarts: Option<u32>,
    health: Option<&'a str>,
    exit_code: Option<i64>,
    signal: Option<String>,
    out_of_memory: bool,
    memory: Option<u64>,
    retires_in: Option<u64>,
    processes: Option<Vec<ProcessObject<'a>>>,
}

#[derive(Serialize)]
struct ProcessObject<'a> {
    pid: u32,
    user: &'a str,
    elapsed: u64,
    cpu: f64,
    command: &'a str,
}

/// The object of one app, with a newline.
pub(crate) fn object(listing: &Listing) -> Result<String> {
    let instances = match &listing.actual {
        Actual::Status(_) => None,
        Actual::NotDeployed | Actual::Instances(_) => Some(listing.instances().iter().map(instance_object).collect()),
    };
    let status = match &listing.actual {
        Actual::Status(status) => Some(StatusObject { processes: status.processes, running: status.running.as_str() }),
        Actual::NotDeployed | Actual::Instances(_) => None,
    };
    let types = listing.types().into_iter().map(|count| TypeObject {
        r#type: count.process_type.as_str(),
        desired: count.desired,
        running: count.running,
        stopped: count.stopped,
        pending: listing.pending.get(count.process_type).map_or(&[], Vec::as_slice),
    });
    let object = AppObject {
        app: listing.app.as_str(),
        scheduler: &listing.scheduler,
        state: listing.state(),
        as_desired: listing.is_as_desired(),
        types: types.collect(),
        status,
        restarts: listing.restarts(),
        since: listing.youngest().and_then(|youngest| youngest.details.as_ref()?.started.as_deref()),
        instances,
        given_up: given_up(&listing.watched),
        healed: healed(&listing.watched),
    };
    Ok(shown_json(&serde_json::to_string(&object)?) + "\n")
}

fn instance_object(instance: &ListedInstance) -> InstanceObject<'_> {
    let details = instance.details.as_ref();
    let processes = instance.processes.as_ref().and_then(|processes| processes.as_ref().ok());
    InstanceObject {
        instance: &instance.name,
        r#type: instance.process_type.as_ref().map(common::ProcessType::as_str),
        index: instance.index,
        state: instance.word(),
        container: instance.container.as_deref(),
        container_name: instance.container_name.as_deref(),
        container_state: details.map(|details| details.state.as_str()),
        started: details.and_then(|details| details.started.as_deref()),
        finished: details.and_then(|details| details.finished.as_deref()),
        seconds: instance.seconds,
        restarts: details.map(|details| details.restarts),
        health: instance.health(),
        exit_code: instance.exit_code(),
        signal: instance.exit_code().and_then(signal_name),
        out_of_memory: instance.ended_out_of_memory(),
        memory: instance.memory,
        retires_in: instance.retires_in,
        processes: processes.map(|processes| processes.iter().map(process_object).collect()),
    }
}

fn process_object(process: &ContainerProcess) -> ProcessObject<'_> {
    ProcessObject {
        pid: process.pid,
        user: &process.user,
        elapsed: process.elapsed,
        cpu: f64::from(process.cpu) / 10.0,
        command: &process.command,
    }
}
