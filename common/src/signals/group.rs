//! Who is in a process group, and whether one of them passes on signals as we do.

use crate::file::{entries, read_of_the_system};
use std::path::{Path, PathBuf};

/// What the thread is called that passes on signals, so that others can see that there is one.
pub(super) const HEEDS_SIGNALS: &str = "heeds-signals";

/// The processes of a group, as their folders in `/proc`. Those that have ended count no more.
pub(super) fn members(group: i32) -> Vec<PathBuf> {
    let is_member = |process: &PathBuf| group_of(process) == Some(group);
    entries(Path::new("/proc")).unwrap_or_default().into_iter().filter(is_member).collect()
}

/// Whether a process passes on signals to what it has started, and sees to its end.
pub(super) fn heeds_signals(process: &Path) -> bool {
    let named = |thread: &PathBuf| text(&thread.join("comm")).trim_end() == HEEDS_SIGNALS;
    entries(&process.join("task")).unwrap_or_default().iter().any(named)
}

/// The group of a process that has not ended.
fn group_of(process: &Path) -> Option<i32> {
    process.file_name()?.to_str()?.parse::<u32>().ok()?;
    // A program may be called anything; behind its name come the state, the parent and the group.
    let stat = text(&process.join("stat"));
    let mut fields = stat.rsplit_once(')')?.1.split_whitespace();
    let has_ended = matches!(fields.next()?, "Z" | "X");
    fields.nth(1)?.parse().ok().filter(|_| !has_ended)
}

fn text(file: &Path) -> String {
    String::from_utf8_lossy(&read_of_the_system(file).ok().flatten().unwrap_or_default()).into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn we_are_in_our_group_and_what_has_ended_is_in_none() {
        let ours = rustix::process::getpgrp().as_raw_nonzero().get();
        assert!(members(ours).contains(&PathBuf::from(format!("/proc/{}", std::process::id()))));
        let mut child = std::process::Command::new("true").spawn().unwrap();
        let at = PathBuf::from(format!("/proc/{}", child.id()));
        let end = std::time::Instant::now() + std::time::Duration::from_mins(1);
        while members(ours).contains(&at) {
            assert!(std::time::Instant::now() < end, "it does not end");
        }
        child.wait().unwrap();
    }

    #[test]
    fn who_heeds_signals_is_seen() {
        super::super::install();
        assert!(heeds_signals(Path::new("/proc/self")));
        assert!(!heeds_signals(Path::new("/proc/1")));
    }
}
