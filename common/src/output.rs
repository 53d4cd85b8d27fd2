//! Output in Dokku's forms.
//!
//! Data (what a program or a trigger asked for) goes to standard output with [`Output::print`],
//! which can fail. Talk (headers, progress, warnings) never stops the work: when nobody listens any
//! more it is lost. A job of several that run at once has its own `Output` whose lines carry a label.
//!
//! Talk reaches a terminal, and a part of it was written by others: a name, a value, the words of a program that
//! failed. So a newline separates its lines, and every other character that commands a terminal is shown escaped
//! (see [`shown`]). What a child prints goes on as it is, but for a job of several: there its lines must stay its own, so
//! of what commands a terminal only colours and tabs go on.

use crate::{Error, Result};
use std::io::{ErrorKind, IsTerminal, Write};
use std::sync::Arc;

/// Prints in Dokku's forms; quiet when Dokku was called with `--quiet`.
///
/// ```
/// let output = dokku_plugin::Output::new(false, false);
/// output.info1("Checking shop"); // -----> Checking shop
/// output.info2_quiet("shop"); // =====> shop, but not with --quiet
/// output.verbose("nothing to do"); //        nothing to do
/// output.warn("shop is full"); //  !     shop is full
/// output.print("web=3\n")?; // as it is
/// output.print_bytes(b"\n")?;
/// if !output.is_quiet() {
///     output.info1_quiet("done");
///     output.info2("done");
/// }
/// output.debug("with DOKKU_TRACE alone");
/// # Ok::<(), dokku_plugin::Error>(())
/// ```
#[derive(Clone, Debug)]
pub struct Output {
    quiet: bool,
    trace: bool,
    label: Option<Arc<str>>,
}

/// One of the two streams.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Stream {
    /// Standard output.
    Out,
    /// Standard error.
    Err,
}

impl Output {
    /// `quiet` drops headers, `trace` shows what `DOKKU_TRACE` asks for.
    pub fn new(quiet: bool, trace: bool) -> Self {
        Self { quiet, trace, label: None }
    }

    /// The same output with `[label] ` before each line, for jobs that run at the same time.
    #[doc(hidden)] // for ps, which works on several apps at once
    #[must_use]
    pub fn labelled(&self, label: &str) -> Self {
        Self { label: Some(label.into()), ..self.clone() }
    }

    /// Whether headers are off.
    pub fn is_quiet(&self) -> bool {
        self.quiet
    }

    /// Whether lines carry a label, so that children must not write to the streams themselves.
    pub(crate) fn is_labelled(&self) -> bool {
        self.label.is_some()
    }

    /// Whether a person looks at standard output.
    #[doc(hidden)] // for ps, with its listings
    #[allow(clippy::disallowed_methods, reason = "output goes through here")]
    pub fn stdout_is_terminal(&self) -> bool {
        std::io::stdout().is_terminal()
    }

    /// Whether a person looks at standard error.
    ///
    /// ```
    /// let env = dokku_plugin::Env::from_process();
    /// if env.output().stderr_is_terminal() {
    ///     env.output().warn("this takes a minute");
    /// }
    /// ```
    #[allow(clippy::disallowed_methods, reason = "output goes through here")]
    pub fn stderr_is_terminal(&self) -> bool {
        std::io::stderr().is_terminal()
    }

    /// How many characters a line of standard output can have; `None` when it is no terminal, or one
    /// that does not say.
    #[doc(hidden)] // for ps, with its listings
    #[allow(clippy::disallowed_methods, reason = "output goes through here")]
    pub fn stdout_width(&self) -> Option<usize> {
        let size = rustix::termios::tcgetwinsize(std::io::stdout()).ok()?;
        Some(usize::from(size.ws_col)).filter(|columns| *columns > 0)
    }

    /// Data on standard output, exactly as given.
    ///
    /// # Errors
    /// When it cannot be written. A reader that has gone ends the process quietly with status 0.
    pub fn print(&self, text: &str) -> Result<()> {
        self.print_bytes(text.as_bytes())
    }

    /// Bytes that need be no text, as they are.
    ///
    /// # Errors
    /// As [`Output::print`].
    pub fn print_bytes(&self, bytes: &[u8]) -> Result<()> {
        self.write(Stream::Out, bytes).map_err(|error| match error.kind() {
            ErrorKind::BrokenPipe => Error::silent(0),
            _ => Error::from(error).context("writing to standard output"),
        })
    }

    /// Data in the place of all that the terminal on standard output shows: as many of its lines as fit there.
    ///
    /// # Errors
    /// As [`Output::print`].
    #[doc(hidden)] // for ps:stats --watch
    pub fn redraw(&self, text: &str) -> Result<()> {
        #[allow(clippy::disallowed_methods, reason = "output goes through here")]
        let size = rustix::termios::tcgetwinsize(std::io::stdout()).ok();
        let rows = size.map(|size| usize::from(size.ws_row)).filter(|rows| *rows > 0);
        self.print(&in_place(text, rows.unwrap_or(usize::MAX)))
    }

    /// `-----> text`
    pub fn info1(&self, text: &str) {
        self.talk(Stream::Out, "-----> ", text);
    }

    /// `-----> text`, unless quiet.
    pub fn info1_quiet(&self, text: &str) {
        if !self.quiet {
            self.info1(text);
        }
    }

    /// `=====> text`
    pub fn info2(&self, text: &str) {
        self.talk(Stream::Out, "=====> ", text);
    }

    /// `=====> text`, unless quiet.
    pub fn info2_quiet(&self, text: &str) {
        if !self.quiet {
            self.info2(text);
        }
    }

    /// Seven blanks and the text.
    pub fn verbose(&self, text: &str) {
        self.talk(Stream::Out, "       ", text);
    }

    /// ` !     text` on standard error.
    pub fn warn(&self, text: &str) {
        self.talk(Stream::Err, " !     ", text);
    }

    /// ` ?     text` on standard error, when `DOKKU_TRACE` is set.
    pub fn debug(&self, text: &str) {
        if self.trace {
            self.talk(Stream::Err, " ?     ", text);
        }
    }

    /// A line of a child's output, passed on under this output's label.
    pub(crate) fn pass_on(&self, stream: Stream, line: &str) {
        self.say(stream, "", &passed_on(line));
    }

    /// Lines of talk.
    fn talk(&self, stream: Stream, head: &str, text: &str) {
        self.say(stream, head, &shown_lines(text));
    }

    /// Says it as it is; a reader that has gone or a full disk does not stop the work.
    fn say(&self, stream: Stream, head: &str, text: &str) {
        let mut lines = String::with_capacity(head.len() + text.len() + 1);
        for line in text.split('\n') {
            lines.push_str(head);
            lines.push_str(line);
            lines.push('\n');
        }
        let _nobody_listens = self.write(stream, lines.as_bytes());
    }

    #[allow(clippy::disallowed_methods, reason = "output goes through here")]
    fn write(&self, stream: Stream, bytes: &[u8]) -> std::io::Result<()> {
        let labelled;
        let bytes = match &self.label {
            None => bytes,
            Some(label) => {
                let label = format!("[{label}] ");
                let lines = bytes.split_inclusive(|byte| *byte == b'\n');
                labelled = lines.flat_map(|line| [label.as_bytes(), line]).collect::<Vec<_>>().concat();
                &labelled
            }
        };
        match stream {
            Stream::Out => {
                let mut out = std::io::stdout().lock();
                out.write_all(bytes)?;
                out.flush()
            }
            Stream::Err => std::io::stderr().lock().write_all(bytes),
        }
    }
}

/// The lines of a text from the first place of a terminal on, of so many lines: what stood there before goes with each
/// line and below the last, so that nothing is blank in between.
fn in_place(text: &str, rows: usize) -> String {
    const HOME: &str = "\u{1b}[H";
    const CLEAR_LINE: &str = "\u{1b}[K";
    const CLEAR_BELOW: &str = "\u{1b}[J";
    // A newline on the last row would move all up.
    let lines = text.lines().take(rows.saturating_sub(1));
    let lines: String = lines.map(|line| format!("{line}{CLEAR_LINE}\n")).collect();
    format!("{HOME}{lines}{CLEAR_BELOW}")
}

/// Whether a character is not to be seen but does something to what is: the control characters (C0, DEL, C1), the
/// two separators of lines and paragraphs, and those that turn the direction of writing, with which a text can look
/// like another one.
#[doc(hidden)] // for ps, with its listings
pub fn commands_a_terminal(character: char) -> bool {
    character.is_control()
        || matches!(character, '\u{61c}' | '\u{200e}' | '\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
}

/// A text from elsewhere, for a line that people read: what commands a terminal is escaped, newlines too.
///
/// ```
/// assert_eq!(dokku_plugin::shown("web\u{1b}[2J\n"), "web\\u{1b}[2J\\n");
/// ```
pub fn shown(text: &str) -> String {
    escaped(text, |_| false)
}

/// The same for a text of several lines.
///
/// ```
/// assert_eq!(dokku_plugin::shown_lines("one\ntwo\u{1b}[2J"), "one\ntwo\\u{1b}[2J");
/// ```
pub fn shown_lines(text: &str) -> String {
    escaped(text, |character| character == '\n')
}

fn escaped(text: &str, stays: impl Fn(char) -> bool) -> String {
    let mut shown = String::with_capacity(text.len());
    for character in text.chars() {
        if commands_a_terminal(character) && !stays(character) {
            shown.extend(character.escape_default());
        } else {
            shown.push(character);
        }
    }
    shown
}

/// A line of a child's, with its colours, which end with it. What else commands a terminal is escaped.
fn passed_on(line: &str) -> String {
    let mut rest = line.trim_end_matches('\r');
    let mut passed = String::with_capacity(rest.len());
    let mut is_coloured = false;
    while let Some(start) = rest.find('\u{1b}') {
        let (before, sequence) = rest.split_at(start);
        // A sequence that is no colour is escaped with its first character, which is one byte.
        let length = colour_length(sequence);
        let (sequence, behind) = sequence.split_at(length.unwrap_or(1));
        passed.push_str(&escaped(before, |character| character == '\t'));
        passed.push_str(&if length.is_some() { sequence.to_owned() } else { shown(sequence) });
        is_coloured |= length.is_some();
        rest = behind;
    }
    passed.push_str(&escaped(rest, |character| character == '\t'));
    if is_coloured {
        passed.push_str(PLAIN);
    }
    passed
}

/// Ends all colours.
const PLAIN: &str = "\u{1b}[0m";

/// How many bytes the command of a terminal has with which this text begins, if it sets colours: `ESC [ 1 ; 31 m`.
fn colour_length(text: &str) -> Option<usize> {
    let numbers = text.strip_prefix("\u{1b}[")?;
    let end = numbers.find(|character: char| !character.is_ascii_digit() && character != ';')?;
    numbers.get(end..)?.starts_with('m').then_some(text.len() - numbers.len() + end + 1)
}

/// JSON that means the same and holds nothing that commands a terminal: JSON itself escapes no more than it must.
#[doc(hidden)] // for ps, with its listings
pub fn shown_json(json: &str) -> String {
    let mut shown = String::with_capacity(json.len());
    for character in json.chars() {
        if commands_a_terminal(character) && character != '\n' {
            shown.push_str(&format!("\\u{:04x}", u32::from(character)));
        } else {
            shown.push(character);
        }
    }
    shown
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_commands_a_terminal_is_escaped_and_nothing_else() {
        for (text, wanted) in [
            ("plain: äöü 漢 👍 \\n", "plain: äöü 漢 👍 \\n"),
            ("\u{1b}]0;x\u{7}", "\\u{1b}]0;x\\u{7}"),
            ("a\tb\rc\u{7f}", "a\\tb\\rc\\u{7f}"),
            ("\u{9b}2J", "\\u{9b}2J"),
            ("abc\u{202e}fdp.exe", "abc\\u{202e}fdp.exe"),
        ] {
            assert_eq!(shown(text), wanted);
            assert_eq!(shown_lines(text), wanted);
        }
        assert_eq!((shown("a\nb").as_str(), shown_lines("a\nb").as_str()), ("a\\nb", "a\nb"));
    }

    #[test]
    fn what_is_drawn_again_takes_the_place_of_what_was_there() {
        assert_eq!(in_place("a\nb\n", 10), "\u{1b}[Ha\u{1b}[K\nb\u{1b}[K\n\u{1b}[J");
        assert_eq!(in_place("a\nb\nc\n", 3), in_place("a\nb\n", 10));
        assert_eq!(in_place("", 0), "\u{1b}[H\u{1b}[J");
    }

    #[test]
    fn a_child_s_line_keeps_its_colours_and_moves_nothing() {
        for (line, wanted) in [
            ("plain\ttext\r", "plain\ttext"),
            ("10%\r20%\r\r", "10%\\r20%"),
            ("\u{1b}[1;31mred\u{1b}[m.", "\u{1b}[1;31mred\u{1b}[m.\u{1b}[0m"),
            ("up\u{1b}[2A\u{1b}[2Kgone", "up\\u{1b}[2A\\u{1b}[2Kgone"),
            ("\u{1b}]0;title\u{7}\u{9b}2J\u{1b}[", "\\u{1b}]0;title\\u{7}\\u{9b}2J\\u{1b}["),
            ("\u{1b}[?25m\u{1b}\u{1b}[32mä", "\\u{1b}[?25m\\u{1b}\u{1b}[32mä\u{1b}[0m"),
        ] {
            assert_eq!(passed_on(line), wanted);
        }
    }

    #[test]
    fn json_means_the_same_afterwards() {
        let text = "a\u{1b}\u{7f}\u{9b}\u{202e}\"\\ä";
        let json = serde_json::to_string(text).unwrap();
        let shown = shown_json(&json);
        assert!(!shown.chars().any(commands_a_terminal), "{shown}");
        assert_eq!(serde_json::from_str::<String>(&shown).unwrap(), text);
    }
}
