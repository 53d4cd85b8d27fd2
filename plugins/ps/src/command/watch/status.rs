//! `ps:watch --status`: what was done last, and what was given up.

use super::super::listing::look;
use super::lock_file;
use crate::listing::watched::{object, of_apps};
use crate::watched::WatchedFile;
use common::{App, Env, Error, FileLock, Result, now_since_epoch};

/// Prints it, of the apps that the user may see. What cannot be read of one does not hide the others.
pub(super) fn show(env: &Env, as_json: bool) -> Result<()> {
    let process = FileLock::holder(&lock_file(env)?)?;
    let (mut apps, mut is_whole) = (Vec::new(), true);
    for app in App::all_visible(env)? {
        match WatchedFile::new(env, &app)?.read() {
            Ok(watched) => apps.push((app.to_string(), watched)),
            Err(error) => {
                env.output().warn(&format!("{app}: {error}"));
                is_whole = false;
            }
        }
    }
    let text = if as_json { object(process, &apps)? } else { of_apps(process, &apps, now_since_epoch(), look(env)) };
    env.output().print(&text)?;
    if is_whole { Ok(()) } else { Err(Error::silent(1)) }
}
