//! Docker's events, when they are not heard.

use std::fs;
use std::io::{Read, Write};
use std::net::Shutdown;
use std::os::unix::net::{UnixListener, UnixStream};
use std::path::PathBuf;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::thread;

use crate::shop::{Shop, kept, new};
use crate::watcher::Watcher;

/// Where Docker listens, unless `DOCKER_HOST` names another socket.
const SOCKET: &str = "/var/run/docker.sock";

/// Stands between Docker and who talks to it, and keeps its events back when it is told to.
#[derive(Clone, Default)]
struct Between {
    is_cut: Arc<AtomicBool>,
    streams: Arc<Mutex<Vec<UnixStream>>>,
}

impl Between {
    /// Listens there, as long as the process lives.
    fn new(path: &PathBuf) -> Self {
        let between = Self::default();
        let listener = UnixListener::bind(path).expect("a socket");
        let served = between.clone();
        thread::spawn(move || {
            for client in listener.incoming().flatten() {
                let served = served.clone();
                thread::spawn(move || served.serve(client));
            }
        });
        between
    }

    /// Passes on what both say, until one of them has no more to say.
    fn serve(&self, mut client: UnixStream) -> std::io::Result<()> {
        let mut first = [0; 4096];
        let length = client.read(&mut first)?;
        let first = &first[..length];
        if first.starts_with(b"GET /events") {
            // Whoever cuts sees each stream that was not refused.
            let mut streams = self.streams.lock().expect("the streams");
            if self.is_cut.load(Ordering::SeqCst) {
                return client.shutdown(Shutdown::Both);
            }
            streams.push(client.try_clone()?);
        }
        let mut docker = UnixStream::connect(docker_socket())?;
        docker.write_all(first)?;
        let (mut from_client, mut to_docker) = (client.try_clone()?, docker.try_clone()?);
        let there = thread::spawn(move || {
            drop(std::io::copy(&mut from_client, &mut to_docker));
            drop(to_docker.shutdown(Shutdown::Write));
        });
        drop(std::io::copy(&mut docker, &mut client));
        drop(client.shutdown(Shutdown::Both));
        drop(docker.shutdown(Shutdown::Both));
        drop(there.join());
        Ok(())
    }

    /// Ends the streams of events, and lets none begin.
    fn cut(&self) {
        let mut streams = self.streams.lock().expect("the streams");
        self.is_cut.store(true, Ordering::SeqCst);
        assert!(!streams.is_empty(), "somebody must have listened");
        for stream in streams.drain(..) {
            stream.shutdown(Shutdown::Both).expect("a stream to cut");
        }
    }

    fn mend(&self) {
        self.is_cut.store(false, Ordering::SeqCst);
    }
}

fn docker_socket() -> PathBuf {
    let host = std::env::var("DOCKER_HOST").unwrap_or_default();
    PathBuf::from(host.strip_prefix("unix://").unwrap_or(SOCKET))
}

pub(crate) fn what_happens_while_docker_is_not_heard_is_seen() {
    let shop = Shop::with(&["web=1", "worker=1"]);
    let all = ["web.1", "worker.1"];
    let before = shop.runs(&all);
    let socket = shop.dokku.path("docker.sock");
    let between = Between::new(&socket);
    let host = format!("unix://{}", socket.display());
    let mut watcher = Watcher::with(&shop.dokku, &["--every", "86400"], &[("DOCKER_HOST", &host)]);
    watcher.has_seen(&shop.dokku, &shop.app);
    shop.loses("worker.1");
    let healed = shop.is_healed(&all);
    new(&before, &healed, &["worker.1"]);
    shop.was_done("worker.1: started again");

    between.cut();
    watcher.says("until Docker's events are heard apps are looked at now and then alone");
    shop.loses("web.1");
    between.mend();
    let after = shop.is_healed(&all);
    kept(&healed, &after, &["worker.1"]);
    new(&healed, &after, &["web.1"]);
    watcher.ends();
}

pub(crate) fn without_a_socket_it_looks_and_says_so() {
    let shop = Shop::with(&["web=0", "worker=1"]);
    let before = shop.runs(&["worker.1"]);
    // Docker itself is reached all the same.
    let path = std::env::var_os("PATH").expect("a PATH");
    let docker = std::env::split_paths(&path).map(|folder| folder.join("docker")).find(|docker| docker.is_file());
    let docker = docker.expect("docker is on the PATH");
    let real = fs::canonicalize(docker_socket()).expect("Docker's socket");
    shop.dokku
        .script("bin/docker", &format!("DOCKER_HOST='unix://{}' exec '{}' \"$@\"", real.display(), docker.display()));
    shop.loses("worker.1");
    let mut watcher = Watcher::with(&shop.dokku, &[], &[("DOCKER_HOST", "tcp://127.0.0.1:1")]);
    watcher.says(
        "DOCKER_HOST is tcp://127.0.0.1:1; until Docker's events are heard apps are looked at now and then alone",
    );
    let after = shop.is_healed(&["worker.1"]);
    new(&before, &after, &["worker.1"]);
    shop.was_done("worker.1: started again");
    watcher.ends();
}
