//! A command of the host that runs while the test does something else.

use std::fs::{self, File};
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use ps_tests::docker::Dokku;
use ps_tests::process::{kill_group, spawn, wait_until};
use rustix::process::{Pid, Signal, kill_process, kill_process_group};

/// How long a command may take to its end.
const ENDS: Duration = Duration::from_mins(5);

/// It has a process group of its own, as one that a shell started. Its outputs are files: children that outlive it
/// keep no reader waiting.
pub(crate) struct Started {
    what: String,
    child: Child,
    executable: PathBuf,
    outputs: [PathBuf; 2],
    ended: bool,
}

impl Started {
    /// Begins `dokku WORDS…`, which ends in the executable `subcommands/SUBCOMMAND`.
    pub(crate) fn new(dokku: &Dokku, subcommand: &str, words: &[&str]) -> Self {
        Self::with(dokku, subcommand, words, &[])
    }

    /// As [`Started::new`], with variables added to its environment.
    pub(crate) fn with(dokku: &Dokku, subcommand: &str, words: &[&str], env: &[(&str, &str)]) -> Self {
        static NEXT: AtomicU32 = AtomicU32::new(1);
        let number = NEXT.fetch_add(1, Ordering::Relaxed);
        let outputs = ["stdout", "stderr"].map(|name| dokku.path(&format!("{name}-{number}")));
        let [stdout, stderr] = outputs.each_ref().map(|path| File::create(path).expect("a file for an output"));
        let mut command = Command::new(dokku.path("dokku"));
        command
            .args(words)
            .env("DOKKU_DOCKER_TIMEOUT", "120")
            .env_remove("DOKKU_QUIET_OUTPUT")
            .envs(env.iter().copied())
            .stdin(Stdio::null())
            .stdout(stdout)
            .stderr(stderr);
        let installed = dokku.path(&format!("lib/core-plugins/available/ps/subcommands/{subcommand}"));
        let executable = installed.canonicalize().unwrap_or_else(|error| panic!("{}: {error}", installed.display()));
        let what = format!("dokku {}", words.join(" "));
        Self { what, child: spawn(&mut command), executable, outputs, ended: false }
    }

    /// Waits until the executable itself runs in the place of dokku's shell; `false` when it has ended before.
    pub(crate) fn runs_itself(&mut self) -> bool {
        let link = format!("/proc/{}/exe", self.child.id());
        let mut runs = false;
        wait_until(&format!("{} runs {}", self.what, self.executable.display()), ENDS, || {
            runs = fs::read_link(&link).is_ok_and(|executable| executable == self.executable);
            runs || !self.is_running()
        });
        runs
    }

    /// Whether it has not ended yet.
    pub(crate) fn is_running(&mut self) -> bool {
        self.ended |= !matches!(self.child.try_wait(), Ok(None));
        !self.ended
    }

    /// Sends a signal to the process alone.
    pub(crate) fn signal(&self, signal: Signal) {
        kill_process(self.pid(), signal).unwrap_or_else(|error| panic!("{}: {signal:?}: {error}", self.what));
    }

    /// Sends a signal to its process group, as a terminal does.
    fn signal_group(&self, signal: Signal) {
        kill_process_group(self.pid(), signal).unwrap_or_else(|error| panic!("{}: {signal:?}: {error}", self.what));
    }

    /// Asks it to end: a terminal tells every process of the group, a supervisor the one that it started.
    pub(crate) fn interrupt(&self, signal: Signal) {
        if signal == Signal::INT {
            self.signal_group(signal);
        } else {
            self.signal(signal);
        }
    }

    /// Its exit status, as a shell says it.
    pub(crate) fn status(&mut self) -> i32 {
        use std::os::unix::process::ExitStatusExt;
        let mut status = None;
        wait_until(&format!("{} has ended", self.what), ENDS, || {
            status = self.child.try_wait().expect("its exit status");
            status.is_some()
        });
        self.ended = true;
        let status = status.expect("an exit status");
        status.code().or_else(|| status.signal().map(|signal| 128 + signal)).expect("an exit or a signal")
    }

    /// What it printed so far, both outputs.
    pub(crate) fn said(&self) -> String {
        self.outputs.iter().map(|path| fs::read_to_string(path).unwrap_or_default()).collect()
    }

    /// Its number.
    #[allow(dead_code, reason = "of the suites that have this file only watch asks for it")]
    pub(crate) fn id(&self) -> u32 {
        self.child.id()
    }

    fn pid(&self) -> Pid {
        i32::try_from(self.child.id()).ok().and_then(Pid::from_raw).expect("a process id")
    }
}

impl Drop for Started {
    /// A test that fails leaves no process behind.
    fn drop(&mut self) {
        if !self.ended {
            kill_group(self.child.id());
            drop(self.child.wait());
        }
    }
}
