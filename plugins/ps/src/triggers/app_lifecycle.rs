//! Apps come, go, and get other names.

use super::{HOOK_PATIENCE, app_argument};
use crate::PLUGIN;
use crate::change::{Marks, rebuild};
use crate::formation::Request;
use crate::saved::SavedScale;
use crate::stopped::Stopped;
use crate::targets::Selection;
use crate::watched::{Watched, WatchedFile};
use common::atomic::{self, Owner};
use common::{App, Env, ProcessType, Properties, Result};

/// `post-create APP`: a new app has one web process.
pub fn post_create(env: &Env) -> Result<()> {
    let app = app_argument(env, 1)?;
    atomic::create_directory(&data_directory(env, &app)?, Owner::of_files(env)?)?;
    let one_web = Request { process_type: ProcessType::web(), quantity: 1 };
    let scale = SavedScale::new(env, &app);
    scale.save(&scale.desired()?, &[one_web]).map(drop)
}

/// `post-delete APP`: forgets a destroyed app.
pub fn post_delete(env: &Env) -> Result<()> {
    let app = app_argument(env, 1)?;
    let data = atomic::remove_directory(&data_directory(env, &app)?);
    let properties = Properties::new(env, PLUGIN).remove_all(&app);
    data.and(properties)
}

/// `post-app-clone-setup OLD NEW`: a clone has its model's properties and Procfile.
pub fn post_app_clone_setup(env: &Env) -> Result<()> {
    let (old, new) = (app_argument(env, 1)?, app_argument(env, 2)?);
    copy(env, &old, &new)?;
    // Nothing of the new app was stopped by hand, or tried.
    WatchedFile::new(env, &new)?.write(&Watched::default())?;
    Stopped::new(env, &new)?.write(&Selection::default())
}

/// `post-app-clone OLD NEW`: builds the clone, unless `SKIP_REBUILD` is `true`.
pub fn post_app_clone(env: &Env) -> Result<()> {
    app_argument(env, 1)?;
    rebuild_unless_skipped(env, &app_argument(env, 2)?)
}

/// `post-app-rename-setup OLD NEW`: the properties get the new name; the data is copied, the old
/// folder stays until [`post_app_rename`].
pub fn post_app_rename_setup(env: &Env) -> Result<()> {
    let (old, new) = (app_argument(env, 1)?, app_argument(env, 2)?);
    copy(env, &old, &new)?;
    Properties::new(env, PLUGIN).remove_all(&old)
}

/// `post-app-rename OLD NEW`: the data gets the new name, and the app is built, unless
/// `SKIP_REBUILD` is `true`.
pub fn post_app_rename(env: &Env) -> Result<()> {
    let (old, new) = (app_argument(env, 1)?, app_argument(env, 2)?);
    copy_data(env, &old, &new)?;
    atomic::remove_directory(&data_directory(env, &old)?)?;
    rebuild_unless_skipped(env, &new)
}

fn copy(env: &Env, old: &App, new: &App) -> Result<()> {
    Properties::new(env, PLUGIN).copy(old, new, |_| true)?;
    copy_data(env, old, new)?;
    // The copied scale is not the one that the app was created with.
    let scale = SavedScale::new(env, new);
    match scale.desired() {
        Ok(desired) => scale.tell(&desired),
        Err(error) => env.output().warn(&format!("The scale of {new} is copied, and cannot be read: {error}")),
    }
    Ok(())
}

/// Copies all but the marks, which are of changes of the old app.
fn copy_data(env: &Env, old: &App, new: &App) -> Result<()> {
    atomic::copy_directory(&data_directory(env, old)?, &data_directory(env, new)?, Owner::of_files(env)?)?;
    Marks::new(env, new)?.drop_all()
}

fn rebuild_unless_skipped(env: &Env, app: &App) -> Result<()> {
    if env.var("SKIP_REBUILD") == Some("true") { Ok(()) } else { rebuild(env, app, HOOK_PATIENCE) }
}

fn data_directory(env: &Env, app: &App) -> Result<std::path::PathBuf> {
    Ok(env.data_directory(PLUGIN)?.join(app.as_str()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::path::Path;

    fn of_a_type(app: &str) -> String {
        format!("config/ps/{app}/restart-policy.worker")
    }

    fn host(lib: &Path) -> Env {
        let variables = [
            ("DOKKU_LIB_ROOT".into(), lib.as_os_str().to_owned()),
            ("DOKKU_SYSTEM_USER".into(), "root".into()),
            ("DOKKU_SYSTEM_GROUP".into(), "root".into()),
            ("SKIP_REBUILD".into(), "true".into()),
        ];
        let data = lib.join("data/ps/old/unfinished");
        std::fs::create_dir_all(&data).unwrap();
        std::fs::write(data.join("type.web"), "").unwrap();
        std::fs::write(lib.join("data/ps/old/Procfile"), "web: serve").unwrap();
        std::fs::write(lib.join("data/ps/old/stopped"), "web\n").unwrap();
        std::fs::create_dir_all(lib.join("config/ps/old")).unwrap();
        std::fs::write(lib.join(of_a_type("old")), "no").unwrap();
        Env::new(variables.into(), vec!["hook".into(), "old".into(), "new".into()])
    }

    #[test]
    fn what_a_type_was_given_goes_with_its_app() {
        let lib = tempfile::tempdir().unwrap();
        let env = host(lib.path());
        let policy = |app: &str| std::fs::read_to_string(lib.path().join(of_a_type(app))).ok();
        post_app_clone_setup(&env).unwrap();
        assert_eq!([policy("old"), policy("new")], [Some("no".to_owned()), Some("no".to_owned())]);
        Properties::new(&env, PLUGIN).remove_all(&"new".parse().unwrap()).unwrap();
        post_app_rename_setup(&env).unwrap();
        assert_eq!([policy("old"), policy("new")], [None, Some("no".to_owned())]);
        // The hook's first argument is the app that is destroyed.
        std::fs::rename(lib.path().join("config/ps/new"), lib.path().join("config/ps/old")).unwrap();
        post_delete(&env).unwrap();
        assert_eq!([policy("old"), policy("new")], [None, None]);
    }

    #[test]
    fn a_clone_has_its_model_s_procfile_and_not_its_marks() {
        let lib = tempfile::tempdir().unwrap();
        let env = host(lib.path());
        post_app_clone_setup(&env).unwrap();
        post_app_clone(&env).unwrap();
        assert!(lib.path().join("data/ps/new/Procfile").exists());
        assert!(!lib.path().join("data/ps/new/unfinished").exists());
        assert!(!lib.path().join("data/ps/new/stopped").exists(), "nothing of a new app was stopped by hand");
        assert!(lib.path().join("data/ps/old/unfinished/type.web").exists());
    }

    #[test]
    fn a_new_name_ends_the_marks() {
        let lib = tempfile::tempdir().unwrap();
        let env = host(lib.path());
        post_app_rename_setup(&env).unwrap();
        assert!(!lib.path().join("data/ps/new/unfinished").exists());
        post_app_rename(&env).unwrap();
        assert!(lib.path().join("data/ps/new/Procfile").exists());
        assert!(!lib.path().join("data/ps/new/unfinished").exists());
        assert!(!lib.path().join("data/ps/old").exists());
    }
}
