//! Signals: what asks this process to end is passed on to its children.
//!
//! A process that only reads installs nothing and dies by the signal as any other. Once a child has
//! been started for the first time, SIGINT, SIGTERM and SIGHUP are passed on to every child that
//! runs and remembered, so that the work in progress can end in order. See [`interrupted`].

use duct::unix::HandleExt;
use signal_hook::consts::{SIGHUP, SIGINT, SIGTERM};
use std::sync::atomic::{AtomicI32, Ordering};
use std::sync::{Arc, Mutex, Once, PoisonError};

static RECEIVED: AtomicI32 = AtomicI32::new(0);
static CHILDREN: Mutex<Vec<Arc<duct::Handle>>> = Mutex::new(Vec::new());
static INSTALL: Once = Once::new();

/// The signal that asked this process to end, if one came while it had children.
pub fn interrupted() -> Option<i32> {
    match RECEIVED.load(Ordering::SeqCst) {
        0 => None,
        signal => Some(signal),
    }
}

/// Starts to pass signals on. Called before the first child is started; a failure to install the
/// handler leaves the system's own behaviour, which ends this process.
pub(crate) fn install() {
    INSTALL.call_once(|| {
        let Ok(mut signals) = signal_hook::iterator::Signals::new([SIGINT, SIGTERM, SIGHUP]) else { return };
        std::thread::spawn(move || {
            for signal in signals.forever() {
                RECEIVED.store(signal, Ordering::SeqCst);
                for child in children().iter() {
                    let _it_may_have_ended = child.send_signal(signal);
                }
            }
        });
    });
}

/// Registers a child for as long as the returned value lives.
pub(crate) fn watch(child: Arc<duct::Handle>) -> Watched {
    children().push(Arc::clone(&child));
    // A signal that came between the start and the line above was not passed on.
    if let Some(signal) = interrupted() {
        let _it_may_have_ended = child.send_signal(signal);
    }
    Watched(child)
}

/// A child that signals are passed on to.
pub(crate) struct Watched(Arc<duct::Handle>);

impl Drop for Watched {
    fn drop(&mut self) {
        children().retain(|child| !Arc::ptr_eq(child, &self.0));
    }
}

fn children() -> std::sync::MutexGuard<'static, Vec<Arc<duct::Handle>>> {
    CHILDREN.lock().unwrap_or_else(PoisonError::into_inner)
}
