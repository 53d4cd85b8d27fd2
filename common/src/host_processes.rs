//! The processes of this host, from the kernel's table.

use std::collections::BTreeSet;
use std::path::Path;
use std::time::Duration;

/// How often, and after how long each time, a process that is just taking up a new program is looked at again.
const LOOKS: u32 = 50;
const LOOK_AGAIN: Duration = Duration::from_millis(1);

/// A process that runs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HostProcess {
    /// Its number.
    pub pid: u32,
    /// The words of its command line.
    pub words: Vec<String>,
    /// Whether it is this process, or one that this one runs inside of.
    pub is_ours: bool,
}

impl HostProcess {
    /// Whether nobody hears it: both its outputs are `/dev/null`.
    pub fn is_silent(&self) -> bool {
        let leads_nowhere = |descriptor| {
            std::fs::read_link(format!("/proc/{}/fd/{descriptor}", self.pid))
                .is_ok_and(|target| target == Path::new("/dev/null"))
        };
        leads_nowhere(1) && leads_nowhere(2)
    }
}

/// All processes whose command line we may read. One that ends meanwhile is left out.
pub fn host_processes() -> Vec<HostProcess> {
    let ours = ours();
    let entries = std::fs::read_dir("/proc").into_iter().flatten().flatten();
    let process = |entry: std::fs::DirEntry| {
        let pid = entry.file_name().to_str()?.parse().ok()?;
        let line = command_line(&entry.path())?;
        // A shell may have been given a whole command as one word.
        let words = String::from_utf8_lossy(&line)
            .split(|letter: char| letter == '\0' || letter.is_whitespace())
            .map(str::to_owned)
            .collect();
        Some(HostProcess { pid, words, is_ours: ours.contains(&pid) })
    };
    entries.filter_map(process).collect()
}

/// The command line of a process, given its folder in /proc. `None` for one that has none: the kernel's own, and
/// those that have ended. Those have no program either; one that has a program and no words is about to get them.
fn command_line(process: &Path) -> Option<Vec<u8>> {
    for _ in 0..LOOKS {
        let line = std::fs::read(process.join("cmdline")).ok()?;
        if !line.is_empty() {
            return Some(line);
        }
        std::fs::read_link(process.join("exe")).ok()?;
        std::thread::sleep(LOOK_AGAIN);
    }
    None
}

/// This process and its ancestors.
fn ours() -> BTreeSet<u32> {
    let mut ours = BTreeSet::new();
    let mut next = Some(std::process::id());
    while let Some(pid) = next.filter(|pid| *pid > 0 && ours.insert(*pid)) {
        next = std::fs::read_to_string(format!("/proc/{pid}/stat")).ok().and_then(|stat| parent(&stat));
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
    use std::process::{Command, Stdio};
    use std::time::Instant;

    #[test]
    fn a_process_is_seen_with_its_words_and_ours_are_told_apart() {
        let mut child = Command::new("sleep").arg("60").stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
        // Until the kernel has put the new program in the place of a copy of this one.
        let is_sleep = |process: &HostProcess| process.words.windows(2).any(|words| words == ["sleep", "60"]);
        let end = Instant::now() + Duration::from_mins(1);
        let mut processes;
        let sleep = loop {
            processes = host_processes();
            let found = processes.iter().find(|process| process.pid == child.id()).cloned();
            if found.as_ref().is_some_and(is_sleep) || Instant::now() > end {
                break found;
            }
        };
        let is_silent = sleep.as_ref().map(HostProcess::is_silent);
        child.kill().unwrap();
        child.wait().unwrap();
        let sleep = sleep.expect("a process that has been started");
        assert!(is_sleep(&sleep) && !sleep.is_ours, "{sleep:?}");
        assert_eq!(is_silent, Some(true));
        assert!(processes.iter().any(|process| process.pid == std::process::id() && process.is_ours));
    }

    #[test]
    fn who_has_an_output_is_not_silent() {
        let mut child = Command::new("sleep").arg("60").stdout(Stdio::null()).stderr(Stdio::piped()).spawn().unwrap();
        let heard = HostProcess { pid: child.id(), words: Vec::new(), is_ours: false };
        let is_silent = heard.is_silent();
        child.kill().unwrap();
        child.wait().unwrap();
        assert!(!is_silent);
    }

    #[test]
    fn a_parent_is_read_past_any_name() {
        assert_eq!(parent("12 (a) S 7 (b) c) S 34 12 12 0"), Some(34));
        assert_eq!(parent("rubbish"), None);
    }
}
