//! How a plan is carried out: on docker-local instance by instance, on every other scheduler by the
//! trigger `deploy`, a type at a time.

mod docker_local;
mod hooks;
pub(crate) mod retirement;
mod surroundings;
mod unfinished;

pub use docker_local::DockerLocal;
pub use retirement::stop_later_if_asked;
pub use unfinished::Unfinished;

use crate::scheduler::{DOCKER_LOCAL, image_tag, scheduler_of};
use common::{App, Env, ProcessType, Result, Triggers};

/// The plugin that runs apps on this host's own Docker.
const PLUGIN: &str = "scheduler-docker-local";

/// Whether an app runs on this host's own Docker: its plugin is enabled and the app's scheduler.
///
/// # Errors
/// When the plugins cannot be listed or the scheduler cannot be told.
pub fn runs_on_docker_local(env: &Env, app: &App) -> Result<bool> {
    let plugins = Triggers::new(env).implementers("scheduler-deploy")?;
    Ok(plugins.iter().any(|plugin| plugin.name == PLUGIN) && scheduler_of(env, app)? == DOCKER_LOCAL)
}

/// Deploys a whole type through the host, as the stock plugin does: every instance is replaced.
///
/// # Errors
/// When the deploy fails.
pub fn deploy(env: &Env, app: &App, process_type: &ProcessType) -> Result<()> {
    let tag = image_tag(env, app)?;
    Triggers::new(env).fire("deploy", &[app.as_str(), &tag, process_type.as_str()])
}
