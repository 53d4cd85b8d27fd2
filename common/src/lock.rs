//! Locks: the host's own deploy lock of an app, and plain lock files.
//!
//! Dokku's `receive-app` holds an app's lock while it deploys: a `flock` on
//! `$DOKKU_LIB_ROOT/data/apps/APP/.deploy.lock`, with its build id as the file's content, taken by a
//! shell whose descriptor everything it starts inherits. We take the same lock, so that a push and a
//! change of ours come one after the other; and we leave the descriptor open to our children, so
//! that a hook of ours that runs inside the holder sees it and goes on.
//!
//! `apps:locked` asks no more than whether the file is there. `apps:lock` makes it, empty and without a `flock`;
//! deploys ignore that, and so do we, but we leave such a file as it is. A file that a holder has left behind goes
//! with the next: see [`Origin`].

use crate::file::{entries, open_lock, read_of_the_system, shown};
use crate::lock_holder::{holder, process_holding};
use crate::users::Owner;
use crate::{App, Context, Env, Error, ErrorKind, Process, Result, atomic, interrupted};
use rustix::fs::FlockOperation;
use rustix::io::FdFlags;
use std::fs::{File, Metadata};
use std::io::{Seek, SeekFrom, Write};
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
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
#[derive(Debug)]
pub struct AppLock {
    held: Option<Held>,
}

#[derive(Debug)]
struct Held {
    file: File,
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
/// [`ErrorKind::TimedOut`] when nothing has come of it after that time; [`ErrorKind::Interrupted`] when a signal comes
/// meanwhile; any other when an attempt cannot be made.
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
        let attempt = || {
            let locking = || format!("locking {app}: {}", shown(&path));
            let held = try_lock(&path, owner, || std::thread::sleep(REMOVED)).context(locking)?;
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
        let Some(about) = regular_file(&lock_path(env, app)?) else { return Ok(false) };
        Ok(process_holding(&about).context(|| "reading /proc/locks")?.is_some())
    }

    /// Writes who holds the lock, as the host does; for messages, so a failure does not matter.
    fn sign(&mut self, env: &Env) {
        let Some(held) = self.held.as_mut().filter(|held| !held.stays) else { return };
        let name = env.var("DOKKU_BUILD_ID").map_or_else(|| std::process::id().to_string(), str::to_owned);
        let _only_for_messages = held.replace_content(name.as_bytes());
    }
}

impl Drop for AppLock {
    /// Frees the lock explicitly: a background child of a hook may have inherited the descriptor, so
    /// closing ours would not. The file goes before the lock does; a waiter that then wins the
    /// unlinked file sees that and tries again. After an `apps:unlock` it may be another's.
    fn drop(&mut self) {
        let Some(held) = &mut self.held else { return };
        if !held.stays && is_file_at(&held.file, &held.path) {
            let _left_for_the_next = std::fs::remove_file(&held.path);
        }
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
        // Our children see by the descriptor that they run inside the holder.
        rustix::io::fcntl_setfd(&file, FdFlags::empty())?;
        return Ok(Some(Held { file, path: path.to_owned(), stays: origin == Origin::Hand }));
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
mod tests {
    use super::*;
    use std::collections::BTreeMap;
    use std::sync::atomic::{AtomicUsize, Ordering};

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
        // As `apps:lock` makes it.
        std::fs::write(lock_file(lib.path()), "").unwrap();
        assert!(!AppLock::is_held(&env, &app).unwrap());
        let by_hand = lock_file(lib.path()).metadata().unwrap();
        for _ in 0..2 {
            let lock = AppLock::acquire(&env, &app, Duration::ZERO).unwrap();
            assert!(lock.is_ours() && AppLock::is_held(&env, &app).unwrap());
            assert_eq!(std::fs::read(lock_file(lib.path())).unwrap(), b"", "nothing is written into it");
        }
        let now = lock_file(lib.path()).metadata().unwrap();
        assert_eq!((now.ino(), now.mode()), (by_hand.ino(), by_hand.mode()));
    }

    #[test]
    fn a_file_that_the_holder_before_removes_late_is_no_lock() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("lock");
        std::fs::write(&path, "4711").unwrap();
        let held = try_lock(&path, None, || std::fs::remove_file(&path).unwrap()).unwrap().unwrap();
        assert!(is_file_at(&held.file, &path));
        assert!(!held.stays, "the file is ours");
    }

    #[test]
    fn what_a_killed_deploy_of_the_host_has_left_goes() {
        let lib = tempfile::tempdir().unwrap();
        let (env, app) = (host(lib.path()), "shop".parse().unwrap());
        std::fs::create_dir_all(lock_file(lib.path()).parent().unwrap()).unwrap();
        std::fs::write(lock_file(lib.path()), "mwx6cmw8gudtq6\n").unwrap();
        drop(AppLock::acquire(&env, &app, Duration::ZERO).unwrap());
        assert!(!lock_file(lib.path()).exists());
    }

    #[test]
    fn what_one_of_us_who_was_killed_has_left_goes_at_once_whatever_is_in_it() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("lock");
        let no_pause = || panic!("nothing is to be waited for");
        // Killed before it has signed, after, and emptied by another that tried for it.
        for content in ["", "4711", ""] {
            let mut killed = try_lock(&path, None, no_pause).unwrap().unwrap();
            killed.replace_content(content.as_bytes()).unwrap();
            drop(killed.file);
            drop(std::fs::OpenOptions::new().write(true).truncate(content.is_empty()).open(&path).unwrap());
            let held = try_lock(&path, None, no_pause).unwrap().unwrap();
            drop(AppLock { held: Some(held) });
            assert!(!path.exists());
        }
    }

    #[test]
    fn a_file_of_another_holder_is_not_removed() {
        let lib = tempfile::tempdir().unwrap();
        let (env, app) = (host(lib.path()), "shop".parse().unwrap());
        let lock = AppLock::acquire(&env, &app, Duration::ZERO).unwrap();
        // `apps:unlock`, and the next deploy.
        std::fs::remove_file(lock_file(lib.path())).unwrap();
        std::fs::write(lock_file(lib.path()), "build").unwrap();
        drop(lock);
        assert_eq!(std::fs::read(lock_file(lib.path())).unwrap(), b"build");
    }

    #[test]
    fn contention_leaves_no_file_and_only_one_has_the_lock_at_a_time() {
        const TURNS: usize = 400;
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("lock");
        let (holders, turns) = (AtomicUsize::new(0), AtomicUsize::new(0));
        std::thread::scope(|scope| {
            for contender in 0..8 {
                let (path, holders, turns) = (&path, &holders, &turns);
                scope.spawn(move || {
                    while turns.load(Ordering::SeqCst) < TURNS {
                        let Some(held) = try_lock(path, None, || ()).unwrap() else { continue };
                        assert_eq!(holders.fetch_add(1, Ordering::SeqCst), 0, "two hold it at once");
                        std::thread::yield_now();
                        holders.fetch_sub(1, Ordering::SeqCst);
                        // Some are killed: the kernel closes their descriptors.
                        if turns.fetch_add(1, Ordering::SeqCst) % 5 == contender % 5 {
                            drop(held.file);
                        } else {
                            drop(AppLock { held: Some(held) });
                        }
                    }
                });
            }
        });
        if let Some(held) = try_lock(&path, None, || ()).unwrap() {
            drop(AppLock { held: Some(held) });
        }
        assert!(!path.exists());
    }

    #[test]
    fn what_is_no_regular_file_is_no_lock_and_is_named() {
        let lib = tempfile::tempdir().unwrap();
        let (env, app) = (host(lib.path()), "shop".parse().unwrap());
        let (path, aside) = (lock_file(lib.path()), lib.path().join("aside"));
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        let make = |kind: &str| match kind {
            "a FIFO" => {
                let mode = rustix::fs::Mode::from_raw_mode(0o644);
                rustix::fs::mknodat(rustix::fs::CWD, &path, rustix::fs::FileType::Fifo, mode, 0).unwrap();
            }
            "a socket" => drop(std::os::unix::net::UnixListener::bind(&path).unwrap()),
            "a directory" => std::fs::create_dir(&path).unwrap(),
            _ => std::os::unix::fs::symlink(&aside, &path).unwrap(),
        };
        for kind in ["a FIFO", "a socket", "a directory", "a symbolic link"] {
            make(kind);
            let error = AppLock::acquire(&env, &app, Duration::from_mins(1)).unwrap_err();
            assert!(error.message().contains(&format!(".deploy.lock: it is {kind} and must be")), "{error}");
            assert_eq!(error.kind(), ErrorKind::Failed);
            assert!(!AppLock::is_held(&env, &app).unwrap());
            assert_eq!(holder(&path), "another process");
            std::fs::rename(&path, lib.path().join(kind)).unwrap();
        }
        assert!(!aside.exists(), "no link is followed");
    }

    #[test]
    fn a_wait_in_vain_has_a_kind_of_its_own() {
        let obstacle = || Obstacle { what: "it".into(), is: "it is there".into(), who: "it".into() };
        let env = Env::new(BTreeMap::new(), Vec::new());
        let waited = wait_for::<(), _>(&env, Duration::ZERO, LOOK_AGAIN, || Ok(Err(obstacle)));
        assert_eq!(waited.unwrap_err().kind(), ErrorKind::TimedOut);
        let failing = || -> Result<std::result::Result<(), fn() -> Obstacle>> { Err(Error::new("no")) };
        assert_eq!(wait_for(&env, Duration::ZERO, LOOK_AGAIN, failing).unwrap_err().kind(), ErrorKind::Failed);
    }
}
