//! Locks: the host's own deploy lock of an app, and plain lock files.
//!
//! Dokku's `receive-app` holds an app's lock while it deploys: a `flock` on
//! `$DOKKU_LIB_ROOT/data/apps/APP/.deploy.lock`, with its build id as the file's content, taken by a
//! shell whose descriptor everything it starts inherits. We take the same lock, so that a push and a
//! change of ours come one after the other; and we leave the descriptor open to our children, so
//! that a hook of ours that runs inside the holder sees it and goes on. `apps:lock` makes the same
//! file without a `flock`; deploys ignore that, and so do we, but we leave such a file as it was.

use crate::file::shown;
use crate::lock_holder::{holder, process_holding};
use crate::users::Owner;
use crate::{App, Context, Env, Error, Process, Result, atomic, interrupted};
use rustix::fs::FlockOperation;
use rustix::io::FdFlags;
use std::fs::{File, OpenOptions};
use std::io::{Read, Seek, SeekFrom, Write};
use std::os::unix::fs::{MetadataExt, OpenOptionsExt};
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

/// How soon after it has freed the lock the host removes the file.
const REMOVED: Duration = Duration::from_millis(100);

/// How often a waiting process looks again.
const LOOK_AGAIN: Duration = Duration::from_millis(50);

/// The deploy lock of one app, held until this value is dropped.
#[derive(Debug)]
pub struct AppLock {
    held: Option<Held>,
}

#[derive(Debug)]
struct Held {
    file: File,
    path: PathBuf,
    /// What the file held before, when it was there: `apps:lock` leaves an empty one.
    before: Option<Vec<u8>>,
}

/// Who is in the way of a change, in words.
#[derive(Clone, Debug)]
pub struct Obstacle {
    /// What is waited for: `the lock of shop`.
    pub what: String,
    /// How it stands: `shop is locked by process 7`.
    pub is: String,
    /// On whom: `process 7, which has locked shop`.
    pub who: String,
}

/// Waits until `attempt` succeeds, at most `patience`, and says for whom. An attempt that fails says who is in the
/// way when it is asked.
///
/// # Errors
/// When nothing has come of it after that time; when a signal comes meanwhile; when an attempt cannot be made.
pub fn wait_for<T, O: FnOnce() -> Obstacle>(
    env: &Env,
    patience: Duration,
    look_again: Duration,
    attempt: impl Fn() -> Result<std::result::Result<T, O>>,
) -> Result<T> {
    let started = Instant::now();
    let mut told = false;
    loop {
        let obstacle = match attempt()? {
            Ok(done) => return Ok(done),
            Err(obstacle) => obstacle,
        };
        if started.elapsed() >= patience {
            return Err(Error::new(format!(
                "{}; waited {} seconds, try again when it has ended or wait longer with --lock-timeout",
                obstacle().is,
                patience.as_secs()
            )));
        }
        if interrupted().is_some() {
            return Err(Error::new(format!("interrupted while waiting for {}", obstacle().what)));
        }
        if !told {
            told = true;
            env.output().warn(&format!("Waiting for {}", obstacle().who));
        }
        std::thread::sleep(look_again);
    }
}

impl AppLock {
    /// Takes the lock of an app, waiting at most `patience` for the process that holds it.
    ///
    /// A process that runs inside the holder (a hook of a deploy, a command that a hook runs) does
    /// not wait: it shares its ancestor's lock.
    ///
    /// # Errors
    /// When it is still held after that time: the message names the holder. Nothing is changed then.
    pub fn acquire(env: &Env, app: &App, patience: Duration) -> Result<Self> {
        let path = lock_path(env, app)?;
        if runs_inside_holder(&path) {
            return Ok(Self { held: None });
        }
        let owner = Owner::of_files(env)?;
        if let Some(folder) = path.parent() {
            atomic::create_directory(folder, owner)?;
        }
        let attempt = || {
            let held = try_lock(&path, owner, || std::thread::sleep(REMOVED)).context(|| format!("locking {app}"))?;
            let locked_by_another = || {
                let (what, holder) = (format!("the lock of {app}"), holder(&path));
                let (is, who) = (format!("{app} is locked by {holder}"), format!("{holder}, which has locked {app}"));
                Obstacle { what, is, who }
            };
            Ok(held.ok_or(locked_by_another))
        };
        let mut lock = Self { held: Some(wait_for(env, patience, LOOK_AGAIN, attempt)?) };
        lock.sign(env);
        Ok(lock)
    }

    /// Whether we took the lock, and not the process that we run inside of.
    pub fn is_ours(&self) -> bool {
        self.held.is_some()
    }

    /// Starts a process that outlives us and must not hold the lock: the descriptor stays with us.
    ///
    /// # Errors
    /// When the process cannot be started.
    pub fn let_go_without(&self, process: &Process) -> Result<()> {
        let Some(held) = &self.held else { return process.let_go() };
        rustix::io::fcntl_setfd(&held.file, FdFlags::CLOEXEC).map_err(std::io::Error::from)?;
        let started = process.let_go();
        rustix::io::fcntl_setfd(&held.file, FdFlags::empty()).map_err(std::io::Error::from)?;
        started
    }

    /// Waits until the lock is free, at most `patience`, and leaves it free: before a trigger that
    /// takes the lock itself and does not wait, as `receive-app` does.
    ///
    /// # Errors
    /// As [`AppLock::acquire`]; and at once inside the holder, where such a trigger can only fail.
    pub fn wait_until_free(env: &Env, app: &App, patience: Duration) -> Result<()> {
        let lock = Self::acquire(env, app, patience)?;
        if lock.held.is_none() {
            return Err(Error::new(format!(
                "{app} is being deployed by the process that called this command, which cannot build it again"
            )));
        }
        Ok(())
    }

    /// Whether a process holds the lock of an app at this moment. It is read from the kernel's table:
    /// trying the lock would keep a deploy that starts just then from it.
    ///
    /// # Errors
    /// When the host's folders are not known, or the table cannot be read.
    pub fn is_held(env: &Env, app: &App) -> Result<bool> {
        let Ok(about) = std::fs::metadata(lock_path(env, app)?) else { return Ok(false) };
        Ok(process_holding(&about).context(|| "reading /proc/locks")?.is_some())
    }

    /// Writes who holds the lock, as the host does; for messages, so a failure does not matter.
    fn sign(&mut self, env: &Env) {
        let Some(held) = &mut self.held else { return };
        let name = env.var("DOKKU_BUILD_ID").map_or_else(|| std::process::id().to_string(), str::to_owned);
        let _only_for_messages = held.replace_content(name.as_bytes());
    }
}

impl Drop for AppLock {
    /// Frees the lock explicitly: a background child of a hook may have inherited the descriptor, so
    /// closing ours would not. The file goes before the lock does; a waiter that then wins the
    /// unlinked file sees that and tries again.
    fn drop(&mut self) {
        let Some(held) = &mut self.held else { return };
        let _left_for_the_next = match held.before.take() {
            Some(content) => held.replace_content(&content),
            None => std::fs::remove_file(&held.path),
        };
        let _freed_at_exit = rustix::fs::flock(&held.file, FlockOperation::Unlock);
    }
}

impl Held {
    fn replace_content(&mut self, content: &[u8]) -> std::io::Result<()> {
        self.file.set_len(0)?;
        self.file.seek(SeekFrom::Start(0))?;
        self.file.write_all(content)
    }
}

/// A lock file of a plugin's own, held until it is dropped.
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
}

fn lock_path(env: &Env, app: &App) -> Result<PathBuf> {
    Ok(env.data_directory("apps")?.join(app.as_str()).join(".deploy.lock"))
}

fn open(path: &Path, mode: u32, owner: Option<Owner>) -> std::io::Result<File> {
    let file = OpenOptions::new().read(true).write(true).create(true).truncate(false).mode(mode).open(path)?;
    if let Some(owner) = owner {
        std::os::unix::fs::fchown(&file, Some(owner.user), Some(owner.group))?;
    }
    Ok(file)
}

/// The lock, or `None` when another process holds it. `pause` lasts until a holder that has freed the lock has removed
/// the file.
fn try_lock(path: &Path, owner: Option<Owner>, pause: impl Fn()) -> std::io::Result<Option<Held>> {
    loop {
        let existed = path.exists();
        let mut file = open(path, 0o644, owner)?;
        match file.try_lock() {
            Err(std::fs::TryLockError::WouldBlock) => return Ok(None),
            Err(std::fs::TryLockError::Error(error)) => return Err(error),
            Ok(()) => {}
        }
        // The holder before us removes the file when it is done, the host's own a moment later: what we locked may be
        // unlinked, or about to be.
        if existed && is_file_at(&file, path) {
            pause();
        }
        if !is_file_at(&file, path) {
            continue;
        }
        let mut content = Vec::new();
        file.read_to_end(&mut content)?;
        // Our children see by the descriptor that they run inside the holder.
        rustix::io::fcntl_setfd(&file, FdFlags::empty())?;
        return Ok(Some(Held { file, path: path.to_owned(), before: existed.then_some(content) }));
    }
}

fn is_file_at(file: &File, path: &Path) -> bool {
    let (Ok(ours), Ok(found)) = (file.metadata(), std::fs::metadata(path)) else { return false };
    (ours.dev(), ours.ino()) == (found.dev(), found.ino())
}

/// Whether this process inherited a descriptor that holds the lock. The kernel shows a `lock:` line
/// for a descriptor only where the lock was taken through it; one that tried and lost has none.
fn runs_inside_holder(path: &Path) -> bool {
    let Ok(found) = std::fs::metadata(path) else { return false };
    let Ok(descriptors) = std::fs::read_dir("/proc/self/fd") else { return false };
    descriptors.flatten().any(|entry| {
        let same =
            std::fs::metadata(entry.path()).is_ok_and(|about| (about.dev(), about.ino()) == (found.dev(), found.ino()));
        let info = || std::fs::read_to_string(Path::new("/proc/self/fdinfo").join(entry.file_name()));
        same && info().is_ok_and(|text| text.lines().any(|line| line.starts_with("lock:") && line.contains("FLOCK")))
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeMap;

    fn host(lib: &Path) -> Env {
        let variables: BTreeMap<_, _> = [
            ("DOKKU_LIB_ROOT".into(), lib.as_os_str().to_owned()),
            ("DOKKU_SYSTEM_USER".into(), "root".into()),
            ("DOKKU_SYSTEM_GROUP".into(), "root".into()),
        ]
        .into();
        Env::new(variables, Vec::new())
    }

    fn lock_file(lib: &Path) -> PathBuf {
        lib.join("data/apps/shop/.deploy.lock")
    }

    #[test]
    fn the_file_goes_with_the_lock() {
        let lib = tempfile::tempdir().unwrap();
        let (env, app) = (host(lib.path()), "shop".parse().unwrap());
        let lock = AppLock::acquire(&env, &app, Duration::ZERO).unwrap();
        assert_eq!(std::fs::read_to_string(lock_file(lib.path())).unwrap(), std::process::id().to_string());
        assert!(AppLock::is_held(&env, &app).unwrap());
        drop(lock);
        assert!(!lock_file(lib.path()).exists());
        assert!(!AppLock::is_held(&env, &app).unwrap());
    }

    #[test]
    fn the_holder_itself_does_not_wait() {
        let lib = tempfile::tempdir().unwrap();
        let (env, app) = (host(lib.path()), "shop".parse().unwrap());
        let _outer = AppLock::acquire(&env, &app, Duration::ZERO).unwrap();
        let inner = AppLock::acquire(&env, &app, Duration::ZERO).unwrap();
        drop(inner);
        assert!(lock_file(lib.path()).exists());
        assert!(AppLock::wait_until_free(&env, &app, Duration::ZERO).is_err());
    }

    #[test]
    fn a_file_that_nobody_has_locked_is_free_and_stays() {
        let lib = tempfile::tempdir().unwrap();
        let (env, app) = (host(lib.path()), "shop".parse().unwrap());
        std::fs::create_dir_all(lock_file(lib.path()).parent().unwrap()).unwrap();
        std::fs::write(lock_file(lib.path()), "4711").unwrap();
        assert!(!AppLock::is_held(&env, &app).unwrap());
        drop(AppLock::acquire(&env, &app, Duration::ZERO).unwrap());
        assert_eq!(std::fs::read_to_string(lock_file(lib.path())).unwrap(), "4711");
    }

    #[test]
    fn a_file_that_the_holder_before_removes_late_is_no_lock() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("lock");
        std::fs::write(&path, "4711").unwrap();
        let held = try_lock(&path, None, || std::fs::remove_file(&path).unwrap()).unwrap().unwrap();
        assert!(is_file_at(&held.file, &path));
        assert_eq!(held.before, None, "the file is ours");
    }
}
