//! Instances that stop where they are, and are started again as they were: their containers, files and places stay.

use super::leaving::Hidden;
use super::mark::Marks;
use super::readdress::readdress;
use crate::plan::{Action, Step};
use crate::settings;
use common::{
    App, Container, ContainerState, Context, Docker, Env, Error, ProcessType, Result, in_spite_of_signals, interrupted,
    listed,
};
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
    in_spite_of_signals(|| wake(env, app, &going)).context(|| format!("{error}; starting them again"))?;
    Err(error)
}

/// Who is killed on the way leaves a mark: then the proxy is told what is there.
fn hide_from_proxy(env: &Env, app: &App, going: &[&Step]) -> Result<()> {
    let (web, marks) = (ProcessType::web(), Marks::new(env, app)?);
    let is_fresh = !marks.is_marked(&web);
    marks.mark(&web)?;
    Hidden::from_proxy(env, app, going)?;
    // One that stays costs no more than to tell what is known.
    drop(is_fresh.then(|| marks.clear(&web)));
    Ok(())
}

/// Ends the containers of instances, which keep them.
pub(super) fn end(env: &Env, app: &App, steps: &[&Step]) -> Result<()> {
    let docker = Docker::new(env)?;
    let ids = containers(steps);
    let stopped = end_containers(&docker, &ids, settings::stop_timeout(env, app)?);
    let runs = |container: &Container| ids.contains(&container.id) && container.state.counts_as_running();
    let left: Vec<String> = docker.containers()?.into_iter().filter(runs).map(|container| container.name).collect();
    if left.is_empty() {
        return Ok(());
    }
    let why = stopped.err().map(|error| format!(": {error}")).unwrap_or_default();
    Err(Error::new(format!("{} still runs{why}", listed(left.iter().map(String::as_str)))))
}

/// Ends containers now, which nothing starts again then.
pub(super) fn end_containers(docker: &Docker<'_>, containers: &[String], timeout: Duration) -> Result<()> {
    // One that has ended by itself cannot be given another policy.
    let _ended = docker.set_restart_policy(containers, "no");
    docker.stop(containers, timeout.as_secs())
}

/// Starts the containers of instances again, and sends the proxy to the addresses that Docker gives them now.
pub(super) fn wake(env: &Env, app: &App, steps: &[&Step]) -> Result<()> {
    start(env, app, steps)?;
    readdress(env, app, steps).map(drop)
}

/// Starts the containers of instances again, as they were, with their policy.
pub(super) fn start(env: &Env, app: &App, steps: &[&Step]) -> Result<()> {
    let (docker, ids) = (Docker::new(env)?, containers(steps));
    docker.start(&ids)?;
    docker.set_restart_policy(&ids, &settings::RESTART_POLICY.of(env, app)?)
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
