//! Who holds a lock file.

use crate::file::open_for_reading;
use std::fs::File;
use std::io::Read;
use std::os::unix::fs::MetadataExt;
use std::path::Path;

/// At most this many readings of the kernel's table of locks, and the bytes that hold a usual one.
const READINGS: u32 = 20;
const TABLE: usize = 64 * 1024;

/// No more of what a holder wrote, and of a command line, is read.
const NAME: u64 = 256;
const LINE: u64 = 1024;

/// Who holds a lock, in words: what the holder wrote into it, else the process that the kernel knows.
pub(crate) fn holder(path: &Path) -> String {
    let file = open_for_reading(path);
    let content: String = file.map(|file| beginning(file, NAME)).unwrap_or_default().chars().take(80).collect();
    if !content.is_empty() {
        return match content.parse().ok().and_then(command_of) {
            Some(command) => format!("process {content} ({command})"),
            None if content.bytes().all(|byte| byte.is_ascii_digit()) => format!("process {content}"),
            None => format!("build {content}"),
        };
    }
    let holder = path.symlink_metadata().ok().and_then(|about| process_holding(&about).ok().flatten());
    match holder.map(|process| (process, command_of(process))) {
        Some((process, Some(command))) => format!("process {process} ({command})"),
        Some((process, None)) => format!("process {process}"),
        None => "another process".to_owned(),
    }
}

/// The process that holds a lock, from the kernel's table of locks. The kernel gives the table in pieces, and a lock
/// whose line moves up between two of them is in neither: nobody has it once two readings are the same.
pub(crate) fn process_holding(file: &std::fs::Metadata) -> std::io::Result<Option<u32>> {
    let mut before = String::new();
    for _ in 0..READINGS {
        let mut table = String::with_capacity(TABLE);
        open_for_reading(Path::new("/proc/locks"))?.read_to_string(&mut table)?;
        let holder = process_in(&table, file);
        if holder.is_some() || table == before {
            return Ok(holder);
        }
        before = table;
    }
    Ok(None)
}

/// The process in a table of locks (`1: FLOCK  ADVISORY  WRITE 708 fe:00:917536 0 EOF`).
fn process_in(locks: &str, file: &std::fs::Metadata) -> Option<u32> {
    let (major, minor) = (rustix::fs::major(file.dev()), rustix::fs::minor(file.dev()));
    let wanted = format!("{major:02x}:{minor:02x}:{}", file.ino());
    locks.lines().find_map(|line| {
        let fields: Vec<&str> = line.split_whitespace().collect();
        let (kind, process, place) = (fields.get(1)?, fields.get(4)?, fields.get(5)?);
        (*kind == "FLOCK" && *place == wanted).then(|| process.parse().ok()).flatten()
    })
}

/// The command line of a process, shortened; `None` when it has gone.
fn command_of(process: u32) -> Option<String> {
    let line = beginning(open_for_reading(Path::new(&format!("/proc/{process}/cmdline"))).ok()?, LINE);
    let line: String = line.trim().chars().take(60).collect();
    (!line.is_empty()).then_some(line)
}

/// The beginning of a text that others have written, fit to be shown: a control character, which could speak to the
/// terminal, is a blank.
fn beginning(file: File, most: u64) -> String {
    let mut bytes = Vec::new();
    let _what_could_be_read = file.take(most).read_to_end(&mut bytes);
    let shown = |character: char| if character.is_control() { ' ' } else { character };
    String::from_utf8_lossy(&bytes).chars().map(shown).collect::<String>().trim().to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_kernel_s_table_names_the_process() {
        let folder = tempfile::tempdir().unwrap();
        let file = File::create(folder.path().join("lock")).unwrap();
        file.lock().unwrap();
        let about = file.metadata().unwrap();
        assert_eq!(process_holding(&about).unwrap(), Some(std::process::id()));
        file.unlock().unwrap();
        assert_eq!(process_holding(&about).unwrap(), None);
    }

    #[test]
    fn what_a_holder_wrote_is_shown_without_what_speaks_to_a_terminal_and_cut() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("lock");
        let said = |content: &[u8]| {
            std::fs::write(&path, content).unwrap();
            holder(&path)
        };
        assert_eq!(said(b"mwx6cmw8gudtq6\n"), "build mwx6cmw8gudtq6");
        assert_eq!(said(b"a\x1b[2J\x07b\xff\xc2\x9bc\nd\x7f"), "build a [2J b\u{fffd} c d");
        assert_eq!(said(b"99999999999"), "process 99999999999");
        assert_eq!(said("x".repeat(100_000).as_bytes()).len(), "build ".len() + 80);
        assert_eq!(said(b"\x1b"), "another process");
    }
}
