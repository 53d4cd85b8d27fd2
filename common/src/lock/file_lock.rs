//! Plain lock files, and folders as locks.

use super::{open, regular_file};
use crate::file::{open_folder, shown};
use crate::lock_holder::process_holding;
use crate::users::Owner;
use crate::{Context, Env, Result, atomic};
use std::fs::File;
use std::path::Path;

/// A lock file of a plugin's own, held until it is dropped.
///
/// ```
/// use dokku_plugin::{Env, FileLock};
///
/// let folder = tempfile::tempdir()?;
/// let env = Env::of_test_host(folder.path(), &[]);
/// let path = env.data_directory("quota")?.join("lock");
/// let lock = FileLock::try_acquire(&env, &path)?.expect("nobody holds it");
/// assert!(FileLock::try_acquire(&env, &path)?.is_none());
/// drop(lock);
/// # Ok::<(), dokku_plugin::Error>(())
/// ```
#[derive(Debug)]
pub struct FileLock(#[allow(dead_code, reason = "held, not read")] File);

impl FileLock {
    /// Takes the lock on `path` if nobody holds it; makes the file (mode 0600) where it is missing.
    ///
    /// # Errors
    /// When the file cannot be opened.
    pub fn try_acquire(env: &Env, path: &Path) -> Result<Option<Self>> {
        let locking = || format!("locking {}", shown(path));
        let owner = Owner::of_files(env)?;
        if let Some(folder) = path.parent() {
            atomic::create_directory(folder, owner)?;
        }
        let file = open(path, 0o600, owner).context(locking)?;
        match file.try_lock() {
            Ok(()) => Ok(Some(Self(file))),
            Err(std::fs::TryLockError::WouldBlock) => Ok(None),
            Err(std::fs::TryLockError::Error(error)) => Err(error).context(locking),
        }
    }

    /// Takes the lock on a folder that is there, if nobody holds it: it needs no file, and goes with the folder.
    ///
    /// # Errors
    /// When the folder is missing, a link, or none.
    ///
    /// ```
    /// let folder = std::env::temp_dir().join(format!("locked-{}", std::process::id()));
    /// dokku_plugin::atomic::create_directory(&folder, None)?;
    /// let lock = dokku_plugin::FileLock::try_acquire_folder(&folder)?;
    /// assert!(lock.is_some());
    /// assert!(dokku_plugin::FileLock::try_acquire_folder(&folder)?.is_none());
    /// dokku_plugin::atomic::remove_directory(&folder)?;
    /// # Ok::<(), dokku_plugin::Error>(())
    /// ```
    pub fn try_acquire_folder(folder: &Path) -> Result<Option<Self>> {
        let locking = || format!("locking {}", shown(folder));
        let file = File::from(open_folder(folder).context(locking)?);
        match file.try_lock() {
            Ok(()) => Ok(Some(Self(file))),
            Err(std::fs::TryLockError::WouldBlock) => Ok(None),
            Err(std::fs::TryLockError::Error(error)) => Err(error).context(locking),
        }
    }

    /// The process that holds the lock on `path`, if one does.
    ///
    /// # Errors
    /// When the kernel's table of locks cannot be read.
    #[doc(hidden)] // for ps, which says who retires
    pub fn holder(path: &Path) -> Result<Option<u32>> {
        let about = regular_file(path);
        about.map_or(Ok(None), |about| process_holding(&about).context(|| "reading /proc/locks"))
    }
}
