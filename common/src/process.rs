//! Child processes: one builder, no shell, errors that quote the command, its status and its words.

use crate::output::Stream;
use crate::{Context, Error, Output, Result, signals};
use rustix::event::{PollFd, PollFlags, Timespec, poll};
use std::ffi::{OsStr, OsString};
use std::io::Read;
use std::os::unix::process::{CommandExt, ExitStatusExt};
use std::process::{ExitStatus, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

/// A program to run with arguments, variables on top of ours, and maybe input and a deadline.
#[derive(Clone, Debug)]
pub struct Process {
    program: OsString,
    arguments: Vec<OsString>,
    variables: Vec<(OsString, OsString)>,
    input: Option<Vec<u8>>,
    deadline: Option<Duration>,
    leads_group: bool,
    waited_for: Option<String>,
}

/// How often one that waits says for what.
const SAY_AGAIN: Duration = Duration::from_secs(30);

/// A century: as long as anybody will wait.
const LONGEST: Duration = Duration::from_hours(24 * 36_525);

/// How a child ended and what it printed, where that was captured.
#[derive(Clone, Debug)]
pub struct Answer {
    status: ExitStatus,
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

    /// `exit status 1`, or `signal 9`.
    pub fn status_text(&self) -> String {
        match (self.status.code(), self.status.signal()) {
            (Some(code), _) => format!("exit status {code}"),
            (None, Some(signal)) => format!("signal {signal}"),
            (None, None) => "an unknown status".to_owned(),
        }
    }
}

impl Process {
    /// A process of `program`: a path, or a name that is found in `PATH`.
    pub fn new(program: impl Into<OsString>) -> Self {
        Self {
            program: program.into(),
            arguments: Vec::new(),
            variables: Vec::new(),
            input: None,
            deadline: None,
            leads_group: false,
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

    /// With these bytes on its standard input instead of ours.
    #[must_use]
    pub fn input(mut self, bytes: impl Into<Vec<u8>>) -> Self {
        self.input = Some(bytes.into());
        self
    }

    /// In a process group of its own and without our standard input: a signal reaches all that it has
    /// started, too.
    #[must_use]
    pub fn leading_a_group(mut self) -> Self {
        self.leads_group = true;
        self
    }

    /// To be killed, with an error, when it has not ended after this time: with all that it has started, if it leads a
    /// group.
    #[must_use]
    pub fn deadline(mut self, time: Duration) -> Self {
        self.deadline = Some(time);
        self
    }

    /// While its output is shown and it has not ended, every 30 seconds ` !     still waiting for WHAT (30 s)`, unless
    /// quiet.
    #[must_use]
    pub fn waited_for(mut self, what: impl Into<String>) -> Self {
        self.waited_for = Some(what.into());
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
    /// When it cannot be started, or the deadline passes. Its own failure is in the answer.
    pub fn capture(&self) -> Result<Answer> {
        self.finish(self.expression().stdout_capture().stderr_capture(), None)
    }

    /// Runs it with standard output captured; standard error goes where ours goes.
    ///
    /// # Errors
    /// As [`Process::capture`].
    pub fn capture_stdout(&self, output: &Output) -> Result<Answer> {
        if output.is_labelled() {
            return self.labelled(output, false);
        }
        self.finish(self.expression().stdout_capture(), Some(output))
    }

    /// Runs it with its output going where ours goes; with a label, line by line under that label.
    ///
    /// # Errors
    /// As [`Process::capture`].
    pub fn stream(&self, output: &Output) -> Result<Answer> {
        if output.is_labelled() {
            return self.labelled(output, true);
        }
        self.finish(self.expression(), Some(output))
    }

    /// Becomes this program: our own ends here. Returns only when it cannot be started.
    #[allow(clippy::disallowed_methods, reason = "this is the one place that starts processes")]
    pub fn replace_ours(&self) -> Error {
        let variables = self.variables.iter().map(|(name, value)| (name, value));
        let error = std::process::Command::new(&self.program).args(&self.arguments).envs(variables).exec();
        Error::from(error).context(format!("running {}", self.command()))
    }

    /// Starts it and lets it go: without our streams, in a process group of its own.
    ///
    /// # Errors
    /// When it cannot be started.
    #[allow(clippy::disallowed_methods, reason = "this is the one place that starts processes")]
    pub fn let_go(&self) -> Result<()> {
        let variables = self.variables.iter().map(|(name, value)| (name, value));
        let mut command = std::process::Command::new(&self.program);
        command.args(&self.arguments).envs(variables).process_group(0);
        command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
        command.spawn().map(drop).context(|| format!("running {}", self.command()))
    }

    #[allow(clippy::disallowed_methods, reason = "this is the one place that starts processes")]
    fn expression(&self) -> duct::Expression {
        let mut expression = duct::cmd(&self.program, &self.arguments).unchecked();
        for (name, value) in &self.variables {
            expression = expression.env(name, value);
        }
        if self.leads_group || signals::are_to_wait() {
            expression = expression.stdin_null().before_spawn(|command| {
                command.process_group(0);
                Ok(())
            });
        }
        match &self.input {
            Some(bytes) => expression.stdin_bytes(bytes.clone()),
            None => expression,
        }
    }

    fn finish(&self, expression: duct::Expression, output: Option<&Output>) -> Result<Answer> {
        signals::install();
        let handle = Arc::new(expression.start().context(|| format!("running {}", self.command()))?);
        let watched = signals::watch(Arc::clone(&handle), self.leads_group);
        let ended = self.wait(&handle, output).context(|| format!("waiting for {}", self.command()))?;
        if let Some(done) = ended {
            return Ok(Answer { status: done.status, stdout: done.stdout.clone(), stderr: done.stderr.clone() });
        }
        watched.kill();
        let seconds = self.deadline.unwrap_or_default().as_secs();
        Err(Error::new(format!("{} did not answer within {seconds} seconds", self.command())))
    }

    /// Waits until it has ended, and says now and then that it has not; `None` when its time is over.
    fn wait<'h>(
        &self,
        handle: &'h duct::Handle,
        output: Option<&Output>,
    ) -> std::io::Result<Option<&'h std::process::Output>> {
        let told = output.filter(|output| !output.is_quiet()).zip(self.waited_for.as_deref());
        if self.deadline.is_none() && told.is_none() {
            return handle.wait().map(Some);
        }
        // A time that somebody else has set may be longer than a clock can tell.
        let (began, deadline) = (Instant::now(), self.deadline.unwrap_or(LONGEST).min(LONGEST));
        let mut turn: u32 = 1;
        loop {
            let left = deadline.saturating_sub(began.elapsed());
            let until_told = SAY_AGAIN.saturating_mul(turn).saturating_sub(began.elapsed());
            if let Some(done) = handle.wait_timeout(if told.is_some() { left.min(until_told) } else { left })? {
                return Ok(Some(done));
            }
            if began.elapsed() >= deadline {
                return Ok(None);
            }
            if let Some((output, what)) = told {
                output.warn(&format!("still waiting for {what} ({} s)", began.elapsed().as_secs()));
                turn = turn.saturating_add(1);
            }
        }
    }

    /// Runs it with pipes that are read line by line, so that lines of several jobs do not mix.
    fn labelled(&self, output: &Output, show_stdout: bool) -> Result<Answer> {
        let starting = || format!("running {}", self.command());
        let (err_reader, err_writer) = std::io::pipe().context(starting)?;
        let (out_reader, out_writer) = std::io::pipe().context(starting)?;
        let ended = AtomicBool::new(false);
        let ended = &ended;
        std::thread::scope(|scope| {
            let passes_on = |reader, stream| {
                let pass_on = move || pass_lines_on(reader, output, stream, ended);
                std::thread::Builder::new().spawn_scoped(scope, pass_on).is_ok()
            };
            // Where the system gives us no thread, lines go without their label rather than not at all.
            if !passes_on(err_reader, Stream::Err) {
                let expression = self.expression();
                return self.finish(if show_stdout { expression } else { expression.stdout_capture() }, Some(output));
            }
            let expression = self.expression().stderr_file(err_writer);
            let expression = if !show_stdout {
                expression.stdout_capture()
            } else if passes_on(out_reader, Stream::Out) {
                expression.stdout_file(out_writer)
            } else {
                expression
            };
            let answer = self.finish(expression, Some(output));
            ended.store(true, Ordering::SeqCst);
            answer
        })
    }
}

/// Prints what comes through a pipe until it closes, or until the child has ended and nothing more
/// is there: a process that the child left in the background may hold the pipe open for a minute.
fn pass_lines_on(mut pipe: std::io::PipeReader, output: &Output, stream: Stream, ended: &AtomicBool) {
    let mut waiting = Vec::new();
    let mut buffer = [0; 8192];
    loop {
        let child_has_ended = ended.load(Ordering::SeqCst);
        let patience = Timespec { tv_sec: 0, tv_nsec: 50_000_000 };
        let ready = poll(&mut [PollFd::new(&pipe, PollFlags::IN)], Some(&patience));
        match ready {
            Ok(0) if child_has_ended => break,
            Ok(0) | Err(rustix::io::Errno::INTR) => continue,
            Ok(_) => {}
            Err(_) => break,
        }
        match pipe.read(&mut buffer) {
            Ok(0) | Err(_) => break,
            Ok(count) => waiting.extend_from_slice(buffer.get(..count).unwrap_or_default()),
        }
        while let Some(end) = waiting.iter().position(|byte| *byte == b'\n') {
            let line: Vec<u8> = waiting.drain(..=end).collect();
            output.pass_on(stream, String::from_utf8_lossy(&line).trim_end_matches('\n'));
        }
    }
    if !waiting.is_empty() {
        output.pass_on(stream, &String::from_utf8_lossy(&waiting));
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
mod tests {
    use super::*;

    #[test]
    fn an_answer_holds_status_and_streams() {
        let answer = Process::new("sh").args(["-c", "cat; echo oops >&2; exit 3"]).input("in").capture().unwrap();
        assert!(!answer.succeeded());
        assert_eq!(answer.status_text(), "exit status 3");
        assert_eq!((answer.stdout.as_slice(), answer.stderr.as_slice()), (&b"in"[..], &b"oops\n"[..]));
    }

    #[test]
    fn a_program_that_hangs_is_ended_at_its_deadline() {
        let error = Process::new("sleep").args(["60"]).deadline(Duration::from_millis(50)).capture().unwrap_err();
        assert!(error.message().contains("sleep 60 did not answer within"), "{error}");
    }

    #[test]
    fn a_group_that_hangs_is_ended_whole_at_its_deadline() {
        let folder = tempfile::tempdir().unwrap();
        let mark = folder.path().join("mark");
        let script = format!("sleep 60 & echo $! >{}; wait", mark.display());
        let hangs = Process::new("sh").args(["-c", &script]).leading_a_group().deadline(Duration::from_secs(2));
        hangs.stream(&Output::new(true, false)).unwrap_err();
        let child = std::fs::read_to_string(mark).unwrap();
        let is_gone = || {
            let stat = std::fs::read_to_string(format!("/proc/{}/stat", child.trim())).unwrap_or_default();
            stat.rsplit(')').next().is_none_or(|rest| rest.is_empty() || rest.starts_with(" Z"))
        };
        let end = Instant::now() + Duration::from_mins(1);
        while !is_gone() {
            assert!(Instant::now() < end, "its child still runs");
            std::thread::yield_now();
        }
    }

    #[test]
    fn a_deadline_of_any_length_is_one() {
        for time in [Duration::MAX, Duration::from_secs(u64::MAX), LONGEST] {
            assert!(Process::new("true").deadline(time).capture().unwrap().succeeded());
            assert!(Process::new("true").deadline(time).waited_for("it").stream(&Output::new(false, false)).is_ok());
        }
    }

    #[test]
    fn a_missing_program_is_named() {
        let error = Process::new("/nonexistent/docker").args(["ps"]).capture().unwrap_err();
        assert!(error.message().starts_with("running /nonexistent/docker ps"), "{error}");
    }

    #[test]
    fn a_command_is_shown_as_one_could_type_it() {
        assert_eq!(Process::new("docker").args(["a b", "it's", ""]).command(), "docker 'a b' 'it'\\''s' ''");
    }

    #[test]
    fn variables_reach_the_child() {
        let answer = Process::new("sh").args(["-c", "printf %s \"$X\""]).var("X", "1").capture().unwrap();
        assert_eq!(answer.stdout, b"1");
    }
}
