//! `ps:stop`: stop an app, until it is started or deployed.

use super::{AppOrAll, run_for_app_or_all};
use crate::change::{end_types_with_a_time_of_their_own, end_what_runs, lock_deployed};
use crate::scheduler::scheduler_of;
use common::{App, Env, Result, Triggers, parse_command_line};
use std::time::Duration;

/// The body of `ps:stop`.
pub fn main(env: &Env) -> Result<()> {
    let arguments: AppOrAll = parse_command_line(env)?;
    run_for_app_or_all(env, "stop", &arguments, stop)
}

/// Stops one app: all of it that runs. The trigger `post-stop` (ours too) keeps it stopped over a boot.
fn stop(env: &Env, app: &App, patience: Duration) -> Result<()> {
    let Some(_lock) = lock_deployed(env, app, patience)? else { return Ok(()) };
    env.output().info1_quiet(&format!("Stopping {app}"));
    let scheduler = scheduler_of(env, app)?;
    let triggers = Triggers::new(env);
    end_types_with_a_time_of_their_own(env, app)?;
    triggers.fire("scheduler-stop", &[&scheduler, app.as_str()])?;
    // What still runs would be an app that nobody takes for one: so it is said, and the app not called stopped.
    end_what_runs(env, app)?;
    triggers.fire("post-stop", &[app.as_str()])
}
