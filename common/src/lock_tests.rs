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
        let killed = try_lock(&path, None, no_pause).unwrap().unwrap();
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
    let waited = wait_for::<(), _>(&env, Duration::ZERO, LOOK_AGAIN, || Ok(Attempt::Hindered(obstacle)));
    assert_eq!(waited.unwrap_err().kind(), ErrorKind::TimedOut);
    let failing = || -> Result<Attempt<(), fn() -> Obstacle>> { Err(Error::new("no")) };
    assert_eq!(wait_for(&env, Duration::ZERO, LOOK_AGAIN, failing).unwrap_err().kind(), ErrorKind::Failed);
}

/// Jobs of one process, each with the lock of its own app, start children all the time; a part of each is done by
/// another thread.
#[test]
fn a_child_inherits_the_lock_of_its_own_job_and_no_other() {
    const JOBS: usize = 4;
    const CHILDREN: usize = 20;
    let lib = tempfile::tempdir().unwrap();
    let (env, all_hold) = (host(lib.path()), std::sync::Barrier::new(JOBS));
    std::thread::scope(|scope| {
        for job in 0..JOBS {
            let (env, all_hold) = (&env, &all_hold);
            scope.spawn(move || {
                let app: App = format!("app{job}").parse().unwrap();
                let lock = AppLock::acquire(env, &app, Duration::ZERO).unwrap();
                all_hold.wait();
                let (left, seen) = (AtomicUsize::new(CHILDREN), std::sync::Mutex::new(Vec::new()));
                crate::at_once(2, || {
                    while left.fetch_update(Ordering::SeqCst, Ordering::SeqCst, |left| left.checked_sub(1)).is_ok() {
                        seen.lock().unwrap().push(locks_of_a_child());
                    }
                });
                let own = lock_path(env, &app).unwrap().display().to_string();
                assert_eq!(seen.into_inner().unwrap(), vec![own; CHILDREN]);
                drop(lock);
                assert_eq!(locks_of_a_child(), "", "the next job of this thread is another app's");
            });
        }
    });
}

fn locks_of_a_child() -> String {
    let listing = "for file in /proc/self/fd/*; do readlink $file; done | grep deploy.lock";
    let answer = crate::Process::new("sh").args(["-c", listing]).capture().unwrap();
    String::from_utf8(answer.stdout).unwrap().trim_end().to_owned()
}

#[test]
fn what_is_let_go_holds_no_lock() {
    let lib = tempfile::tempdir().unwrap();
    let (env, app) = (host(lib.path()), "shop".parse().unwrap());
    let _lock = AppLock::acquire(&env, &app, Duration::ZERO).unwrap();
    assert!(locks_of_a_child().ends_with("shop/.deploy.lock"));
    let told = lib.path().join("told");
    let listing = format!("ls -l /proc/self/fd >{0}.new; mv {0}.new {0}", told.display());
    crate::Process::new("sh").args(["-c", &listing]).let_go().unwrap();
    let end = Instant::now() + Duration::from_mins(1);
    while !told.exists() {
        assert!(Instant::now() < end, "it has not been started");
        std::thread::sleep(LOOK_AGAIN);
    }
    assert!(!std::fs::read_to_string(told).unwrap().contains("deploy.lock"));
}
