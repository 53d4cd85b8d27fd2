//! The few things that are changed of containers that run. To change none of them asks Docker nothing.

use super::{Docker, failure};
use crate::{Process, Result};
use std::time::Duration;

impl Docker<'_> {
    /// Gives containers another restart policy at once, all in one call.
    ///
    /// # Errors
    /// With Docker's own message when it fails for one of them.
    #[doc(hidden)] // for ps, which runs the containers
    pub fn set_restart_policy(&self, containers: &[String], policy: &str) -> Result<()> {
        let policy = format!("--restart={policy}");
        Self::change(self.read(&["container", "update", &policy]), containers)
    }

    /// Sends a signal (such as `TERM`) to the first process of containers, all in one call.
    ///
    /// # Errors
    /// With Docker's own message when it fails for one of them.
    #[doc(hidden)] // for ps, which runs the containers
    pub fn send_signal(&self, containers: &[String], signal: &str) -> Result<()> {
        Self::change(self.read(&["container", "kill", "--signal", signal]), containers)
    }

    /// Gives a container another name.
    ///
    /// # Errors
    /// With Docker's own message when it cannot.
    #[doc(hidden)] // for ps, which runs the containers
    pub fn rename(&self, container: &str, name: &str) -> Result<()> {
        Self::text(&self.read(&["container", "rename", "--", container, name])).map(drop)
    }

    /// Starts containers that have ended, all in one call; one that runs goes on.
    ///
    /// # Errors
    /// With Docker's own message when it fails for one of them.
    #[doc(hidden)] // for ps, which runs the containers
    pub fn start(&self, containers: &[String]) -> Result<()> {
        let patience = Duration::from_mins(1).saturating_add(self.patience());
        Self::change(self.read(&["container", "start"]).deadline(patience), containers)
    }

    /// Stops containers, all in one call; those that do not end within `timeout` seconds are killed.
    ///
    /// # Errors
    /// With Docker's own message when it fails for one of them.
    #[doc(hidden)] // for ps, which runs the containers
    pub fn stop(&self, containers: &[String], timeout: u64) -> Result<()> {
        let patience = Duration::from_secs(timeout.saturating_mul(2).saturating_add(60));
        Self::change(self.read(&["container", "stop", "-t", &timeout.to_string()]).deadline(patience), containers)
    }

    /// Removes containers, running or not, all in one call.
    ///
    /// # Errors
    /// With Docker's own message when it fails for one of them.
    #[doc(hidden)] // for ps, which runs the containers
    pub fn remove(&self, containers: &[String]) -> Result<()> {
        Self::change(self.read(&["container", "rm", "--force"]), containers)
    }

    fn change(process: Process, containers: &[String]) -> Result<()> {
        if containers.is_empty() { Ok(()) } else { Self::text(&process.args(["--"]).args(containers)).map(drop) }
    }

    /// The last lines that a container has printed.
    ///
    /// # Errors
    /// With Docker's own message when it cannot tell.
    #[doc(hidden)] // for ps, which runs the containers
    pub fn last_lines(&self, container: &str, lines: u32) -> Result<String> {
        let read = self.read(&["container", "logs", "--tail", &lines.to_string(), "--", container]);
        let answer = read.capture()?;
        if !answer.succeeded() {
            return Err(failure(&read, &answer));
        }
        Ok(String::from_utf8_lossy(&[answer.stdout, answer.stderr].concat()).into_owned())
    }
}
