//! `post-deploy`: is what runs after a deploy what should run?

use super::{app_argument, lock_of_hook};
use crate::change::{Marks, ONE_TYPE, retire_type};
use crate::docker_local::{InstanceStatus, Statuses, runs_on_docker_local};
use crate::fingerprint::{Current, Fingerprints, PROXY_LABELS, changes_since};
use crate::formation::{Formation, Quantity, Request};
use crate::saved::SavedScale;
use crate::source_files::current_procfile;
use common::{App, ContainerState, Docker, Env, ProcessType, Result};
use std::collections::BTreeMap;

/// `post-deploy APP PORT IP TAG`: retires the instances of types that have left the Procfile, and warns of
/// each type of which fewer run than should. On other schedulers than docker-local it does nothing.
pub fn post_deploy(env: &Env) -> Result<()> {
    let app = app_argument(env, 1)?;
    if let Err(error) = settle(env, &app) {
        env.output()
            .warn(&format!("{app} is deployed, but what runs of it could not be compared with its scale: {error}"));
    }
    Ok(())
}

fn settle(env: &Env, app: &App) -> Result<()> {
    if !runs_on_docker_local(env, app)? {
        return Ok(());
    }
    if env.var(ONE_TYPE).is_none() {
        // The host has deployed and told everybody.
        Marks::new(env, app)?.drop_all()?;
    }
    retire_vanished_types(env, app)?;
    let desired = SavedScale::new(env, app).desired()?;
    let instances = Statuses::new(env).instances(app)?;
    record_fingerprints(env, app, &instances)?;
    for (process_type, running, wanted) in short_types(&desired, &instances) {
        env.output().warn(&format!("{app} should run {wanted} of {process_type}, and {running} run"));
    }
    Ok(())
}

/// Keeps of each container that has no fingerprint yet what it was made from, unless that has changed since it
/// was made; forgets those of containers that are gone.
fn record_fingerprints(env: &Env, app: &App, instances: &[InstanceStatus]) -> Result<()> {
    let recorded = Fingerprints::new(env, app)?;
    let mut fresh = Vec::new();
    for status in instances.iter().filter(|status| status.state.is_some()) {
        if recorded.of(&status.container)?.is_none() {
            fresh.push(status);
        }
    }
    if !fresh.is_empty() {
        let docker = Docker::new(env)?;
        let ids: Vec<&str> = fresh.iter().map(|status| status.container.as_str()).collect();
        let details = docker.details(&ids)?;
        let mut current = Current::new(env, app);
        for status in fresh {
            let (Some(instance), Some(details)) = (&status.instance, details.get(&status.container)) else { continue };
            let of_its_image = || Ok(Some(docker.image_config(&details.image)?.env.unwrap_or_default()));
            // What was set after it was made is not in it. The files of the proxy labels are written by each
            // deploy as it makes its containers, so their time says nothing here.
            let changes = changes_since(env, app, &instance.process_type, details, of_its_image)?;
            if changes.iter().all(|source| source == PROXY_LABELS) {
                recorded.record(&status.container, current.of(&instance.process_type, &details.image)?)?;
            }
        }
    }
    recorded.forget_others(&instances.iter().map(|status| status.container.as_str()).collect::<Vec<_>>())
}

/// Whether an instance counts as running, as `ps` and the report count.
fn is_up(status: &InstanceStatus) -> bool {
    status.state.as_ref().is_some_and(ContainerState::counts_as_running)
}

/// The types of which fewer instances run than are desired: type, running, desired.
fn short_types<'a>(desired: &'a Formation, instances: &[InstanceStatus]) -> Vec<(&'a ProcessType, Quantity, Quantity)> {
    let mut running: BTreeMap<&ProcessType, Quantity> = BTreeMap::new();
    for status in instances.iter().filter(|status| is_up(status)) {
        if let Some(instance) = &status.instance {
            *running.entry(&instance.process_type).or_default() += 1;
        }
    }
    let compared = desired.iter().map(|(name, wanted)| (name, running.get(name).copied().unwrap_or(0), wanted));
    compared.filter(|(_, running, wanted)| running < wanted).collect()
}

/// A type that has left the Procfile keeps its quantity until a deploy has succeeded. Then nothing can
/// start it any more: its containers are queued for retirement and asked to end, its files go, and its
/// quantity is 0.
fn retire_vanished_types(env: &Env, app: &App) -> Result<()> {
    let Some(procfile) = current_procfile(env, app)? else { return Ok(()) };
    let scale = SavedScale::new(env, app);
    let has_vanished = |(name, quantity): &(&ProcessType, Quantity)| *quantity > 0 && !procfile.contains(name);
    if !scale.desired()?.iter().any(|saved| has_vanished(&saved)) {
        return Ok(());
    }
    let _lock = lock_of_hook(env, app)?;
    let desired = scale.desired()?;
    let vanished = desired.iter().filter(has_vanished);
    let vanished: Vec<Request> =
        vanished.map(|(name, _)| Request { process_type: name.clone(), quantity: 0 }).collect();
    for Request { process_type, .. } in &vanished {
        env.output().info1(&format!("Retiring {process_type}, which the Procfile of {app} no longer has"));
        retire_type(env, app, process_type)?;
    }
    if vanished.is_empty() { Ok(()) } else { scale.save(&desired, &vanished).map(drop) }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn instance(name: &str, state: Option<&str>) -> InstanceStatus {
        InstanceStatus { instance: name.parse().ok(), container: "3e5ab9b9e5ac".into(), state: state.map(Into::into) }
    }

    #[test]
    fn a_type_is_short_when_fewer_run_than_should() {
        let desired = Formation::from_saved(&["web=2".to_owned(), "worker=1".to_owned(), "beat=0".to_owned()]).unwrap();
        let instances = [
            instance("web.1", Some("running")),
            instance("web.2", Some("exited")),
            instance("worker.1", Some("running")),
        ];
        let short = short_types(&desired, &instances);
        let short: Vec<_> = short.iter().map(|(name, running, wanted)| (name.as_str(), *running, *wanted)).collect();
        assert_eq!(short, [("web", 1, 2)]);
    }
}
