//! `post-deploy`: is what runs after a deploy what should run?

use super::{app_argument, lock_of_hook};
use crate::change::{Marks, ONE_TYPE, retire_type};
use crate::docker_local::{InstanceStatus, Statuses, runs_on_docker_local};
use crate::formation::{Formation, Request};
use crate::saved::SavedScale;
use crate::source_files::current_procfile;
use crate::stopped::Stopped;
use crate::targets::Selection;
use common::{App, Env, ProcessType, Quantity, Result};
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
    let instances = Statuses::for_one(env).instances(app)?;
    let stopped = end_what_is_over(env, app, &desired, &instances)?;
    // The command that changes a type says itself what becomes of it.
    let of_others = |short: &(&ProcessType, Quantity, Quantity)| env.var(ONE_TYPE) != Some(short.0.as_str());
    for (process_type, running, wanted) in short_types(&desired, &instances, &stopped).into_iter().filter(of_others) {
        env.output().warn(&format!("{app} should run {wanted} of {process_type}, and {running} run"));
    }
    for status in &instances {
        if let (Some(instance), Some(state)) = (&status.instance, status.state.as_ref())
            && state.counts_as_running()
            && !state.serves()
        {
            env.output().warn(&format!("{instance} of {app} is {state}: dokku ps {app} {instance} tells more"));
        }
    }
    Ok(())
}

/// An instance that runs again is no longer one that was stopped by hand; says what still is.
fn end_what_is_over(env: &Env, app: &App, desired: &Formation, instances: &[InstanceStatus]) -> Result<Selection> {
    let kept = Stopped::new(env, app)?;
    let stopped = kept.read()?;
    let running = instances.iter().filter(|status| status.counts_as_running());
    let running = Selection::new([], running.filter_map(|status| status.instance.clone()));
    let quantity = |process_type: &ProcessType| desired.quantity(process_type).unwrap_or(0);
    // Nor one that is wanted no more.
    let left = |stopped: Selection| {
        let Selection { types, instances } = stopped.without(&running, quantity);
        let types = types.into_iter().filter(|process_type| quantity(process_type) > 0);
        Selection::new(types, instances.into_iter().filter(|found| found.index <= quantity(&found.process_type)))
    };
    if left(stopped.clone()) == stopped {
        return Ok(stopped);
    }
    let _lock = lock_of_hook(env, app)?;
    let left = left(kept.read()?);
    kept.write(&left)?;
    Ok(left)
}

/// The types of which fewer instances run than are desired and were not stopped by hand: type, running, desired.
fn short_types<'a>(
    desired: &'a Formation,
    instances: &[InstanceStatus],
    stopped: &Selection,
) -> Vec<(&'a ProcessType, Quantity, Quantity)> {
    let mut running: BTreeMap<&ProcessType, Quantity> = BTreeMap::new();
    for status in instances.iter().filter(|status| status.counts_as_running()) {
        if let Some(instance) = &status.instance {
            *running.entry(&instance.process_type).or_default() += 1;
        }
    }
    let rest = |name: &ProcessType| stopped.instances.iter().filter(|instance| instance.process_type == *name).count();
    let compared = desired.iter().map(|(name, wanted)| (name, running.get(name).copied().unwrap_or(0), wanted));
    let is_short = |(name, running, wanted): &(&ProcessType, Quantity, Quantity)| {
        let rest = Quantity::try_from(rest(name)).unwrap_or(Quantity::MAX);
        !stopped.types.contains(*name) && running.saturating_add(rest) < *wanted
    };
    compared.filter(is_short).collect()
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
        let short = short_types(&desired, &instances, &Selection::default());
        let short: Vec<_> = short.iter().map(|(name, running, wanted)| (name.as_str(), *running, *wanted)).collect();
        assert_eq!(short, [("web", 1, 2)]);
        for stopped in [Selection::new([ProcessType::web()], []), Selection::new([], ["web.2".parse().unwrap()])] {
            assert!(short_types(&desired, &instances, &stopped).is_empty());
        }
    }
}
