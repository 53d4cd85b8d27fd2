//! Requests while web grows and shrinks: each is answered.

use std::collections::BTreeSet;
use std::io::{self, BufRead, BufReader, Read, Write};
use std::net::{Ipv4Addr, SocketAddr, TcpStream};
use std::process::{Child, Command, Stdio};
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use ps_tests::process::{kill_group, spawn};

use crate::shop::{Shop, kept};

/// Requests that must have been answered at least. They go on as long as the change does.
const AT_LEAST: usize = 5_000;
/// After so many, the rest is asked for what takes longer: fewer are made where the change takes long.
const QUICK: usize = 4_600;
/// Clients that ask again as soon as they have their answer.
const CLIENTS: usize = 12;
/// One request waits no longer, and all together take no longer.
const PATIENCE: Duration = Duration::from_mins(2);
const DEADLINE: Duration = Duration::from_mins(15);

pub(crate) fn no_request_is_lost_when_web_grows_and_shrinks() {
    let shop = Shop::with(&["web=2", "worker=1"]);
    let before = shop.runs(&["web.1", "web.2", "worker.1"]);
    shop.dokku.answers(&shop.app, &["web.1", "web.2"]);
    let proxy = Proxy::new(&shop);
    let load = Load::default();
    let began = Instant::now();
    let third = thread::scope(|scope| {
        for _ in 0..CLIENTS {
            scope.spawn(|| load.ask_without_pause(proxy.address, began + DEADLINE));
        }
        // Whatever fails in here, the clients end.
        let end = SetWhenDropped(&load.change_is_done);
        load.have_been_answered(200);
        shop.scales(&["web=3"]);
        let grown = shop.runs(&["web.1", "web.2", "web.3", "worker.1"]);
        kept(&before, &grown, &["web.1", "web.2", "worker.1"]);
        // All three serve, and two of them are told to end while they do.
        load.have_been_answered(200);
        shop.scales(&["web=1"]);
        let shrunk = shop.runs(&["web.1", "worker.1"]);
        kept(&before, &shrunk, &["web.1", "worker.1"]);
        load.have_been_answered(50);
        drop(end);
        grown["web.3"].id.clone()
    });
    let failures = load.failures.into_inner().unwrap();
    let asked = load.asked.into_inner();
    let reasons: BTreeSet<&String> = failures.iter().take(100).collect();
    assert!(failures.is_empty(), "{} of {asked} requests failed: {reasons:#?}", failures.len());
    assert!(asked >= AT_LEAST, "{asked} requests until {DEADLINE:?} had passed");
    let served = load.served_by.into_inner().unwrap();
    for id in [&before["web.1"].id, &before["web.2"].id, &third] {
        assert!(served.iter().any(|host| id.starts_with(host.as_str())), "{id} served nothing: {served:?}");
    }
    println!("load: {asked} requests while web went 2 -> 3 -> 1, {} failed", failures.len());
}

/// What the clients did.
#[derive(Default)]
struct Load {
    asked: AtomicUsize,
    answered: AtomicUsize,
    change_is_done: AtomicBool,
    failures: Mutex<Vec<String>>,
    served_by: Mutex<Vec<String>>,
}

impl Load {
    fn ask_without_pause(&self, proxy: SocketAddr, deadline: Instant) {
        loop {
            let number = self.asked.fetch_add(1, Ordering::Relaxed);
            let done = self.change_is_done.load(Ordering::Relaxed);
            if done && number >= AT_LEAST || Instant::now() > deadline {
                self.asked.fetch_sub(1, Ordering::Relaxed);
                return;
            }
            // Some take long enough to be under way when their server is told to end.
            let path = match number {
                _ if done => "/",
                QUICK.. => "/slow",
                _ if number.is_multiple_of(16) => "/slow",
                _ => "/wait/20",
            };
            match ask(proxy, path) {
                Ok(host) => {
                    self.answered.fetch_add(1, Ordering::Relaxed);
                    let mut served = self.served_by.lock().unwrap();
                    if !served.contains(&host) {
                        served.push(host);
                    }
                }
                Err(reason) => self.failures.lock().unwrap().push(format!("{path}: {reason}")),
            }
        }
    }

    /// Waits until so many more are answered.
    fn have_been_answered(&self, more: usize) {
        let from = self.answered.load(Ordering::Relaxed);
        ps_tests::process::wait_until(&format!("{more} more requests are answered"), PATIENCE, || {
            self.answered.load(Ordering::Relaxed) >= from + more || !self.failures.lock().unwrap().is_empty()
        });
    }
}

/// One request and its whole answer: the container that gave it.
fn ask(proxy: SocketAddr, path: &str) -> Result<String, String> {
    let exchange = || -> io::Result<String> {
        let mut stream = TcpStream::connect_timeout(&proxy, PATIENCE)?;
        stream.set_read_timeout(Some(PATIENCE))?;
        write!(stream, "GET {path} HTTP/1.1\r\nHost: shop\r\nConnection: close\r\n\r\n")?;
        let mut answer = String::new();
        stream.read_to_string(&mut answer)?;
        Ok(answer)
    };
    let answer = exchange().map_err(|error| error.to_string())?;
    let (head, body) = answer.split_once("\r\n\r\n").unwrap_or((&answer, ""));
    let host = body.strip_suffix(&format!(" {path}\n")).filter(|_| head.starts_with("HTTP/1.1 200 "));
    host.map(str::to_owned).ok_or_else(|| format!("{answer:?}"))
}

struct SetWhenDropped<'a>(&'a AtomicBool);

impl Drop for SetWhenDropped<'_> {
    fn drop(&mut self) {
        self.0.store(true, Ordering::Relaxed);
    }
}

/// The stand-in for nginx, on the file that the host writes for an app.
struct Proxy {
    child: Child,
    address: SocketAddr,
}

impl Proxy {
    fn new(shop: &Shop) -> Self {
        let conf = shop.dokku.path(&format!("nginx/{}.conf", shop.app));
        assert_eq!(shop.servers().len(), 2, "the proxy must know both");
        let mut command = Command::new(env!("CARGO_BIN_EXE_proxy"));
        let mut child = spawn(command.arg(conf).stdin(Stdio::piped()).stdout(Stdio::piped()));
        let mut line = String::new();
        BufReader::new(child.stdout.take().expect("its stdout")).read_line(&mut line).expect("its port");
        let port = line.trim().parse().unwrap_or_else(|error| panic!("{line:?} is no port: {error}"));
        Self { child, address: SocketAddr::from((Ipv4Addr::LOCALHOST, port)) }
    }
}

impl Drop for Proxy {
    fn drop(&mut self) {
        kill_group(self.child.id());
        drop(self.child.wait());
    }
}
