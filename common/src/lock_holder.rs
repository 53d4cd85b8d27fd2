//! Who holds a lock file.

use crate::file::open_for_reading;
use crate::kernel::text;
use crate::plugin_processes::program;
use crate::shown;
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

/// Who holds a lock, in words: what it does, which process it is, and for how long it has been at it, as far as it is
/// known. `ps:scale shop web=3, process 3391, for 12 s`.
pub(crate) fn holder(path: &Path) -> String {
    let file = open_for_reading(path);
    let content: String = file.map(|file| beginning(file, NAME)).unwrap_or_default().chars().take(80).collect();
    let is_number = content.bytes().all(|byte| byte.is_ascii_digit());
    let holding = || path.symlink_metadata().ok().and_then(|about| process_holding(&about).ok().flatten());
    let process = if is_number { content.parse().ok().or_else(holding) } else { holding() };
    let build = (!is_number).then(|| format!("build {content}"));
    let named = process.map(|process| format!("process {process}"));
    let named = named.or_else(|| (is_number && !content.is_empty()).then(|| format!("process {content}")));
    let what = build.or_else(|| command_of(process?));
    let since = process.and_then(age).map(|seconds| format!("for {seconds} s"));
    let known: Vec<String> = [what, named, since].into_iter().flatten().collect();
    if known.is_empty() { "another process".to_owned() } else { known.join(", ") }
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

/// What a process does, shortened; `None` when it has gone. Of a command of ours, or of another plugin's, that is what its
/// user has typed; of another program its name and its arguments.
fn command_of(process: u32) -> Option<String> {
    let line = open_for_reading(Path::new(&format!("/proc/{process}/cmdline"))).ok()?;
    let mut bytes = Vec::new();
    let _what_could_be_read = line.take(LINE).read_to_end(&mut bytes);
    let words = String::from_utf8_lossy(&bytes).trim_end_matches('\0').split('\0').map(str::to_owned).collect();
    let (program, arguments) = program(words)?;
    let program = Path::new(&program);
    let is_subcommand = program.parent().is_some_and(|folder| folder.ends_with("subcommands"));
    let name = program.file_name()?.to_string_lossy().into_owned();
    let words: Vec<String> = Some(name).filter(|_| !is_subcommand).into_iter().chain(arguments).collect();
    let line: String = words.join(" ").trim().chars().take(60).collect();
    (!line.is_empty()).then(|| shown(&line))
}

/// For how many seconds a process has been there.
fn age(process: u32) -> Option<u64> {
    const TICKS: u64 = 100;
    let stat = text(Path::new(&format!("/proc/{process}/stat")))?;
    let (_, rest) = stat.rsplit_once(')')?;
    let began: u64 = rest.split_whitespace().nth(19)?.parse().ok()?;
    let uptime = text(Path::new("/proc/uptime"))?;
    let now: u64 = uptime.split(['.', ' ']).next()?.parse().ok()?;
    Some(now.saturating_sub(began / TICKS))
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
    fn a_holder_is_named_by_what_it_does() {
        let folder = tempfile::tempdir().unwrap();
        let script = folder.path().join("subcommands/scale");
        std::fs::create_dir(folder.path().join("subcommands")).unwrap();
        std::fs::write(&script, "read -r").unwrap();
        let path = folder.path().join("lock");
        let mut waits = std::process::Command::new("bash");
        waits.arg(&script).args(["ps:scale", "shop", "web=3"]).stdin(std::process::Stdio::piped());
        let mut child = waits.spawn().unwrap();
        std::fs::write(&path, child.id().to_string()).unwrap();
        while !command_of(child.id()).is_some_and(|command| command.contains("ps:scale")) {
            std::thread::sleep(std::time::Duration::from_millis(5));
        }
        let told = holder(&path);
        let wanted = format!("ps:scale shop web=3, process {}, for ", child.id());
        assert!(told.starts_with(&wanted) && told.ends_with(" s"), "{told}");
        drop(child.stdin.take());
        child.wait().unwrap();
        assert_eq!(holder(&path), format!("process {}", child.id()));
        assert!(age(std::process::id()).unwrap() < age(1).unwrap());
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
