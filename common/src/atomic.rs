//! Files that are there whole or not at all.
//!
//! A reader sees the old content or the new one, never a part, and after a crash at any moment the
//! file is one of the two: the content goes to a hidden file beside it, which is synced and renamed.

use crate::env::shown;
use crate::{Context, Error, Result};
use std::fs::{DirBuilder, File, OpenOptions, Permissions};
use std::io::{ErrorKind, Write};
use std::os::unix::fs::{DirBuilderExt, MetadataExt, OpenOptionsExt, PermissionsExt};
use std::path::{Path, PathBuf};

pub use crate::users::Owner;

/// The mode of folders.
const DIRECTORY: u32 = 0o755;

/// Replaces or creates `path` with these bytes and this mode (such as `0o600`).
///
/// Writers of one file wait for each other. What a killed writer left behind is used up by the next.
///
/// # Errors
/// When the file cannot be written; the old content is then still there.
pub fn write(path: &Path, bytes: &[u8], mode: u32, owner: Option<Owner>) -> Result<()> {
    let writing = || format!("writing {}", shown(path));
    if path.is_dir() {
        return Err(Error::new("it is a directory")).context(writing);
    }
    let (mut file, temporary) = open_temporary(path, mode).context(writing)?;
    let written = (|| {
        file.set_len(0)?;
        file.write_all(bytes)?;
        file.set_permissions(Permissions::from_mode(mode))?;
        give_to(&temporary, owner)?;
        file.sync_all()?;
        std::fs::rename(&temporary, path)?;
        sync_parent(path)
    })();
    if written.is_err() {
        let _keep_first_error = std::fs::remove_file(&temporary);
    }
    written.context(writing)
}

/// Removes a file; one that is not there is no error.
///
/// # Errors
/// When it cannot be removed.
pub fn remove(path: &Path) -> Result<()> {
    match std::fs::remove_file(path) {
        Err(error) if error.kind() != ErrorKind::NotFound => Err(error).context(|| format!("removing {}", shown(path))),
        Err(_) => Ok(()),
        Ok(()) => sync_parent(path).context(|| format!("removing {}", shown(path))),
    }
}

/// Renames a file or folder within its file system.
///
/// # Errors
/// When it cannot be renamed; it is then still where it was.
pub fn rename(from: &Path, to: &Path) -> Result<()> {
    std::fs::rename(from, to)
        .and_then(|()| sync_parent(to))
        .context(|| format!("renaming {} to {}", shown(from), shown(to)))
}

/// Makes a folder and those above it (mode 0755) where they are missing.
///
/// # Errors
/// When it cannot be made, or a file has its name.
pub fn create_directory(path: &Path, owner: Option<Owner>) -> Result<()> {
    if path.is_dir() {
        return Ok(());
    }
    if let Some(parent) = path.parent() {
        create_directory(parent, owner)?;
    }
    let making = || format!("making the folder {}", shown(path));
    match DirBuilder::new().mode(DIRECTORY).create(path) {
        Err(error) if error.kind() != ErrorKind::AlreadyExists || !path.is_dir() => Err(error).context(making),
        _ => own_directory(path, owner),
    }
}

/// Gives a folder that is there to its owner, with mode 0755, whatever the umask said when it was made.
///
/// # Errors
/// When it is another user's and we may not.
pub fn own_directory(path: &Path, owner: Option<Owner>) -> Result<()> {
    std::fs::set_permissions(path, Permissions::from_mode(DIRECTORY))
        .and_then(|()| give_to(path, owner))
        .context(|| format!("giving the folder {} to its owner", shown(path)))
}

/// Removes a folder with all that is in it; one that is not there is no error.
///
/// # Errors
/// When something in it cannot be removed.
pub fn remove_directory(path: &Path) -> Result<()> {
    match std::fs::remove_dir_all(path) {
        Err(error) if error.kind() != ErrorKind::NotFound => Err(error).context(|| format!("removing {}", shown(path))),
        _ => Ok(()),
    }
}

/// Copies the regular files below `from` into the folder `to`, with their modes; `from` may be missing.
///
/// # Errors
/// When a file cannot be read or written.
pub fn copy_directory(from: &Path, to: &Path, owner: Option<Owner>) -> Result<()> {
    create_directory(to, owner)?;
    for path in entries(from)? {
        let Some(name) = path.file_name() else { continue };
        let target = to.join(name);
        let about = path.symlink_metadata().context(|| format!("reading {}", shown(&path)))?;
        if about.is_dir() {
            copy_directory(&path, &target, owner)?;
        } else if about.is_file() {
            let bytes = std::fs::read(&path).context(|| format!("reading {}", shown(&path)))?;
            write(&target, &bytes, about.mode() & 0o777, owner)?;
        }
    }
    Ok(())
}

/// The paths in a folder, sorted; none when it is missing.
///
/// # Errors
/// When the folder cannot be read.
pub fn entries(folder: &Path) -> Result<Vec<PathBuf>> {
    let reading = || format!("reading {}", shown(folder));
    let listed = match std::fs::read_dir(folder) {
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(Vec::new()),
        listed => listed.context(reading)?,
    };
    let mut paths =
        listed.map(|entry| entry.map(|entry| entry.path())).collect::<std::io::Result<Vec<_>>>().context(reading)?;
    paths.sort_unstable();
    Ok(paths)
}

/// The bytes of a file; `None` when it is missing.
///
/// # Errors
/// When it is there and cannot be read.
pub fn read(path: &Path) -> Result<Option<Vec<u8>>> {
    match std::fs::read(path) {
        Ok(bytes) => Ok(Some(bytes)),
        Err(error) if error.kind() == ErrorKind::NotFound => Ok(None),
        Err(error) => Err(error).context(|| format!("reading {}", shown(path))),
    }
}

/// The text of a file; `None` when it is missing.
///
/// # Errors
/// When it is there and cannot be read, or is not UTF-8.
pub fn read_text(path: &Path) -> Result<Option<String>> {
    read(path)?
        .map(|bytes| String::from_utf8(bytes).map_err(|_| Error::new(format!("{} is not valid UTF-8", shown(path)))))
        .transpose()
}

/// Opens the hidden file beside `path`, locked: two writers of one file do not mix their bytes.
fn open_temporary(path: &Path, mode: u32) -> std::io::Result<(File, PathBuf)> {
    let name = path.file_name().ok_or(ErrorKind::InvalidInput)?;
    let mut hidden = std::ffi::OsString::from(".");
    hidden.push(name);
    hidden.push(".new");
    let temporary = path.with_file_name(hidden);
    loop {
        let opened = OpenOptions::new().write(true).create(true).truncate(false).mode(mode).open(&temporary);
        let file = match opened {
            // Another user's writer was killed; the folder is ours all the same.
            Err(error) if error.kind() == ErrorKind::PermissionDenied && temporary.exists() => {
                std::fs::remove_file(&temporary)?;
                continue;
            }
            opened => opened?,
        };
        file.lock()?;
        // The writer before us may have renamed the file that we waited for.
        let still_there = std::fs::metadata(&temporary).is_ok_and(|found| {
            file.metadata().is_ok_and(|ours| (found.dev(), found.ino()) == (ours.dev(), ours.ino()))
        });
        if still_there {
            return Ok((file, temporary));
        }
    }
}

fn give_to(path: &Path, owner: Option<Owner>) -> std::io::Result<()> {
    owner.map_or(Ok(()), |owner| std::os::unix::fs::chown(path, Some(owner.user), Some(owner.group)))
}

/// Makes a rename or removal last over a crash of the machine.
fn sync_parent(path: &Path) -> std::io::Result<()> {
    path.parent().map_or(Ok(()), |parent| File::open(parent)?.sync_all())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_is_replaced_whole_with_its_mode() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("scale");
        write(&path, b"web=1\n", 0o644, None).unwrap();
        write(&path, b"web=2\n", 0o600, None).unwrap();
        assert_eq!(std::fs::read(&path).unwrap(), b"web=2\n");
        assert_eq!(path.metadata().unwrap().mode() & 0o777, 0o600);
        assert_eq!(entries(folder.path()).unwrap(), [path]);
    }

    #[test]
    fn what_a_killed_writer_left_is_used_up() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("scale");
        std::fs::write(folder.path().join(".scale.new"), "half of a longer content").unwrap();
        write(&path, b"web=1\n", 0o600, None).unwrap();
        assert_eq!(std::fs::read(&path).unwrap(), b"web=1\n");
        assert_eq!(entries(folder.path()).unwrap().len(), 1);
    }

    #[test]
    fn a_folder_is_open_to_readers_whatever_the_mask() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("config/ps");
        create_directory(&path, None).unwrap();
        std::fs::set_permissions(&path, Permissions::from_mode(0o700)).unwrap();
        own_directory(&path, None).unwrap();
        assert_eq!(path.metadata().unwrap().mode() & 0o777, 0o755);
    }

    #[test]
    fn writers_at_the_same_time_leave_one_whole_content() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("scale");
        std::thread::scope(|scope| {
            for writer in 0..8_u8 {
                let path = &path;
                scope.spawn(move || {
                    for _ in 0..20 {
                        write(path, &vec![writer; 5000], 0o600, None).unwrap();
                    }
                });
            }
        });
        let content = std::fs::read(&path).unwrap();
        assert_eq!(content.len(), 5000);
        assert!(content.iter().all(|byte| *byte == content[0]));
    }

    #[test]
    fn a_directory_in_the_place_of_a_file_is_named_and_kept() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("scale");
        std::fs::create_dir(&path).unwrap();
        assert!(write(&path, b"", 0o600, None).unwrap_err().message().contains("is a directory"));
        assert!(path.is_dir());
        assert_eq!(entries(folder.path()).unwrap().len(), 1);
    }

    #[test]
    fn a_missing_file_can_be_removed_and_read() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("none");
        remove(&path).unwrap();
        assert_eq!(read(&path).unwrap(), None);
    }
}
