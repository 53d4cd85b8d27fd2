//! How a child is started, and which open files it keeps.
//!
//! Jobs may run at once in threads of one process, each with the lock of its own app. A child sees by the descriptor of
//! a lock that it runs inside the holder, so it must have those of its own job and no others. All files of ours close
//! when a child becomes another program. A job's locks are open to children only while one of its own is started, and
//! meanwhile no other thread starts one: a child has become its program when the call that started it returns.

use rustix::io::{FdFlags, fcntl_setfd};
use std::cell::RefCell;
use std::fs::File;
use std::sync::{Arc, Mutex, PoisonError};

static STARTING: Mutex<()> = Mutex::new(());

thread_local! {
    static KEPT: RefCell<Vec<Arc<File>>> = const { RefCell::new(Vec::new()) };
}

/// What children of this thread keep, for a thread that does a part of the same job.
pub(crate) fn kept_by_children() -> Vec<Arc<File>> {
    KEPT.with_borrow(Clone::clone)
}

/// Children of this thread keep these files from now on, and no others.
pub(crate) fn let_children_keep(files: Vec<Arc<File>>) {
    KEPT.set(files);
}

/// Starts a child that keeps what children of this thread keep.
pub(super) fn start<T>(start: impl FnOnce() -> std::io::Result<T>) -> std::io::Result<T> {
    let _alone = STARTING.lock().unwrap_or_else(PoisonError::into_inner);
    let open = Opened(kept_by_children());
    open.0.iter().try_for_each(|file| fcntl_setfd(file, FdFlags::empty()))?;
    start()
}

/// Starts a child that keeps nothing of ours.
pub(super) fn start_apart<T>(start: impl FnOnce() -> std::io::Result<T>) -> std::io::Result<T> {
    let _alone = STARTING.lock().unwrap_or_else(PoisonError::into_inner);
    start()
}

/// Files that are open to a child, until this is dropped.
struct Opened(Vec<Arc<File>>);

impl Drop for Opened {
    fn drop(&mut self) {
        for file in &self.0 {
            let _an_open_file_takes_it = fcntl_setfd(file, FdFlags::CLOEXEC);
        }
    }
}
