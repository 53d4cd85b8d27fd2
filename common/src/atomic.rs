//! Files that are there whole or not at all.
//!
//! A reader sees the old content or the new one, never a part, and after a crash at any moment the
//! file is one of the two: the content goes to a hidden file beside it, which is synced and renamed. That file is
//! made anew under a name that nobody can foresee, and its mode and owner are given to it while it is open; so
//! nothing is ever written through a link that somebody has put there, nor into a folder that is one.

use crate::file::{self, create_in, entries, open_folder, open_in, random, read, reason, shown};
use crate::{Context, Error, Result};
use rustix::fs::{AtFlags, FileType, Mode};
use rustix::io::Errno;
use std::ffi::{OsStr, OsString};
use std::fs::{File, Permissions};
use std::io::{ErrorKind, Write};
use std::os::fd::{AsFd, OwnedFd};
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::{MetadataExt, PermissionsExt};
use std::path::Path;

pub use crate::users::Owner;

/// The mode of folders.
const DIRECTORY: u32 = 0o755;

/// Replaces or creates `path` with these bytes and this mode (such as `0o600`). A link in its place is replaced
/// itself. What a killed writer left behind goes.
///
/// # Errors
/// When the file cannot be written, or its folder is a link; the old content is then still there.
///
/// ```
/// let folder = tempfile::tempdir()?;
/// let path = folder.path().join("quota");
/// dokku_plugin::atomic::write(&path, b"3", 0o600, None)?;
/// assert_eq!(std::fs::read(&path)?, b"3");
/// # Ok::<(), dokku_plugin::Error>(())
/// ```
pub fn write(path: &Path, bytes: &[u8], mode: u32, owner: Option<Owner>) -> Result<()> {
    let written = Place::of(path).and_then(|place| {
        if place.is_directory() {
            return Err(Error::new("it is a directory"));
        }
        place.fill(|file| Ok(file.write_all(bytes)?), mode, owner)
    });
    written.context(|| format!("writing {}", shown(path)))
}

/// Replaces or creates `path` with the content of another file, which may have any size and must be a regular one.
///
/// # Errors
/// When the other file is missing, or as [`write()`].
///
/// ```
/// let copy = std::env::temp_dir().join(format!("copy-{}", std::process::id()));
/// dokku_plugin::atomic::copy(&std::env::current_exe()?, &copy, 0o600, None)?;
/// assert_eq!(copy.metadata()?.len(), std::env::current_exe()?.metadata()?.len());
/// dokku_plugin::atomic::remove(&copy)?;
/// # Ok::<(), dokku_plugin::Error>(())
/// ```
pub fn copy(from: &Path, to: &Path, mode: u32, owner: Option<Owner>) -> Result<()> {
    let copied = Place::of(to).and_then(|place| {
        let mut content = file::open_for_reading(from)?;
        place.fill(|file| std::io::copy(&mut content, file).map(drop).map_err(Error::from), mode, owner)
    });
    copied.context(|| format!("copying {} to {}", shown(from), shown(to)))
}

/// Creates `path` with these bytes and this mode, if it is not there; says whether it was created. Of several who
/// do so at the same time one is first.
///
/// # Errors
/// As [`write()`].
///
/// ```
/// let folder = tempfile::tempdir()?;
/// let path = folder.path().join("quota");
/// assert!(dokku_plugin::atomic::create(&path, b"3", 0o600, None)?);
/// assert!(!dokku_plugin::atomic::create(&path, b"4", 0o600, None)?);
/// # Ok::<(), dokku_plugin::Error>(())
/// ```
pub fn create(path: &Path, bytes: &[u8], mode: u32, owner: Option<Owner>) -> Result<bool> {
    let created = Place::of(path).and_then(|place| {
        let temporary = place.temporary(|file| Ok(file.write_all(bytes)?), mode, owner)?;
        let linked = rustix::fs::linkat(&place.folder, &temporary.name, &place.folder, &place.name, AtFlags::empty());
        let error = temporary.drop_in(&place, linked.err().unwrap_or(Errno::EXIST));
        match linked {
            Ok(()) => place.sync().map(|()| true),
            Err(Errno::EXIST) => Ok(false),
            Err(_) => Err(error),
        }
    });
    created.context(|| format!("writing {}", shown(path)))
}

/// Removes a file; one that is not there is no error.
///
/// # Errors
/// When it cannot be removed, or its folder is a link.
///
/// ```
/// let folder = tempfile::tempdir()?;
/// let path = folder.path().join("quota");
/// std::fs::write(&path, "3")?;
/// dokku_plugin::atomic::remove(&path)?;
/// dokku_plugin::atomic::remove(&path)?;
/// assert!(!path.exists());
/// # Ok::<(), dokku_plugin::Error>(())
/// ```
pub fn remove(path: &Path) -> Result<()> {
    if path.parent().is_some_and(|folder| !file::exists(folder)) {
        return Ok(());
    }
    let removed =
        Place::of(path).and_then(|place| match rustix::fs::unlinkat(&place.folder, &place.name, AtFlags::empty()) {
            Err(Errno::NOENT) => Ok(()),
            Err(error) => Err(reason(error)),
            Ok(()) => place.sync(),
        });
    removed.context(|| format!("removing {}", shown(path)))
}

/// Renames a file or folder within its file system.
///
/// # Errors
/// When it cannot be renamed, or a folder of the two is a link; it is then still where it was.
///
/// ```
/// let folder = tempfile::tempdir()?;
/// let path = folder.path().join("quota");
/// std::fs::write(&path, "3")?;
/// dokku_plugin::atomic::rename(&path, &folder.path().join("old"))?;
/// assert!(folder.path().join("old").exists());
/// # Ok::<(), dokku_plugin::Error>(())
/// ```
pub fn rename(from: &Path, to: &Path) -> Result<()> {
    let renamed = Place::of(from).and_then(|from| {
        let to = Place::of(to)?;
        rustix::fs::renameat(&from.folder, &from.name, &to.folder, &to.name).map_err(reason)?;
        to.sync()
    });
    renamed.context(|| format!("renaming {} to {}", shown(from), shown(to)))
}

/// Two files or folders of one file system take each other's place, at one moment.
///
/// # Errors
/// When one is missing, a folder of the two is a link, or the file system or the kernel cannot do it; both are then
/// where they were.
///
/// ```
/// let folder = std::env::temp_dir().join(format!("exchange-{}", std::process::id()));
/// dokku_plugin::atomic::create_directory(&folder, None)?;
/// let (old, new) = (folder.join("old"), folder.join("new"));
/// dokku_plugin::atomic::write(&old, b"1", 0o600, None)?;
/// dokku_plugin::atomic::write(&new, b"2", 0o600, None)?;
/// if dokku_plugin::atomic::exchange(&new, &old).is_ok() {
///     assert_eq!(dokku_plugin::file::read_text(&old)?.as_deref(), Some("2"));
/// }
/// dokku_plugin::atomic::remove_directory(&folder)?;
/// # Ok::<(), dokku_plugin::Error>(())
/// ```
pub fn exchange(one: &Path, other: &Path) -> Result<()> {
    let exchanged = Place::of(one).and_then(|one| {
        let other = Place::of(other)?;
        let flags = rustix::fs::RenameFlags::EXCHANGE;
        let exchange = || rustix::fs::renameat_with(&one.folder, &one.name, &other.folder, &other.name, flags);
        exchange().map_err(reason)?;
        one.sync().and_then(|()| other.sync()).inspect_err(|_| {
            // What is not known to be on the disk is not done.
            let _back_or_not = exchange();
        })
    });
    exchanged.context(|| format!("exchanging {} and {}", shown(one), shown(other)))
}

/// Makes a folder and those above it (mode 0755) where they are missing.
///
/// # Errors
/// When it cannot be made, or a file or a link has its name.
///
/// ```
/// let folder = tempfile::tempdir()?;
/// let path = folder.path().join("quota");
/// dokku_plugin::atomic::create_directory(&path.join("shop"), None)?;
/// assert!(path.join("shop").is_dir());
/// # Ok::<(), dokku_plugin::Error>(())
/// ```
pub fn create_directory(path: &Path, owner: Option<Owner>) -> Result<()> {
    let making = || format!("making the folder {}", shown(path));
    if file::is_folder(path) {
        return Ok(());
    }
    if file::is_link(path) {
        return Err(Error::new("it is a symbolic link")).context(making);
    }
    // Those above may be links: whoever set up the host has moved them.
    if let Some(parent) = path.parent().filter(|parent| !parent.is_dir()) {
        create_directory(parent, owner)?;
    }
    match rustix::fs::mkdir(path, Mode::from_raw_mode(DIRECTORY)) {
        Err(error) if error != Errno::EXIST || !file::is_folder(path) => Err(reason(error)).context(making),
        _ => own_directory(path, owner),
    }
}

/// Gives a folder that is there to its owner, with mode 0755, whatever the umask said when it was made.
///
/// # Errors
/// When it is another user's and we may not; when it is a link.
#[doc(hidden)] // for ps, which mends what earlier versions have made
pub fn own_directory(path: &Path, owner: Option<Owner>) -> Result<()> {
    let given = open_folder(path).and_then(|folder| give_to(&File::from(folder), DIRECTORY, owner));
    given.context(|| format!("giving the folder {} to its owner", shown(path)))
}

/// Removes a folder with all that is in it; one that is not there is no error.
///
/// # Errors
/// When something in it cannot be removed.
///
/// ```
/// let folder = tempfile::tempdir()?;
/// let path = folder.path().join("quota");
/// std::fs::create_dir_all(path.join("shop"))?;
/// dokku_plugin::atomic::remove_directory(&path)?;
/// assert!(!path.exists());
/// # Ok::<(), dokku_plugin::Error>(())
/// ```
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
///
/// ```
/// let folder = tempfile::tempdir()?;
/// let path = folder.path().join("quota");
/// std::fs::create_dir_all(&path)?;
/// std::fs::write(path.join("shop"), "3")?;
/// dokku_plugin::atomic::copy_directory(&path, &folder.path().join("copy"), None)?;
/// assert_eq!(std::fs::read(folder.path().join("copy/shop"))?, b"3");
/// # Ok::<(), dokku_plugin::Error>(())
/// ```
pub fn copy_directory(from: &Path, to: &Path, owner: Option<Owner>) -> Result<()> {
    create_directory(to, owner)?;
    for path in entries(from)? {
        let Some(name) = path.file_name() else { continue };
        let target = to.join(name);
        let about = path.symlink_metadata().context(|| format!("reading {}", shown(&path)))?;
        if about.is_dir() {
            copy_directory(&path, &target, owner)?;
        } else if about.is_file() {
            let bytes = read(&path)?.unwrap_or_default();
            write(&target, &bytes, about.mode() & 0o777, owner)?;
        }
    }
    Ok(())
}

/// Where a file is to be: its folder, open, and its name in it.
struct Place {
    folder: OwnedFd,
    name: OsString,
}

/// A new file with the content, beside the place that it is for. It is locked as long as its writer lives.
struct Temporary {
    name: OsString,
    _locked: File,
}

impl Place {
    fn of(path: &Path) -> Result<Self> {
        let name = path.file_name().ok_or_else(|| Error::new("that is no name of a file"))?;
        Ok(Self { folder: open_folder(path.parent().unwrap_or(Path::new(".")))?, name: name.to_owned() })
    }

    fn is_directory(&self) -> bool {
        let about = rustix::fs::statat(&self.folder, &self.name, AtFlags::SYMLINK_NOFOLLOW);
        about.is_ok_and(|about| FileType::from_raw_mode(about.st_mode) == FileType::Directory)
    }

    /// Puts a new file there, whose content `write` writes.
    fn fill(&self, write: impl FnOnce(&mut File) -> Result<()>, mode: u32, owner: Option<Owner>) -> Result<()> {
        let temporary = self.temporary(write, mode, owner)?;
        rustix::fs::renameat(&self.folder, &temporary.name, &self.folder, &self.name)
            .map_err(|error| temporary.drop_in(self, error))?;
        self.sync()
    }

    fn temporary(
        &self,
        write: impl FnOnce(&mut File) -> Result<()>,
        mode: u32,
        owner: Option<Owner>,
    ) -> Result<Temporary> {
        self.drop_left_over();
        let (mut file, name) = self.open_temporary()?;
        let written = write(&mut file).and_then(|()| give_to(&file, mode, owner)).and_then(|()| Ok(file.sync_all()?));
        let temporary = Temporary { name, _locked: file };
        match written {
            Ok(()) => Ok(temporary),
            Err(error) => {
                let _keep_first_error = rustix::fs::unlinkat(&self.folder, &temporary.name, AtFlags::empty());
                Err(error)
            }
        }
    }

    fn open_temporary(&self) -> Result<(File, OsString)> {
        loop {
            let number = u64::from_ne_bytes(random()?);
            let mut name = OsString::from(".");
            name.push(&self.name);
            name.push(format!(".{number:016x}.new"));
            let file = match create_in(&self.folder, &name) {
                Err(Errno::EXIST) => continue,
                created => created.map_err(reason)?,
            };
            file.lock()?;
            // Another writer may have taken it for one that was left, before it was locked.
            if file.metadata()?.nlink() > 0 {
                return Ok((file, name));
            }
        }
    }

    /// Removes what writers that were killed have left: what is still being written is locked. It only takes room, so
    /// what cannot be removed stays.
    fn drop_left_over(&self) {
        let Ok(listed) = rustix::fs::Dir::read_from(&self.folder) else { return };
        for entry in listed.flatten() {
            let name = OsStr::from_bytes(entry.file_name().to_bytes());
            if !self.is_temporary(name) {
                continue;
            }
            // Held until it is removed: whoever has just made it waits for that, and makes another.
            let left = match open_in(&self.folder, name) {
                Ok(file) if file.try_lock().is_ok() => Some(file),
                Ok(_) | Err(Errno::ACCESS) => continue,
                Err(_) => None,
            };
            let _it_may_have_gone = rustix::fs::unlinkat(&self.folder, name, AtFlags::empty());
            drop(left);
        }
    }

    fn is_temporary(&self, name: &OsStr) -> bool {
        let number = name.as_bytes().strip_prefix(b".").and_then(|rest| rest.strip_prefix(self.name.as_bytes()));
        let number = number.and_then(|rest| rest.strip_prefix(b".")?.strip_suffix(b".new"));
        number.is_some_and(|number| number.len() == 16 && number.iter().all(u8::is_ascii_hexdigit))
    }

    /// Makes a rename or removal last over a crash of the machine.
    fn sync(&self) -> Result<()> {
        rustix::fs::fsync(self.folder.as_fd()).map_err(reason)
    }
}

impl Temporary {
    /// Removes it after this error.
    fn drop_in(&self, place: &Place, error: Errno) -> Error {
        let _keep_first_error = rustix::fs::unlinkat(&place.folder, &self.name, AtFlags::empty());
        reason(error)
    }
}

fn give_to(file: &File, mode: u32, owner: Option<Owner>) -> Result<()> {
    file.set_permissions(Permissions::from_mode(mode))?;
    if let Some(owner) = owner {
        std::os::unix::fs::fchown(file, Some(owner.user), Some(owner.group))?;
    }
    Ok(())
}

#[cfg(test)]
#[path = "atomic_tests.rs"]
mod tests;
