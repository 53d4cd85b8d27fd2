//! Asks Docker once, reads the answer, and does nothing with it: the least that a listing can cost.
//!
//! `ask SOCKET`, for `tests/bench`.

use std::io::{self, Read, Write};
use std::os::unix::net::UnixStream;

fn main() -> io::Result<()> {
    let socket = std::env::args_os().nth(1).ok_or(io::ErrorKind::InvalidInput)?;
    let mut connection = UnixStream::connect(socket)?;
    connection.write_all(b"GET /containers/json?all=1 HTTP/1.1\r\nHost: docker\r\nConnection: close\r\n\r\n")?;
    let mut answer = Vec::new();
    connection.read_to_end(&mut answer)?;
    if answer.starts_with(b"HTTP/1.1 200 ") { Ok(()) } else { Err(io::ErrorKind::InvalidData.into()) }
}
