//! The end of a type that nothing can start any more.

use super::leaving;
use crate::docker_local::{InstanceStatus, Statuses};
use crate::host_answers::wait_to_retire;
use common::{App, Docker, Env, ProcessType, Result, Triggers};

/// Retires the instances of a type: they are queued for removal, their files go, the proxy forgets them, and they are
/// asked to end. The host's own deploy has told everybody else.
pub(crate) fn retire_type(env: &Env, app: &App, process_type: &ProcessType) -> Result<()> {
    let of_type =
        |status: &InstanceStatus| status.instance.as_ref().is_some_and(|found| found.process_type == *process_type);
    let instances: Vec<InstanceStatus> = Statuses::for_one(env).instances(app)?.into_iter().filter(of_type).collect();
    let wait = wait_to_retire(env, app)?;
    let there = instances.iter().filter(|status| status.state.is_some());
    leaving::register(env, app, there.map(|status| &status.container), &wait)?;
    for instance in instances.iter().filter_map(|status| status.instance.as_ref()) {
        leaving::remove_files(env, app, instance)?;
    }
    if *process_type == ProcessType::web() {
        Triggers::new(env).fire("proxy-build-config", &[app.as_str()])?;
    }
    let running = instances.into_iter().filter(InstanceStatus::counts_as_running);
    let running: Vec<String> = running.map(|status| status.container).collect();
    if !running.is_empty() {
        leaving::ask_to_end(&Docker::new(env)?, &running);
    }
    Ok(())
}
