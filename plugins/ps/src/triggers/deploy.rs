//! What happens around a deploy: restart policy, scale, and the change from one release to the next.

use super::app_argument;
use crate::PLUGIN;
use crate::commands::{HOOK_PATIENCE, restart};
use crate::procfiles::Procfiles;
use crate::scale::Scale;
use crate::settings;
use common::{App, AppLock, Env, Properties, Result};

/// `app-restart APP`: another plugin wants an app restarted.
///
/// # Errors
/// No such app, its lock is not free in time, or the deploy fails.
pub fn app_restart(env: &Env) -> Result<()> {
    let app = App::named_by_user(env, env.arg(1)?)?;
    restart::restart(env, &app, None, HOOK_PATIENCE)
}

/// `docker-args-process-deploy APP BUILDER TAG [TYPE [N]]`: standard input, then the restart policy as
/// an argument of `docker container create`, without a newline.
///
/// # Errors
/// When the policy cannot be read.
pub fn docker_args_process_deploy(env: &Env) -> Result<()> {
    let app = app_argument(env, 1)?;
    let policy = settings::computed(env, &app, "restart-policy")?;
    let before = String::from_utf8_lossy(&env.stdin()?).into_owned();
    env.output().print(&format!("{before} --restart={policy}"))
}

/// `post-release-builder BUILDER APP IMAGE`: the scale learns the types of the new release.
///
/// # Errors
/// An invalid Procfile; the app's lock is not free in time.
pub fn post_release_builder(env: &Env) -> Result<()> {
    let app = app_argument(env, 2)?;
    let _lock = AppLock::acquire(env, &app, HOOK_PATIENCE)?;
    let scale = Scale::new(env, &app);
    scale.save(&scale.desired()?, &[]).map(drop)
}

/// `core-post-deploy APP PORT IP TAG`: the new release's Procfile takes its place, and the app is one
/// that runs after a boot.
///
/// # Errors
/// When a file cannot be written.
pub fn core_post_deploy(env: &Env) -> Result<()> {
    let app = app_argument(env, 1)?;
    Procfiles::new(env, &app)?.finish()?;
    Scale::new(env, &app).forget_vanished()?;
    Properties::new(env, PLUGIN).set(&app, "restore", "true")
}

/// `post-stop APP`: the app stays stopped over a boot.
///
/// # Errors
/// When the property cannot be written.
pub fn post_stop(env: &Env) -> Result<()> {
    Properties::new(env, PLUGIN).set(&app_argument(env, 1)?, "restore", "false")
}
