//! Instances that stop where they are, and are started again as they were: their containers, files and places stay.

use super::leaving::Hidden;
use super::mark::Marks;
use super::readdress::readdress;
use super::stop_containers::stop_containers;
use crate::plan::{Action, Step};
use crate::settings::{RESTART_POLICY, StopTimeouts};
use common::{
    App, Container, ContainerState, Context, Docker, Env, Error, ProcessType, Result, in_spite_of_signals, interrupted,
    listed,
};
use std::collections::BTreeMap;
use std::thread;
use std::time::{Duration, Instant};

/// How long a container that was made without a check must run to be one that has come up.
const COMES_UP: Duration = Duration::from_secs(3);

/// How often it is looked at meanwhile.
const LOOK_AGAIN: Duration = Duration::from_millis(250);

/// Stops the instances that rest from now on, where the proxy has others to ask out of the proxy first. When one of them
/// cannot be stopped all are started again.
pub(super) fn stop(env: &Env, app: &App, steps: &[Step]) -> Result<()> {
    let (going, staying): (Vec<&Step>, Vec<&Step>) = steps.iter().partition(|step| step.action == Action::Rest);
    let is_web = going.iter().any(|step| step.instance.process_type == ProcessType::web());
    let others_serve = staying.iter().any(|step| !step.is_down && step.container.is_some());
    let hidden = if is_web && others_serve { hide_from_proxy(env, app, &going) } else { Ok(()) };
    let Err(error) = hidden.and_then(|()| end(env, app, &going)) else { return Ok(()) };
    let running: Vec<&Step> = going.into_iter().filter(|step| !step.is_down).collect();
    in_spite_of_signals(|| wake(env, app, &running)).context(|| format!("{error}; starting them again"))?;
    Err(error)
}

/// Who is killed on the way leaves a mark: then the proxy is told what is there.
fn hide_from_proxy(env: &Env, app: &App, going: &[&Step]) -> Result<()> {
    Marks::new(env, app)?.owing(&[ProcessType::web()], || Hidden::from_proxy(env, app, going))
}

/// Ends the containers of instances, which keep them.
pub(super) fn end(env: &Env, app: &App, steps: &[&Step]) -> Result<()> {
    let docker = Docker::new(env)?;
    let ids = containers(steps);
    let going = steps.iter().filter_map(|step| Some((step.container.as_deref()?, step.instance.process_type.as_str())));
    let stopped = stop_containers(&docker, &StopTimeouts::of(env, app)?, going);
    let runs = |container: &Container| ids.contains(&container.id) && container.state.counts_as_running();
    let left: Vec<String> = docker.containers()?.into_iter().filter(runs).map(|container| container.name).collect();
    if left.is_empty() {
        return Ok(());
    }
    let why = stopped.err().map(|error| format!(": {error}")).unwrap_or_default();
    Err(Error::new(format!("{} still runs{why}", listed(left.iter().map(String::as_str)))))
}

/// Starts the containers of instances again, and sends the proxy to the addresses that Docker gives them now.
pub(super) fn wake(env: &Env, app: &App, steps: &[&Step]) -> Result<()> {
    start(env, app, steps)?;
    readdress(env, app, steps).map(drop)
}

/// Starts the containers of instances again, as they were, each with the policy of its type.
pub(super) fn start(env: &Env, app: &App, steps: &[&Step]) -> Result<()> {
    let docker = Docker::new(env)?;
    let mut policies: BTreeMap<String, Vec<String>> = BTreeMap::new();
    for step in steps {
        let policy = RESTART_POLICY.of_type(env, Some(app), Some(&step.instance.process_type))?;
        policies.entry(policy).or_default().extend(step.container.clone());
    }
    // Before anything runs: who is killed in between leaves nothing that nobody would start again.
    policies.iter().try_for_each(|(policy, ids)| docker.set_restart_policy(ids, policy))?;
    docker.start(&containers(steps))
}

/// Waits until a container that was just made has run for a while.
pub(super) fn stays_up(docker: &Docker<'_>, container: &str) -> Result<()> {
    let began = Instant::now();
    loop {
        let details = docker.details(&[container])?.remove(container);
        let found = details.ok_or_else(|| Error::new("its container is gone"))?;
        if found.state != ContainerState::Running || found.restarts > 0 {
            return Err(Error::new(format!("it has ended with status {}", found.exit_code)));
        }
        if began.elapsed() >= COMES_UP {
            return Ok(());
        }
        if interrupted().is_some() {
            return Err(Error::new("interrupted"));
        }
        thread::sleep(LOOK_AGAIN);
    }
}

fn containers(steps: &[&Step]) -> Vec<String> {
    steps.iter().filter_map(|step| step.container.clone()).collect()
}
