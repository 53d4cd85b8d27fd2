//! What comes through the pipes from a child: kept, or passed on line by line.

use crate::Output;
use crate::output::Stream;
use rustix::event::{PollFd, PollFlags, Timespec, poll};
use std::io::{PipeReader, Read};
use std::time::Duration;

/// A line that is longer is passed on in pieces.
const LONGEST_LINE: usize = 1024 * 1024;

/// Which of the pipes have something, or have come to their end.
pub(super) fn ready(pipes: &[(PipeReader, Sink<'_>)], patience: Duration) -> std::io::Result<Vec<bool>> {
    let mut asked: Vec<PollFd<'_>> = pipes.iter().map(|(pipe, _)| PollFd::new(pipe, PollFlags::IN)).collect();
    let patience = Timespec { tv_sec: 0, tv_nsec: i64::from(patience.subsec_nanos()) };
    match poll(&mut asked, Some(&patience)) {
        Err(rustix::io::Errno::INTR) => Ok(vec![false; pipes.len()]),
        Err(error) => Err(error.into()),
        Ok(_) => Ok(asked.iter().map(|pipe| !pipe.revents().is_empty()).collect()),
    }
}

/// What becomes of that which comes through a pipe.
pub(super) enum Sink<'o> {
    /// It is kept, as the answer.
    Stdout,
    /// It is kept, as what a failure says.
    Stderr,
    /// It is printed line by line, so that the lines of several jobs do not mix; with the line that has no end yet.
    Lines(&'o Output, Stream, Vec<u8>),
}

impl Sink<'_> {
    /// Takes what is there now; `false` at the end of the pipe.
    pub(super) fn take(&mut self, pipe: &mut PipeReader, stdout: &mut Vec<u8>, stderr: &mut Vec<u8>) -> bool {
        let mut buffer = [0; 8192];
        let Ok(count @ 1..) = pipe.read(&mut buffer) else { return false };
        let come = buffer.get(..count).unwrap_or_default();
        match self {
            Self::Stdout => stdout.extend_from_slice(come),
            Self::Stderr => stderr.extend_from_slice(come),
            Self::Lines(output, stream, waiting) => {
                for piece in come.split_inclusive(|byte| *byte == b'\n') {
                    waiting.extend_from_slice(piece);
                    if piece.ends_with(b"\n") || waiting.len() > LONGEST_LINE {
                        output.pass_on(*stream, String::from_utf8_lossy(waiting).trim_end_matches('\n'));
                        waiting.clear();
                    }
                }
            }
        }
        true
    }

    /// Prints the line that never had an end.
    pub(super) fn end(&mut self) {
        if let Self::Lines(output, stream, waiting) = self
            && !waiting.is_empty()
        {
            output.pass_on(*stream, &String::from_utf8_lossy(waiting));
        }
    }
}
