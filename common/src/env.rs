//! The outside world of a process: variables, arguments, standard streams, working directory.
//!
//! Dokku hands everything to a plugin's executables in variables. They are read here and nowhere
//! else, so that a test can say what they are, and so that a missing one has one message.

use crate::{Context, Error, Output, Result, file, host_plugins};
use std::collections::BTreeMap;
use std::ffi::{OsStr, OsString};
use std::io::Read;
use std::path::{Path, PathBuf};
use std::sync::{Arc, OnceLock};

/// Variables, arguments and output of this process. Cheap to clone.
///
/// ```
/// use dokku_plugin::{Env, Result};
///
/// /// `post-create APP`
/// fn post_create(env: &Env) -> Result<()> {
///     let name = env.arg(1)?;
///     assert_eq!((name, env.arg(2)?, env.args_from(1)?), ("shop", "", vec!["shop"]));
///     assert_eq!(env.arguments().len(), 2);
///     assert!(env.dokku_lib_root()?.ends_with("lib"));
///     assert!(env.plugin_path()?.ends_with("lib/plugins"));
///     assert!(env.data_directory("quota")?.ends_with("lib/data/quota"));
///     // One that the host must give, and does not give to a test.
///     assert_eq!(env.required("DOKKU_HOST_ROOT").unwrap_err().message(), "DOKKU_HOST_ROOT not set!");
///     assert!(env.var("DOKKU_APP_NAME").is_none() && env.dokku_pid().is_err());
///     env.output().info1("A new app");
///     Ok(())
/// }
///
/// let folder = tempfile::tempdir()?;
/// post_create(&Env::of_test_host(folder.path(), &["post-create", "shop"]))?;
/// # Ok::<(), dokku_plugin::Error>(())
/// ```
#[derive(Clone, Debug)]
pub struct Env {
    world: Arc<World>,
    output: Output,
}

#[derive(Debug)]
struct World {
    variables: BTreeMap<OsString, OsString>,
    arguments: Vec<OsString>,
    /// The name of each enabled plugin, once someone has asked.
    plugins: OnceLock<Vec<String>>,
    /// Whether the host's own plugins are those that are known, once someone has asked.
    knows_host: OnceLock<bool>,
    /// Docker, once someone has looked for it.
    docker: OnceLock<DockerFound>,
}

/// Docker's program, and the socket that is asked in its place where that comes to the same.
#[derive(Debug)]
pub(crate) struct DockerFound {
    pub(crate) program: PathBuf,
    pub(crate) socket: Option<PathBuf>,
}

impl World {
    fn new(variables: BTreeMap<OsString, OsString>, arguments: Vec<OsString>) -> Arc<Self> {
        let (plugins, knows_host, docker) = (OnceLock::new(), OnceLock::new(), OnceLock::new());
        Arc::new(Self { variables, arguments, plugins, knows_host, docker })
    }
}

impl Env {
    /// The real world of this process.
    ///
    /// ```
    /// let env = dokku_plugin::Env::from_process();
    /// assert!(!env.arguments().is_empty());
    /// ```
    #[allow(clippy::disallowed_methods, reason = "this is the one place that reads them")]
    pub fn from_process() -> Self {
        // One by one: to collect them sorts them first, for which four pages more of the stack are touched.
        let mut variables = BTreeMap::new();
        variables.extend(std::env::vars_os());
        Self::new(variables, std::env::args_os().collect())
    }

    /// A world with these variables and arguments; the first argument is the program's name.
    ///
    /// ```
    /// let env = dokku_plugin::Env::new([("DOKKU_PID".into(), "42".into())].into(), vec!["hook".into()]);
    /// assert_eq!(env.dokku_pid()?, "42");
    /// # Ok::<(), dokku_plugin::Error>(())
    /// ```
    pub fn new(variables: BTreeMap<OsString, OsString>, arguments: Vec<OsString>) -> Self {
        let is_set = |name: &str| variables.get(OsStr::new(name)).is_some_and(|value| !value.is_empty());
        let output = Output::new(is_set("DOKKU_QUIET_OUTPUT"), is_set("DOKKU_TRACE"));
        Self { world: World::new(variables, arguments), output }
    }

    /// A host that a test has to itself: its apps in `home`, properties and data in `lib`, and plugins in `lib/plugins` of
    /// this folder. The first argument is the program's name. No other variable is set.
    ///
    /// ```
    /// let folder = tempfile::tempdir()?;
    /// let env = dokku_plugin::Env::of_test_host(folder.path(), &["post-create", "shop"]);
    /// assert_eq!(env.arg(1)?, "shop");
    /// assert_eq!(env.dokku_root()?, folder.path().join("home"));
    /// # Ok::<(), dokku_plugin::Error>(())
    /// ```
    pub fn of_test_host(folder: &Path, arguments: &[&str]) -> Self {
        let paths = [("DOKKU_ROOT", "home"), ("DOKKU_LIB_ROOT", "lib"), ("PLUGIN_PATH", "lib/plugins")];
        let paths = paths.map(|(name, path)| (name.into(), folder.join(path).into_os_string()));
        // Files are given to it where a test is run by root.
        let owner = ["DOKKU_SYSTEM_USER", "DOKKU_SYSTEM_GROUP"].map(|name| (name.into(), "root".into()));
        let variables = paths.into_iter().chain(owner).collect();
        Self::new(variables, arguments.iter().map(OsString::from).collect())
    }

    /// The same world with another output: for a job whose lines carry their app.
    #[doc(hidden)] // for ps, which works on several apps at once
    #[must_use]
    pub fn with_output(&self, output: Output) -> Self {
        Self { world: Arc::clone(&self.world), output }
    }

    /// The same world, of which nothing is remembered: for one who looks at it again after a while.
    #[doc(hidden)] // for ps, which runs as a service
    #[must_use]
    pub fn renewed(&self) -> Self {
        let World { variables, arguments, .. } = self.world.as_ref();
        Self { world: World::new(variables.clone(), arguments.clone()), output: self.output.clone() }
    }

    /// Where this process prints.
    pub fn output(&self) -> &Output {
        &self.output
    }

    /// A variable; `None` when it is unset, empty or not UTF-8.
    pub fn var(&self, name: &str) -> Option<&str> {
        self.world.variables.get(OsStr::new(name)).and_then(|value| value.to_str()).filter(|value| !value.is_empty())
    }

    /// A variable that the host must give.
    ///
    /// # Errors
    /// `NAME not set!`, exit status 1.
    pub fn required(&self, name: &str) -> Result<&str> {
        self.var(name).ok_or_else(|| Error::new(format!("{name} not set!")))
    }

    fn required_path(&self, name: &str) -> Result<PathBuf> {
        self.path_below(name, &[])
    }

    /// The path that a variable names, and these parts of one behind it.
    fn path_below(&self, name: &str, parts: &[&str]) -> Result<PathBuf> {
        let root = self.world.variables.get(OsStr::new(name)).filter(|value| !value.is_empty());
        let root = root.ok_or_else(|| Error::new(format!("{name} not set!")))?;
        // Such paths are most of what a hook makes, so they are made in one piece.
        let mut path = PathBuf::with_capacity(root.len() + parts.iter().map(|part| part.len() + 1).sum::<usize>());
        path.push(root);
        path.extend(parts);
        Ok(path)
    }

    /// `DOKKU_ROOT`: the folder with one folder an app.
    pub fn dokku_root(&self) -> Result<PathBuf> {
        self.required_path("DOKKU_ROOT")
    }

    /// `DOKKU_LIB_ROOT`: the folder of properties, data and plugins.
    pub fn dokku_lib_root(&self) -> Result<PathBuf> {
        self.required_path("DOKKU_LIB_ROOT")
    }

    /// A path below `DOKKU_LIB_ROOT`, by its parts.
    pub(crate) fn in_lib_root(&self, parts: &[&str]) -> Result<PathBuf> {
        self.path_below("DOKKU_LIB_ROOT", parts)
    }

    /// `PLUGIN_PATH`: the folder with `enabled` and `available`.
    pub fn plugin_path(&self) -> Result<PathBuf> {
        self.required_path("PLUGIN_PATH")
    }

    /// The name of each enabled plugin, in the order in which their hooks run. They are listed
    /// once a process.
    ///
    /// # Errors
    /// When `$PLUGIN_PATH/enabled` cannot be read.
    pub(crate) fn enabled_plugins(&self) -> Result<&[String]> {
        if let Some(plugins) = self.world.plugins.get() {
            return Ok(plugins);
        }
        let names = file::names(&self.path_below("PLUGIN_PATH", &["enabled"])?)?;
        let names = names.into_iter().filter_map(|name| name.into_string().ok());
        let plugins = names.filter(|name| !name.starts_with('.')).collect();
        Ok(self.world.plugins.get_or_init(|| plugins))
    }

    /// Where an enabled plugin has an executable of this name, if it has one.
    pub(crate) fn hook_of(&self, plugin: &str, hook: &str) -> Result<PathBuf> {
        self.path_below("PLUGIN_PATH", &["enabled", plugin, hook])
    }

    /// Whether a plugin is one of the host's own whose hooks are known, so that nobody need look for them.
    pub(crate) fn knows_hooks_of(&self, plugin: &str) -> bool {
        host_plugins::has(plugin) && *self.world.knows_host.get_or_init(|| host_plugins::are_known(self))
    }

    /// Docker, as this finds it where nobody has looked before.
    ///
    /// # Errors
    /// When it is not found, and then it is looked for again.
    pub(crate) fn docker(&self, find: impl FnOnce() -> Result<DockerFound>) -> Result<&DockerFound> {
        match self.world.docker.get() {
            Some(found) => Ok(found),
            None => find().map(|found| self.world.docker.get_or_init(|| found)),
        }
    }

    /// The folder of a plugin's own data: `$DOKKU_LIB_ROOT/data/PLUGIN`, with a folder an app.
    pub fn data_directory(&self, plugin: &str) -> Result<PathBuf> {
        self.in_lib_root(&["data", plugin])
    }

    /// `DOKKU_PID`: names the files of the deploy in progress; one per top-level command.
    pub fn dokku_pid(&self) -> Result<&str> {
        let pid = self.required("DOKKU_PID")?;
        if pid.bytes().all(|byte| byte.is_ascii_alphanumeric()) {
            Ok(pid)
        } else {
            Err(Error::new("DOKKU_PID must be a number"))
        }
    }

    /// The arguments, the program's own name first.
    pub fn arguments(&self) -> &[OsString] {
        &self.world.arguments
    }

    /// Argument `position` (1 is the first after the program's name); empty when it is missing.
    ///
    /// # Errors
    /// When it is not UTF-8: nothing that Dokku passes on may be otherwise.
    pub fn arg(&self, position: usize) -> Result<&str> {
        match self.world.arguments.get(position) {
            None => Ok(""),
            Some(argument) => argument.to_str().ok_or_else(|| not_utf8(argument)),
        }
    }

    /// All arguments from `position` on.
    ///
    /// # Errors
    /// When one is not UTF-8.
    pub fn args_from(&self, position: usize) -> Result<Vec<&str>> {
        let rest = self.world.arguments.iter().skip(position);
        rest.map(|argument| argument.to_str().ok_or_else(|| not_utf8(argument))).collect()
    }

    /// All that comes on standard input.
    ///
    /// # Errors
    /// When it cannot be read, or has no end.
    ///
    /// ```
    /// let env = dokku_plugin::Env::from_process();
    /// let so_far = env.stdin()?; // what a `docker-args-deploy` is given
    /// env.output().print_bytes(&so_far)?;
    /// # Ok::<(), dokku_plugin::Error>(())
    /// ```
    pub fn stdin(&self) -> Result<Vec<u8>> {
        const MOST: u64 = 16 * 1024 * 1024;
        let reading = || "reading standard input";
        let mut bytes = Vec::new();
        std::io::stdin().lock().take(MOST + 1).read_to_end(&mut bytes).context(reading)?;
        if bytes.len() as u64 > MOST {
            return Err(Error::new(format!("there is more than {} MiB", MOST >> 20))).context(reading);
        }
        Ok(bytes)
    }

    /// The working directory.
    #[doc(hidden)] // for ps, which runs itself with paths
    #[allow(clippy::disallowed_methods, reason = "this is the one place that reads it")]
    pub fn working_directory(&self) -> Result<PathBuf> {
        std::env::current_dir().map_err(|error| Error::from(error).context("finding the working directory"))
    }

    /// The command line of the process that started this one, its words separated by blanks; empty when
    /// it has gone.
    #[doc(hidden)] // for `Help`, which no plugin does without
    pub fn parent_command_line(&self) -> String {
        let path = format!("/proc/{}/cmdline", std::os::unix::process::parent_id());
        let line = file::read_of_the_system(path.as_ref()).ok().flatten().unwrap_or_default();
        String::from_utf8_lossy(&line).replace('\0', " ")
    }

    /// How many processors there are, for `--parallel -1`.
    #[doc(hidden)] // for ps, with its --parallel
    pub fn processors(&self) -> usize {
        std::thread::available_parallelism().map_or(1, std::num::NonZero::get)
    }
}

/// The message for an argument that is not UTF-8; it is shown with the bad bytes replaced.
fn not_utf8(argument: &OsStr) -> Error {
    Error::new(format!("Argument {:?} is not valid UTF-8", argument.to_string_lossy()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::os::unix::ffi::OsStrExt;

    fn env(variables: &[(&str, &str)], arguments: &[&[u8]]) -> Env {
        let variables = variables.iter().map(|(name, value)| (name.into(), value.into())).collect();
        Env::new(variables, arguments.iter().map(|bytes| OsStr::from_bytes(bytes).to_owned()).collect())
    }

    #[test]
    fn an_empty_variable_is_a_missing_one() {
        let env = env(&[("DOKKU_ROOT", "")], &[]);
        assert_eq!(env.dokku_root().unwrap_err().message(), "DOKKU_ROOT not set!");
    }

    #[test]
    fn a_missing_argument_is_empty_and_a_bad_one_is_an_error() {
        let env = env(&[], &[b"program", b"ok", b"\xff"]);
        assert_eq!(env.arg(1).unwrap(), "ok");
        assert_eq!(env.arg(3).unwrap(), "");
        assert!(env.arg(2).unwrap_err().message().contains("not valid UTF-8"));
        assert!(env.args_from(1).is_err());
    }

    #[test]
    fn the_pid_of_the_deploy_cannot_be_a_path() {
        assert!(env(&[("DOKKU_PID", "../x")], &[]).dokku_pid().is_err());
        assert_eq!(env(&[("DOKKU_PID", "4242")], &[]).dokku_pid().unwrap(), "4242");
    }
}
