//! Files as they are opened here, and nowhere else: nothing that another could put in a file's place is believed.
//!
//! A file may have been put there by another app's source, another user, or an image. So a link in its place is
//! not followed, what is no regular file (a pipe would be waited for, a device has no end) is refused, and no more is
//! read than a file of its kind can hold. What is refused is named, and never quoted.

#![allow(clippy::disallowed_methods, reason = "this is the one place that opens files")]

mod open;

pub use self::open::open_for_reading;
pub(crate) use self::open::open_lock;
pub(crate) use self::open::open_of_the_kernel;

use crate::{Context, Error, Result};
use rustix::fs::{AtFlags, CWD, FileType, Mode, OFlags, RawDir, ResolveFlags};
use rustix::io::Errno;
use std::ffi::{OsStr, OsString};
use std::fs::{File, Metadata};
use std::io::Read;
use std::mem::MaybeUninit;
use std::os::fd::{AsFd, OwnedFd};
use std::os::unix::ffi::OsStrExt;
use std::path::{Component, Path, PathBuf};

/// The most that is read of a file of the host's, in bytes.
const OF_THE_HOST: u64 = 16 * 1024 * 1024;

/// The most that a file of a source can have, in bytes: 1 MiB.
///
/// ```
/// assert_eq!(dokku_plugin::file::OF_A_SOURCE, 1_048_576);
/// ```
pub const OF_A_SOURCE: u64 = 1024 * 1024;

/// How often a path is looked up again that was moved meanwhile.
const LOOKS: u32 = 16;

/// How many bytes of a folder the kernel tells at once.
const LISTED_AT_ONCE: usize = 4096;

/// How a file is opened for reading: a pipe in its place is not waited for, a terminal does not become ours.
const READING: OFlags = OFlags::RDONLY.union(OFlags::NONBLOCK).union(OFlags::CLOEXEC).union(OFlags::NOCTTY);

/// The bytes of a file; `None` when it is missing. A link in its place is not followed.
///
/// # Errors
/// When it is there and cannot be read, is no regular file, or has more than 16 MiB.
///
/// ```
/// let folder = tempfile::tempdir()?;
/// std::fs::write(folder.path().join("quota"), "3")?;
/// assert_eq!(dokku_plugin::file::read(&folder.path().join("quota"))?.as_deref(), Some(b"3".as_slice()));
/// assert_eq!(dokku_plugin::file::read(&folder.path().join("missing"))?, None);
/// # Ok::<(), dokku_plugin::Error>(())
/// ```
pub fn read(path: &Path) -> Result<Option<Vec<u8>>> {
    opened(path, READING | OFlags::NOFOLLOW, OF_THE_HOST).context(|| format!("reading {}", shown(path)))
}

/// The text of a file; `None` when it is missing.
///
/// # Errors
/// As [`read`]; when it is not UTF-8.
///
/// ```
/// let folder = tempfile::tempdir()?;
/// std::fs::write(folder.path().join("quota"), "3")?;
/// assert_eq!(dokku_plugin::file::read_text(&folder.path().join("quota"))?.as_deref(), Some("3"));
/// # Ok::<(), dokku_plugin::Error>(())
/// ```
pub fn read_text(path: &Path) -> Result<Option<String>> {
    read(path)?
        .map(|bytes| String::from_utf8(bytes).map_err(|_| Error::new(format!("{} is not valid UTF-8", shown(path)))))
        .transpose()
}

/// The bytes of a file that the system or whoever administers it has put there, through links: of the kernel, below
/// `/etc`, a plugin's own. `None` when it is missing.
///
/// # Errors
/// As [`read`], but for the links.
///
/// ```
/// let about = dokku_plugin::file::read_of_the_system("/proc/self/status".as_ref())?;
/// assert!(about.is_some_and(|about| about.starts_with(b"Name:")));
/// # Ok::<(), dokku_plugin::Error>(())
/// ```
pub fn read_of_the_system(path: &Path) -> Result<Option<Vec<u8>>> {
    opened(path, READING, OF_THE_HOST).context(|| format!("reading {}", shown(path)))
}

/// The bytes of a file in a folder that another has filled, an unpacked source: `None` when it has none at this
/// relative path. Links are followed as long as they lead to something inside the folder.
///
/// # Errors
/// When it cannot be read, is no regular file inside the folder, or has more than [`OF_A_SOURCE`].
///
/// ```
/// let source = tempfile::tempdir()?;
/// std::fs::write(source.path().join("app.json"), "{}")?;
/// std::os::unix::fs::symlink("/etc/passwd", source.path().join("link"))?;
/// assert_eq!(dokku_plugin::file::read_inside(source.path(), "app.json")?.as_deref(), Some(b"{}".as_slice()));
/// assert!(dokku_plugin::file::read_inside(source.path(), "link").is_err());
/// # Ok::<(), dokku_plugin::Error>(())
/// ```
pub fn read_inside(folder: &Path, path: &str) -> Result<Option<Vec<u8>>> {
    let root = match rustix::fs::open(folder, OFlags::DIRECTORY | OFlags::CLOEXEC | OFlags::RDONLY, Mode::empty()) {
        Ok(root) => root,
        Err(Errno::NOENT) => return Ok(None),
        Err(error) => return Err(reason(error)),
    };
    match open_inside(&root, Path::new(path)) {
        Ok(file) => contents(file, OF_A_SOURCE).map(Some),
        Err(Errno::NOENT | Errno::NOTDIR) => {
            let is_there = rustix::fs::statat(&root, path, AtFlags::SYMLINK_NOFOLLOW).is_ok();
            if is_there { Err(Error::new("it is a symbolic link that leads nowhere")) } else { Ok(None) }
        }
        Err(Errno::XDEV) => Err(Error::new("it leads out of the source")),
        Err(error) => Err(reason(error)),
    }
}

fn open_inside(root: &OwnedFd, path: &Path) -> std::result::Result<OwnedFd, Errno> {
    let inside = ResolveFlags::BENEATH | ResolveFlags::NO_MAGICLINKS;
    for _ in 0..LOOKS {
        match rustix::fs::openat2(root, path, READING, Mode::empty(), inside) {
            Err(Errno::AGAIN | Errno::INTR) => {}
            // A kernel before 5.6, or one that forbids the call.
            Err(Errno::NOSYS | Errno::PERM) => return open_without_links(root, path),
            opened => return opened,
        }
    }
    Err(Errno::AGAIN)
}

/// The same where the kernel cannot tell whether a link leads out: no link is followed at all.
fn open_without_links(root: &OwnedFd, path: &Path) -> std::result::Result<OwnedFd, Errno> {
    let mut parts = Vec::new();
    for part in path.components() {
        match part {
            Component::Normal(name) => parts.push(name),
            Component::CurDir => {}
            Component::ParentDir | Component::RootDir | Component::Prefix(_) => return Err(Errno::XDEV),
        }
    }
    let (last, folders) = parts.split_last().ok_or(Errno::ISDIR)?;
    let mut at = rustix::io::dup(root)?;
    for folder in folders {
        let flags = OFlags::DIRECTORY | OFlags::NOFOLLOW | OFlags::CLOEXEC | OFlags::RDONLY;
        at = rustix::fs::openat(&at, *folder, flags, Mode::empty())?;
    }
    rustix::fs::openat(&at, *last, READING | OFlags::NOFOLLOW, Mode::empty())
}

fn opened(path: &Path, flags: OFlags, most: u64) -> Result<Option<Vec<u8>>> {
    match rustix::fs::open(path, flags, Mode::empty()) {
        Ok(file) => contents(file, most).map(Some),
        Err(Errno::NOENT) => Ok(None),
        Err(Errno::LOOP) => {
            Err(Error::new("it is a symbolic link and must be a regular file, put the file itself there"))
        }
        Err(error) => Err(reason(error)),
    }
}

/// What an open file holds, if it is a regular one and has no more than `most` bytes.
fn contents(file: OwnedFd, most: u64) -> Result<Vec<u8>> {
    let mut file = File::from(file);
    let length = regular(&file)?.len();
    let too_large = || Error::new(format!("it has more than {} MiB", most >> 20));
    if length > most {
        return Err(too_large());
    }
    // One that gives as much as it says, where there is room for more, need not be asked again. The kernel's own files say
    // that they have nothing.
    let mut bytes = vec![0; usize::try_from(length + 1).unwrap_or_default()];
    let read = file.read(&mut bytes)?;
    bytes.truncate(read);
    if length == 0 || read as u64 != length {
        file.take(most.saturating_sub(read as u64) + 1).read_to_end(&mut bytes)?;
    }
    if bytes.len() as u64 > most { Err(too_large()) } else { Ok(bytes) }
}

fn regular(file: &File) -> Result<Metadata> {
    let about = file.metadata()?;
    if about.is_dir() {
        Err(Error::new("it is a directory"))
    } else if about.is_file() {
        Ok(about)
    } else {
        Err(Error::new("it is no regular file"))
    }
}

/// The system's error in words that say what is in the way.
pub(crate) fn reason(error: Errno) -> Error {
    match error {
        Errno::LOOP => Error::new("it is a symbolic link"),
        Errno::NXIO => Error::new("it is no regular file"),
        other => std::io::Error::from(other).into(),
    }
}

/// Opens the terminal that this process belongs to.
///
/// # Errors
/// When it belongs to none.
pub(crate) fn open_terminal() -> std::io::Result<OwnedFd> {
    Ok(rustix::fs::open("/dev/tty", READING, Mode::empty())?)
}

/// Opens a folder in which something is to be made, replaced or removed; a link in its place is not followed.
///
/// # Errors
/// When it is missing, a link, or no folder.
pub(crate) fn open_folder(path: &Path) -> Result<OwnedFd> {
    let path = if path.as_os_str().is_empty() { Path::new(".") } else { path };
    let flags = OFlags::DIRECTORY | OFlags::NOFOLLOW | OFlags::CLOEXEC | OFlags::RDONLY;
    rustix::fs::open(path, flags, Mode::empty()).map_err(|error| {
        let is_link = kind(path) == Some(FileType::Symlink);
        if is_link { Error::new("its folder is a symbolic link") } else { reason(error) }
    })
}

/// Makes a file that is not there yet in an open folder, for writing.
pub(crate) fn create_in(folder: impl AsFd, name: &OsStr) -> std::result::Result<File, Errno> {
    let flags = OFlags::WRONLY | OFlags::CREATE | OFlags::EXCL | OFlags::NOFOLLOW | OFlags::CLOEXEC;
    rustix::fs::openat(folder, name, flags, Mode::from_raw_mode(0o600)).map(File::from)
}

/// Opens what has this name in an open folder, to see who else has it open.
pub(crate) fn open_in(folder: impl AsFd, name: &OsStr) -> std::result::Result<File, Errno> {
    rustix::fs::openat(folder, name, READING | OFlags::NOFOLLOW, Mode::empty()).map(File::from)
}

/// What has this name, a link being one itself; `None` when there is nothing.
fn kind(path: &Path) -> Option<FileType> {
    let about = rustix::fs::statat(CWD, path, AtFlags::SYMLINK_NOFOLLOW).ok()?;
    Some(FileType::from_raw_mode(about.st_mode))
}

/// Whether something has this name, be it a link that leads nowhere.
///
/// ```
/// assert!(dokku_plugin::file::exists("/proc/self".as_ref()));
/// ```
pub fn exists(path: &Path) -> bool {
    kind(path).is_some()
}

/// Whether this is a folder, and no link to one.
///
/// ```
/// assert!(dokku_plugin::file::is_folder("/proc".as_ref()) && !dokku_plugin::file::is_folder("/proc/self".as_ref()));
/// ```
pub fn is_folder(path: &Path) -> bool {
    kind(path) == Some(FileType::Directory)
}

/// Whether this is a regular file, and no link to one.
///
/// ```
/// assert!(dokku_plugin::file::is_regular("/proc/version".as_ref()) && !dokku_plugin::file::is_regular("/dev/null".as_ref()));
/// ```
pub fn is_regular(path: &Path) -> bool {
    kind(path) == Some(FileType::RegularFile)
}

/// The mode of what has this name; `None` when there is nothing.
#[doc(hidden)] // for ps, with its key
pub fn mode(path: &Path) -> Option<u32> {
    let about = rustix::fs::statat(CWD, path, AtFlags::SYMLINK_NOFOLLOW).ok()?;
    Some(about.st_mode & 0o777)
}

/// Whether this is a symbolic link.
///
/// ```
/// assert!(dokku_plugin::file::is_link("/proc/self".as_ref()));
/// ```
pub fn is_link(path: &Path) -> bool {
    kind(path) == Some(FileType::Symlink)
}

/// Where a link leads.
///
/// # Errors
/// When it is none, or may not be read.
///
/// ```
/// assert!(dokku_plugin::file::link_target("/proc/self".as_ref()).is_ok());
/// assert!(dokku_plugin::file::link_target("/".as_ref()).is_err());
/// ```
pub fn link_target(path: &Path) -> std::io::Result<PathBuf> {
    std::fs::read_link(path)
}

/// The paths in a folder, sorted; none when it is missing.
///
/// # Errors
/// When the folder cannot be read.
///
/// ```
/// let folder = tempfile::tempdir()?;
/// std::fs::write(folder.path().join("quota"), "3")?;
/// assert_eq!(dokku_plugin::file::entries(folder.path())?, [folder.path().join("quota")]);
/// # Ok::<(), dokku_plugin::Error>(())
/// ```
pub fn entries(folder: &Path) -> Result<Vec<PathBuf>> {
    Ok(names(folder)?.into_iter().map(|name| folder.join(name)).collect())
}

/// The names in a folder, sorted; none when it is missing.
///
/// # Errors
/// As [`entries`].
pub(crate) fn names(folder: &Path) -> Result<Vec<OsString>> {
    let reading = || format!("reading {}", shown(folder));
    let opened = match rustix::fs::open(folder, OFlags::DIRECTORY | OFlags::CLOEXEC | OFlags::RDONLY, Mode::empty()) {
        Err(Errno::NOENT) => return Ok(Vec::new()),
        opened => opened.map_err(std::io::Error::from).context(reading)?,
    };
    let mut names = Vec::new();
    let mut buffer = [MaybeUninit::uninit(); LISTED_AT_ONCE];
    let mut listed = RawDir::new(opened, &mut buffer);
    while let Some(entry) = listed.next() {
        let entry = match entry {
            // It was removed meanwhile.
            Err(Errno::NOENT) => break,
            entry => entry.map_err(std::io::Error::from).context(reading)?,
        };
        let name = OsStr::from_bytes(entry.file_name().to_bytes());
        if name != "." && name != ".." {
            names.push(name.to_owned());
        }
    }
    names.sort_unstable();
    Ok(names)
}

/// Random bytes of the system's.
///
/// # Errors
/// When the system has none to give.
#[doc(hidden)] // for ps, with its key
pub fn random<const LENGTH: usize>() -> Result<[u8; LENGTH]> {
    let mut bytes = [0; LENGTH];
    let mut filled = 0;
    while let Some(rest) = bytes.get_mut(filled..).filter(|rest| !rest.is_empty()) {
        match rustix::rand::getrandom(rest, rustix::rand::GetRandomFlags::empty()) {
            Ok(count) => filled += count,
            Err(Errno::INTR) => {}
            Err(error) => return Err(std::io::Error::from(error)).context(|| "reading random bytes"),
        }
    }
    Ok(bytes)
}

/// A path for a message: as it is when it is printable, quoted with escapes otherwise.
pub(crate) fn shown(path: &Path) -> String {
    match path.to_str() {
        Some(text) if !text.chars().any(crate::commands_a_terminal) => text.to_owned(),
        _ => format!("\"{}\"", path.to_string_lossy().escape_debug()),
    }
}

#[cfg(test)]
#[path = "file_tests.rs"]
mod tests;
