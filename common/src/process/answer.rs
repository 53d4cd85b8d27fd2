//! What a child leaves behind.

use std::os::unix::process::ExitStatusExt;
use std::process::ExitStatus;

/// How a child ended and what it printed, where that was captured.
///
/// ```
/// let answer = dokku_plugin::Process::new("sh").args(["-c", "echo no >&2; exit 3"]).capture()?;
/// assert!(!answer.succeeded());
/// assert_eq!((answer.status_text().as_str(), answer.stderr.as_slice()), ("exit status 3", b"no\n".as_slice()));
/// # Ok::<(), dokku_plugin::Error>(())
/// ```
#[derive(Clone, Debug)]
pub struct Answer {
    pub(super) status: ExitStatus,
    /// Its standard output.
    pub stdout: Vec<u8>,
    /// Its standard error.
    pub stderr: Vec<u8>,
}

impl Answer {
    /// Whether it exited with 0.
    pub fn succeeded(&self) -> bool {
        self.status.success()
    }

    /// Whether a signal ended it.
    pub(crate) fn was_killed(&self) -> bool {
        self.status.signal().is_some()
    }

    /// `exit status 1`, or `signal 9`.
    pub fn status_text(&self) -> String {
        match (self.status.code(), self.status.signal()) {
            (Some(code), _) => format!("exit status {code}"),
            (None, Some(signal)) => format!("signal {signal}"),
            (None, None) => "an unknown status".to_owned(),
        }
    }
}
