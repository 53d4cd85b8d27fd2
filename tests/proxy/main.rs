//! A stand-in for nginx on the sandbox host: `proxy DIR/nginx/APP.conf` forwards HTTP requests to the servers of that
//! file, its lines `server IP:PORT;`, in turn.
//!
//! It listens on a free port of 127.0.0.1, prints the port on a line, and ends when its standard input does. Each
//! connection carries one request. The file is looked at before every request and read again when it is another one,
//! as after a reload of nginx. Unlike nginx it is without mercy: a server that refuses the connection while the file
//! names it is not replaced by the next one, so whoever stops a server before it is out of the file is found out. What
//! cannot be answered is a 502 or a 503 whose body says why.
// It stands for a program of the host, so it does not use `common`.
use std::fs;
use std::io::{self, Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::os::unix::fs::MetadataExt;
use std::path::PathBuf;
use std::process::ExitCode;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread;
use std::time::Duration;

/// How long a server may take for each step.
const PATIENCE: Duration = Duration::from_mins(1);
/// A request's head is not longer than this.
const LONGEST_HEAD: usize = 64 * 1024;

fn main() -> ExitCode {
    let Some(file) = std::env::args().nth(1) else {
        eprintln!("usage: proxy FILE");
        return ExitCode::from(2);
    };
    match serve(PathBuf::from(file)) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("proxy: {error}");
            ExitCode::FAILURE
        }
    }
}

fn serve(file: PathBuf) -> io::Result<()> {
    let listener = TcpListener::bind("127.0.0.1:0")?;
    println!("{}", listener.local_addr()?.port());
    let servers = Arc::new(Servers { file, known: Mutex::default() });
    thread::spawn(move || {
        for client in listener.incoming().flatten() {
            let servers = Arc::clone(&servers);
            // A client that went away is no concern of the proxy.
            thread::spawn(move || drop(forward(client, &servers)));
        }
    });
    // Whoever started the proxy holds the other end.
    io::copy(&mut io::stdin(), &mut io::sink()).map(drop)
}

/// Answers the one request of a connection.
fn forward(mut client: TcpStream, servers: &Servers) -> io::Result<()> {
    client.set_read_timeout(Some(PATIENCE))?;
    let request = head(&mut client)?;
    client.write_all(&answer(servers, &request))
}

/// The answer of the server whose turn it is. One that has left the file between the reading of it and the connection
/// has no turn: then it is the next one's.
fn answer(servers: &Servers, request: &[u8]) -> Vec<u8> {
    loop {
        let server = match servers.next() {
            Ok(Some(server)) => server,
            Ok(None) => return refusal("503 Service Unavailable", "the file names no server"),
            Err(error) => return refusal("503 Service Unavailable", &format!("the file cannot be read: {error}")),
        };
        match ask(server, request) {
            Ok(answer) => return answer,
            Err(Failure { connected: false, .. }) if servers.names(server).is_ok_and(|named| !named) => {}
            Err(Failure { reason, .. }) => return refusal("502 Bad Gateway", &reason),
        }
    }
}

/// A server that did not answer.
struct Failure {
    connected: bool,
    reason: String,
}

/// The bytes up to the empty line that ends the head of a request; requests have no body here.
fn head(client: &mut TcpStream) -> io::Result<Vec<u8>> {
    let (mut head, mut part) = (Vec::new(), [0; 4096]);
    while !head.ends_with(b"\r\n\r\n") {
        let count = client.read(&mut part)?;
        if count == 0 || head.len() > LONGEST_HEAD {
            return Err(io::Error::new(io::ErrorKind::InvalidData, "no request"));
        }
        head.extend(part.iter().take(count));
    }
    Ok(head)
}

/// The whole answer of a server, or what went wrong with it.
fn ask(server: SocketAddr, request: &[u8]) -> Result<Vec<u8>, Failure> {
    let wrong =
        |connected, what: &str, error: io::Error| Failure { connected, reason: format!("{what} {server}: {error}") };
    let connected = TcpStream::connect_timeout(&server, PATIENCE);
    let mut stream = connected.map_err(|error| wrong(false, "connecting to", error))?;
    stream.set_read_timeout(Some(PATIENCE)).map_err(|error| wrong(true, "preparing to ask", error))?;
    stream.write_all(request).map_err(|error| wrong(true, "asking", error))?;
    let mut answer = Vec::new();
    stream.read_to_end(&mut answer).map_err(|error| wrong(true, "reading the answer of", error))?;
    if answer.is_empty() {
        let reason = format!("{server} closed the connection without an answer");
        return Err(Failure { connected: true, reason });
    }
    Ok(answer)
}

fn refusal(status: &str, reason: &str) -> Vec<u8> {
    let length = reason.len() + 1;
    format!("HTTP/1.1 {status}\r\nContent-Length: {length}\r\nConnection: close\r\n\r\n{reason}\n").into_bytes()
}

/// The servers of a file that others replace at any time.
struct Servers {
    file: PathBuf,
    known: Mutex<Known>,
}

#[derive(Default)]
struct Known {
    /// What tells one version of the file from the next: inode, length, time of the last change.
    version: (u64, u64, i64, i64),
    addresses: Vec<SocketAddr>,
    turn: usize,
}

impl Servers {
    /// The server whose turn it is; `None` when the file names none.
    fn next(&self) -> io::Result<Option<SocketAddr>> {
        let mut known = self.read()?;
        known.turn = known.turn.wrapping_add(1);
        let turn = known.turn.checked_rem(known.addresses.len()).unwrap_or_default();
        Ok(known.addresses.get(turn).copied())
    }

    /// Whether the file still names a server.
    fn names(&self, server: SocketAddr) -> io::Result<bool> {
        Ok(self.read()?.addresses.contains(&server))
    }

    /// What the file holds now.
    fn read(&self) -> io::Result<MutexGuard<'_, Known>> {
        let about = fs::metadata(&self.file)?;
        let version = (about.ino(), about.len(), about.mtime(), about.mtime_nsec());
        let mut known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        if known.version != version {
            let text = fs::read_to_string(&self.file)?;
            known.addresses = text.lines().filter_map(address).collect();
            known.version = version;
        }
        Ok(known)
    }
}

/// `  server 172.17.0.2:5000;`
fn address(line: &str) -> Option<SocketAddr> {
    line.trim().strip_prefix("server ")?.strip_suffix(';')?.trim().parse().ok()
}
