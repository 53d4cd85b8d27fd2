//! The processes inside a container as the kernel of this machine tells of them, which takes no process of its own.
//!
//! Docker itself has a `ps` of all processes of the machine run for each container, which takes twenty times as long. What
//! is not as it is expected is no error here: Docker is asked then.

use super::ContainerProcess;
use crate::file::{entries, is_folder};
use crate::kernel::{text, users};
use crate::users::Users;
use std::path::{Path, PathBuf};

/// Where the kernel tells of processes, and where it keeps them in groups.
const PROCESSES: &str = "/proc";
const GROUPS: &str = "/sys/fs/cgroup";

/// How deep groups lie inside a container's, and how many processes it has, if they are to be told in this way.
const DEEPEST: usize = 8;
const MOST: usize = 4096;

/// The unit of times in `/proc/PID/stat`, in parts of a second: all kernels tell programs this.
const TICKS: u64 = 100;

/// What the kernel tells of a container.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Inside {
    /// The processes in its groups; nothing where they are not found in this way, be it that it runs on another machine.
    pub(super) processes: Option<Vec<ContainerProcess>>,
    /// The bytes of memory that it uses; nothing where the kernel does not tell.
    pub(super) memory: Option<u64>,
}

/// This machine at this moment.
pub(super) struct Machine {
    /// Seconds since its start.
    uptime: u64,
    /// Its users.
    users: Users,
}

impl Machine {
    /// Nothing where its kernel does not tell.
    pub(super) fn now() -> Option<Self> {
        let uptime = text(&Path::new(PROCESSES).join("uptime"))?;
        Some(Self { uptime: uptime.split('.').next()?.parse().ok()?, users: Users::read() })
    }

    /// What there is inside a container, by its first process.
    pub(super) fn inside(&self, container: &str, first: u32) -> Inside {
        let groups = text(&Path::new(PROCESSES).join(first.to_string()).join("cgroup")).unwrap_or_default();
        Inside { processes: self.processes(container, &groups, first), memory: memory(container, &groups) }
    }

    fn processes(&self, container: &str, groups: &str, first: u32) -> Option<Vec<ContainerProcess>> {
        let group = group_of(container, groups)?;
        let mut pids = Vec::new();
        collect(&group, DEEPEST, &mut pids)?;
        pids.sort_unstable();
        pids.dedup();
        let found: Vec<ContainerProcess> = pids.into_iter().filter_map(|pid| self.process(pid)).collect();
        found.iter().any(|process| process.pid == first).then_some(found)
    }

    /// A process; nothing when it has ended meanwhile.
    fn process(&self, pid: u32) -> Option<ContainerProcess> {
        let folder = Path::new(PROCESSES).join(pid.to_string());
        let stat = text(&folder.join("stat"))?;
        let [_, user] = users(&text(&folder.join("status"))?)?;
        let user = self.users.name_of(user).map_or_else(|| user.to_string(), str::to_owned);
        let (elapsed, cpu, name) = times(&stat, self.uptime)?;
        let command = command(&text(&folder.join("cmdline"))?).unwrap_or(name);
        Some(ContainerProcess { pid, user, elapsed, cpu, command })
    }
}

/// The memory that a container uses in bytes, as `docker stats` counts: without what the kernel keeps of files and has not
/// needed lately.
fn memory(container: &str, groups: &str) -> Option<u64> {
    let number = |text: Option<String>| text?.trim().parse::<u64>().ok();
    let inactive = |group: &Path, name: &str| {
        let stat = text(&group.join("memory.stat")).unwrap_or_default();
        let lines = stat.lines().filter_map(|line| line.split_once(' '));
        lines.filter(|(found, _)| *found == name).find_map(|(_, bytes)| bytes.parse().ok()).unwrap_or(0)
    };
    let (group, usage, name) = match group_of_controller(container, groups, "memory") {
        Some(group) => (group, "memory.usage_in_bytes", "total_inactive_file"),
        None => (group_of_controller(container, groups, "")?, "memory.current", "inactive_file"),
    };
    let used = number(text(&group.join(usage)))?;
    Some(used.saturating_sub(inactive(&group, name)))
}

/// The folder of a container's group in the hierarchy of this controller.
fn group_of_controller(container: &str, groups: &str, controller: &str) -> Option<PathBuf> {
    let is_of = |line: &&str| line.split(':').nth(1).is_some_and(|found| found.split(',').any(|one| one == controller));
    group_of(container, groups.lines().find(is_of)?)
}

/// The folder of a container's group. A line is `NUMBER:CONTROLLERS:PATH`, with no controller where there is but one
/// hierarchy.
fn group_of(container: &str, groups: &str) -> Option<PathBuf> {
    let own = |line: &str| {
        let (controllers, path) = line.split_once(':')?.1.split_once(':')?;
        let path = Path::new(path.strip_prefix('/')?);
        let is_its_own = path.file_name()?.to_str()?.contains(container);
        let is_plain = path.components().all(|part| matches!(part, std::path::Component::Normal(_)));
        let hierarchy = Path::new(GROUPS).join(controllers.trim_start_matches("name="));
        (is_its_own && is_plain).then(|| hierarchy.join(path)).filter(|folder| is_folder(folder))
    };
    groups.lines().find_map(own)
}

/// The processes in a group and in those inside it.
fn collect(group: &Path, depth: usize, pids: &mut Vec<u32>) -> Option<()> {
    for line in text(&group.join("cgroup.procs"))?.lines() {
        pids.push(line.parse().ok()?);
    }
    // A folder is linked to by itself, its name, and each inside it.
    let has_inner = rustix::fs::stat(group).ok()?.st_nlink > 2;
    let inner = if has_inner { entries(group).ok()? } else { Vec::new() };
    let inner: Vec<PathBuf> = inner.into_iter().filter(|path| is_folder(path)).collect();
    if pids.len() > MOST || depth == 0 && !inner.is_empty() {
        return None;
    }
    inner.iter().try_for_each(|group| collect(group, depth - 1, pids))
}

/// Seconds since the start, tenths of a percent of a processor since then, and the name of what has no command line.
/// The name may hold anything, brackets as well, and comes before the rest.
fn times(stat: &str, uptime: u64) -> Option<(u64, u32, String)> {
    let (name, rest) = stat.split_once('(')?.1.rsplit_once(')')?;
    let fields: Vec<&str> = rest.split_whitespace().collect();
    let ticks = |place: usize| fields.get(place)?.parse::<u64>().ok();
    let elapsed = uptime.saturating_sub(ticks(19)? / TICKS);
    let used = ticks(11)?.saturating_add(ticks(12)?);
    let cpu = used.saturating_mul(1000).checked_div(TICKS)?.checked_div(elapsed).unwrap_or_default();
    let is_defunct = fields.first() == Some(&"Z");
    let name = if is_defunct { format!("[{name}] <defunct>") } else { format!("[{name}]") };
    Some((elapsed, cpu.try_into().ok()?, name))
}

/// The words of a command line with blanks between them.
fn command(words: &str) -> Option<String> {
    let text = words.replace('\0', " ");
    let text = text.trim();
    (!text.is_empty()).then(|| text.replace(char::is_control, "?"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_group_is_the_container_s_own_or_none() {
        let id = "3e5ab9b9e5ac3e5ab9b9e5ac";
        // The groups of this machine are there for one that is not.
        for groups in [
            "0::/\n".to_owned(),
            "3:cpu:/docker/other\n".to_owned(),
            format!("3:cpu:/../{id}\n"),
            format!("3:cpu:docker/{id}\n"),
            format!("3:../../tmp:/{id}\n"),
            format!("0::/docker/{id}\n"),
            "rubbish".to_owned(),
            String::new(),
        ] {
            assert_eq!(group_of(id, &groups), None, "{groups}");
        }
        let machine = Machine::now().unwrap();
        assert_eq!(machine.inside(id, std::process::id()), Inside::default(), "a process that is not the container's");
        assert_eq!(machine.inside(id, u32::MAX), Inside::default());
    }

    #[test]
    fn a_process_is_what_ps_says_of_it() {
        let ours = Machine::now().unwrap().process(std::process::id()).unwrap();
        assert!(ours.command.contains(&std::env::args().next().unwrap()), "{ours:?}");
        let words = ["-o", "user:32=", "-p", &ours.pid.to_string()].map(str::to_owned);
        let said = std::process::Command::new("ps").args(words).output().unwrap();
        assert_eq!(ours.user, String::from_utf8_lossy(&said.stdout).trim());
        assert!(Machine::now().unwrap().process(u32::MAX).is_none());
    }

    #[test]
    fn times_are_counted_from_the_start() {
        let stat = |state: &str, name: &str| {
            format!("7 ({name}) {state} 1 7 7 0 -1 4194560 9 0 0 0 150 50 0 0 20 0 1 0 12345 1 2 3\n")
        };
        // 200 ticks are two seconds, of 123.
        let told = |state: &str, name: &str| times(&stat(state, name), 246).unwrap();
        assert_eq!(told("S", "web"), (123, 16, "[web]".to_owned()));
        assert_eq!(told("Z", "a) R (b"), (123, 16, "[a) R (b] <defunct>".to_owned()));
        // It has begun in this second.
        assert_eq!(times(&stat("S", "web"), 123).unwrap().1, 0);
        for rubbish in ["", "7 web S", "7 (web) S 1 2", "7 (web) S 1 7 7 0 -1 4 9 0 0 0 x 50 0 0 20 0 1 0 12345"] {
            assert_eq!(times(rubbish, 246), None, "{rubbish}");
        }
    }

    #[test]
    fn a_command_line_is_words() {
        assert_eq!(command("/demo\0web\0--x y\0"), Some("/demo web --x y".to_owned()));
        assert_eq!(command("a\x1b[2J\nb\0"), Some("a?[2J?b".to_owned()));
        assert_eq!((command(""), command("\0")), (None, None));
    }
}
