//! Docker's Engine on its Unix socket: one question a connection, its answer read as it comes.
//!
//! Paths have no version before them: every release answers those in the newest form it knows, and what is read has been
//! in all of them. An answer is read as far as its reader asks for it.

use super::connection::{Connection, Deadline};
use super::{address, last_lines};
use crate::{Env, Error, Result};
use httparse::{EMPTY_HEADER, Response, Status, parse_chunk_size};
use serde::Deserialize;
use std::io::{self, BufRead, BufReader, ErrorKind, Read};
use std::path::PathBuf;
use std::time::Duration;

/// No answer of Docker's has a longer header, or more lines in it.
const LONGEST_HEADER: u64 = 64 * 1024;
const MOST_HEADERS: usize = 64;

/// Nor a longer line before a chunk: a number.
const LONGEST_CHUNK_LINE: u64 = 256;

/// Statuses of an answer.
const FOUND: u16 = 200;
const NOT_FOUND: u16 = 404;

/// So much is read of Docker's words about a failure.
const MOST_WORDS: u64 = 64 * 1024;

/// The Engine of this host.
#[derive(Debug)]
pub(super) struct Engine {
    socket: PathBuf,
}

/// How Docker says what went wrong.
#[derive(Deserialize)]
struct Failure {
    message: String,
}

impl Engine {
    /// The one that `DOCKER_HOST` names, by a Unix socket and nothing else.
    ///
    /// # Errors
    /// When another kind of Docker is named, or another program in its place.
    pub(super) fn new(env: &Env) -> Result<Self> {
        Ok(Self { socket: address::socket(env)? })
    }

    /// The one that listens there.
    pub(super) fn at(socket: PathBuf) -> Self {
        Self { socket }
    }

    /// What `GET PATH` answers, which must be done by the deadline, its last byte too.
    ///
    /// # Errors
    /// When Docker is not there or does not answer in time; with its own words when it answers with a failure.
    pub(super) fn get(&self, path: &str, deadline: Duration) -> Result<Body> {
        let (status, body) = self.answer(self.ask(path, Deadline::after(deadline))?)?;
        if status == FOUND { Ok(body) } else { Err(refused(path, status, body)) }
    }

    /// The same, or nothing when Docker says that there is no such thing.
    ///
    /// # Errors
    /// As [`Engine::get`].
    pub(super) fn find(&self, path: &str, deadline: Duration) -> Result<Option<Body>> {
        self.found(path, self.ask(path, Deadline::after(deadline))?)
    }

    /// Asks, and waits for no answer.
    pub(super) fn ask(&self, path: &str, deadline: Option<Deadline>) -> Result<Connection> {
        let ask = || {
            let mut connection = Connection::open(&self.socket, deadline)?;
            connection.ask(path).map(|()| connection)
        };
        ask().map_err(|error| self.silent(error))
    }

    /// The answer to one who has asked for this; nothing when Docker says that there is no such thing.
    ///
    /// # Errors
    /// As [`Engine::get`].
    pub(super) fn found(&self, path: &str, connection: Connection) -> Result<Option<Body>> {
        match self.answer(connection)? {
            (FOUND, body) => Ok(Some(body)),
            (NOT_FOUND, _) => Ok(None),
            (status, body) => Err(refused(path, status, body)),
        }
    }

    fn answer(&self, connection: Connection) -> Result<(u16, Body)> {
        Body::of(connection).map_err(|error| self.silent(error))
    }

    /// The error for a Docker that gives no answer.
    pub(super) fn silent(&self, error: io::Error) -> Error {
        Error::new(format!("Docker does not answer (unix://{}: {})", self.socket.display(), Error::from(error)))
    }
}

/// Docker's failure in its own words. The rest of a path may be long.
fn refused(path: &str, status: u16, mut body: Body) -> Error {
    let shown = path.split('?').next().unwrap_or_default();
    Error::new(body.words()).context(format!("Docker answered {shown} with status {status}"))
}

/// As a part of an address: what is no letter, digit or one of `-_.~` by its bytes.
pub(super) fn percent_encoded(text: &str) -> String {
    let encoded = |byte: u8| match byte {
        b'-' | b'_' | b'.' | b'~' => char::from(byte).to_string(),
        byte if byte.is_ascii_alphanumeric() => char::from(byte).to_string(),
        byte => format!("%{byte:02X}"),
    };
    text.bytes().map(encoded).collect()
}

/// How much is left of a body.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Rest {
    /// A chunk, of which not even the length has come.
    Chunks,
    /// So many bytes of a chunk, its end, and the chunks behind it.
    Chunk(u64),
    /// So many bytes.
    Bytes(u64),
    /// What comes until the connection is closed.
    All,
    /// Nothing.
    Nothing,
}

/// The body of an answer. One that is cut short ends in an error of the kind `UnexpectedEof`.
#[derive(Debug)]
pub(super) struct Body<R = Connection> {
    from: BufReader<R>,
    rest: Rest,
}

impl Body {
    /// The same to be waited for without an end.
    pub(super) fn without_deadline(mut self) -> Result<Self> {
        self.from.get_mut().forget_deadline()?;
        Ok(self)
    }
}

impl<R: Read> Body<R> {
    /// The status of an answer, and its body.
    pub(super) fn of(answer: R) -> io::Result<(u16, Self)> {
        let mut from = BufReader::new(answer);
        let header = header(&mut from)?;
        let mut headers = [EMPTY_HEADER; MOST_HEADERS];
        let mut response = Response::new(&mut headers);
        let (Ok(Status::Complete(_)), Some(status)) = (response.parse(&header), response.code) else {
            return Err(no_answer("an HTTP header"));
        };
        let value = |name: &str| {
            let header = response.headers.iter().find(|header| header.name.eq_ignore_ascii_case(name));
            header.map(|header| String::from_utf8_lossy(header.value).trim().to_ascii_lowercase())
        };
        let rest = match (value("transfer-encoding").as_deref(), value("content-length")) {
            (Some("chunked"), _) => Rest::Chunks,
            (Some(_), _) => return Err(no_answer("an encoding that is known")),
            (None, Some(length)) => Rest::Bytes(length.parse().map_err(|_| no_answer("a length"))?),
            (None, None) => Rest::All,
        };
        Ok((status, Self { from, rest }))
    }

    /// All of it, or as much of it as `most` bytes.
    ///
    /// # Errors
    /// When it is cut short, does not come in time, or is no body.
    pub(super) fn bytes(&mut self, most: u64) -> io::Result<Vec<u8>> {
        // Most are short, and have come with their header.
        let mut bytes = Vec::with_capacity(self.from.buffer().len());
        self.take(most).read_to_end(&mut bytes)?;
        Ok(bytes)
    }

    /// What Docker says of a failure, as far as it comes.
    fn words(&mut self) -> String {
        let mut bytes = Vec::new();
        let _as_far_as_it_came = self.take(MOST_WORDS).read_to_end(&mut bytes);
        let words = serde_json::from_slice(&bytes).map(|failure: Failure| failure.message);
        last_lines(words.unwrap_or_else(|_| String::from_utf8_lossy(&bytes).into_owned()).trim())
    }

    /// What may follow the last chunk is of no use.
    fn begin_chunk(&mut self) -> io::Result<()> {
        let line = line(&mut self.from, LONGEST_CHUNK_LINE, "a chunk")?;
        let Ok(Status::Complete((_, length))) = parse_chunk_size(&line) else { return Err(no_answer("a chunk")) };
        self.rest = if length == 0 { Rest::Nothing } else { Rest::Chunk(length) };
        Ok(())
    }

    fn end_chunk(&mut self) -> io::Result<()> {
        let mut end = [0; 2];
        self.from.read_exact(&mut end)?;
        if end != *b"\r\n" {
            return Err(no_answer("the end of a chunk"));
        }
        self.rest = Rest::Chunks;
        Ok(())
    }
}

impl<R: Read> Read for Body<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let length = self.fill_buf()?.read(buffer)?;
        self.consume(length);
        Ok(length)
    }
}

impl<R: Read> BufRead for Body<R> {
    fn fill_buf(&mut self) -> io::Result<&[u8]> {
        if self.rest == Rest::Chunk(0) {
            self.end_chunk()?;
        }
        if self.rest == Rest::Chunks {
            self.begin_chunk()?;
        }
        let most = match self.rest {
            Rest::Nothing | Rest::Bytes(0) | Rest::Chunks => return Ok(&[]),
            Rest::Chunk(left) | Rest::Bytes(left) => usize::try_from(left).unwrap_or(usize::MAX),
            Rest::All => usize::MAX,
        };
        let available = self.from.fill_buf()?;
        if available.is_empty() && self.rest != Rest::All {
            return Err(ErrorKind::UnexpectedEof.into());
        }
        Ok(available.get(..most).unwrap_or(available))
    }

    fn consume(&mut self, amount: usize) {
        self.from.consume(amount);
        if let Rest::Chunk(left) | Rest::Bytes(left) = &mut self.rest {
            *left = left.saturating_sub(amount as u64);
        }
    }
}

/// All lines of a header, with the empty one that ends it.
fn header(from: &mut impl BufRead) -> io::Result<Vec<u8>> {
    let mut header = Vec::new();
    loop {
        let left = LONGEST_HEADER.saturating_sub(header.len() as u64);
        let line = line(from, left, "an HTTP header")?;
        header.extend_from_slice(&line);
        if line == b"\r\n" || line == b"\n" {
            return Ok(header);
        }
    }
}

/// One line, with its end, of at most so many bytes.
fn line(from: &mut impl BufRead, longest: u64, of: &str) -> io::Result<Vec<u8>> {
    let mut line = Vec::new();
    from.take(longest).read_until(b'\n', &mut line)?;
    match line.last() {
        Some(b'\n') => Ok(line),
        _ if (line.len() as u64) < longest => Err(ErrorKind::UnexpectedEof.into()),
        _ => Err(no_answer(of)),
    }
}

fn no_answer(expected: &str) -> io::Error {
    io::Error::new(ErrorKind::InvalidData, format!("it answered with what is not {expected}"))
}

#[cfg(test)]
#[path = "engine_tests.rs"]
pub(super) mod tests;
