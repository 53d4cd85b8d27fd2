use super::*;
use crate::docker_local::{AppStatus, Aside, InstanceState, Running};
use common::{ContainerDetails, Instance, Quantity};
use std::collections::BTreeMap;

/// An instance whose container is in this state, with what its health check says.
fn found(name: &str, state: &str, health: &str) -> ListedInstance {
    let details = ContainerDetails {
        state: state.into(),
        health: Some(health.to_owned()).filter(|health| !health.is_empty()),
        ..ContainerDetails::default()
    };
    ListedInstance {
        state: InstanceState::Docker(state.into()),
        details: Some(details),
        ..other(name, InstanceState::Missing)
    }
}

/// One that was stopped by hand.
fn rests(name: &str, state: &str) -> ListedInstance {
    ListedInstance { aside: Some(Aside::Stopped), ..found(name, state, "") }
}

fn other(name: &str, state: InstanceState) -> ListedInstance {
    let instance: Instance = name.parse().unwrap();
    ListedInstance {
        name: name.to_owned(),
        process_type: Some(instance.process_type),
        index: Some(instance.index),
        state,
        ..ListedInstance::default()
    }
}

fn listing(desired: &[(&str, Quantity)], actual: Actual) -> Listing {
    Listing {
        app: "shop".parse().unwrap(),
        scheduler: "k3s".into(),
        desired: desired.iter().map(|(name, quantity)| (name.parse().unwrap(), *quantity)).collect(),
        actual,
        is_stopped: false,
        pending: BTreeMap::new(),
        watched: crate::watched::Watched::default(),
    }
}

#[test]
fn what_is_awaited_is_what_keeps_the_app_from_being_as_desired() {
    let queued = ListedInstance { is_queued: true, ..found("web.1", "running", "healthy") };
    let stale = ListedInstance { has_stale_address: true, ..found("web.1", "running", "") };
    for (quantity, instances, wanted) in [
        (1, vec![found("web.1", "running", "")], ""),
        (1, vec![found("web.1", "running", "healthy"), other("web.1", InstanceState::Retiring)], ""),
        (1, vec![found("web.1", "running", ""), other("web.1", InstanceState::Upcoming)], ""),
        (1, vec![found("web.1", "running", ""), found("web.2", "exited", "")], ""),
        (0, vec![], ""),
        (1, vec![found("web.1", "running", "starting")], "web.1 is starting"),
        (1, vec![found("web.1", "running", "unhealthy")], "web.1 is unhealthy"),
        (1, vec![found("web.1", "paused", "healthy")], "web.1 is paused"),
        (1, vec![found("web.1", "restarting", "")], "web.1 is restarting"),
        (1, vec![queued], "web.1 is queued for removal"),
        (1, vec![stale], "web.1 has a stale address"),
        (2, vec![found("web.1", "running", ""), rests("web.2", "exited")], ""),
        (2, vec![found("web.1", "exited", ""), rests("web.2", "exited")], "web.1 is exited"),
        (3, vec![rests("web.1", "dead"), rests("web.2", "running")], "web has 1 of 3"),
        (1, vec![ListedInstance { aside: Some(Aside::Stopped), ..other("web.1", InstanceState::Missing) }], ""),
        (
            3,
            vec![
                found("web.1", "running", ""),
                found("web.2", "exited", "unhealthy"),
                other("web.3", InstanceState::Missing),
            ],
            "web.2 is exited, web.3 is missing",
        ),
        (1, vec![found("web.1", "created", "starting")], "web.1 is created"),
        (1, vec![found("web.1", "running", ""), other("web.7", InstanceState::Stray)], "web.7 is stray"),
        (1, vec![found("web.1", "running", ""), found("web.2", "running", "")], "web has 2 of 1"),
        (2, vec![], "web has 0 of 2"),
    ] {
        let listing = listing(&[("web", quantity)], Actual::Instances(instances));
        assert_eq!(listing.awaited().join(", "), wanted);
        // There is one meaning of what should run, and health checks at their first tries.
        let is_starting = listing.instances().iter().any(|found| found.runs() && found.health() == Some("starting"));
        assert_eq!(listing.awaited().is_empty(), listing.is_as_desired() && !is_starting, "{wanted}");
    }
}

#[test]
fn each_type_is_told_that_has_too_few_or_too_many() {
    let instances = vec![found("web.1", "running", ""), found("worker.1", "dead", ""), found("x.1", "running", "")];
    let listing = listing(&[("web", 1), ("worker", 1), ("beat", 2)], Actual::Instances(instances));
    assert_eq!(listing.awaited(), ["worker.1 is dead", "beat has 0 of 2", "x has 1 of 0"]);
    let of_worker = listing.only(|named| named.as_str() == "worker");
    assert_eq!(of_worker.awaited(), ["worker.1 is dead"]);
}

#[test]
fn a_type_that_was_stopped_whole_is_told() {
    let instances = vec![rests("web.1", "exited"), found("web.2", "running", ""), rests("worker.1", "exited")];
    let listing = listing(&[("web", 2), ("worker", 1), ("beat", 0)], Actual::Instances(instances));
    assert_eq!(listing.stopped_types().into_iter().map(ProcessType::as_str).collect::<Vec<_>>(), ["worker"]);
}

#[test]
fn another_scheduler_tells_of_the_whole() {
    let status = |processes, running| listing(&[("web", 2)], Actual::Status(AppStatus { processes, running }));
    assert_eq!(status(2, Running::True).awaited(), [""; 0]);
    let awaited = status(2, Running::Mixed).awaited();
    assert_eq!(awaited, ["k3s tells of 2 instances, running: mixed, and the scale wants 2"]);
}

#[test]
fn what_has_not_been_deployed_is_never_there() {
    for desired in [&[("web", 1)][..], &[]] {
        assert_eq!(listing(desired, Actual::NotDeployed).awaited(), ["shop has not been deployed"]);
    }
}
