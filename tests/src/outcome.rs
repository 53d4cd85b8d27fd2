//! What a run did, and what a test says of it. What the test does not state must not have happened: an
//! output that nobody mentions is empty, and the run that nobody lets fail succeeds.

use std::fmt;
use std::sync::Arc;
use std::thread;
use std::time::Duration;

use crate::process::Finished;
use crate::sandbox::{Call, Effects, Sandbox};
use crate::tree::{self, Tree};

/// A run that is over. What was not stated about it is checked when it is dropped.
#[derive(Debug)]
pub struct Outcome {
    call: String,
    finished: Finished,
    stdout: String,
    stderr: String,
    changed: Tree,
    fired: Vec<Vec<String>>,
    effects: Vec<Vec<String>>,
    sandbox: Arc<Sandbox>,
    stated: Stated,
}

#[derive(Debug, Default)]
struct Stated {
    status: bool,
    stdout: bool,
    stderr: bool,
}

impl Outcome {
    pub(crate) fn new(call: &Call, effects: Effects, sandbox: Arc<Sandbox>) -> Self {
        let args: Vec<String> = call.args.iter().map(|arg| tree::text(arg.as_encoded_bytes())).collect();
        let outcome = Self {
            call: format!("{} {args:?}", call.program),
            stdout: sandbox.neutral(&effects.finished.stdout),
            stderr: sandbox.neutral(&effects.finished.stderr),
            effects: effects.effects(),
            finished: effects.finished,
            changed: effects.changed,
            fired: effects.fired,
            sandbox,
            stated: Stated::default(),
        };
        outcome.holds(!outcome.stderr.contains("panicked"), "it must not panic");
        outcome.holds(outcome.finished.status != 101 && outcome.finished.status != 134, "it must not crash");
        outcome
    }

    /// Exit 0.
    pub fn succeeds(self) -> Self {
        self.exits(0)
    }

    /// This exit status, which is none of success.
    pub fn fails(self, status: i32) -> Self {
        self.holds(status != 0, "a failure has a status");
        self.exits(status)
    }

    /// One of these exit statuses.
    pub fn exits_with_one_of(mut self, statuses: &[i32]) -> Self {
        self.stated.status = true;
        self.holds(statuses.contains(&self.finished.status), &format!("it must exit with one of {statuses:?}"));
        self
    }

    /// A refusal: exit 1 and a message in Dokku's form, nothing fired that changes anything, no file changed.
    pub fn refuses(self, message: &str) -> Self {
        self.fails(1).fires_nothing().changes_no_file().stderr_contains(" !     ").stderr_contains(message)
    }

    /// Exactly this on stdout.
    pub fn stdout(mut self, text: &str) -> Self {
        self.stated.stdout = true;
        self.holds(self.stdout == text, &format!("stdout must be {text:?}"));
        self
    }

    /// This somewhere on stdout.
    pub fn stdout_contains(mut self, text: &str) -> Self {
        self.stated.stdout = true;
        self.holds(self.stdout.contains(text), &format!("stdout must contain {text:?}"));
        self
    }

    /// These words on neither of the two.
    pub fn does_not_say(self, words: &str) -> Self {
        let says = self.stdout.contains(words) || self.stderr.contains(words);
        self.holds(!says, &format!("it must not say {words:?}"));
        self
    }

    /// Whatever it likes on stdout.
    pub fn any_stdout(mut self) -> Self {
        self.stated.stdout = true;
        self
    }

    /// Whatever it likes on stderr, except a panic.
    pub fn any_stderr(mut self) -> Self {
        self.stated.stderr = true;
        self
    }

    /// At most one line on stdout, the stock headline that comes before the arguments are looked at.
    pub fn stdout_at_most(mut self, line: &str) -> Self {
        self.stated.stdout = true;
        self.holds(self.stdout.is_empty() || self.stdout == line, &format!("stdout must be nothing but {line:?}"));
        self
    }

    /// Exactly this on stderr.
    pub fn stderr(mut self, text: &str) -> Self {
        self.stated.stderr = true;
        self.holds(self.stderr == text, &format!("stderr must be {text:?}"));
        self
    }

    /// Exactly this on stderr, or what else is stated of it.
    pub fn stderr_may_be(mut self, text: &str) -> Self {
        self.stated.stderr |= self.stderr == text;
        self
    }

    /// This somewhere on stderr.
    pub fn stderr_contains(mut self, text: &str) -> Self {
        self.stated.stderr = true;
        self.holds(self.stderr.contains(text), &format!("stderr must contain {text:?}"));
        self
    }

    /// A message on stderr that one can read: not empty, and not longer than `most` bytes.
    pub fn stderr_is_a_message_of_at_most(mut self, most: usize) -> Self {
        self.stated.stderr = true;
        self.holds(!self.stderr.trim().is_empty(), "there must be a message");
        self.holds(self.stderr.len() <= most, &format!("the message must not be longer than {most} bytes"));
        self
    }

    /// The types that are deployed, in this order: `web worker`. No other deploy is fired.
    pub fn deploys(self, types: &str) -> Self {
        let wanted: Vec<&str> = types.split_whitespace().collect();
        let deploys = self.effects.iter().filter(|call| call[0] == "deploy");
        let deployed: Vec<&str> = deploys.map(|call| call.get(3).map_or("", String::as_str)).collect();
        self.holds(deployed == wanted, &format!("it must deploy {wanted:?}, not {deployed:?}"));
        self
    }

    /// The triggers that change something, in order, with their arguments: `deploy shop latest web`.
    pub fn fires(self, calls: &[&str]) -> Self {
        let fired: Vec<String> = self.effects.iter().map(|call| call.join(" ")).collect();
        self.holds(fired == calls, &format!("it must fire {calls:?}, not {fired:?}"));
        self
    }

    /// No trigger that changes something.
    pub fn fires_nothing(self) -> Self {
        self.fires(&[])
    }

    /// This trigger is not even asked.
    pub fn does_not_ask(self, trigger: &str) -> Self {
        self.holds(self.fired.iter().all(|call| call[0] != trigger), &format!("it must not ask {trigger}"));
        self
    }

    /// Every file is as before.
    pub fn changes_no_file(self) -> Self {
        self.holds(self.changed.is_empty(), "it must not change a file");
        self
    }

    /// Only these files have changed.
    pub fn changes_only(self, paths: &[&str]) -> Self {
        let changed: Vec<&String> = self.changed.keys().collect();
        self.holds(changed == paths, &format!("it must change {paths:?} and no other file"));
        self
    }

    /// A file has this content now; a scale's lines are compared in sorted order.
    pub fn leaves(self, path: &str, content: &str) -> Self {
        let tree = tree::read(&self.sandbox.path(""));
        let found = tree.get(path).and_then(|file| file.get(1)).and_then(serde_json::Value::as_str);
        self.holds(found == Some(content), &format!("{path} must be {content:?}, not {found:?}"));
        self
    }

    /// Nothing is at this path of the sandbox.
    pub fn leaves_nothing_at(self, path: &str) -> Self {
        self.holds(self.sandbox.path(path).symlink_metadata().is_err(), &format!("{path} must not be there"));
        self
    }

    /// It was done in this time.
    pub fn takes_at_most(self, time: Duration) -> Self {
        self.holds(self.finished.took <= time, &format!("it must not take longer than {time:?}"));
        self
    }

    /// The stdout, for what has no word here.
    pub fn into_stdout(mut self) -> String {
        self.stated.stdout = true;
        self.stdout.clone()
    }

    fn exits(mut self, status: i32) -> Self {
        self.stated.status = true;
        self.holds(self.finished.status == status, &format!("it must exit {status}"));
        self
    }

    fn holds(&self, condition: bool, what: &str) {
        assert!(condition, "{what}\n{self}");
    }
}

impl fmt::Display for Outcome {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let short = |text: &str| -> String { text.chars().take(4000).collect() };
        writeln!(f, "run: {}", short(&self.call))?;
        writeln!(f, "exit: {} after {:?}", self.finished.status, self.finished.took)?;
        writeln!(f, "stdout: {}\nstderr: {}", short(&self.stdout), short(&self.stderr))?;
        writeln!(f, "changed: {}", short(&format!("{:?}", self.changed)))?;
        write!(f, "fired: {:?}", self.fired)
    }
}

impl Drop for Outcome {
    fn drop(&mut self) {
        if thread::panicking() {
            return;
        }
        self.holds(self.stated.status || self.finished.status == 0, "a run that may fail must be said to");
        self.holds(self.stated.stdout || self.stdout.is_empty(), "a stdout that is not stated must be empty");
        self.holds(self.stated.stderr || self.stderr.is_empty(), "a stderr that is not stated must be empty");
    }
}
