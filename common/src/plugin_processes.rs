//! What this host and its plugins run at this moment, from the kernel's table of processes.
//!
//! Anybody's command line may say anything, so only a process counts that can be the host's: it is Dokku's user's or
//! root's, and it is no container's. A plugin's is one whose executable lies in the folders of this host's plugins.

use crate::Env;
use crate::file::{entries, link_target};
use crate::kernel::{line, text, users};
use crate::users::dokku_user;
use std::collections::BTreeSet;
use std::path::{Component, Path, PathBuf};
use std::time::Duration;

/// How often, and after how long each time, a process that is just taking up a new program is looked at again.
const LOOKS: u32 = 50;
const LOOK_AGAIN: Duration = Duration::from_millis(1);

/// Where plugins lie.
const FOLDERS: [&str; 6] = [
    "PLUGIN_PATH",
    "PLUGIN_AVAILABLE_PATH",
    "PLUGIN_ENABLED_PATH",
    "PLUGIN_CORE_PATH",
    "PLUGIN_CORE_AVAILABLE_PATH",
    "PLUGIN_CORE_ENABLED_PATH",
];

/// What runs a script.
const SHELLS: [&str; 3] = ["bash", "dash", "sh"];

/// A process that runs an executable of a plugin.
#[doc(hidden)] // for ps, which waits for deploys as well
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PluginProcess {
    /// Its number.
    pub pid: u32,
    /// The name of the executable's file.
    pub name: String,
    /// What the executable was given.
    pub arguments: Vec<String>,
    /// Whether it is this process, or one that this one runs inside of.
    pub is_ours: bool,
}

impl PluginProcess {
    /// Whether nobody hears it: both its outputs are `/dev/null`.
    pub fn is_silent(&self) -> bool {
        is_silent(self.pid)
    }
}

fn is_silent(pid: u32) -> bool {
    let leads_nowhere = |descriptor| {
        link_target(Path::new(&format!("/proc/{pid}/fd/{descriptor}")))
            .is_ok_and(|target| target == Path::new("/dev/null"))
    };
    leads_nowhere(1) && leads_nowhere(2)
}

/// All processes that run an executable of a plugin of this host. One that ends meanwhile is left out.
#[doc(hidden)] // for ps, which waits for deploys as well
pub fn plugin_processes(env: &Env) -> Vec<PluginProcess> {
    let (host, ours) = (Host::of(env), ours());
    let process = |running: Running| {
        let Running { pid, program, name, arguments } = running;
        host.has(&program).then(|| PluginProcess { pid, name, arguments, is_ours: ours.contains(&pid) })
    };
    host.processes().filter_map(process).collect()
}

/// Whether a process of this host's own, of root or of Dokku's user and outside of all containers, runs a program whose
/// file has this name, wherever it lies. Of a script the name is its own, not the shell's.
#[doc(hidden)] // for ps, which waits for deploys as well
pub fn host_runs(env: &Env, program: &str) -> bool {
    Host::of(env).processes().any(|running| running.name == program)
}

/// A process of the host's, and what it runs.
struct Running {
    pid: u32,
    program: PathBuf,
    /// The name of the program's file.
    name: String,
    arguments: Vec<String>,
}

/// What makes a process this host's.
struct Host {
    users: [u32; 2],
    /// Our own namespace of processes, and how many lie around it.
    namespace: Option<PathBuf>,
    depth: Option<usize>,
    /// As the host names them, and as they are without links.
    folders: Vec<PathBuf>,
}

impl Host {
    fn of(env: &Env) -> Self {
        let ours = Path::new("/proc/self");
        let named = FOLDERS.iter().filter_map(|name| env.var(name)).map(PathBuf::from);
        let named: Vec<PathBuf> = named.filter(|folder| folder.is_absolute()).collect();
        let real = named.iter().filter_map(|folder| folder.canonicalize().ok()).collect();
        Self {
            users: [0, dokku_user(env)],
            namespace: namespace(ours),
            depth: text(&ours.join("status")).and_then(|status| depth(&status)),
            folders: [named, real].concat(),
        }
    }

    /// What the host's own processes run. One that ends meanwhile is left out.
    fn processes(&self) -> impl Iterator<Item = Running> {
        let process = |entry: PathBuf| {
            let pid = entry.file_name()?.to_str()?.parse().ok()?;
            if !self.may_run(&entry) {
                return None;
            }
            let (program, arguments) = program(command_line(&entry)?)?;
            let program = PathBuf::from(program);
            let name = program.file_name()?.to_str()?.to_owned();
            Some(Running { pid, program, name, arguments })
        };
        entries(Path::new("/proc")).unwrap_or_default().into_iter().filter_map(process)
    }

    /// Whether a process, given its folder in /proc, is the host's to run. The link to another user's namespace cannot
    /// be read; how deep a process lies can, and a container's lies deeper.
    fn may_run(&self, process: &Path) -> bool {
        let Some(status) = text(&process.join("status")) else { return false };
        let is_here = match (namespace(process), &self.namespace) {
            (Some(found), Some(ours)) => found == *ours,
            _ => depth(&status) == self.depth,
        };
        is_here && users(&status).is_some_and(|users| users.iter().all(|user| self.users.contains(user)))
    }

    /// Whether a file lies in the folders of the plugins. One that has been replaced meanwhile is taken at its word.
    fn has(&self, file: &Path) -> bool {
        let file = file.canonicalize().unwrap_or_else(|_| file.to_owned());
        let goes_up = file.components().any(|part| part == Component::ParentDir);
        file.is_absolute() && !goes_up && self.folders.iter().any(|folder| file.starts_with(folder))
    }
}

fn namespace(process: &Path) -> Option<PathBuf> {
    link_target(&process.join("ns/pid")).ok()
}

/// In how many namespaces a process has a number.
fn depth(status: &str) -> Option<usize> {
    line(status, "NSpid:").map(Iterator::count)
}

/// The executable that a process runs, and its arguments. A script stands behind the shell that runs it, and `env`,
/// which finds the shell, before both. `parallel` gives a shell the whole command as one word; any other command in one
/// word is no script.
pub(crate) fn program(words: Vec<String>) -> Option<(String, Vec<String>)> {
    let is = |word: &String, names: &[&str]| names.contains(&word.rsplit('/').next().unwrap_or_default());
    let mut words = words.into_iter().peekable();
    words.next_if(|word| is(word, &["env"]));
    if words.next_if(|word| is(word, &SHELLS)).is_some() {
        while let Some(option) = words.next_if(|word| word.starts_with('-')) {
            if option == "-c" {
                let command = words.next()?;
                let mut words = command.split_whitespace().map(str::to_owned);
                return Some((words.next()?, words.collect()));
            }
        }
    }
    Some((words.next()?, words.collect()))
}

/// The words of a process' command line, given its folder in /proc. `None` for one that has none: the kernel's own, and
/// those that have ended. Those have no program either; one that has a program and no words is about to get them.
fn command_line(process: &Path) -> Option<Vec<String>> {
    for _ in 0..LOOKS {
        let line = text(&process.join("cmdline"))?;
        if !line.is_empty() {
            return Some(line.trim_end_matches('\0').split('\0').map(str::to_owned).collect());
        }
        link_target(&process.join("exe")).ok()?;
        std::thread::sleep(LOOK_AGAIN);
    }
    None
}

/// This process and its ancestors.
fn ours() -> BTreeSet<u32> {
    let mut ours = BTreeSet::new();
    let mut next = Some(std::process::id());
    while let Some(pid) = next.filter(|pid| *pid > 0 && ours.insert(*pid)) {
        next = text(Path::new(&format!("/proc/{pid}/stat"))).and_then(|stat| parent(&stat));
    }
    ours
}

/// The parent in a line of `/proc/PID/stat`; the program's name, which may hold anything, is in parentheses.
fn parent(stat: &str) -> Option<u32> {
    let (_, rest) = stat.rsplit_once(')')?;
    rest.split_whitespace().nth(1)?.parse().ok()
}

#[cfg(test)]
#[path = "plugin_processes_tests.rs"]
mod tests;
