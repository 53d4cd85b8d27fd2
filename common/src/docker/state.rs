//! How it is with a container, in Docker's words.

use std::fmt;

/// How it is with a container. A word that this release does not know is kept as it is.
///
/// ```
/// use dokku_plugin::ContainerState;
/// let state = ContainerState::from("paused");
/// assert_eq!((state.as_str(), state.is_alive()), ("paused", true));
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ContainerState {
    /// It was made and never started.
    Created,
    /// It runs.
    Running,
    /// It runs, and its processes have been halted until somebody lets them go on.
    Paused,
    /// It has ended, and Docker is about to start it again.
    Restarting,
    /// It is being removed.
    Removing,
    /// It has ended.
    Exited,
    /// It has ended, and could not be removed whole.
    Dead,
    /// Any other word.
    Other(String),
}

impl ContainerState {
    /// Docker's word for it.
    pub fn as_str(&self) -> &str {
        match self {
            Self::Created => "created",
            Self::Running => "running",
            Self::Paused => "paused",
            Self::Restarting => "restarting",
            Self::Removing => "removing",
            Self::Exited => "exited",
            Self::Dead => "dead",
            Self::Other(word) => word,
        }
    }

    /// Whether its processes do their work.
    #[doc(hidden)] // for ps, which runs the containers
    pub fn serves(&self) -> bool {
        *self == Self::Running
    }

    /// Whether it counts as one that runs, as the host counts: a paused one does, and so does one that Docker is about
    /// to start again.
    #[doc(hidden)] // for ps, which runs the containers
    pub fn counts_as_running(&self) -> bool {
        matches!(self, Self::Running | Self::Paused | Self::Restarting)
    }

    /// Whether it has processes, be it that they have been halted.
    pub fn is_alive(&self) -> bool {
        matches!(self, Self::Running | Self::Paused)
    }

    /// Whether it does not run, and could be started as it is.
    #[doc(hidden)] // for ps, which runs the containers
    pub fn can_be_started(&self) -> bool {
        matches!(self, Self::Created | Self::Exited)
    }

    /// Whether it ran and has ended, be it that Docker will start it again.
    #[doc(hidden)] // for ps, which runs the containers
    pub fn has_ended(&self) -> bool {
        matches!(self, Self::Exited | Self::Dead | Self::Restarting)
    }
}

impl From<&str> for ContainerState {
    fn from(word: &str) -> Self {
        let known =
            [Self::Created, Self::Running, Self::Paused, Self::Restarting, Self::Removing, Self::Exited, Self::Dead];
        known.into_iter().find(|state| state.as_str() == word).unwrap_or_else(|| Self::Other(word.to_owned()))
    }
}

impl Default for ContainerState {
    fn default() -> Self {
        Self::Other(String::new())
    }
}

impl fmt::Display for ContainerState {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.pad(self.as_str())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_word_stays_what_it_is() {
        for word in ["created", "running", "paused", "restarting", "removing", "exited", "dead", "stopping", ""] {
            assert_eq!(ContainerState::from(word).to_string(), word);
        }
    }

    #[test]
    fn what_serves_is_alive_and_counts() {
        let states = ["created", "running", "paused", "restarting", "removing", "exited", "dead", "stopping"];
        for state in states.map(ContainerState::from) {
            assert!(!state.serves() || state.is_alive());
            assert!(!state.is_alive() || state.counts_as_running() && !state.has_ended());
            assert!(!state.can_be_started() || !state.counts_as_running());
        }
    }
}
