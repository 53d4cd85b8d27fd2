//! The few things that are changed of containers that run.

use super::Docker;
use crate::Result;

impl Docker<'_> {
    /// Gives containers another restart policy at once, all in one call.
    ///
    /// # Errors
    /// With Docker's own message when it fails for one of them.
    pub fn set_restart_policy(&self, containers: &[String], policy: &str) -> Result<()> {
        let policy = format!("--restart={policy}");
        Self::text(&self.read(&["container", "update", &policy]).args(containers)).map(drop)
    }

    /// Sends a signal (such as `TERM`) to the first process of containers, all in one call.
    ///
    /// # Errors
    /// With Docker's own message when it fails for one of them.
    pub fn send_signal(&self, containers: &[String], signal: &str) -> Result<()> {
        Self::text(&self.read(&["container", "kill", "--signal", signal]).args(containers)).map(drop)
    }
}
