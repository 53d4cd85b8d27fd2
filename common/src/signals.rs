//! Signals: what asks this process to end is passed on to its children.
//!
//! A process that only reads installs nothing and dies by the signal as any other. Once a child has
//! been started for the first time, SIGINT, SIGTERM, SIGHUP and SIGQUIT are passed on to every child that
//! runs and remembered, so that the work in progress can end in order. See [`interrupted`]. A child that has
//! not ended some seconds later is killed, so that nothing that hangs keeps this process. One that does as we do, a
//! command that a hook has called, has its own children killed at that time and puts things back then: it gets longer.

mod group;

use self::group::{HEEDS_SIGNALS, heeds_signals, members};
use crate::file::{open_terminal, read_of_the_system};
use duct::unix::HandleExt;
use rustix::process::{Pid, Signal, kill_process_group};
use signal_hook::consts::{SIGHUP, SIGINT, SIGKILL, SIGQUIT, SIGTERM};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicI32, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, Once, OnceLock, PoisonError};
use std::thread::Builder;
use std::time::{Duration, Instant};

static RECEIVED: AtomicI32 = AtomicI32::new(0);
/// How often [`in_spite_of_signals`] runs: threads may do so at the same time.
static IN_SPITE: AtomicUsize = AtomicUsize::new(0);
/// How long a child that was asked to end may take.
const GRACE: Duration = Duration::from_secs(10);

/// How long one may take that passes signals on itself, to end what it has started and to put things back.
const GRACE_OF_OURS: Duration = Duration::from_mins(5);

/// How often it is looked who is still there.
const LOOK_AGAIN: Duration = Duration::from_millis(100);

/// How long one may take that must be done in spite of signals.
const LONG_GRACE: Duration = Duration::from_mins(1);

static CHILDREN: Mutex<Vec<Child>> = Mutex::new(Vec::new());
static INSTALL: Once = Once::new();
/// Who wants to be told.
static WAITING: OnceLock<Box<dyn Fn() + Send + Sync>> = OnceLock::new();

/// A child that runs.
#[derive(Clone)]
struct Child {
    handle: Arc<duct::Handle>,
    /// Whether it leads a process group of its own, which then gets the signals whole.
    leads_group: bool,
    /// Whether no signal may reach it.
    in_spite: bool,
}

impl Child {
    fn send(&self, signal: i32) {
        let named = [
            (SIGINT, Signal::INT),
            (SIGTERM, Signal::TERM),
            (SIGHUP, Signal::HUP),
            (SIGQUIT, Signal::QUIT),
            (SIGKILL, Signal::KILL),
        ];
        let named = named.into_iter().find(|(number, _)| *number == signal).map(|(_, named)| named);
        let _it_may_have_ended = match (self.has_a_group(), self.pid().and_then(Pid::from_raw), named) {
            (true, Some(group), Some(named)) => kill_process_group(group, named).map_err(std::io::Error::from),
            _ => self.handle.send_signal(signal),
        };
    }

    fn pid(&self) -> Option<i32> {
        self.handle.pids().first().and_then(|pid| i32::try_from(*pid).ok())
    }

    fn has_a_group(&self) -> bool {
        self.leads_group || self.in_spite
    }

    /// Those that a signal to this child reaches.
    fn reached(&self) -> Vec<PathBuf> {
        match self.pid() {
            Some(group) if self.has_a_group() => members(group),
            pid => pid.into_iter().map(|pid| PathBuf::from(format!("/proc/{pid}"))).collect(),
        }
    }

    /// Whether its time is over, so long after it was asked to end.
    fn is_overdue(&self, waited: Duration) -> bool {
        let grace = if self.in_spite { LONG_GRACE } else { GRACE };
        waited >= grace && (waited >= GRACE_OF_OURS || !self.reached().iter().any(|process| heeds_signals(process)))
    }

    fn is_there(&self) -> bool {
        children().iter().any(|child| Arc::ptr_eq(&child.handle, &self.handle))
    }
}

/// Passes a signal on to these children, and kills those that are still there when their time is over.
fn ask_to_end(asked: Vec<Child>, signal: i32) {
    asked.iter().filter(|child| !child.in_spite).for_each(|child| child.send(signal));
    let began = Instant::now();
    let kill = move || {
        let mut left = asked;
        while !left.is_empty() {
            std::thread::sleep(LOOK_AGAIN);
            left.retain(Child::is_there);
            left.iter().filter(|child| child.is_overdue(began.elapsed())).for_each(|child| child.send(SIGKILL));
        }
    };
    let _without_a_thread_nobody_kills = Builder::new().spawn(kill);
}

/// The signal that asked this process to end, if one came since its first child was started.
#[doc(hidden)] // for ps, which undoes what a signal interrupts
pub fn interrupted() -> Option<i32> {
    match RECEIVED.load(Ordering::SeqCst) {
        0 => None,
        signal => Some(signal),
    }
}

/// From now on signals are heard, and `tell` is called when one asks this process to end: for one that waits for what may
/// never come. Only the first that is given is called.
#[doc(hidden)] // for ps, which undoes what a signal interrupts
pub fn when_asked_to_end(tell: impl Fn() + Send + Sync + 'static) {
    let _another_was_first = WAITING.set(Box::new(tell));
    install();
}

/// Does nothing for so long, or until a signal asks this process to end.
#[doc(hidden)] // for ps, which undoes what a signal interrupts
pub fn pause(time: Duration) {
    let began = Instant::now();
    while interrupted().is_none() {
        let left = time.saturating_sub(began.elapsed());
        if left.is_zero() {
            break;
        }
        std::thread::sleep(left.min(LOOK_AGAIN));
    }
}

/// Starts to pass signals on. Called before the first child is started; a failure to install the
/// handler leaves the system's own behaviour, which ends this process.
pub(crate) fn install() {
    INSTALL.call_once(|| {
        let (tell, told) = std::sync::mpsc::channel();
        // The handler is there only together with the thread that listens: else a signal would be lost.
        let listen = move || {
            let heeded = [SIGINT, SIGTERM, SIGHUP, SIGQUIT].into_iter().filter(|signal| !is_ignored(*signal));
            let Ok(mut signals) = signal_hook::iterator::Signals::new(heeded) else { return };
            let _waited_for = tell.send(());
            for signal in signals.forever() {
                RECEIVED.store(signal, Ordering::SeqCst);
                let asked = children().clone();
                ask_to_end(asked, signal);
                if let Some(tell) = WAITING.get() {
                    tell();
                }
            }
        };
        if Builder::new().name(HEEDS_SIGNALS.to_owned()).spawn(listen).is_ok() {
            let _installed_or_not = told.recv();
        }
    });
}

/// Whether who started us has this signal ignored, as `nohup` does: then it is ignored by us and by our children.
fn is_ignored(signal: i32) -> bool {
    let status = read_of_the_system(Path::new("/proc/self/status")).ok().flatten().unwrap_or_default();
    let status = String::from_utf8_lossy(&status);
    let mask = status.lines().find_map(|line| line.strip_prefix("SigIgn:"));
    let mask = mask.and_then(|mask| u64::from_str_radix(mask.trim(), 16).ok()).unwrap_or_default();
    u32::try_from(signal - 1).is_ok_and(|bit| mask.checked_shr(bit).is_some_and(|rest| rest & 1 == 1))
}

/// Whether we are in the foreground of a terminal: its keys send their signals to our whole process group.
pub(crate) fn is_on_a_terminal() -> bool {
    let Ok(terminal) = open_terminal() else { return false };
    rustix::termios::tcgetpgrp(terminal).is_ok_and(|foreground| foreground == rustix::process::getpgrp())
}

/// Registers a child for as long as the returned value lives.
pub(crate) fn watch(handle: Arc<duct::Handle>, leads_group: bool) -> Watched {
    let child = Child { handle, leads_group, in_spite: are_to_wait() };
    children().push(child.clone());
    // A signal that came between the start and the line above was not passed on.
    if let Some(signal) = interrupted() {
        ask_to_end(vec![child.clone()], signal);
    }
    Watched(child)
}

/// The signal on which nothing further may be begun; none while [`in_spite_of_signals`] runs.
pub(crate) fn must_end() -> Option<i32> {
    interrupted().filter(|_| !are_to_wait())
}

/// Whether [`in_spite_of_signals`] runs.
pub(crate) fn are_to_wait() -> bool {
    IN_SPITE.load(Ordering::SeqCst) > 0
}

/// Does work that must be done although a signal has asked this process to end, or may ask while it goes on:
/// what cannot be left half done, and putting things back. No signal reaches the children that it starts, not
/// even from a terminal; only one that takes longer than a minute from then on is killed.
#[doc(hidden)] // for ps, which undoes what a signal interrupts
pub fn in_spite_of_signals<T>(work: impl FnOnce() -> T) -> T {
    IN_SPITE.fetch_add(1, Ordering::SeqCst);
    let done = work();
    IN_SPITE.fetch_sub(1, Ordering::SeqCst);
    done
}

/// A child that signals are passed on to.
pub(crate) struct Watched(Child);

impl Watched {
    /// Kills it, and all that it has started if it leads a group.
    pub(crate) fn kill(&self) {
        self.0.send(SIGKILL);
    }

    /// Once it has ended on a signal: waits for those of its group that have not, which are killed when their time is
    /// over.
    pub(crate) fn end_with_its_group(&self) {
        let began = Instant::now();
        while self.0.leads_group && !self.0.reached().is_empty() {
            if self.0.is_overdue(began.elapsed()) {
                return self.kill();
            }
            std::thread::sleep(LOOK_AGAIN);
        }
    }
}

impl Drop for Watched {
    fn drop(&mut self) {
        children().retain(|child| !Arc::ptr_eq(&child.handle, &self.0.handle));
    }
}

fn children() -> std::sync::MutexGuard<'static, Vec<Child>> {
    CHILDREN.lock().unwrap_or_else(PoisonError::into_inner)
}
