//! A host without Docker, root or Dokku, in a temporary directory.
//!
//! `home/` is the app root, `lib/` the library root with both plugin trees, `work/` a checked-out source.
//! The plugin under test is linked where a host has it; a plugin `host` holds the recorder of every trigger
//! that the rest of Dokku would answer.

use std::collections::BTreeMap;
use std::ffi::{OsStr, OsString};
use std::fs;
use std::os::unix::fs::{PermissionsExt, symlink};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::OnceLock;
use std::time::Duration;

use tempfile::TempDir;

use crate::process::{self, Finished};
use crate::recorder::{self, Answer, Answers, EFFECTS};
use crate::tree::{self, Tree};

const MANIFEST: &str = "[plugin]\ndescription = \"stands for the host\"\nversion = \"1\"\n[plugin.config]\n";

/// One host, removed when it is dropped.
#[derive(Debug)]
pub struct Sandbox {
    directory: TempDir,
}

/// A run of one of the plugin's executables.
#[derive(Clone, Debug)]
pub struct Call {
    /// Its path in the plugin.
    pub program: String,
    /// Its arguments.
    pub args: Vec<OsString>,
    /// Added to the host's environment, or changed in it; `None` takes a variable away.
    pub env: BTreeMap<String, Option<String>>,
    /// Its standard input.
    pub stdin: Vec<u8>,
    /// How long it may take.
    pub deadline: Duration,
}

/// What a run did.
#[derive(Debug)]
pub struct Effects {
    /// Exit status and outputs, raw.
    pub finished: Finished,
    /// The files it changed.
    pub changed: Tree,
    /// Every trigger it fired, in order, with its arguments.
    pub fired: Vec<Vec<String>>,
}

impl Effects {
    /// The triggers that change something. `pre-restore SCHEDULER APP` for single apps is an addition to
    /// the stock call without arguments, and is left out.
    pub fn effects(&self) -> Vec<Vec<String>> {
        let is_effect =
            |call: &&Vec<String>| EFFECTS.contains(&call[0].as_str()) && !(call[0] == "pre-restore" && call.len() > 1);
        self.fired.iter().filter(is_effect).cloned().collect()
    }
}

impl Sandbox {
    /// A host with the plugin `tree` installed, without apps, that answers `answers`.
    pub fn new(tree: &Path, answers: &Answers) -> Self {
        let directory = tempfile::Builder::new().prefix("ps-case-").tempdir().expect("a temporary directory");
        let sandbox = Self { directory };
        for plugins in ["core-plugins", "plugins"] {
            for state in ["available", "enabled"] {
                sandbox.make_directory(&format!("lib/{plugins}/{state}"));
            }
            sandbox.write(&format!("lib/{plugins}/config.toml"), "");
        }
        sandbox.make_directory("home");
        sandbox.make_directory("tmp");
        sandbox.write("log", "");
        symlink(tree, sandbox.path("lib/core-plugins/available/ps")).expect("a link to the plugin");
        sandbox.enable("ps");
        sandbox.add_plugin("host");
        for (trigger, given) in answers {
            sandbox.answer("host", trigger, given);
        }
        sandbox
    }

    /// Where `relative` lies.
    pub fn path(&self, relative: &str) -> PathBuf {
        self.directory.path().join(relative)
    }

    /// Writes a file, and the directories above it; properties for their owner alone, as on a host.
    pub fn write(&self, relative: &str, content: impl AsRef<[u8]>) {
        let path = self.path(relative);
        fs::create_dir_all(path.parent().expect("a parent")).expect("the file's directory");
        fs::write(&path, content).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
        let mode = if relative.starts_with("lib/config/") { 0o600 } else { 0o644 };
        fs::set_permissions(&path, fs::Permissions::from_mode(mode)).expect("the file's mode");
    }

    /// Makes a directory, and those above it.
    pub fn make_directory(&self, relative: &str) {
        fs::create_dir_all(self.path(relative)).unwrap_or_else(|error| panic!("{relative}: {error}"));
    }

    /// Writes an executable script.
    pub fn write_script(&self, relative: &str, content: &str) {
        let _closed = process::no_start();
        self.write(relative, content);
        fs::set_permissions(self.path(relative), fs::Permissions::from_mode(0o755)).expect("the script's mode");
    }

    /// Adds and enables an empty core plugin.
    pub fn add_plugin(&self, name: &str) {
        self.write(&format!("lib/core-plugins/available/{name}/plugin.toml"), MANIFEST);
        self.enable(name);
    }

    /// Sets what `plugin` answers to `trigger`.
    pub fn answer(&self, plugin: &str, trigger: &str, answers: &[Answer]) {
        let path = format!("lib/core-plugins/available/{plugin}/{trigger}");
        self.write_script(&path, &recorder::script(trigger, answers));
    }

    /// Takes the answer to `trigger` away from `plugin`.
    pub fn forget(&self, plugin: &str, trigger: &str) {
        let path = self.path(&format!("lib/core-plugins/available/{plugin}/{trigger}"));
        fs::remove_file(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    }

    /// Runs `call` and compares the files before and after.
    pub fn run(&self, call: &Call) -> Effects {
        let program = self.program(&call.program);
        let mut command = Command::new(&program);
        command.args(&call.args);
        self.run_command(&mut command, call)
    }

    /// Runs any program with the environment and the standard input of `call`.
    pub fn run_command(&self, command: &mut Command, call: &Call) -> Effects {
        self.surround(command, &call.env);
        let before = tree::read(self.directory.path());
        let log = self.fired().len();
        let finished = process::run(command, &call.stdin, call.deadline);
        let after = tree::read(self.directory.path());
        Effects { finished, changed: tree::changes(&before, &after), fired: self.fired().split_off(log) }
    }

    /// Gives a command the environment and the working directory that a host gives.
    pub fn surround(&self, command: &mut Command, env: &BTreeMap<String, Option<String>>) {
        command.current_dir(self.directory.path()).env_clear().envs(self.environment());
        for (name, value) in env {
            match value {
                Some(value) => command.env(name, self.expand(value)),
                None => command.env_remove(name),
            };
        }
    }

    /// Where an executable of the plugin is, as the host names it.
    pub fn program(&self, path: &str) -> PathBuf {
        self.path("lib/plugins/enabled/ps").join(path)
    }

    /// The sandbox's own path in `text` becomes `@ROOT@`.
    pub fn neutral(&self, text: &[u8]) -> String {
        tree::text(text).replace(&self.root(), "@ROOT@")
    }

    /// `@ROOT@` in `text` becomes the sandbox's own path.
    pub fn expand(&self, text: &str) -> String {
        text.replace("@ROOT@", &self.root())
    }

    fn root(&self) -> String {
        tree::text(self.directory.path().as_os_str().as_encoded_bytes())
    }

    fn enable(&self, name: &str) {
        let core = self.path("lib/core-plugins/available").join(name);
        symlink(&core, self.path("lib/core-plugins/enabled").join(name)).expect("a link");
        let available = self.path("lib/plugins/available").join(name);
        symlink(&core, &available).expect("a link");
        symlink(&available, self.path("lib/plugins/enabled").join(name)).expect("a link");
    }

    /// Every trigger that was fired so far, with its arguments.
    pub fn fired(&self) -> Vec<Vec<String>> {
        let log = fs::read(self.path("log")).expect("the log of the recorder");
        let neutral = self.neutral(&log);
        neutral.lines().map(|line| line.split('\t').map(str::to_owned).collect()).collect()
    }

    fn environment(&self) -> BTreeMap<&'static str, OsString> {
        let at = |relative: &str| self.path(relative).into_os_string();
        let path = std::env::var_os("PATH").unwrap_or_else(|| "/usr/local/bin:/usr/bin:/bin".into());
        BTreeMap::from([
            ("PATH", path),
            ("HOME", self.directory.path().as_os_str().to_owned()),
            ("LC_ALL", "C".into()),
            ("TMPDIR", at("tmp")),
            ("DOKKU_ROOT", at("home")),
            ("DOKKU_HOST_ROOT", at("home")),
            ("DOKKU_LIB_ROOT", at("lib")),
            ("DOKKU_PID", "4242".into()),
            ("PLUGIN_PATH", at("lib/plugins")),
            ("PLUGIN_AVAILABLE_PATH", at("lib/plugins/available")),
            ("PLUGIN_ENABLED_PATH", at("lib/plugins/enabled")),
            ("PLUGIN_CORE_PATH", at("lib/core-plugins")),
            ("PLUGIN_CORE_AVAILABLE_PATH", at("lib/core-plugins/available")),
            ("PLUGIN_CORE_ENABLED_PATH", at("lib/core-plugins/enabled")),
            ("DOKKU_SYSTEM_USER", own_name("-un").to_owned()),
            ("DOKKU_SYSTEM_GROUP", own_name("-gn").to_owned()),
            ("DOKKU_NOT_IMPLEMENTED_EXIT", "10".into()),
            ("DOKKU_VALID_EXIT", "0".into()),
            ("DOCKER_BIN", "docker".into()),
            ("CONFORMANCE_LOG", at("log")),
            ("CONFORMANCE_ROOT", self.directory.path().as_os_str().to_owned()),
            ("DOCKER_HOST", format!("unix://{}/none", self.root()).into()),
        ])
    }
}

/// The name of the user or the group that runs the tests, as `id` tells it.
fn own_name(which: &'static str) -> &'static OsStr {
    static USER: OnceLock<OsString> = OnceLock::new();
    static GROUP: OnceLock<OsString> = OnceLock::new();
    let cell = if which == "-un" { &USER } else { &GROUP };
    cell.get_or_init(|| {
        let done = process::run(Command::new("id").arg(which), b"", process::DEADLINE);
        assert_eq!(done.status, 0, "id {which} fails");
        tree::text(done.stdout.trim_ascii_end()).into()
    })
}
