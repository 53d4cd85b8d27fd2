//! The steps of the work: between two of them a signal is looked at.

use common::{Answer, Error, ErrorKind, Process, Result, interrupted};

/// Goes on, unless a signal has asked us to end.
///
/// # Errors
/// The signal.
pub(crate) fn go_on() -> Result<()> {
    let Some(signal) = interrupted() else { return Ok(()) };
    let name = match signal {
        1 => "HUP",
        2 => "INT",
        3 => "QUIT",
        _ => "TERM",
    };
    Err(Error::new(format!("Interrupted by SIG{name}")).with_kind(ErrorKind::Interrupted))
}

/// Runs a program and takes what it says. A signal ends it.
///
/// # Errors
/// When it cannot be started; when a signal comes. Its own failure is in the answer.
pub(crate) fn answer(process: Process) -> Result<Answer> {
    let answer = process.leading_a_group().capture();
    go_on()?;
    answer
}

/// Runs a program whose words matter only when it fails.
///
/// # Errors
/// As [`answer`]; when it fails, with what it has said.
pub(crate) fn quietly(what: &str, process: Process) -> Result<Answer> {
    judged(what, answer(process)?)
}

/// The answer of a program that must succeed.
///
/// # Errors
/// When it has failed, with what it has said.
pub(crate) fn judged(what: &str, answer: Answer) -> Result<Answer> {
    if answer.succeeded() {
        return Ok(answer);
    }
    Err(Error::new(format!("{what} failed with {}\n{}", status(&answer), said(&answer)).trim_end()))
}

/// `status 7`, `signal 9`
pub(crate) fn status(answer: &Answer) -> String {
    answer.status_text().trim_start_matches("exit ").to_owned()
}

/// All that a program has printed.
pub(crate) fn said(answer: &Answer) -> String {
    String::from_utf8_lossy(&[answer.stdout.as_slice(), &answer.stderr].concat()).into_owned()
}
