//! The one error type: what went wrong, in words for the user, and the exit status that says so.

use std::fmt;

/// What a function that can fail returns.
///
/// ```
/// fn doubled(text: &str) -> dokku_plugin::Result<u32> {
///     text.parse::<u32>().map(|number| number * 2).map_err(|_| dokku_plugin::Error::new(format!("{text:?} is no number")))
/// }
/// assert_eq!(doubled("2"), Ok(4));
/// ```
pub type Result<T> = std::result::Result<T, Error>;

/// A failure as the user will see it.
///
/// It is printed once, by [`crate::run`], as ` !     message`; until then it is passed up with `?`
/// and gains [`Context`]. Exit statuses are part of the interface: 1 unless said otherwise.
///
/// ```
/// use dokku_plugin::Error;
/// let error = Error::new("App shop does not exist").with_status(20);
/// assert_eq!(error.status(), 20);
/// assert_eq!(error.to_string(), "App shop does not exist");
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Error {
    about: Box<About>,
}

/// What is known of a failure. It has a place of its own: so what returns one is as small as a pointer.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
struct About {
    status: u8,
    kind: ErrorKind,
    message: String,
    hint: String,
    behind: String,
    /// Where in the message the reason begins, behind what was being done.
    reason: usize,
}

/// What kind of failure it is, for callers that go on after some of them. Nobody has to read a message for that.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum ErrorKind {
    /// Something could not be done.
    #[default]
    Failed,
    /// What was waited for did not come in time.
    TimedOut,
    /// A signal came meanwhile.
    Interrupted,
}

impl Error {
    fn of(status: u8, message: String) -> Self {
        Self { about: Box::new(About { status, message, ..About::default() }) }
    }

    /// A failure with exit status 1.
    pub fn new(message: impl Into<String>) -> Self {
        Self::of(1, message.into())
    }

    /// A failure that has been told already, or that only its status tells.
    ///
    /// ```
    /// let told = dokku_plugin::Error::silent(10);
    /// assert_eq!((told.message(), told.status()), ("", 10));
    /// ```
    pub fn silent(status: u8) -> Self {
        Self::of(status, String::new())
    }

    /// The same failure as one of another kind.
    ///
    /// ```
    /// use dokku_plugin::{Error, ErrorKind};
    /// let error = Error::new("the lock is held").with_kind(ErrorKind::TimedOut);
    /// assert_eq!(error.kind(), ErrorKind::TimedOut);
    /// ```
    #[must_use]
    pub fn with_kind(mut self, kind: ErrorKind) -> Self {
        self.about.kind = kind;
        self
    }

    /// What kind of failure it is.
    ///
    /// ```
    /// assert_eq!(dokku_plugin::Error::new("no").kind(), dokku_plugin::ErrorKind::Failed);
    /// ```
    pub fn kind(&self) -> ErrorKind {
        self.about.kind
    }

    /// The same failure with another exit status.
    #[must_use]
    pub fn with_status(mut self, status: u8) -> Self {
        self.about.status = status;
        self
    }

    /// The same failure, with what was being done before its message.
    ///
    /// ```
    /// let error = dokku_plugin::Error::new("no such file").context("reading the quota");
    /// assert_eq!(error.message(), "reading the quota: no such file");
    /// ```
    #[must_use]
    pub fn context(mut self, doing: impl fmt::Display) -> Self {
        let doing = doing.to_string();
        if self.about.message.is_empty() {
            self.about.message = doing;
        } else {
            self.about.reason += doing.len() + 2;
            self.about.message = format!("{doing}: {}", self.about.message);
        }
        self
    }

    /// The same failure with what would be right. It is shown to a person alone, below the message: where a program reads
    /// the message, it stays what it always was.
    ///
    /// ```
    /// use dokku_plugin::Error;
    /// let error = Error::new("Invalid count for process type web").with_hint("a count is a whole number, as in web=3");
    /// assert_eq!(error.message(), "Invalid count for process type web");
    /// assert_eq!(error.hint(), "a count is a whole number, as in web=3");
    /// ```
    #[must_use]
    pub fn with_hint(mut self, hint: impl Into<String>) -> Self {
        self.about.hint = hint.into();
        self
    }

    /// What would be right; empty where the message says it, or nobody knows.
    pub fn hint(&self) -> &str {
        &self.about.hint
    }

    /// The same failure with what was run when it came up, in full: shown with `--trace` alone.
    ///
    /// ```
    /// use dokku_plugin::Error;
    /// let error = Error::new("Docker: No such container: shop.web.1").with_command("docker container rm -- shop.web.1");
    /// assert_eq!(error.command(), "docker container rm -- shop.web.1");
    /// ```
    #[must_use]
    pub fn with_command(mut self, command: impl Into<String>) -> Self {
        self.about.behind = command.into();
        self
    }

    /// What was run when it came up; empty where that says no more than the message.
    ///
    /// ```
    /// assert_eq!(dokku_plugin::Error::new("There is no quota").command(), "");
    /// ```
    pub fn command(&self) -> &str {
        &self.about.behind
    }

    /// The exit status of the process that ends with this error.
    pub fn status(&self) -> u8 {
        self.about.status
    }

    /// The message, empty for a silent error.
    pub fn message(&self) -> &str {
        &self.about.message
    }

    /// The message without what was being done.
    #[doc(hidden)] // for ps, which tells the same of many apps
    pub fn reason(&self) -> &str {
        self.about.message.get(self.about.reason..).unwrap_or_default()
    }
}

impl fmt::Display for Error {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.about.message)
    }
}

impl std::error::Error for Error {}

/// Turns a foreign error into an [`Error`] that says what was being done.
///
/// ```
/// use dokku_plugin::Context;
/// let error = std::fs::metadata("/nonexistent").context(|| "looking").unwrap_err();
/// assert!(error.message().starts_with("looking: No such file"));
/// ```
pub trait Context<T> {
    /// On failure: `doing: the failure's own words`. `doing` is asked for only then.
    fn context<D: fmt::Display>(self, doing: impl FnOnce() -> D) -> Result<T>;
}

impl<T, E: Into<Error>> Context<T> for std::result::Result<T, E> {
    fn context<D: fmt::Display>(self, doing: impl FnOnce() -> D) -> Result<T> {
        self.map_err(|error| error.into().context(doing()))
    }
}

impl From<std::io::Error> for Error {
    fn from(error: std::io::Error) -> Self {
        // The kernel's number of it tells a user no more than its words.
        let words = error.to_string();
        Self::new(words.split(" (os error ").next().unwrap_or_default())
    }
}

impl From<serde_json::Error> for Error {
    fn from(error: serde_json::Error) -> Self {
        Self::new(error.to_string())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn context_goes_before_the_message_and_keeps_the_rest() {
        let failed: Result<()> = Err(Error::new("no such file").with_status(20).with_kind(ErrorKind::TimedOut));
        let error = failed.context(|| "reading scale").unwrap_err();
        assert_eq!(error.kind(), ErrorKind::TimedOut);
        assert_eq!((error.status(), error.message()), (20, "reading scale: no such file"));
    }

    #[test]
    fn a_silent_error_gains_words_with_context() {
        assert_eq!(Error::silent(10).message(), "");
        assert_eq!(Error::silent(3).context("deploy failed").message(), "deploy failed");
    }
}
