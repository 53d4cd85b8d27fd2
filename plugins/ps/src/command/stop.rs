//! `ps:stop`: stop an app, until it is started or deployed.

use super::{AppOrAll, run_for_app_or_all};
use crate::change::end_what_runs;
use crate::docker_local::check_docker;
use crate::scheduler::{is_deployed, scheduler_of};
use common::{App, AppLock, Env, Result, Triggers, parse_command_line};
use std::time::Duration;

/// The body of `ps:stop`.
pub fn main(env: &Env) -> Result<()> {
    let arguments: AppOrAll = parse_command_line(env)?;
    run_for_app_or_all(env, "stop", &arguments, stop)
}

/// Stops one app: all of it that runs. The trigger `post-stop` (ours too) keeps it stopped over a boot.
fn stop(env: &Env, app: &App, patience: Duration) -> Result<()> {
    check_docker(env, app)?;
    if !is_deployed(env, app)? {
        env.output().warn(&format!("App {app} has not been deployed"));
        return Ok(());
    }
    let _lock = AppLock::acquire(env, app, patience)?;
    env.output().info1_quiet(&format!("Stopping {app}"));
    let scheduler = scheduler_of(env, app)?;
    let triggers = Triggers::new(env);
    triggers.fire("scheduler-stop", &[&scheduler, app.as_str()])?;
    // What still runs would be an app that nobody takes for one: so it is said, and the app not called stopped.
    end_what_runs(env, app)?;
    triggers.fire("post-stop", &[app.as_str()])
}
