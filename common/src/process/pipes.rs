//! What comes through the pipes from a child: kept, or passed on line by line.

use crate::Output;
use crate::output::Stream;
use std::io::{PipeReader, Read};

/// A line that is longer is passed on in pieces.
const LONGEST_LINE: usize = 1024 * 1024;

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
