//! Apps: the folders of `$DOKKU_ROOT`, and who may see which.

use crate::{Env, Error, Result, Triggers, file};
use std::fmt;
use std::path::{Path, PathBuf};
use std::str::FromStr;

/// The exit status for an app that does not exist.
const NO_SUCH_APP: u8 = 20;

/// The name of an app: a lower-case letter or digit, then those, dots, hyphens and underscores.
///
/// A value of this type is safe as a part of a path. Whether the app exists is another question:
/// [`App::named_by_user`] asks it.
///
/// ```
/// use dokku_plugin::{App, Env};
///
/// let folder = tempfile::tempdir()?;
/// let env = Env::of_test_host(folder.path(), &[]);
/// let app: App = "shop".parse()?;
/// assert!("../shop".parse::<App>().is_err());
/// std::fs::create_dir_all(app.root(&env)?)?;
/// assert_eq!(App::all(&env)?, App::all_visible(&env)?);
/// assert_eq!(App::named_by_user(&env, "shop")?.as_str(), "shop");
/// assert_eq!(App::named_by_user(&env, "shoe").unwrap_err().status(), 20);
/// # Ok::<(), dokku_plugin::Error>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct App(String);

impl App {
    /// The app that a user named on the command line: it exists, and the user may see it.
    ///
    /// # Errors
    /// No name: status 1. A name that no app can have, or a folder that is a link: status 1. An app that does not
    /// exist, or that `user-auth-app` hides from this user: status 20.
    pub fn named_by_user(env: &Env, name: &str) -> Result<Self> {
        if name.is_empty() {
            return Err(Error::new("Please specify an app to run the command on"));
        }
        let app: Self = name.parse()?;
        let missing = || Error::new(format!("App {app} does not exist")).with_status(NO_SUCH_APP);
        let root = app.root(env)?;
        // Asked first, so that an app that is hidden is like one that is not there.
        if visible_apps(env, std::slice::from_ref(&app))?.is_empty() || !root.is_dir() {
            return Err(missing());
        }
        if file::is_link(&root) {
            let root = file::shown(&root);
            return Err(Error::new(format!("{root} is a symbolic link: the folder of an app must be a real one")));
        }
        Ok(app)
    }

    /// Every app of the host, sorted, whoever asks.
    ///
    /// # Errors
    /// When `$DOKKU_ROOT` cannot be read.
    pub fn all(env: &Env) -> Result<Vec<Self>> {
        let root = env.dokku_root()?;
        if !root.is_dir() {
            return Err(Error::new(format!("listing the apps in {}: there is no such folder", file::shown(&root))));
        }
        let mut apps = Vec::new();
        for path in file::entries(&root)? {
            let Some(Ok(app)) = path.file_name().and_then(|name| name.to_str()).map(str::parse) else { continue };
            if file::is_folder(&path) {
                apps.push(app);
            }
        }
        apps.sort_unstable();
        Ok(apps)
    }

    /// The apps that this user may see, sorted.
    ///
    /// # Errors
    /// When the apps cannot be listed, or a `user-auth-app` hook fails.
    pub fn all_visible(env: &Env) -> Result<Vec<Self>> {
        visible_apps(env, &Self::all(env)?)
    }

    /// The app's folder, `$DOKKU_ROOT/APP`.
    pub fn root(&self, env: &Env) -> Result<PathBuf> {
        Ok(env.dokku_root()?.join(Path::new(&self.0)))
    }

    /// The name.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for App {
    type Err = Error;

    fn from_str(name: &str) -> Result<Self> {
        let first = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit();
        let further = |byte: u8| first(byte) || matches!(byte, b'.' | b'_' | b'-');
        if name.bytes().next().is_some_and(first) && name.bytes().all(further) {
            return Ok(Self(name.to_owned()));
        }
        Err(Error::new(
            "App name must begin with lowercase alphanumeric character, and may only contain lowercase alphanumerics, dots, and hyphens",
        ))
    }
}

impl fmt::Display for App {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.pad(&self.0)
    }
}

/// The apps among `apps` that `user-auth-app` allows. `20_events` implements that trigger on every
/// host and prints nothing, so it counts only when another plugin does too.
fn visible_apps(env: &Env, apps: &[App]) -> Result<Vec<App>> {
    let triggers = Triggers::new(env);
    // One that cannot be run is one all the same: then nobody says what is allowed.
    let filtered = triggers.is_named_by_another("user-auth-app")?;
    if !filtered || apps.is_empty() {
        return Ok(apps.to_vec());
    }
    let user = env.var("SSH_USER").or_else(|| env.var("USER")).unwrap_or_default();
    let name = env.var("SSH_NAME").or_else(|| env.var("NAME")).unwrap_or("default");
    let arguments: Vec<&str> = [user, name].into_iter().chain(apps.iter().map(App::as_str)).collect();
    // Whoever cannot say what is allowed allows nothing.
    let allowed = triggers.ask_quietly("user-auth-app", &arguments)?.unwrap_or_default();
    let allowed: Vec<&str> = allowed.lines().map(str::trim).collect();
    Ok(apps.iter().filter(|app| allowed.contains(&app.as_str())).cloned().collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_app_name_is_safe_in_a_path() {
        for good in ["shop", "my_app", "9.lives", "a-b.c"] {
            assert!(good.parse::<App>().is_ok(), "{good}");
        }
        for bad in
            ["", "-shop", ".shop", "_x", "Shop", "a/b", "..", "../x", "a b", "a\n", "a:b", "sh\u{f6}p", "--global"]
        {
            assert!(bad.parse::<App>().is_err(), "{bad:?}");
        }
    }
}
