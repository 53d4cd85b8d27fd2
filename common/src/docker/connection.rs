//! A connection to the Engine that waits for nothing without an end.

use crate::signals::must_end;
use rustix::io::Errno;
use rustix::net::{AddressFamily, SocketAddrUnix, SocketFlags, SocketType, sockopt};
use std::io::{self, ErrorKind, Read, Write};
use std::os::fd::{AsFd, BorrowedFd};
use std::os::unix::net::UnixStream;
use std::path::Path;
use std::time::{Duration, Instant};

/// How soon one who waits for an answer hears of a signal.
pub(super) const LOOK_AGAIN: Duration = Duration::from_millis(100);

/// A connection of which no call blocks longer than until its deadline, or long after a signal has asked this process to
/// end. Any other signal breaks nothing.
#[derive(Debug)]
pub(super) struct Connection {
    stream: UnixStream,
    deadline: Option<Deadline>,
}

/// When an answer has to be there, its last byte too.
#[derive(Clone, Copy, Debug)]
pub(super) struct Deadline {
    end: Instant,
    whole: Duration,
}

impl Deadline {
    /// One that lies beyond all time is none.
    pub(super) fn after(whole: Duration) -> Option<Self> {
        Instant::now().checked_add(whole).map(|end| Self { end, whole })
    }

    fn has_passed(self) -> io::Error {
        io::Error::new(ErrorKind::TimedOut, format!("it did not answer within {} seconds", self.whole.as_secs()))
    }

    pub(super) fn left(self) -> io::Result<Duration> {
        let left = self.end.saturating_duration_since(Instant::now());
        if left.is_zero() { Err(self.has_passed()) } else { Ok(left) }
    }
}

impl Connection {
    /// Connecting blocks too, at one who takes no more connections: the time for sending holds for both, if it was set
    /// before. The standard library has no call for that.
    pub(super) fn open(socket: &Path, deadline: Option<Deadline>) -> io::Result<Self> {
        let address = SocketAddrUnix::new(socket)?;
        let descriptor = rustix::net::socket_with(AddressFamily::UNIX, SocketType::STREAM, SocketFlags::CLOEXEC, None)?;
        loop {
            if let Some(deadline) = deadline {
                sockopt::set_socket_timeout(&descriptor, sockopt::Timeout::Send, Some(deadline.left()?))?;
            }
            match rustix::net::connect(&descriptor, &address) {
                Err(Errno::INTR | Errno::AGAIN) => {}
                connected => {
                    connected?;
                    return Ok(Self { stream: descriptor.into(), deadline });
                }
            }
        }
    }

    pub(super) fn ask(&mut self, path: &str) -> io::Result<()> {
        let question = format!("GET {path} HTTP/1.1\r\nHost: docker\r\nConnection: close\r\n\r\n");
        self.stream.write_all(question.as_bytes()).map_err(|error| self.in_words(error))
    }

    /// From now on it is read without an end.
    pub(super) fn forget_deadline(&mut self) -> io::Result<()> {
        self.deadline = None;
        self.stream.set_read_timeout(None)
    }

    /// What the system calls a resource that is not available is one who did not answer.
    fn in_words(&self, error: io::Error) -> io::Error {
        match self.deadline {
            Some(deadline) if error.kind() == ErrorKind::WouldBlock => deadline.has_passed(),
            _ => error,
        }
    }
}

/// The error of one whom a signal has asked to end. Of the kind that readers try again it is not.
pub(super) fn interrupted(signal: i32) -> io::Error {
    io::Error::other(format!("interrupted by signal {signal}"))
}

impl AsFd for Connection {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.stream.as_fd()
    }
}

impl Read for Connection {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        loop {
            if let Some(deadline) = self.deadline {
                self.stream.set_read_timeout(Some(deadline.left()?.min(LOOK_AGAIN)))?;
            }
            match self.stream.read(buffer) {
                Err(error) if error.kind() == ErrorKind::Interrupted => {}
                Err(error) if error.kind() == ErrorKind::WouldBlock && self.deadline.is_some() => {
                    if let Some(signal) = must_end() {
                        return Err(interrupted(signal));
                    }
                }
                read => return read,
            }
        }
    }
}
