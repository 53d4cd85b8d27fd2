//! Files that may be anything by now: they are looked at before they are opened, and afterwards.

use rustix::fs::{Mode, OFlags};
use std::fs::{File, Metadata};
use std::os::unix::fs::{FileTypeExt, MetadataExt};
use std::path::Path;

/// Opens a lock file, which is made with this mode where it is missing. The content of a file that is there stays.
///
/// # Errors
/// When it cannot be opened or made; when a link or anything but a regular file has its name.
pub(crate) fn open_lock(path: &Path, mode: u32) -> std::io::Result<File> {
    let file = open_file(path, OFlags::RDWR | OFlags::CREATE, mode)?;
    // Its content is written in place: a second name of another's file would be that file.
    if file.metadata()?.nlink() > 1 {
        return Err(std::io::Error::other("it has another name as well, remove it"));
    }
    Ok(file)
}

/// Opens a file for reading, of which only the beginning matters, or which may have any size.
///
/// # Errors
/// When it is missing, or anything but a regular file has its name.
///
/// ```
/// assert!(dokku_plugin::file::open_for_reading("/etc/passwd".as_ref()).is_ok());
/// assert!(dokku_plugin::file::open_for_reading("/dev/null".as_ref()).is_err());
/// ```
pub fn open_for_reading(path: &Path) -> std::io::Result<File> {
    open_file(path, OFlags::RDONLY, 0)
}

/// Opens a file below `/proc` or `/sys`. The kernel has made it: it is what it should be, and need not be looked at.
///
/// # Errors
/// When it is missing, as that of a process that has ended.
pub(crate) fn open_of_the_kernel(path: &Path) -> std::io::Result<File> {
    let flags = OFlags::RDONLY | OFlags::NONBLOCK | OFlags::NOFOLLOW | OFlags::CLOEXEC;
    Ok(File::from(rustix::fs::open(path, flags, Mode::empty())?))
}

/// Opens a file that may be anything by now: no link is followed, nothing is waited for, and only a regular file will
/// do.
fn open_file(path: &Path, how: OFlags, mode: u32) -> std::io::Result<File> {
    let refuse =
        |about: &Metadata| if about.is_file() { Ok(()) } else { Err(std::io::Error::other(what_it_is(about))) };
    // Opening a device may do something by itself.
    if let Ok(about) = path.symlink_metadata() {
        refuse(&about)?;
    }
    let flags = how | OFlags::NONBLOCK | OFlags::NOFOLLOW | OFlags::CLOEXEC | OFlags::NOCTTY;
    let file = File::from(rustix::fs::open(path, flags, Mode::from_raw_mode(mode))?);
    refuse(&file.metadata()?)?;
    Ok(file)
}

fn what_it_is(about: &Metadata) -> String {
    let kind = about.file_type();
    let word = match () {
        () if kind.is_symlink() => "a symbolic link",
        () if kind.is_dir() => "a directory",
        () if kind.is_fifo() => "a FIFO",
        () if kind.is_socket() => "a socket",
        () => "a device",
    };
    format!("it is {word} and must be a regular file, remove it")
}
