//! The bodies of the triggers, by what they are about.

mod app_lifecycle;
mod changes;
mod deploy;
mod extract;
mod install;
mod post_deploy;
mod procfile;
mod questions;

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
pub use questions::{ps_can_scale, ps_current_scale, ps_get_property, ps_set_scale};

use crate::docker_local::Statuses;
use crate::report::Report;
use common::{App, AppLock, Env, ErrorKind, Result};
use std::time::Duration;

/// How long a hook waits for an app's lock.
const HOOK_PATIENCE: Duration = Duration::from_mins(1);

/// The app in an argument of a trigger. Whether it exists is not asked: some triggers come before it
/// does, or after it has gone.
fn app_argument(env: &Env, position: usize) -> Result<App> {
    env.arg(position)?.parse()
}

/// The lock of an app for a hook that changes what is saved of it. A hook cannot ask anybody to come back later,
/// and the host deploys without a lock where it always did (`config:set` during a push): so after a while it goes
/// on without, and says so.
fn lock_of_hook(env: &Env, app: &App) -> Result<Option<AppLock>> {
    lock_of_hook_within(env, app, HOOK_PATIENCE)
}

fn lock_of_hook_within(env: &Env, app: &App, patience: Duration) -> Result<Option<AppLock>> {
    match AppLock::acquire(env, app, patience) {
        Ok(lock) => Ok(Some(lock)),
        Err(error) if error.kind() == ErrorKind::TimedOut => {
            let seconds = patience.as_secs();
            env.output()
                .warn(&format!("The lock of {app} could not be had within {seconds} seconds, going on without"));
            Ok(None)
        }
        Err(error) => Err(error),
    }
}

/// `report APP`: prints this plugin's part of `dokku report`.
pub fn report(env: &Env) -> Result<()> {
    let app = App::named_by_user(env, env.arg(1)?)?;
    let report = Report::of_app(env, &app, &Statuses::for_one(env), None)?;
    env.output().print(&report.to_text(env.output().is_quiet()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::fs::File;
    use std::path::Path;

    /// A host, and the lock of its app `shop`, which is this file.
    fn host(lib: &Path) -> (Env, std::path::PathBuf) {
        let folder = lib.join("data/apps/shop");
        std::fs::create_dir_all(&folder).unwrap();
        (crate::scene::host(lib), folder.join(".deploy.lock"))
    }

    #[test]
    fn a_hook_goes_on_without_a_lock_that_another_keeps() {
        let lib = tempfile::tempdir().unwrap();
        let (env, lock) = host(lib.path());
        std::fs::write(&lock, "build").unwrap();
        // Held through a descriptor that this process has no more: else it would run inside the holder.
        let mut holder = std::process::Command::new("flock")
            .arg("--no-fork")
            .arg(&lock)
            .args(["sh", "-c", "echo; exec cat"])
            .stdin(std::process::Stdio::piped())
            .stdout(std::process::Stdio::piped())
            .spawn()
            .unwrap();
        let mut ready = [0];
        std::io::Read::read_exact(holder.stdout.as_mut().unwrap(), &mut ready).unwrap();
        let gone_on = lock_of_hook_within(&env, &"shop".parse().unwrap(), Duration::ZERO);
        drop(holder.stdin.take());
        holder.wait().unwrap();
        assert!(gone_on.unwrap().is_none());
    }

    #[test]
    fn a_hook_does_not_go_on_without_a_lock_that_cannot_be_opened() {
        let lib = tempfile::tempdir().unwrap();
        let (env, lock) = host(lib.path());
        std::fs::create_dir(&lock).unwrap();
        let error = lock_of_hook_within(&env, &"shop".parse().unwrap(), Duration::ZERO).unwrap_err();
        assert!(error.message().contains(".deploy.lock: it is a directory"), "{error}");
        std::fs::remove_dir(&lock).unwrap();
        File::create(&lock).unwrap();
        assert!(lock_of_hook_within(&env, &"shop".parse().unwrap(), Duration::ZERO).unwrap().is_some());
    }
}
