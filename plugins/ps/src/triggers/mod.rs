//! The bodies of the triggers, by what they are about.

mod app_lifecycle;
mod deploy;
mod extract;
mod install;
mod post_deploy;
mod procfile;
mod scale;

pub use app_lifecycle::{
    post_app_clone, post_app_clone_setup, post_app_rename, post_app_rename_setup, post_create, post_delete,
};
pub use deploy::{
    app_restart, core_post_deploy, docker_args_process_deploy, post_release_builder, post_stop, pre_release_builder,
};
pub use extract::core_post_extract;
pub use install::install;
pub use post_deploy::post_deploy;
pub use procfile::{procfile_exists, procfile_get_command};
pub use scale::{ps_can_scale, ps_current_scale, ps_get_property, ps_set_scale};

use crate::commands::HOOK_PATIENCE;
use crate::report::Report;
use crate::status::Statuses;
use common::{App, AppLock, Env, Result};

/// The app in an argument of a trigger. Whether it exists is not asked: some triggers come before it
/// does, or after it has gone.
fn app_argument(env: &Env, position: usize) -> Result<App> {
    env.arg(position)?.parse()
}

/// The lock of an app for a hook that changes what is saved of it. A hook cannot ask anybody to come back later,
/// and the host deploys without a lock where it always did (`config:set` during a push): so after a while it goes
/// on without, and says so.
///
/// # Errors
/// When it is interrupted while it waits.
fn lock_of_hook(env: &Env, app: &App) -> Result<Option<AppLock>> {
    match AppLock::acquire(env, app, HOOK_PATIENCE) {
        Ok(lock) => Ok(Some(lock)),
        Err(error) if common::interrupted().is_some() => Err(error),
        Err(_) => {
            let seconds = HOOK_PATIENCE.as_secs();
            env.output()
                .warn(&format!("The lock of {app} could not be had within {seconds} seconds, going on without"));
            Ok(None)
        }
    }
}

/// `report APP`: prints this plugin's part of `dokku report`.
///
/// # Errors
/// No such app; Docker or a scheduler does not answer.
pub fn report(env: &Env) -> Result<()> {
    let app = App::named_by_user(env, env.arg(1)?)?;
    let report = Report::of_app(env, &app, &Statuses::new(env), None)?;
    env.output().print(&report.to_text(env.output().is_quiet()))
}
