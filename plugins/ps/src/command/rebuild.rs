//! `ps:rebuild`: build an app's source again and deploy it.

use super::{AppOrAll, run_for_app_or_all};
use crate::docker_local::check_docker;
use common::{App, AppLock, Env, Result, Triggers, parse_command_line};
use std::time::Duration;

/// The body of `ps:rebuild`.
pub fn main(env: &Env) -> Result<()> {
    let arguments: AppOrAll = parse_command_line(env)?;
    run_for_app_or_all(env, "rebuild", &arguments, rebuild)
}

/// Builds and deploys one app. The trigger takes the app's lock itself and does not wait for it, so
/// the waiting is done here, before.
pub(crate) fn rebuild(env: &Env, app: &App, patience: Duration) -> Result<()> {
    check_docker(env, app)?;
    AppLock::wait_until_free(env, app, patience)?;
    Triggers::new(env).fire("receive-app", &[app.as_str()])
}
