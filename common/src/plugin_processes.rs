//! What plugins of this host run at this moment, from the kernel's table of processes.
//!
//! Anybody's command line may say anything, so only a process counts that can be the host's: it is Dokku's user's or
//! root's, it is no container's, and the executable that it runs lies in the folders of this host's plugins.

use crate::Env;
use crate::file::{entries, link_target, open_for_reading};
use crate::users::dokku_user;
use std::collections::BTreeSet;
use std::io::Read;
use std::path::{Component, Path, PathBuf};
use std::time::Duration;

/// How often, and after how long each time, a process that is just taking up a new program is looked at again.
const LOOKS: u32 = 50;
const LOOK_AGAIN: Duration = Duration::from_millis(1);

/// No more of a file in /proc is read.
const MOST: u64 = 64 * 1024;

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
pub fn plugin_processes(env: &Env) -> Vec<PluginProcess> {
    let (host, ours) = (Host::of(env), ours());
    let process = |entry: PathBuf| {
        let pid = entry.file_name()?.to_str()?.parse().ok()?;
        if !host.may_run(&entry) {
            return None;
        }
        let (program, arguments) = program(command_line(&entry)?)?;
        let name = Path::new(&program).file_name()?.to_str()?.to_owned();
        host.has(Path::new(&program)).then(|| PluginProcess { pid, name, arguments, is_ours: ours.contains(&pid) })
    };
    entries(Path::new("/proc")).unwrap_or_default().into_iter().filter_map(process).collect()
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

fn text(file: &Path) -> Option<String> {
    let mut bytes = Vec::new();
    open_for_reading(file).ok()?.take(MOST).read_to_end(&mut bytes).ok()?;
    Some(String::from_utf8_lossy(&bytes).into_owned())
}

/// The words of a line of `/proc/PID/status`.
fn line<'s>(status: &'s str, name: &str) -> Option<impl Iterator<Item = &'s str>> {
    Some(status.lines().find_map(|line| line.strip_prefix(name))?.split_whitespace())
}

/// The real and the effective user.
fn users(status: &str) -> Option<[u32; 2]> {
    let mut users = line(status, "Uid:")?.map(str::parse);
    Some([users.next()?.ok()?, users.next()?.ok()?])
}

/// In how many namespaces a process has a number.
fn depth(status: &str) -> Option<usize> {
    line(status, "NSpid:").map(Iterator::count)
}

/// The executable that a process runs, and its arguments. A script stands behind the shell that runs it, and `env`,
/// which finds the shell, before both. `parallel` gives a shell the whole command as one word; any other command in one
/// word is no script.
fn program(words: Vec<String>) -> Option<(String, Vec<String>)> {
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
mod tests {
    use super::*;
    use crate::script::write_script;
    use std::process::{Command, Stdio};
    use std::time::Instant;

    fn host(plugins: &Path) -> Env {
        let user = Command::new("id").arg("-un").output().unwrap().stdout;
        let user = String::from_utf8(user).unwrap();
        let variables = [
            ("PLUGIN_PATH".into(), plugins.as_os_str().to_owned()),
            ("DOKKU_SYSTEM_USER".into(), user.trim().to_owned().into()),
        ];
        Env::new(variables.into(), Vec::new())
    }

    /// A process of a script, as long as `until` does not hold.
    fn while_it_runs<T>(command: &mut Command, until: impl Fn(u32) -> Option<T>) -> Option<T> {
        let mut child = command.stdout(Stdio::null()).stderr(Stdio::null()).stdin(Stdio::piped()).spawn().unwrap();
        let end = Instant::now() + Duration::from_mins(1);
        let found = loop {
            let found = until(child.id());
            if found.is_some() || Instant::now() > end {
                break found;
            }
        };
        child.kill().unwrap();
        child.wait().unwrap();
        found
    }

    #[test]
    fn a_script_of_a_plugin_is_seen_with_its_arguments_and_another_one_is_not() {
        let folder = tempfile::tempdir().unwrap();
        let (plugins, elsewhere) = (folder.path().join("plugins"), folder.path().join("other"));
        for of in [&plugins, &elsewhere] {
            std::fs::create_dir(of).unwrap();
            write_script(&of.join("deploy"), "read line", "755");
        }
        // Through a link, as the host enables plugins.
        let link = folder.path().join("link");
        std::os::unix::fs::symlink(&plugins, &link).unwrap();
        for (by, at) in [(&plugins, &plugins), (&plugins, &link), (&link, &plugins)] {
            let env = host(by);
            let find = |pid| plugin_processes(&env).into_iter().find(|process| process.pid == pid);
            let found = while_it_runs(Command::new(at.join("deploy")).args(["shop", "a b"]), find).unwrap();
            let wanted = PluginProcess { name: "deploy".into(), arguments: vec!["shop".into(), "a b".into()], ..found };
            assert_eq!((&*wanted.name, wanted.is_ours), ("deploy", false));
        }
        // The same, seen by another host: it has been started as soon as the first host sees it.
        let (env, other) = (host(&plugins), host(&elsewhere));
        let both = |pid| {
            let of = |env| plugin_processes(env).into_iter().any(|process| process.pid == pid);
            of(&env).then(|| of(&other))
        };
        assert_eq!(while_it_runs(Command::new(plugins.join("deploy")).arg("shop"), both), Some(false));
    }

    #[test]
    fn the_host_runs_its_scripts_in_these_forms_and_no_other_counts() {
        let of = |words: &[&str]| {
            let (program, arguments) = program(words.iter().map(|word| (*word).to_owned()).collect())?;
            Some(format!("{program} {}", arguments.join(" ")))
        };
        let wanted = || Some("/plugins/x/deploy shop web".to_owned());
        assert_eq!(of(&["/plugins/x/deploy", "shop", "web"]), wanted());
        assert_eq!(of(&["bash", "/plugins/x/deploy", "shop", "web"]), wanted());
        assert_eq!(of(&["/bin/sh", "-e", "/plugins/x/deploy", "shop", "web"]), wanted());
        assert_eq!(of(&["/usr/bin/env", "bash", "/plugins/x/deploy", "shop", "web"]), wanted());
        assert_eq!(of(&["/usr/bin/bash", "-c", "/plugins/x/deploy shop web"]), wanted());
        for other in [
            &["vi", "/plugins/x/deploy", "shop", "web"][..],
            &["sh", "-c", "true; /plugins/x/deploy shop web"],
            &["/bin/bash", "-c", "source '/tmp/x'; main 'trigger' '/plugins/x/deploy' 'shop'"],
            &["sh", "-c"],
            &["env"],
            &[],
        ] {
            assert!(!of(other).is_some_and(|found| found.starts_with("/plugins")), "{other:?}");
        }
    }

    #[test]
    fn only_dokku_s_user_and_root_count_and_no_container_s_process() {
        let folder = tempfile::tempdir().unwrap();
        let host = Host {
            users: [0, 1001],
            namespace: Some("pid:[1]".into()),
            depth: Some(1),
            folders: vec!["/plugins".into()],
        };
        let may_run = |uids: &str, numbers: &str, namespace: Option<&str>| {
            let process = tempfile::tempdir_in(folder.path()).unwrap();
            let status = format!("Name:\tbash\nUid:\t{uids}\t0\t0\nGid:\t0\nNSpid:\t{numbers}\n");
            std::fs::write(process.path().join("status"), status).unwrap();
            if let Some(namespace) = namespace {
                std::fs::create_dir(process.path().join("ns")).unwrap();
                std::os::unix::fs::symlink(namespace, process.path().join("ns/pid")).unwrap();
            }
            host.may_run(process.path())
        };
        for users in ["1001\t1001", "0\t0", "0\t1001"] {
            assert!(may_run(users, "7", Some("pid:[1]")) && may_run(users, "7", None), "{users}");
            assert!(!may_run(users, "7\t1", Some("pid:[2]")) && !may_run(users, "7\t1", None), "{users}");
        }
        for users in ["1002\t1001", "1001\t1002", "x\t0", "-"] {
            assert!(!may_run(users, "7", Some("pid:[1]")), "{users}");
        }
        assert!(!host.may_run(Path::new("/nonexistent")));
    }

    #[test]
    fn a_path_is_below_the_plugins_or_it_is_not() {
        let folders = vec!["/nonexistent/plugins".into()];
        let host = Host { users: [0, 0], namespace: None, depth: None, folders };
        assert!(host.has(Path::new("/nonexistent/plugins/available/x/deploy")));
        for other in ["/nonexistent/plugins2/deploy", "/nonexistent/plugins/../x", "plugins/deploy", "deploy", ""] {
            assert!(!host.has(Path::new(other)), "{other}");
        }
    }

    #[test]
    fn this_process_and_its_parents_are_ours() {
        assert!(ours().contains(&std::process::id()));
        let parent = parent(&text(Path::new("/proc/self/stat")).unwrap()).unwrap();
        assert!(ours().contains(&parent));
    }

    #[test]
    fn who_has_an_output_is_not_silent() {
        let run = |stderr: Stdio| {
            let mut child = Command::new("sleep").arg("60").stdout(Stdio::null()).stderr(stderr).spawn().unwrap();
            let silent = is_silent(child.id());
            child.kill().unwrap();
            child.wait().unwrap();
            silent
        };
        assert!(!run(Stdio::piped()));
        assert!(run(Stdio::null()));
    }

    #[test]
    fn a_parent_is_read_past_any_name() {
        assert_eq!(parent("12 (a) S 7 (b) c) S 34 12 12 0"), Some(34));
        assert_eq!(parent("rubbish"), None);
    }
}
