//! How long a child is waited for, and what is said meanwhile.

use super::Process;
use crate::{Error, Output, shown};
use std::fmt::Display;
use std::path::Path;
use std::time::{Duration, Instant};

/// How long one that waits has heard nothing when it says for what, and how often it says so again.
const SAY_AGAIN: Duration = Duration::from_secs(30);

/// A century: as long as anybody will wait.
const LONGEST: Duration = Duration::from_hours(24 * 36_525);

/// How long a child has been waited for, and who is told of that.
pub(super) struct Wait<'w> {
    began: Instant,
    deadline: Duration,
    told: Option<(&'w Output, &'w str)>,
    /// When it is told, if nothing is heard until then.
    next: Duration,
}

impl<'w> Wait<'w> {
    pub(super) fn new(process: &'w Process, output: Option<&'w Output>) -> Self {
        // A time that somebody else has set may be longer than a clock can tell.
        let deadline = process.deadline.unwrap_or(LONGEST).min(LONGEST);
        let told = output.filter(|output| !output.is_quiet()).zip(process.waited_for.as_deref());
        Self { began: Instant::now(), deadline, told, next: SAY_AGAIN }
    }

    pub(super) fn is_over(&self) -> bool {
        self.began.elapsed() >= self.deadline
    }

    /// How long nothing need be done but wait.
    pub(super) fn turn(&self) -> Duration {
        let until_told = if self.told.is_some() { self.next } else { LONGEST };
        self.deadline.min(until_told).saturating_sub(self.began.elapsed())
    }

    /// The child has printed something that we pass on.
    pub(super) fn heard(&mut self) {
        self.next = self.began.elapsed().saturating_add(SAY_AGAIN);
    }

    pub(super) fn tell(&mut self) {
        if let Some((output, what)) = self.told.filter(|_| self.began.elapsed() >= self.next) {
            output.warn(&format!("still waiting for {what} ({} s)", self.began.elapsed().as_secs()));
            self.next = self.next.saturating_add(SAY_AGAIN);
        }
    }
}

/// The failure of one that cannot be run, or heard.
pub(super) fn failed(process: &Process, how: &str, error: &impl Display) -> Error {
    let program = shown(&process.program.to_string_lossy());
    Error::new(format!("{program} {how}: {error}")).with_command(process.command())
}

/// The failure of one that has not ended by its deadline.
pub(super) fn too_late(process: &Process) -> Error {
    let seconds = process.deadline.unwrap_or_default().as_secs();
    let program = Path::new(&process.program).file_name().unwrap_or_default().to_string_lossy();
    let error = Error::new(format!("{} did not answer within {seconds} seconds", shown(&program)));
    error.with_command(process.command())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_that_prints_is_not_told_of() {
        let (process, output) = (Process::new("sh").waited_for("it"), Output::new(false, false));
        let mut wait = Wait::new(&process, Some(&output));
        wait.began = Instant::now().checked_sub(SAY_AGAIN * 2).unwrap();
        assert_eq!(wait.turn(), Duration::ZERO, "it is to be told at once");
        wait.heard();
        assert!(wait.turn() > Duration::ZERO && wait.turn() <= SAY_AGAIN);
    }
}
