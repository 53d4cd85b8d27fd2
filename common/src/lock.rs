//! Locks: the host's own deploy lock of an app, and plain lock files.
//!
//! Dokku's `receive-app` holds an app's lock while it deploys: a `flock` on
//! `$DOKKU_LIB_ROOT/data/apps/APP/.deploy.lock`, with its build id as the file's content, taken by a
//! shell whose descriptor everything it starts inherits. We take the same lock, so that a push and a
//! change of ours come one after the other; and the children of the job that took it inherit the descriptor, so
//! that a hook of ours that runs inside the holder sees it and goes on.
//!
//! `apps:locked` asks no more than whether the file is there. `apps:lock` makes it, empty and without a `flock`;
//! deploys ignore that, and so do we, but we leave such a file as it is. A file that a holder has left behind goes
//! with the next: see [`Origin`].

mod file_lock;

pub use self::file_lock::FileLock;

use crate::file::{entries, open_lock, read_of_the_system, shown};
use crate::lock_holder::{holder, process_holding};
use crate::process::{kept_by_children, let_children_keep};
use crate::users::Owner;
use crate::{App, Context, Env, Error, ErrorKind, Result, atomic, interrupted, signals};
use rustix::fs::FlockOperation;
use std::fs::{File, Metadata};
use std::io::{Seek, SeekFrom, Write};
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, Instant};

/// How soon after it has freed the lock the host removes the file.
const REMOVED: Duration = Duration::from_millis(100);

/// How often a waiting process looks again.
const LOOK_AGAIN: Duration = Duration::from_millis(50);

/// The mode of a lock that we make. The sticky bit means nothing on a file; it is set as the file comes into being, no
/// mask and no truncation takes it away, and nobody else's lock has it.
const MODE: u32 = OURS | 0o644;
const OURS: u32 = 0o1000;

/// The deploy lock of one app, held until this value is dropped.
///
/// ```
/// use dokku_plugin::{App, AppLock, Env};
/// use std::time::Duration;
///
/// let folder = tempfile::tempdir()?;
/// let env = Env::of_test_host(folder.path(), &[]);
/// let app: App = "shop".parse()?;
/// let lock = AppLock::acquire(&env, &app, Duration::from_secs(60))?;
/// assert!(AppLock::is_held(&env, &app)?);
/// drop(lock);
/// assert!(!AppLock::is_held(&env, &app)?);
/// # Ok::<(), dokku_plugin::Error>(())
/// ```
#[derive(Debug)]
pub struct AppLock {
    held: Option<Held>,
}

#[derive(Debug)]
struct Held {
    file: Arc<File>,
    path: PathBuf,
    /// Whether somebody has made the file by hand, so that it is not ours to write or to remove.
    stays: bool,
}

/// Where a lock file comes from that nobody holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Origin {
    /// Ours: we have just made it, or one of us who was killed has.
    Ours,
    /// The host's deploy: it is about to remove the file, or was killed. `apps:lock` writes nothing into a file, and
    /// empties what it finds, so whatever holds something was written by a holder.
    Deploy,
    /// `apps:lock`. A file that a killed deploy has left and that another deploy has emptied in vain looks no other,
    /// so it stays too; the next deploy removes it.
    Hand,
}

impl Origin {
    fn of(about: &Metadata) -> Self {
        match (about.mode() & OURS, about.len()) {
            (0, 0) => Self::Hand,
            (0, _) => Self::Deploy,
            _ => Self::Ours,
        }
    }
}

/// Who is in the way of a change, in words.
#[doc(hidden)] // for ps, which waits for deploys as well
#[derive(Clone, Debug)]
pub struct Obstacle {
    /// What is waited for: `the lock of shop`.
    pub what: String,
    /// How it stands: `shop is locked by process 7`.
    pub is: String,
    /// On whom: `process 7, which has locked shop`.
    pub who: String,
}

/// What has come of an attempt.
#[doc(hidden)] // for ps, which waits for deploys as well
#[derive(Clone, Copy, Debug)]
pub enum Attempt<T, O> {
    /// What was wanted.
    Succeeded(T),
    /// Somebody is in the way; who, is asked for when it is to be told.
    Hindered(O),
}

/// Waits until `attempt` succeeds, at most `patience`, and says for whom. An attempt that fails says who is in the
/// way when it is asked.
///
/// # Errors
/// [`ErrorKind::TimedOut`] when nothing has come of it after that time; [`ErrorKind::Interrupted`] when a signal comes
/// meanwhile; any other when an attempt cannot be made.
#[doc(hidden)] // for ps, which waits for deploys as well
pub fn wait_for<T, O: FnOnce() -> Obstacle>(
    env: &Env,
    patience: Duration,
    look_again: Duration,
    attempt: impl Fn() -> Result<Attempt<T, O>>,
) -> Result<T> {
    let started = Instant::now();
    let mut told = false;
    loop {
        let obstacle = match attempt()? {
            Attempt::Succeeded(done) => return Ok(done),
            Attempt::Hindered(obstacle) => obstacle,
        };
        if started.elapsed() >= patience {
            let error = Error::new(format!(
                "{}; waited {} seconds, try again when it has ended or wait longer with --lock-timeout",
                obstacle().is,
                patience.as_secs()
            ));
            return Err(error.with_kind(ErrorKind::TimedOut));
        }
        if interrupted().is_some() {
            let error = Error::new(format!("interrupted while waiting for {}", obstacle().what));
            return Err(error.with_kind(ErrorKind::Interrupted));
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
    /// [`ErrorKind::TimedOut`] when it is still held after that time: the message names the holder.
    /// [`ErrorKind::Interrupted`] when a signal comes meanwhile. Any other when the lock cannot be opened, or something
    /// that is no file has its place. Nothing is changed then.
    pub fn acquire(env: &Env, app: &App, patience: Duration) -> Result<Self> {
        let path = lock_path(env, app)?;
        if runs_inside_holder(&path) {
            return Ok(Self { held: None });
        }
        let owner = Owner::of_files(env)?;
        if let Some(folder) = path.parent() {
            atomic::create_directory(folder, owner)?;
        }
        // From here on a signal is heard, so that the lock is freed.
        signals::install();
        let attempt = || {
            let locking = || format!("locking {app}: {}", shown(&path));
            let held = try_lock(&path, owner, || std::thread::sleep(REMOVED)).context(locking)?;
            let locked_by_another = || {
                let (what, holder) = (format!("the lock of {app}"), holder(&path));
                let (is, who) = (format!("{app} is locked by {holder}"), format!("{holder}, which has locked {app}"));
                Obstacle { what, is, who }
            };
            Ok(held.map_or(Attempt::Hindered(locked_by_another), Attempt::Succeeded))
        };
        let held = wait_for(env, patience, LOOK_AGAIN, attempt)?;
        // Our children see by the descriptor that they run inside the holder.
        let_children_keep([kept_by_children(), vec![Arc::clone(&held.file)]].concat());
        let lock = Self { held: Some(held) };
        lock.sign(env);
        Ok(lock)
    }

    /// Whether we took the lock, and not the process that we run inside of.
    #[doc(hidden)] // for ps, which runs in its own hooks
    pub fn is_ours(&self) -> bool {
        self.held.is_some()
    }

    /// Waits until the lock is free, at most `patience`, and leaves it free: before a trigger that
    /// takes the lock itself and does not wait, as `receive-app` does.
    ///
    /// # Errors
    /// As [`AppLock::acquire`]; and at once inside the holder, where such a trigger can only fail.
    #[doc(hidden)] // for ps, which has the host build
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
        let Some(about) = regular_file(&lock_path(env, app)?) else { return Ok(false) };
        Ok(process_holding(&about).context(|| "reading /proc/locks")?.is_some())
    }

    /// Whether `apps:lock` has locked an app by hand, and nobody holds that lock.
    ///
    /// # Errors
    /// As [`AppLock::is_held`].
    #[doc(hidden)] // for ps, with its listings
    pub fn is_by_hand(env: &Env, app: &App) -> Result<bool> {
        let about = regular_file(&lock_path(env, app)?);
        Ok(about.is_some_and(|about| Origin::of(&about) == Origin::Hand) && !Self::is_held(env, app)?)
    }

    /// Writes who holds the lock, as the host does; for messages, so a failure does not matter.
    fn sign(&self, env: &Env) {
        let Some(held) = self.held.as_ref().filter(|held| !held.stays) else { return };
        let name = env.var("DOKKU_BUILD_ID").map_or_else(|| std::process::id().to_string(), str::to_owned);
        let _only_for_messages = held.replace_content(name.as_bytes());
    }
}

impl Drop for AppLock {
    /// Frees the lock explicitly: a background child of a hook may have inherited the descriptor, so
    /// closing ours would not. The file goes before the lock does; a waiter that then wins the
    /// unlinked file sees that and tries again. After an `apps:unlock` it may be another's.
    fn drop(&mut self) {
        let Some(held) = &self.held else { return };
        let other = |file: &Arc<File>| !Arc::ptr_eq(file, &held.file);
        let_children_keep(kept_by_children().into_iter().filter(other).collect());
        if !held.stays && is_file_at(&held.file, &held.path) {
            let _left_for_the_next = std::fs::remove_file(&held.path);
        }
        let _freed_at_exit = rustix::fs::flock(&held.file, FlockOperation::Unlock);
    }
}

impl Held {
    fn replace_content(&self, content: &[u8]) -> std::io::Result<()> {
        let mut file = self.file.as_ref();
        file.set_len(0)?;
        file.seek(SeekFrom::Start(0))?;
        file.write_all(content)
    }
}

fn lock_path(env: &Env, app: &App) -> Result<PathBuf> {
    Ok(env.data_directory("apps")?.join(app.as_str()).join(".deploy.lock"))
}

/// Opens a lock, made with this mode where it is missing. Neither a link nor anything but a file is opened.
fn open(path: &Path, mode: u32, owner: Option<Owner>) -> std::io::Result<File> {
    let file = open_lock(path, mode)?;
    if let Some(owner) = owner {
        std::os::unix::fs::fchown(&file, Some(owner.user), Some(owner.group))?;
    }
    Ok(file)
}

/// The lock, or `None` when another process holds it. `pause` lasts until a holder that has freed the lock has removed
/// the file.
fn try_lock(path: &Path, owner: Option<Owner>, pause: impl Fn()) -> std::io::Result<Option<Held>> {
    loop {
        let file = open(path, MODE, owner)?;
        match file.try_lock() {
            Err(std::fs::TryLockError::WouldBlock) => return Ok(None),
            Err(std::fs::TryLockError::Error(error)) => return Err(error),
            Ok(()) => {}
        }
        let origin = Origin::of(&file.metadata()?);
        // One of us removes the file before it frees the lock, the host's deploy a moment later: what we locked may be
        // unlinked, or about to be.
        if origin == Origin::Deploy && is_file_at(&file, path) {
            pause();
        }
        if !is_file_at(&file, path) {
            continue;
        }
        return Ok(Some(Held { file: Arc::new(file), path: path.to_owned(), stays: origin == Origin::Hand }));
    }
}

fn is_file_at(file: &File, path: &Path) -> bool {
    let (Ok(ours), Ok(found)) = (file.metadata(), path.symlink_metadata()) else { return false };
    (ours.dev(), ours.ino()) == (found.dev(), found.ino())
}

/// What is known of the lock's file; `None` when it is missing, or something else has its place.
fn regular_file(path: &Path) -> Option<Metadata> {
    path.symlink_metadata().ok().filter(Metadata::is_file)
}

/// Whether this process inherited a descriptor that holds the lock. The kernel shows a `lock:` line
/// for a descriptor only where the lock was taken through it; one that tried and lost has none.
fn runs_inside_holder(path: &Path) -> bool {
    let Some(found) = regular_file(path) else { return false };
    entries(Path::new("/proc/self/fd")).unwrap_or_default().into_iter().any(|path| {
        let is_same = |about: Metadata| (about.dev(), about.ino()) == (found.dev(), found.ino());
        let info = || {
            let path = Path::new("/proc/self/fdinfo").join(path.file_name()?);
            Some(String::from_utf8_lossy(&read_of_the_system(&path).ok()??).into_owned())
        };
        let holds = |text: String| text.lines().any(|line| line.starts_with("lock:") && line.contains("FLOCK"));
        std::fs::metadata(&path).is_ok_and(is_same) && info().is_some_and(holds)
    })
}

#[cfg(test)]
#[path = "lock_tests.rs"]
mod tests;
