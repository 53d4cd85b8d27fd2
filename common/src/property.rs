//! Properties: small files below `$DOKKU_LIB_ROOT/config/PLUGIN`, one a setting.
//!
//! The layout is public: other plugins read these files and tests write them. A property is raw
//! bytes without a newline at its end, mode 0600; a list is a line an item. Nothing but this module
//! writes there.

use crate::users::Owner;
use crate::{App, Env, Error, Result, atomic, file};
use std::path::PathBuf;

/// Whose property: an app's, or the host's.
///
/// ```
/// let app = "shop".parse()?;
/// let scopes = [dokku_plugin::Scope::App(&app), dokku_plugin::Scope::Global];
/// assert_eq!(scopes.map(|scope| scope.as_str().to_owned()), ["shop", "--global"]);
/// # Ok::<(), dokku_plugin::Error>(())
/// ```
#[derive(Clone, Copy, Debug)]
pub enum Scope<'a> {
    /// One app.
    App(&'a App),
    /// All apps that have no value of their own: `--global`.
    Global,
}

impl<'a> From<&'a App> for Scope<'a> {
    fn from(app: &'a App) -> Self {
        Self::App(app)
    }
}

impl Scope<'_> {
    /// The folder's name, which is also how the user calls it.
    pub fn as_str(&self) -> &str {
        match self {
            Self::App(app) => app.as_str(),
            Self::Global => "--global",
        }
    }
}

/// The properties of one plugin.
///
/// ```
/// use dokku_plugin::{App, Env, Properties, Scope};
///
/// let folder = tempfile::tempdir()?;
/// let env = Env::of_test_host(folder.path(), &[]);
/// let (properties, app): (_, App) = (Properties::new(&env, "quota"), "shop".parse()?);
/// properties.create_root()?; // in the trigger `install`
/// properties.set(Scope::Global, "most", "3")?;
/// assert_eq!(properties.get(&app, "most")?, None);
/// assert_eq!(properties.computed(&app, "most")?.as_deref(), Some("3"));
/// properties.set(&app, "most", "5")?;
/// assert_eq!(properties.all_computed(&app, &["most", "least"])?, [Some("5".to_owned()), None]);
/// properties.set_list(&app, "types", &["web".to_owned(), "worker".to_owned()])?;
/// assert_eq!(properties.list(&app, "types")?.len(), 2);
/// assert_eq!(properties.names(&app)?, ["most", "types"]);
/// properties.copy(&app, &"clone".parse()?, |name| name != "types")?; // in `post-app-clone-setup`
/// properties.move_all(&"clone".parse()?, &"other".parse()?)?; // in `post-app-rename-setup`
/// properties.unset(&app, "most")?;
/// properties.remove_all(&app)?; // in `post-delete`
/// assert!(properties.names(&app)?.is_empty());
/// assert!(properties.folder(&app)?.starts_with(properties.root()?));
/// # Ok::<(), dokku_plugin::Error>(())
/// ```
#[derive(Debug)]
pub struct Properties<'a> {
    env: &'a Env,
    plugin: &'a str,
}

impl<'a> Properties<'a> {
    /// The properties of `plugin`, such as `ps`.
    pub fn new(env: &'a Env, plugin: &'a str) -> Self {
        Self { env, plugin }
    }

    /// The folder of all properties of this plugin.
    pub fn root(&self) -> Result<PathBuf> {
        self.env.in_lib_root(&["config", self.plugin])
    }

    /// The folder of the properties of one app, or of the host.
    pub fn folder<'s>(&self, scope: impl Into<Scope<'s>>) -> Result<PathBuf> {
        self.env.in_lib_root(&["config", self.plugin, scope.into().as_str()])
    }

    fn path<'s>(&self, scope: impl Into<Scope<'s>>, property: &str) -> Result<PathBuf> {
        self.env.in_lib_root(&["config", self.plugin, scope.into().as_str(), property])
    }

    /// A property's value; `None` when it is not set or empty. A newline at the end, which only a
    /// hand with an editor leaves, is no part of it.
    ///
    /// # Errors
    /// When its file cannot be read or is not UTF-8.
    pub fn get<'s>(&self, scope: impl Into<Scope<'s>>, property: &str) -> Result<Option<String>> {
        let text = file::read_text(&self.path(scope, property)?)?.unwrap_or_default();
        let value = text.trim_end_matches(['\n', '\r']);
        Ok((!value.is_empty()).then(|| value.to_owned()))
    }

    /// The value that holds for an app: its own, else the host's, else none.
    ///
    /// # Errors
    /// As [`Properties::get`].
    pub fn computed(&self, app: &App, property: &str) -> Result<Option<String>> {
        match self.get(app, property)? {
            Some(value) => Ok(Some(value)),
            None => self.get(Scope::Global, property),
        }
    }

    /// The values of several properties that hold for an app, each as [`Properties::computed`]. Where an app or the host
    /// has no folder of properties, that is all that is looked for.
    ///
    /// # Errors
    /// As [`Properties::get`].
    pub fn all_computed(&self, app: &App, properties: &[&str]) -> Result<Vec<Option<String>>> {
        let mut values = vec![None; properties.len()];
        for scope in [Scope::App(app), Scope::Global] {
            if !file::exists(&self.folder(scope)?) {
                continue;
            }
            for (value, property) in values.iter_mut().zip(properties).filter(|(value, _)| value.is_none()) {
                *value = self.get(scope, property)?;
            }
        }
        Ok(values)
    }

    /// Sets a property.
    ///
    /// # Errors
    /// When its file cannot be written; the old value then still holds.
    pub fn set<'s>(&self, scope: impl Into<Scope<'s>>, property: &str, value: &str) -> Result<()> {
        self.write(scope.into(), property, value.as_bytes())
    }

    /// Removes a property; one that is not set is no error.
    ///
    /// # Errors
    /// When its file cannot be removed.
    pub fn unset<'s>(&self, scope: impl Into<Scope<'s>>, property: &str) -> Result<()> {
        atomic::remove(&self.path(scope, property)?)
    }

    /// The lines of a list property; none when it is not set.
    ///
    /// # Errors
    /// As [`Properties::get`].
    pub fn list<'s>(&self, scope: impl Into<Scope<'s>>, property: &str) -> Result<Vec<String>> {
        let text = file::read_text(&self.path(scope, property)?)?.unwrap_or_default();
        Ok(text.lines().map(str::to_owned).collect())
    }

    /// Sets a list property.
    ///
    /// # Errors
    /// As [`Properties::set`].
    pub fn set_list<'s>(&self, scope: impl Into<Scope<'s>>, property: &str, lines: &[String]) -> Result<()> {
        if let Some(line) = lines.iter().find(|line| line.contains('\n')) {
            return Err(Error::new(format!("{line:?} cannot be a line of the property {property}")));
        }
        let text: String = lines.iter().flat_map(|line| [line.as_str(), "\n"]).collect();
        self.write(scope.into(), property, text.as_bytes())
    }

    /// Makes the plugin's folder where it is missing, as the trigger `install` must.
    ///
    /// # Errors
    /// When it cannot be made.
    pub fn create_root(&self) -> Result<()> {
        atomic::create_directory(&self.root()?, Owner::of_files(self.env)?)
    }

    /// The names of the properties of an app or of the host, sorted, set or empty. What is hidden is none.
    ///
    /// # Errors
    /// When the folder cannot be read.
    pub fn names<'s>(&self, scope: impl Into<Scope<'s>>) -> Result<Vec<String>> {
        let mut names = Vec::new();
        for path in file::entries(&self.folder(scope)?)? {
            let name = path.file_name().and_then(|name| name.to_str());
            names.extend(name.filter(|name| !name.starts_with('.')).map(str::to_owned));
        }
        Ok(names)
    }

    /// Gives `new` all the properties that `old` has and that `keep` wants.
    ///
    /// # Errors
    /// When one cannot be read or written.
    pub fn copy(&self, old: &App, new: &App, keep: impl Fn(&str) -> bool) -> Result<()> {
        for name in self.names(old)?.iter().filter(|name| keep(name)) {
            let path = self.path(old, name)?;
            if !file::is_folder(&path) {
                self.write(Scope::App(new), name, &file::read(&path)?.unwrap_or_default())?;
            }
        }
        Ok(())
    }

    /// Gives all properties of an app to another one, as `post-app-rename-setup` must.
    ///
    /// # Errors
    /// When one cannot be read, written or removed.
    pub fn move_all(&self, old: &App, new: &App) -> Result<()> {
        self.copy(old, new, |_| true)?;
        self.remove_all(old)
    }

    /// Removes all properties of an app.
    ///
    /// # Errors
    /// When its folder cannot be removed.
    pub fn remove_all(&self, app: &App) -> Result<()> {
        atomic::remove_directory(&self.folder(app)?)
    }

    fn write(&self, scope: Scope<'_>, property: &str, bytes: &[u8]) -> Result<()> {
        let owner = Owner::of_files(self.env)?;
        // Neither of the two may be a link to another's folder.
        atomic::create_directory(&self.root()?, owner)?;
        atomic::create_directory(&self.folder(scope)?, owner)?;
        atomic::write(&self.path(scope, property)?, bytes, 0o600, owner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeMap;

    fn host(lib: &std::path::Path) -> Env {
        let variables: BTreeMap<_, _> = [
            ("DOKKU_LIB_ROOT".into(), lib.as_os_str().to_owned()),
            ("DOKKU_SYSTEM_USER".into(), "root".into()),
            ("DOKKU_SYSTEM_GROUP".into(), "root".into()),
        ]
        .into();
        Env::new(variables, Vec::new())
    }

    #[test]
    fn an_app_s_value_wins_over_the_host_s() {
        let lib = tempfile::tempdir().unwrap();
        let env = host(lib.path());
        let (properties, app) = (Properties::new(&env, "ps"), "shop".parse().unwrap());
        assert_eq!(properties.computed(&app, "restart-policy").unwrap(), None);
        properties.set(Scope::Global, "restart-policy", "no").unwrap();
        assert_eq!(properties.computed(&app, "restart-policy").unwrap().as_deref(), Some("no"));
        properties.set(&app, "restart-policy", "always").unwrap();
        assert_eq!(properties.computed(&app, "restart-policy").unwrap().as_deref(), Some("always"));
        properties.unset(&app, "restart-policy").unwrap();
        properties.unset(&app, "restart-policy").unwrap();
        assert_eq!(properties.computed(&app, "restart-policy").unwrap().as_deref(), Some("no"));
    }

    #[test]
    fn a_list_is_a_line_an_item_and_a_value_has_no_newline() {
        let lib = tempfile::tempdir().unwrap();
        let env = host(lib.path());
        let (properties, app): (_, App) = (Properties::new(&env, "ps"), "shop".parse().unwrap());
        properties.set_list(&app, "scale", &["web=1".into(), "worker=2".into()]).unwrap();
        properties.set(&app, "restore", "true").unwrap();
        let folder = lib.path().join("config/ps/shop");
        assert_eq!(std::fs::read(folder.join("scale")).unwrap(), b"web=1\nworker=2\n");
        assert_eq!(std::fs::read(folder.join("restore")).unwrap(), b"true");
        assert!(properties.set_list(&app, "scale", &["web=1\nworker=2".into()]).is_err());
    }

    #[test]
    fn the_names_of_an_app_s_properties_can_be_had() {
        let lib = tempfile::tempdir().unwrap();
        let env = host(lib.path());
        let (properties, app): (_, App) = (Properties::new(&env, "ps"), "shop".parse().unwrap());
        assert!(properties.names(&app).unwrap().is_empty());
        for name in ["restore", "restart-policy.web", ".restore.new"] {
            properties.set(&app, name, "no").unwrap();
        }
        assert_eq!(properties.names(&app).unwrap(), ["restart-policy.web", "restore"]);
        assert!(properties.names(Scope::Global).unwrap().is_empty());
    }

    #[test]
    fn a_value_that_is_not_text_is_an_error_that_names_the_file() {
        let lib = tempfile::tempdir().unwrap();
        let env = host(lib.path());
        let app: App = "shop".parse().unwrap();
        let folder = lib.path().join("config/ps/shop");
        std::fs::create_dir_all(&folder).unwrap();
        std::fs::write(folder.join("restore"), b"\xff").unwrap();
        let error = Properties::new(&env, "ps").get(&app, "restore").unwrap_err();
        assert!(error.message().contains("config/ps/shop/restore"), "{error}");
    }
}
