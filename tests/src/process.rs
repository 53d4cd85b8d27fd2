//! Child processes with a deadline.

use std::io::Write;
use std::os::unix::process::{CommandExt, ExitStatusExt};
use std::process::{Child, Command, Output, Stdio};
use std::sync::mpsc::{self, RecvTimeoutError};
use std::sync::{Once, PoisonError, RwLock, RwLockReadGuard};
use std::thread;
use std::time::{Duration, Instant};

use rustix::fs::Mode;
use rustix::process::{Pid, Signal, kill_process_group, umask};

/// How long a run may take where a test says nothing.
pub const DEADLINE: Duration = Duration::from_mins(5);

/// A child that is being forked holds, for a moment, every descriptor of this process. If one of them is a
/// script that another thread is writing, the script cannot be executed until that child is gone ("text
/// file busy"). So nobody writes a script while somebody starts a process.
static STARTING: RwLock<()> = RwLock::new(());

/// Keeps processes from being started as long as it lives: to be held while an executable is written.
pub fn no_start() -> RwLockReadGuard<'static, ()> {
    STARTING.read().unwrap_or_else(PoisonError::into_inner)
}

/// What a run left behind.
#[derive(Debug)]
pub struct Finished {
    /// The exit status; 128 and the signal's number for a process that was killed, as a shell says it.
    pub status: i32,
    /// Everything on stdout.
    pub stdout: Vec<u8>,
    /// Everything on stderr.
    pub stderr: Vec<u8>,
    /// How long it took.
    pub took: Duration,
}

/// Runs `command` in a process group of its own, with `stdin`; at the deadline the whole group is killed
/// and the test fails.
pub fn run(command: &mut Command, stdin: &[u8], deadline: Duration) -> Finished {
    command.stdout(Stdio::piped()).stderr(Stdio::piped());
    let began = Instant::now();
    let child = spawn(command.stdin(Stdio::piped()));
    let output = finish(child, stdin.to_vec(), deadline, command);
    let status = output.status.code().or_else(|| output.status.signal().map(|signal| 128 + signal));
    Finished {
        status: status.expect("a process ends by an exit or by a signal"),
        stdout: output.stdout,
        stderr: output.stderr,
        took: began.elapsed(),
    }
}

/// Starts `command` in a process group of its own, with the usual umask.
pub fn spawn(command: &mut Command) -> Child {
    static UMASK: Once = Once::new();
    UMASK.call_once(|| {
        umask(Mode::from_raw_mode(0o022));
    });
    let _alone = STARTING.write().unwrap_or_else(PoisonError::into_inner);
    command.process_group(0).spawn().unwrap_or_else(|error| panic!("{command:?} cannot be started: {error}"))
}

/// Kills the process group of a child that [`spawn`] started.
pub fn kill_group(child: u32) {
    let group = i32::try_from(child).ok().and_then(Pid::from_raw).expect("a process id");
    let _ = kill_process_group(group, Signal::KILL);
}

/// Asks again and again, until `condition` holds or the deadline is over.
pub fn wait_until(what: &str, deadline: Duration, mut condition: impl FnMut() -> bool) {
    let end = Instant::now() + deadline;
    while !condition() {
        assert!(Instant::now() < end, "waited {deadline:?} in vain until {what}");
        thread::sleep(Duration::from_millis(20));
    }
}

fn finish(mut child: Child, stdin: Vec<u8>, deadline: Duration, command: &Command) -> Output {
    let id = child.id();
    if let Some(mut pipe) = child.stdin.take() {
        // A program need not read what it is given.
        thread::spawn(move || drop(pipe.write_all(&stdin)));
    }
    let (sender, receiver) = mpsc::channel();
    thread::spawn(move || sender.send(child.wait_with_output()));
    match receiver.recv_timeout(deadline) {
        Ok(output) => output.expect("the child's outputs"),
        Err(RecvTimeoutError::Timeout) => {
            kill_group(id);
            let output = receiver.recv().expect("the waiting thread").expect("the child's outputs");
            panic!(
                "{command:?} was not done after {deadline:?}\nstdout: {}\nstderr: {}",
                String::from_utf8_lossy(&output.stdout),
                String::from_utf8_lossy(&output.stderr)
            );
        }
        Err(RecvTimeoutError::Disconnected) => panic!("the waiting thread is gone"),
    }
}
