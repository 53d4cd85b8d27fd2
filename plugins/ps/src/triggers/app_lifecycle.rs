//! Apps come, go, and get other names.

use super::app_argument;
use crate::PLUGIN;
use crate::commands::{HOOK_PATIENCE, rebuild};
use crate::formation::{Formation, Request};
use crate::scale::Scale;
use common::atomic::{self, Owner};
use common::{App, Env, ProcessType, Properties, Result};

/// `post-create APP`: a new app has one web process.
///
/// # Errors
/// When its folder or scale cannot be written.
pub fn post_create(env: &Env) -> Result<()> {
    let app = app_argument(env, 1)?;
    atomic::create_directory(&data_directory(env, &app)?, Owner::of_files(env)?)?;
    let one_web = Request { process_type: ProcessType::web(), quantity: 1 };
    Scale::new(env, &app).save(&Formation::default(), &[one_web]).map(drop)
}

/// `post-delete APP`: forgets a destroyed app.
///
/// # Errors
/// When something of it cannot be removed; the rest has been tried all the same.
pub fn post_delete(env: &Env) -> Result<()> {
    let app = app_argument(env, 1)?;
    let data = atomic::remove_directory(&data_directory(env, &app)?);
    let properties = Properties::new(env, PLUGIN).remove_all(&app);
    data.and(properties)
}

/// `post-app-clone-setup OLD NEW`: a clone has its model's properties and Procfile.
///
/// # Errors
/// When something cannot be copied.
pub fn post_app_clone_setup(env: &Env) -> Result<()> {
    let (old, new) = (app_argument(env, 1)?, app_argument(env, 2)?);
    copy(env, &old, &new)
}

/// `post-app-clone OLD NEW`: builds the clone, unless `SKIP_REBUILD` is `true`.
///
/// # Errors
/// When the build fails.
pub fn post_app_clone(env: &Env) -> Result<()> {
    app_argument(env, 1)?;
    rebuild_unless_skipped(env, &app_argument(env, 2)?)
}

/// `post-app-rename-setup OLD NEW`: the properties get the new name; the data is copied, the old
/// folder stays until [`post_app_rename`].
///
/// # Errors
/// When something cannot be copied or removed.
pub fn post_app_rename_setup(env: &Env) -> Result<()> {
    let (old, new) = (app_argument(env, 1)?, app_argument(env, 2)?);
    copy(env, &old, &new)?;
    Properties::new(env, PLUGIN).remove_all(&old)
}

/// `post-app-rename OLD NEW`: the data gets the new name, and the app is built, unless
/// `SKIP_REBUILD` is `true`.
///
/// # Errors
/// When the data cannot be moved, or the build fails.
pub fn post_app_rename(env: &Env) -> Result<()> {
    let (old, new) = (app_argument(env, 1)?, app_argument(env, 2)?);
    let old_data = data_directory(env, &old)?;
    atomic::copy_directory(&old_data, &data_directory(env, &new)?, Owner::of_files(env)?)?;
    atomic::remove_directory(&old_data)?;
    rebuild_unless_skipped(env, &new)
}

fn copy(env: &Env, old: &App, new: &App) -> Result<()> {
    Properties::new(env, PLUGIN).copy(old, new, |_| true)?;
    atomic::copy_directory(&data_directory(env, old)?, &data_directory(env, new)?, Owner::of_files(env)?)
}

fn rebuild_unless_skipped(env: &Env, app: &App) -> Result<()> {
    if env.var("SKIP_REBUILD") == Some("true") { Ok(()) } else { rebuild::rebuild(env, app, HOOK_PATIENCE) }
}

fn data_directory(env: &Env, app: &App) -> Result<std::path::PathBuf> {
    Ok(env.data_directory(PLUGIN)?.join(app.as_str()))
}
