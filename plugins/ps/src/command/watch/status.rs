//! `ps:watch --status`: what was done last, and what was given up.

use super::super::listing::look;
use super::lock_file;
use crate::listing::watched::{object, of_apps};
use crate::watched::WatchedFile;
use common::{App, Env, FileLock, Result, now_since_epoch};

/// Prints it, of the apps that the user may see.
pub(super) fn show(env: &Env, as_json: bool) -> Result<()> {
    let process = FileLock::holder(&lock_file(env)?)?;
    let mut apps = Vec::new();
    for app in App::all_visible(env)? {
        let watched = WatchedFile::new(env, &app)?.read()?;
        apps.push((app.to_string(), watched));
    }
    let text = if as_json { object(process, &apps)? } else { of_apps(process, &apps, now_since_epoch(), look(env)) };
    env.output().print(&text)
}
