//! Child processes: one builder, no shell, errors that quote the command, its status and its words.

mod answer;
mod pipes;
mod start;
mod wait;

pub use self::answer::Answer;
pub(crate) use self::start::{kept_by_children, let_children_keep};

use self::pipes::Sink;
use self::start::{start, start_apart};
use self::wait::{Wait, failed, too_late};
use crate::output::Stream;
use crate::ready::ready;
use crate::timings::{Whom, timed};
use crate::{Error, Output, Result, signals};
use std::ffi::{OsStr, OsString};
use std::io::{PipeReader, PipeWriter};
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::sync::Arc;
use std::time::{Duration, Instant};

/// The most that is kept of what a child prints, in bytes: no answer of Docker's or of a hook comes near it.
const MOST: usize = 64 * 1024 * 1024;

/// How long one that has ended is heard whose pipes others go on to fill.
const LINGERS: Duration = Duration::from_secs(1);

/// How soon it is seen that a child has ended whose pipes others hold open.
const LOOK_AGAIN: Duration = Duration::from_millis(50);

/// A program to run with arguments, variables on top of ours, and maybe input and a deadline.
///
/// ```
/// use dokku_plugin::{Env, Process};
/// use std::time::Duration;
///
/// let process = Process::new("tr").args(["a-z", "A-Z"]).input("shop").deadline(Duration::from_secs(10)).at_most(1000);
/// assert_eq!(process.command(), "tr a-z A-Z");
/// let answer = process.capture()?;
/// assert!(answer.succeeded());
/// assert_eq!(answer.stdout, b"SHOP");
/// // Its output goes where ours goes.
/// let env = Env::from_process();
/// let answer = Process::new("true").var("LC_ALL", "C").waited_for("nothing").stream(env.output())?;
/// assert!(Process::new("true").capture_stdout(env.output())?.stdout.is_empty());
/// # Ok::<(), dokku_plugin::Error>(())
/// ```
#[derive(Clone, Debug)]
pub struct Process {
    program: OsString,
    arguments: Vec<OsString>,
    variables: Vec<(OsString, OsString)>,
    folder: Option<PathBuf>,
    input: Option<Vec<u8>>,
    deadline: Option<Duration>,
    most: usize,
    leads_group: bool,
    has_our_input: bool,
    waited_for: Option<String>,
}

impl Process {
    /// A process of `program`: a path, or a name that is found in `PATH`.
    pub fn new(program: impl Into<OsString>) -> Self {
        Self {
            program: program.into(),
            arguments: Vec::new(),
            variables: Vec::new(),
            folder: None,
            input: None,
            deadline: None,
            most: MOST,
            leads_group: false,
            has_our_input: false,
            waited_for: None,
        }
    }

    /// With further arguments.
    #[must_use]
    pub fn args(mut self, arguments: impl IntoIterator<Item = impl AsRef<OsStr>>) -> Self {
        self.arguments.extend(arguments.into_iter().map(|argument| argument.as_ref().to_owned()));
        self
    }

    /// With a variable.
    #[must_use]
    pub fn var(mut self, name: impl Into<OsString>, value: impl Into<OsString>) -> Self {
        self.variables.push((name.into(), value.into()));
        self
    }

    /// In this folder instead of ours.
    ///
    /// ```
    /// let answer = dokku_plugin::Process::new("pwd").in_folder("/").capture()?;
    /// assert_eq!(answer.stdout, b"/\n");
    /// # Ok::<(), dokku_plugin::Error>(())
    /// ```
    #[must_use]
    pub fn in_folder(mut self, folder: impl Into<PathBuf>) -> Self {
        self.folder = Some(folder.into());
        self
    }

    /// With these bytes on its standard input instead of ours.
    #[must_use]
    pub fn input(mut self, bytes: impl Into<Vec<u8>>) -> Self {
        self.input = Some(bytes.into());
        self
    }

    /// In a process group of its own and without our standard input: a signal reaches all that it has
    /// started, too.
    #[doc(hidden)] // for ps, which ends what a script has started
    #[must_use]
    pub fn leading_a_group(mut self) -> Self {
        self.leads_group = true;
        self
    }

    /// As [`Process::leading_a_group`], but with our standard input; and on a terminal, which has a process group of its
    /// own that may read from it, in ours: there its user's keys reach all of it anyway.
    #[must_use]
    pub(crate) fn leading_a_group_off_a_terminal(mut self) -> Self {
        self.leads_group = !signals::is_on_a_terminal();
        self.has_our_input = true;
        self
    }

    /// To be killed after this time, with an error; with all that it has started, if it leads a group.
    #[must_use]
    pub fn deadline(mut self, time: Duration) -> Self {
        self.deadline = Some(time);
        self
    }

    /// While its output is shown and it has not ended, every 30 seconds ` !     still waiting for WHAT (30 s)`, unless
    /// quiet; where its output is read by us, only when it has printed nothing for that time.
    #[must_use]
    pub fn waited_for(mut self, what: impl Into<String>) -> Self {
        self.waited_for = Some(what.into());
        self
    }

    /// To be killed, with an error, when it prints more bytes than this where that is captured.
    #[must_use]
    pub fn at_most(mut self, bytes: usize) -> Self {
        self.most = bytes;
        self
    }

    /// The command as a person would type it, for messages.
    pub fn command(&self) -> String {
        let words = std::iter::once(&self.program).chain(&self.arguments);
        words.map(|word| quoted(&word.to_string_lossy())).collect::<Vec<_>>().join(" ")
    }

    /// Runs it with standard output and error captured.
    ///
    /// # Errors
    /// When it cannot be started, the deadline passes, or it prints without an end. Its own failure is in the answer.
    pub fn capture(&self) -> Result<Answer> {
        let ((out_pipe, out), (err_pipe, err)) = (self.pipe()?, self.pipe()?);
        let expression = self.expression().stdout_file(out).stderr_file(err);
        self.finish(expression, vec![(out_pipe, Sink::Stdout), (err_pipe, Sink::Stderr)], None)
    }

    /// Runs it with standard output captured; standard error goes where ours goes.
    ///
    /// # Errors
    /// As [`Process::capture`].
    pub fn capture_stdout(&self, output: &Output) -> Result<Answer> {
        let (out_pipe, out) = self.pipe()?;
        let mut pipes = vec![(out_pipe, Sink::Stdout)];
        let mut expression = self.expression().stdout_file(out);
        if output.is_labelled() {
            let (err_pipe, err) = self.pipe()?;
            expression = expression.stderr_file(err);
            pipes.push((err_pipe, Sink::Lines(output, Stream::Err, Vec::new())));
        }
        self.finish(expression, pipes, Some(output))
    }

    /// Runs it with its output going where ours goes; with a label, line by line under that label.
    ///
    /// # Errors
    /// As [`Process::capture`].
    pub fn stream(&self, output: &Output) -> Result<Answer> {
        if !output.is_labelled() {
            return self.finish(self.expression(), Vec::new(), Some(output));
        }
        let ((out_pipe, out), (err_pipe, err)) = (self.pipe()?, self.pipe()?);
        let lines = |stream| Sink::Lines(output, stream, Vec::new());
        let expression = self.expression().stdout_file(out).stderr_file(err);
        self.finish(expression, vec![(out_pipe, lines(Stream::Out)), (err_pipe, lines(Stream::Err))], Some(output))
    }

    /// Runs it with its standard output going where ours goes, and its standard error captured.
    ///
    /// # Errors
    /// As [`Process::capture`].
    pub(crate) fn capture_stderr(&self, output: &Output) -> Result<Answer> {
        let (err_pipe, err) = self.pipe()?;
        self.finish(self.expression().stderr_file(err), vec![(err_pipe, Sink::Stderr)], Some(output))
    }

    /// Becomes this program: our own ends here. Returns only when it cannot be started.
    #[doc(hidden)] // for ps, which is started anew by its service
    pub fn replace_ours(&self) -> Error {
        failed(self, "could not be run", &self.for_the_system().exec())
    }

    /// Starts it and lets it go: without our streams and our locks, in a process group of its own.
    ///
    /// # Errors
    /// When it cannot be started.
    #[doc(hidden)] // for ps, which ends containers in the background
    #[allow(clippy::disallowed_methods, reason = "this is the one place that starts processes")]
    pub fn let_go(&self) -> Result<()> {
        let mut command = self.for_the_system();
        command.process_group(0).stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
        start_apart(|| command.spawn()).map(drop).map_err(|error| failed(self, "could not be run", &error))
    }

    #[allow(clippy::disallowed_methods, reason = "this is the one place that starts processes")]
    fn for_the_system(&self) -> std::process::Command {
        let mut command = std::process::Command::new(&self.program);
        command.args(&self.arguments).envs(self.variables.iter().map(|(name, value)| (name, value)));
        if let Some(folder) = &self.folder {
            command.current_dir(folder);
        }
        command
    }

    #[allow(clippy::disallowed_methods, reason = "this is the one place that starts processes")]
    fn expression(&self) -> duct::Expression {
        let mut expression = duct::cmd(&self.program, &self.arguments).unchecked();
        for (name, value) in &self.variables {
            expression = expression.env(name, value);
        }
        if let Some(folder) = &self.folder {
            expression = expression.dir(folder);
        }
        if self.leads_group || signals::are_to_wait() {
            expression = expression.before_spawn(|command| {
                command.process_group(0);
                Ok(())
            });
            if !self.has_our_input || signals::are_to_wait() {
                expression = expression.stdin_null();
            }
        }
        match &self.input {
            Some(bytes) => expression.stdin_bytes(bytes.clone()),
            None => expression,
        }
    }

    fn pipe(&self) -> Result<(PipeReader, PipeWriter)> {
        std::io::pipe().map_err(|error| failed(self, "could not be run", &error))
    }

    /// Runs it to its end, and keeps how long that took if that is asked for.
    fn finish(
        &self,
        expression: duct::Expression,
        pipes: Vec<(PipeReader, Sink<'_>)>,
        output: Option<&Output>,
    ) -> Result<Answer> {
        let is_docker = Path::new(&self.program).file_name().is_some_and(|name| name == "docker");
        let whom = if is_docker { Whom::Docker } else { Whom::Host };
        let what = || self.waited_for.clone().unwrap_or_else(|| self.command());
        timed(whom, what, || self.run(expression, pipes, output))
    }

    /// Runs it to its end, takes what comes through the pipes, and says now and then that it has not ended.
    fn run(
        &self,
        expression: duct::Expression,
        mut pipes: Vec<(PipeReader, Sink<'_>)>,
        output: Option<&Output>,
    ) -> Result<Answer> {
        signals::install();
        let handle = Arc::new(start(|| expression.start()).map_err(|error| failed(self, "could not be run", &error))?);
        // It holds our ends of the pipes for writing.
        drop(expression);
        let watched = signals::watch(Arc::clone(&handle), self.leads_group);
        let waiting = |error: std::io::Error| failed(self, "could not be waited for", &error);
        let mut wait = Wait::new(self, output);
        let [stdout, stderr] = self.hear(&handle, &watched, &mut pipes, &mut wait)?;
        loop {
            if let Some(done) = handle.wait_timeout(wait.turn()).map_err(waiting)? {
                // Who has ended on a signal may have left behind who has not.
                if signals::must_end().is_some() {
                    watched.end_with_its_group();
                }
                return Ok(Answer { status: done.status, stdout, stderr });
            }
            if wait.is_over() {
                watched.kill();
                return Err(too_late(self));
            }
            wait.tell();
        }
    }

    /// Takes what comes through the pipes, until they are at their end or it is: its standard output and error.
    fn hear(
        &self,
        handle: &duct::Handle,
        watched: &signals::Watched,
        pipes: &mut Vec<(PipeReader, Sink<'_>)>,
        wait: &mut Wait<'_>,
    ) -> Result<[Vec<u8>; 2]> {
        let waiting = |error: std::io::Error| failed(self, "could not be waited for", &error);
        let (mut stdout, mut stderr, mut ended) = (Vec::new(), Vec::new(), None);
        while !pipes.is_empty() && !wait.is_over() {
            // Seen before the pipes are: what it has printed is in them by then.
            if handle.try_wait().map_err(waiting)?.is_some() {
                ended.get_or_insert_with(Instant::now);
            }
            let ready = ready(pipes.iter().map(|(pipe, _)| pipe), LOOK_AGAIN.min(wait.turn())).map_err(waiting)?;
            // A process that it has left in the background may hold a pipe open for a minute.
            if ended.is_some_and(|ended: Instant| !ready.contains(&true) || ended.elapsed() > LINGERS) {
                break;
            }
            if ready.contains(&true) {
                wait.heard();
            }
            let mut is_ready = ready.into_iter();
            pipes.retain_mut(|(pipe, sink)| {
                let goes_on = !is_ready.next().unwrap_or_default() || sink.take(pipe, &mut stdout, &mut stderr);
                if !goes_on {
                    sink.end();
                }
                goes_on
            });
            if stdout.len().max(stderr.len()) > self.most {
                watched.kill();
                return Err(failed(self, "printed too much", &format!("more than {} MiB", self.most >> 20)));
            }
            wait.tell();
        }
        for (_, sink) in pipes {
            sink.end();
        }
        Ok([stdout, stderr])
    }
}

/// A word as a shell would need it, for messages only.
fn quoted(word: &str) -> String {
    let plain = |character: char| character.is_ascii_alphanumeric() || "-_./:=@,+{}".contains(character);
    if !word.is_empty() && word.chars().all(plain) {
        word.to_owned()
    } else {
        format!("'{}'", word.replace('\'', "'\\''"))
    }
}

#[cfg(test)]
#[path = "process_tests.rs"]
mod tests;
