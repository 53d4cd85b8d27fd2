//! The demo app of the sandbox host: one static program, the only file in its container, where it is process 1.
//!
//! - `demo web` answers HTTP on `0.0.0.0:$PORT` (5000 when unset) with a line that names the container and the path;
//!   `/slow` waits 200 ms first, `/wait/N` N ms. On SIGTERM it finishes the requests of all who are connected by then,
//!   and ends.
//! - `demo worker` prints a line a second until SIGTERM, and one when it gets SIGUSR1. `demo worker N` does so in the first N instances of its type
//!   and is `demo fail` in the others; which one it is says `DYNO`.
//! - `demo fail` prints a reason and exits 3.
//! - `demo deaf` goes on until it is killed: it has no handler.
//! - `demo read` reads its standard input to its end.
//! - `demo health` is for a HEALTHCHECK: it exits 1 when a file `/sick` has been put into the container.
//!
//! Process 1 has no default for SIGTERM: without a handler it would never end before Docker kills it.
// It stands alone in its container, so it does not use `common`.
use std::io::{self, BufRead, BufReader, Write};
use std::net::{TcpListener, TcpStream};
use std::path::Path;
use std::process::ExitCode;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use signal_hook::consts::{SIGINT, SIGTERM, SIGUSR1};

fn main() -> ExitCode {
    let command = std::env::args().nth(1).unwrap_or_default();
    let outcome = match command.as_str() {
        "web" => web(),
        "worker" if is_among_first(std::env::args().nth(2)) => worker(),
        "worker" | "fail" => {
            eprintln!("demo: told to fail");
            return ExitCode::from(3);
        }
        "deaf" => loop {
            thread::park();
        },
        "read" => io::copy(&mut io::stdin(), &mut io::sink()).map(drop),
        "health" => return ExitCode::from(u8::from(Path::new("/sick").exists())),
        _ => {
            eprintln!("usage: demo web|worker|fail|deaf|read|health");
            return ExitCode::from(2);
        }
    };
    match outcome {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("demo {command}: {error}");
            ExitCode::FAILURE
        }
    }
}

/// Whether the number in `DYNO`, which is like `worker.2`, is not above `last`. Without a number it is.
fn is_among_first(last: Option<String>) -> bool {
    let number = |text: &str| text.parse::<u32>().ok();
    let own = std::env::var("DYNO").ok().and_then(|dyno| number(dyno.rsplit('.').next()?));
    last.is_none_or(|last| own <= number(&last))
}

/// A flag that turns true when the process is told to end.
fn told_to_end() -> io::Result<Arc<AtomicBool>> {
    let flag = Arc::new(AtomicBool::new(false));
    for signal in [SIGTERM, SIGINT] {
        signal_hook::flag::register(signal, Arc::clone(&flag))?;
    }
    Ok(flag)
}

fn worker() -> io::Result<()> {
    let end = told_to_end()?;
    let told = Arc::new(AtomicBool::new(false));
    signal_hook::flag::register(SIGUSR1, Arc::clone(&told))?;
    let host = hostname();
    let mut line = 0_u64;
    while !end.load(Ordering::SeqCst) {
        line += 1;
        writeln!(io::stdout(), "worker on {host}: {line}")?;
        let next = Instant::now() + Duration::from_secs(1);
        while Instant::now() < next && !end.load(Ordering::SeqCst) {
            thread::sleep(Duration::from_millis(20));
        }
        if told.swap(false, Ordering::SeqCst) {
            writeln!(io::stdout(), "worker on {host}: told SIGUSR1")?;
        }
    }
    writeln!(io::stdout(), "worker on {host}: told to end")
}

fn web() -> io::Result<()> {
    let end = told_to_end()?;
    let port = std::env::var("PORT").ok().filter(|port| !port.is_empty()).unwrap_or_else(|| "5000".to_owned());
    let listener = TcpListener::bind(format!("0.0.0.0:{port}"))?;
    // The loop looks at the flag between connections; `accept` itself would wait for the next one.
    listener.set_nonblocking(true)?;
    let host = Arc::new(hostname());
    let open = Arc::new(AtomicUsize::new(0));
    writeln!(io::stdout(), "web on {host}: listening on port {port}")?;
    loop {
        // Looked at before the queue is: only one that is empty after the signal may end the server, so whoever was
        // connected before it is answered.
        let told_to_end = end.load(Ordering::SeqCst);
        match listener.accept() {
            Ok((stream, _)) => {
                open.fetch_add(1, Ordering::SeqCst);
                let (host, open) = (Arc::clone(&host), Arc::clone(&open));
                thread::spawn(move || {
                    // A client that went away is no concern of the server.
                    let _ = answer(&stream, &host);
                    open.fetch_sub(1, Ordering::SeqCst);
                });
            }
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => {
                if told_to_end {
                    break;
                }
                thread::sleep(Duration::from_millis(1));
            }
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
    drop(listener);
    while open.load(Ordering::SeqCst) > 0 {
        thread::sleep(Duration::from_millis(5));
    }
    writeln!(io::stdout(), "web on {host}: told to end")
}

/// Reads one request and answers it; the connection is closed afterwards.
fn answer(stream: &TcpStream, host: &str) -> io::Result<()> {
    stream.set_nonblocking(false)?;
    stream.set_read_timeout(Some(Duration::from_mins(1)))?;
    let mut reader = BufReader::new(stream);
    let mut request = String::new();
    reader.read_line(&mut request)?;
    let path = request.split_whitespace().nth(1).unwrap_or("/").to_owned();
    let mut header = String::new();
    while reader.read_line(&mut header)? > 2 {
        header.clear();
    }
    let wait = match path.strip_prefix("/wait/") {
        Some(wait) => wait.parse().unwrap_or(0),
        None if path == "/slow" => 200,
        None => 0,
    };
    thread::sleep(Duration::from_millis(wait));
    let body = format!("{host} {path}\n");
    let mut stream = stream;
    write!(
        stream,
        "HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nContent-Length: {}\r\nConnection: close\r\n\r\n{body}",
        body.len()
    )
}

/// The container's name for itself: the beginning of its id.
fn hostname() -> String {
    std::fs::read_to_string("/etc/hostname").map_or_else(|_| "unknown".to_owned(), |name| name.trim().to_owned())
}
