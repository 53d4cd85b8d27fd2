//! The stand-in host of tests/host with real containers: a small Dokku for each test, with apps of its own.

use std::fmt;
use std::fs;
use std::net::{IpAddr, SocketAddr};
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::{self, Command};
use std::sync::Mutex;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use tempfile::TempDir;

use crate::process::{no_start, run, wait_until};
use crate::{http, plugin_tree, repository, tree};

/// How long a command of the host may take: a deploy waits for its checks.
const DEADLINE: Duration = Duration::from_mins(5);
/// How long a container may take until it is as it should be.
const SETTLES: Duration = Duration::from_mins(3);

/// A host and the apps that a test made on it; both are removed when it is dropped.
#[derive(Debug)]
pub struct Dokku {
    directory: TempDir,
    apps: Mutex<Vec<String>>,
}

/// What a command of the host printed, and its exit status.
#[derive(Debug)]
pub struct Printed {
    command: String,
    /// The exit status.
    pub status: i32,
    /// Its stdout.
    pub stdout: String,
    /// Its stderr.
    pub stderr: String,
}

/// A container of an app, as Docker sees it.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Container {
    /// Its instance, `web.1`.
    pub instance: String,
    /// Its full id.
    pub id: String,
    /// Its name.
    pub name: String,
    /// Docker's word: `running`, `exited`, `created`.
    pub state: String,
}

impl Printed {
    /// Both outputs.
    pub fn both(&self) -> String {
        format!("{}\n{}", self.stdout, self.stderr)
    }
}

impl Dokku {
    /// A host with the plugin under test and the demo app's source.
    pub fn new() -> Self {
        let directory = tempfile::Builder::new().prefix("ps-docker-").tempdir().expect("a temporary directory");
        let demo = std::env::var_os("PS_DEMO").expect("PS_DEMO does not name the demo app: run tests/run");
        let mut make = Command::new(repository().join("tests/host/make"));
        make.arg(directory.path()).arg(plugin_tree()).arg(demo);
        let done = run(&mut make, b"", DEADLINE);
        assert_eq!(done.status, 0, "tests/host/make: {}", tree::text(&done.stderr));
        Self { directory, apps: Mutex::default() }
    }

    /// An app's name that no other test has, now or at the same time on another host.
    pub fn name(&self) -> String {
        static NEXT: AtomicU32 = AtomicU32::new(1);
        let name = format!("ps-test-{}-{}", process::id(), NEXT.fetch_add(1, Ordering::Relaxed));
        self.apps.lock().unwrap().push(name.clone());
        name
    }

    /// The demo app, not yet deployed; checks take a second, and nothing waits for connections to end.
    pub fn app(&self) -> String {
        let app = self.name();
        self.succeeds(&["apps:create", &app]);
        self.succeeds(&["checks:set", &app, "uptime", "1"]);
        self.succeeds(&["checks:set", &app, "wait-to-retire", "1"]);
        app
    }

    /// The demo app, deployed, without checks, with these quantities.
    pub fn deployed(&self, quantities: &[&str]) -> String {
        let app = self.app();
        self.deploy(&app, quantities, &self.source());
        app
    }

    /// Deploys a source, without checks, with these quantities.
    pub fn deploy(&self, app: &str, quantities: &[&str], source: &Path) {
        self.succeeds(&["checks:disable", app]);
        if !quantities.is_empty() {
            self.succeeds(&[&["ps:scale", "--skip-deploy", app], quantities].concat());
        }
        self.succeeds(&["deploy-folder", app, &source.display().to_string()]);
    }

    /// The demo app's source.
    pub fn source(&self) -> PathBuf {
        self.directory.path().join("demo-src")
    }

    /// Where a file of the host lies: `home/shop/IP.web.1`.
    pub fn path(&self, relative: &str) -> PathBuf {
        self.directory.path().join(relative)
    }

    /// Runs a command of the host.
    pub fn run(&self, words: &[&str]) -> Printed {
        self.run_with(words, &[])
    }

    /// Runs a command of the host with variables added to its environment.
    pub fn run_with(&self, words: &[&str], env: &[(&str, &str)]) -> Printed {
        let mut command = Command::new(self.directory.path().join("dokku"));
        command.args(words).env("DOKKU_DOCKER_TIMEOUT", "120").envs(env.iter().copied());
        print(&mut command, format!("dokku {}", words.join(" ")), b"")
    }

    /// Runs a bash script.
    pub fn bash(&self, script: &str) -> Printed {
        print(Command::new("bash").args(["-c", script]), script.to_owned(), b"")
    }

    /// Writes an executable shell script, and gives its path.
    pub fn script(&self, relative: &str, body: &str) -> String {
        let path = self.path(relative);
        let _closed = no_start();
        fs::write(&path, format!("#!/bin/sh\n{body}\n")).expect("a script");
        fs::set_permissions(&path, fs::Permissions::from_mode(0o755)).expect("its mode");
        path.display().to_string()
    }

    /// Runs a command of the host that must succeed, and gives its stdout.
    pub fn succeeds(&self, words: &[&str]) -> String {
        let printed = self.run(words);
        assert_eq!(printed.status, 0, "{printed}");
        printed.stdout
    }

    /// Runs a command of the host that must fail with `status`.
    pub fn fails(&self, status: i32, words: &[&str]) -> Printed {
        let printed = self.run(words);
        assert_eq!(printed.status, status, "{printed}");
        printed
    }

    /// All containers of an app, sorted by instance.
    pub fn containers(&self, app: &str) -> Vec<Container> {
        containers_of(app)
    }

    /// The instances that run: `["web.1", "worker.1"]`.
    pub fn running(&self, app: &str) -> Vec<String> {
        running_of(app).into_iter().map(|container| container.instance).collect()
    }

    /// The ids of the containers that run, in the order of their instances.
    pub fn ids(&self, app: &str) -> Vec<String> {
        running_of(app).into_iter().map(|container| container.id).collect()
    }

    /// Waits until exactly these instances run and each has the file and the name that belong to it.
    pub fn runs(&self, app: &str, instances: &[&str]) {
        wait_until(&format!("{app} runs {instances:?}"), SETTLES, || self.running(app) == instances);
        let named: Vec<String> = self
            .containers(app)
            .into_iter()
            .filter(|container| container.state == "running")
            .map(|container| container.name)
            .collect();
        let wanted: Vec<String> = instances.iter().map(|instance| format!("{app}.{instance}")).collect();
        assert_eq!(named, wanted, "the names of the containers");
        self.has_files(app, "CONTAINER.", instances);
    }

    /// Waits until no container of the app runs.
    pub fn runs_nothing(&self, app: &str) {
        wait_until(&format!("{app} runs nothing"), SETTLES, || self.running(app).is_empty());
    }

    /// The files of this kind (`CONTAINER.`) are those of these instances.
    pub fn has_files(&self, app: &str, kind: &str, instances: &[&str]) {
        let entries = fs::read_dir(self.path(&format!("home/{app}"))).expect("the app's folder");
        let mut found: Vec<String> = entries
            .filter_map(|entry| entry.ok()?.file_name().to_str()?.strip_prefix(kind).map(str::to_owned))
            .collect();
        found.sort();
        assert_eq!(found, instances, "the {kind} files of {app}");
    }

    /// Each of these web instances answers a request with 200.
    pub fn answers(&self, app: &str, instances: &[&str]) {
        for instance in instances {
            let ip = fs::read_to_string(self.path(&format!("home/{app}/IP.{instance}"))).expect("the IP file");
            let ip: IpAddr = ip.trim().parse().expect("an address");
            let mut last = String::new();
            let address = SocketAddr::new(ip, 5000);
            let wanted = || match http::get(address) {
                Ok(200) => true,
                other => {
                    last = format!("{other:?}");
                    false
                }
            };
            wait_until(&format!("{app}.{instance} answers at {address}"), SETTLES, wanted);
        }
    }

    /// One value of `ps:report`, asked as an info flag.
    pub fn report(&self, app: &str, flag: &str) -> String {
        self.succeeds(&["ps:report", app, flag]).trim_end().to_owned()
    }

    /// A copy of the demo app's source with another Procfile, and other files.
    pub fn changed_source(&self, name: &str, files: &[(&str, &str)]) -> PathBuf {
        let copy = self.path(name);
        fs::create_dir(&copy).expect("a folder for the source");
        let demo = self.source().join("demo");
        fs::copy(&demo, copy.join("demo")).expect("the demo program");
        for (file, content) in files {
            fs::write(copy.join(file), content).expect("a file of the source");
        }
        copy
    }
}

impl Default for Dokku {
    fn default() -> Self {
        Self::new()
    }
}

impl Drop for Dokku {
    fn drop(&mut self) {
        let apps = self.apps.lock().map(|apps| apps.clone()).unwrap_or_default();
        for app in apps {
            // A test that fails is being unwound here, so nothing may panic.
            let filter = format!("label=com.dokku.app-name={app}");
            for container in try_docker(&["container", "ls", "--all", "--quiet", "--filter", &filter]).lines() {
                try_docker(&["container", "rm", "--force", container]);
            }
            let images = &["image", "ls", "--quiet", "--filter", &filter];
            for image in try_docker(images).lines() {
                try_docker(&["image", "rm", "--force", image]);
            }
        }
    }
}

impl fmt::Display for Printed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} exits {}\nstdout: {}\nstderr: {}", self.command, self.status, self.stdout, self.stderr)
    }
}

/// Runs a command, called `what` in a failure, with this on its stdin. Nothing of the plugin may panic.
pub fn print(command: &mut Command, what: String, stdin: &[u8]) -> Printed {
    let done = run(command.env_remove("DOKKU_QUIET_OUTPUT"), stdin, DEADLINE);
    let printed = Printed {
        command: what,
        status: done.status,
        stdout: tree::text(&done.stdout),
        stderr: tree::text(&done.stderr),
    };
    assert!(!printed.stdout.contains("panicked") && !printed.stderr.contains("panicked"), "{printed}");
    printed
}

/// All containers of an app, sorted by instance.
pub fn containers_of(app: &str) -> Vec<Container> {
    let format = "{{.Label \"com.dokku.dyno\"}}\t{{.ID}}\t{{.Names}}\t{{.State}}";
    let filter = format!("label=com.dokku.app-name={app}");
    let list = docker(&["container", "ls", "--all", "--no-trunc", "--filter", &filter, "--format", format]);
    let container = |line: &str| {
        let mut fields = line.split('\t').map(str::to_owned);
        let mut next = || fields.next().unwrap_or_default();
        Container { instance: next(), id: next(), name: next(), state: next() }
    };
    let mut containers: Vec<_> = list.lines().map(container).collect();
    containers.sort();
    containers
}

/// Those of them that run.
pub fn running_of(app: &str) -> Vec<Container> {
    let mut containers = containers_of(app);
    containers.retain(|container| container.state == "running");
    containers
}

/// The stdout of a docker command that must succeed.
pub fn docker(words: &[&str]) -> String {
    let run = || run(Command::new("docker").args(words), b"", DEADLINE);
    let mut done = run();
    // Docker removes a container that it is about to end in several steps, and may be in the midst of them.
    if done.status != 0 && words.starts_with(&["container", "rm", "--force"]) {
        done = run();
    }
    assert_eq!(done.status, 0, "docker {words:?}: {}", tree::text(&done.stderr));
    tree::text(&done.stdout)
}

/// Whether a file holds the id of a container.
pub fn id_in(path: &Path) -> String {
    fs::read_to_string(path).unwrap_or_else(|error| panic!("{}: {error}", path.display())).trim().to_owned()
}

/// Clean-up goes on whatever happens; what cannot be removed is said.
fn try_docker(words: &[&str]) -> String {
    let Ok(done) = std::panic::catch_unwind(|| run(Command::new("docker").args(words), b"", DEADLINE)) else {
        return String::new();
    };
    if done.status != 0 {
        println!("docker {words:?}: {}", tree::text(&done.stderr));
    }
    tree::text(&done.stdout)
}
