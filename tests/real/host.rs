//! The Dokku of this machine and apps on it, in the words of the product.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::io::{self, Read, Write};
use std::net::{Ipv4Addr, SocketAddr, TcpStream};
use std::path::Path;
use std::process::{self, Command, Stdio};
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, AtomicU32, AtomicUsize, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use ps_tests::docker::{Printed, containers_of, docker, print};
use ps_tests::lives;
pub(crate) use ps_tests::lives::{Instances, new_lives, same_lives};
use ps_tests::process::wait_until;
use ps_tests::real_host::destroy;
pub(crate) use ps_tests::real_host::{PATIENCE, home, lib, missing};
use rustix::process::{Pid, Signal, kill_process};
use serde_json::Value;

/// After so long a request is given up whose answer is asked for again and again.
const ASK_AGAIN: Duration = Duration::from_secs(2);

/// What the apps of this suite are called; what a killed run left has such a name.
pub(crate) const PREFIX: &str = "ps-real-";
/// How long to wait between two looks that start a program each: what is waited for takes seconds.
const BETWEEN_LOOKS: Duration = Duration::from_millis(250);
/// Clients, and how long each of them waits before it asks again: the host needs the processors too.
const CLIENTS: usize = 2;
const PAUSE: Duration = Duration::from_millis(10);
/// Requests that must be answered before a change, and after it.
const AROUND: usize = 50;

const DOCKERFILE: &str = "FROM bb:latest\nWORKDIR /app\nCOPY . /app\n";
/// `web` answers with the name of its host, which is the beginning of its container's id.
pub(crate) const WEB: &str = "web: sh -c \"hostname > /www/index.html; exec httpd -f -p $PORT -h /www\"\n";
pub(crate) const WORKER: &str = "worker: sleep 100000\n";

/// `dokku WORDS…`
pub(crate) fn dokku(words: &[&str]) -> Printed {
    dokku_with(words, b"")
}

fn dokku_with(words: &[&str], stdin: &[u8]) -> Printed {
    print(Command::new("dokku").args(words), format!("dokku {}", words.join(" ")), stdin)
}

/// A command of the host that must succeed; its stdout.
pub(crate) fn succeeds(words: &[&str]) -> String {
    ends(0, words).stdout
}

/// A command of the host that must end so.
pub(crate) fn ends(status: i32, words: &[&str]) -> Printed {
    let printed = dokku(words);
    assert_eq!(printed.status, status, "{printed}");
    printed
}

/// An app of the host, which is destroyed when it is dropped.
#[derive(Debug)]
pub(crate) struct App {
    pub(crate) name: String,
}

impl App {
    /// An app that no other test has, and nothing more.
    pub(crate) fn created() -> Self {
        static NEXT: AtomicU32 = AtomicU32::new(1);
        let app = Self::named(&format!("{PREFIX}{}-{}", process::id(), NEXT.fetch_add(1, Ordering::Relaxed)));
        succeeds(&["apps:create", &app.name]);
        app
    }

    /// An app to be deployed. Its containers are not checked, and old ones have two seconds to end.
    pub(crate) fn new() -> Self {
        let app = Self::created();
        app.is_set_up();
        app
    }

    /// A name to give to a clone or a renamed app, which is destroyed too.
    pub(crate) fn named(name: &str) -> Self {
        Self { name: name.to_owned() }
    }

    fn is_set_up(&self) {
        succeeds(&["checks:disable", &self.name]);
        succeeds(&["checks:set", &self.name, "wait-to-retire", "1"]);
        succeeds(&["ps:set", &self.name, "stop-timeout-seconds", "1"]);
    }

    /// Deployed with these quantities, with a web server and a worker.
    pub(crate) fn deployed(quantities: &[&str]) -> Self {
        let app = Self::new();
        app.is_deployed(quantities, &[]);
        app
    }

    /// Deploys the app for the first time, with these quantities, from a source with these files too.
    pub(crate) fn is_deployed(&self, quantities: &[&str], files: &[(&str, &str)]) -> Printed {
        succeeds(&[&["ps:scale", "--skip-deploy", &self.name], quantities].concat());
        self.deploys(files)
    }

    /// Deploys an archive of a source with these files, which must succeed.
    pub(crate) fn deploys(&self, files: &[(&str, &str)]) -> Printed {
        let printed = self.deploy(files);
        assert_eq!(printed.status, 0, "{printed}");
        printed
    }

    /// Deploys an archive of a source with these files; a Procfile and a Dockerfile are in it anyway.
    pub(crate) fn deploy(&self, files: &[(&str, &str)]) -> Printed {
        let folder = tempfile::tempdir().expect("a folder for the source");
        let procfile = format!("{WEB}{WORKER}");
        for (name, content) in [&[("Dockerfile", DOCKERFILE), ("Procfile", procfile.as_str())], files].concat() {
            fs::write(folder.path().join(name), content).expect("a file of the source");
        }
        let packed = Command::new("tar").arg("-C").arg(folder.path()).args(["-c", "."]).output().expect("tar");
        assert!(packed.status.success(), "tar: {}", String::from_utf8_lossy(&packed.stderr));
        dokku_with(&["git:from-archive", "--archive-type", "tar", &self.name, "--"], &packed.stdout)
    }

    /// `ps:scale APP WORDS…`, which must succeed.
    pub(crate) fn scales(&self, words: &[&str]) -> Printed {
        ends(0, &[&["ps:scale", &self.name], words].concat())
    }

    /// What the CONTAINER files and Docker agree on.
    pub(crate) fn instances(&self) -> Instances {
        lives::instances(&self.name, &home(&self.name))
    }

    /// Waits until exactly these instances run, each with its file and its name; their lives.
    pub(crate) fn runs(&self, instances: &[&str]) -> Instances {
        let running = || {
            let containers = containers_of(&self.name).into_iter();
            let running = containers.filter(|container| container.state == "running");
            running.map(|container| container.name).collect::<BTreeSet<_>>()
        };
        let wanted: BTreeSet<String> = instances.iter().map(|instance| format!("{}.{instance}", self.name)).collect();
        let mut last = BTreeSet::new();
        look_until(&format!("{} runs {instances:?}", self.name), || {
            last = running();
            last == wanted
        });
        let files: Vec<String> = lives::container_files(&home(&self.name)).into_keys().collect();
        assert_eq!(files, instances, "the CONTAINER files");
        let lives = self.instances();
        assert_eq!(lives.keys().collect::<Vec<_>>(), instances, "the files must name what runs");
        lives
    }

    /// Waits until no container of the app runs.
    pub(crate) fn runs_nothing(&self) {
        let nothing = || containers_of(&self.name).iter().all(|container| container.state != "running");
        look_until(&format!("{} runs nothing", self.name), nothing);
    }

    /// What Docker says of the container of an instance, as its template.
    pub(crate) fn inspect(&self, instance: &str, template: &str) -> String {
        let id = lives::container_files(&home(&self.name))
            .remove(instance)
            .unwrap_or_else(|| panic!("{instance} has no CONTAINER file"));
        docker(&["container", "inspect", "--format", template, &id]).trim().to_owned()
    }

    /// The saved scale without the types at 0.
    pub(crate) fn scale(&self) -> Vec<String> {
        let scale = succeeds(&["plugin:trigger", "ps-current-scale", &self.name]);
        scale.lines().filter(|line| !line.ends_with("=0")).map(str::to_owned).collect()
    }

    /// One value of `ps:report`.
    pub(crate) fn report(&self, flag: &str) -> String {
        succeeds(&["ps:report", &self.name, flag]).trim().to_owned()
    }

    /// What `ps APP` shows as changed since the instances of a type were made.
    pub(crate) fn pending(&self, process_type: &str) -> Vec<String> {
        self.all_pending().remove(process_type).unwrap_or_default()
    }

    /// What `ps APP` shows as changed, by type.
    pub(crate) fn all_pending(&self) -> BTreeMap<String, Vec<String>> {
        let listing = succeeds(&["ps", &self.name, "--format", "json"]);
        let listing: Value = serde_json::from_str(&listing).unwrap_or_else(|error| panic!("{error}: {listing}"));
        let types = listing["types"].as_array().cloned().unwrap_or_default();
        let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
        let pending = |about: &Value| about["pending"].as_array().into_iter().flatten().map(text).collect();
        types.iter().map(|about| (text(&about["type"]), pending(about))).collect()
    }

    /// The first domain that the host has given to the app.
    fn domain(&self) -> String {
        let domains = fs::read_to_string(home(&self.name).join("VHOST")).unwrap_or_default();
        domains.lines().next().unwrap_or_default().to_owned()
    }

    /// One request to the host's proxy: the body of an answer with status 200.
    pub(crate) fn ask(&self) -> Result<String, String> {
        self.ask_within(PATIENCE)
    }

    fn ask_within(&self, patience: Duration) -> Result<String, String> {
        let address = SocketAddr::from((Ipv4Addr::LOCALHOST, 80));
        let exchange = || -> io::Result<String> {
            let mut stream = TcpStream::connect_timeout(&address, patience)?;
            stream.set_read_timeout(Some(patience))?;
            write!(stream, "GET / HTTP/1.1\r\nHost: {}\r\nConnection: close\r\n\r\n", self.domain())?;
            let mut answer = String::new();
            stream.read_to_string(&mut answer)?;
            Ok(answer)
        };
        let answer = exchange().map_err(|error| error.to_string())?;
        let (head, body) = answer.split_once("\r\n\r\n").unwrap_or((&answer, ""));
        if head.starts_with("HTTP/1.1 200 ") { Ok(body.trim().to_owned()) } else { Err(format!("{answer:?}")) }
    }

    /// Waits until the proxy gives an answer of one of these instances.
    pub(crate) fn answers(&self, instances: &Instances) {
        let mut last = Err(String::new());
        wait_until(&format!("{} answers", self.name), PATIENCE, || {
            // nginx asks on where nobody is, for one that began before it was told another address.
            last = self.ask_within(ASK_AGAIN);
            last.as_ref().is_ok_and(|host| instances.values().any(|life| life.id.starts_with(host.as_str())))
        });
    }

    /// Asks the proxy all the while `change` is made. No request may fail; the names of who answered.
    pub(crate) fn asked_while(&self, change: impl FnOnce()) -> BTreeSet<String> {
        let (answered, done) = (AtomicUsize::new(0), AtomicBool::new(false));
        let (failures, served) = (Mutex::new(Vec::new()), Mutex::new(BTreeSet::new()));
        thread::scope(|scope| {
            for _ in 0..CLIENTS {
                scope.spawn(|| {
                    while !done.load(Ordering::Relaxed) {
                        match self.ask() {
                            Ok(host) => {
                                answered.fetch_add(1, Ordering::Relaxed);
                                served.lock().unwrap().insert(host);
                            }
                            Err(reason) => failures.lock().unwrap().push(reason),
                        }
                        thread::sleep(PAUSE);
                    }
                });
            }
            // Whatever fails in here, the clients end.
            let end = SetWhenDropped(&done);
            let more = || {
                let from = answered.load(Ordering::Relaxed);
                let enough =
                    || answered.load(Ordering::Relaxed) >= from + AROUND || !failures.lock().unwrap().is_empty();
                wait_until(&format!("{AROUND} more requests are answered"), PATIENCE, enough);
            };
            more();
            change();
            more();
            drop(end);
        });
        let (answered, failures) = (answered.into_inner(), failures.into_inner().unwrap());
        assert!(failures.is_empty(), "{} requests failed, {answered} did not: {:#?}", failures.len(), failures.first());
        println!("{answered} requests through the proxy, none failed");
        served.into_inner().unwrap()
    }
}

impl Drop for App {
    fn drop(&mut self) {
        // A test that fails is being unwound here, so nothing may panic.
        destroy(&self.name);
    }
}

struct SetWhenDropped<'a>(&'a AtomicBool);

impl Drop for SetWhenDropped<'_> {
    fn drop(&mut self) {
        self.0.store(true, Ordering::Relaxed);
    }
}

/// Waits until a condition holds that a program is asked for.
fn look_until(what: &str, mut condition: impl FnMut() -> bool) {
    let end = Instant::now() + PATIENCE;
    while !condition() {
        assert!(Instant::now() < end, "waited {PATIENCE:?} in vain until {what}");
        thread::sleep(BETWEEN_LOOKS);
    }
}

/// Runs a command of the host when it is dropped: takes back what was set.
pub(crate) struct Afterwards(pub(crate) Vec<String>);

impl Drop for Afterwards {
    fn drop(&mut self) {
        let done = Command::new("dokku").args(&self.0).stdin(Stdio::null()).output();
        if !done.as_ref().is_ok_and(|done| done.status.success()) {
            println!("dokku {:?}: {done:?}", self.0);
        }
    }
}

/// Ends dockerd, with all containers, and starts it again as it was.
pub(crate) fn restart_dockerd() {
    if Path::new("/run/systemd/system").is_dir() {
        let restarted = print(Command::new("systemctl").args(["restart", "docker"]), "systemctl".to_owned(), b"");
        assert_eq!(restarted.status, 0, "{restarted}");
    } else {
        let pid_file = Path::new("/var/run/docker.pid");
        let pid = fs::read_to_string(pid_file).expect("dockerd's process id");
        let words = fs::read(format!("/proc/{}/cmdline", pid.trim())).expect("dockerd's command line");
        let words: Vec<String> = words
            .split(|byte| *byte == 0)
            .filter(|word| !word.is_empty())
            .map(|word| String::from_utf8_lossy(word).into_owned())
            .collect();
        end_dockerd(&pid, pid_file);
        let log = fs::File::options().append(true).create(true).open("/var/log/dockerd.log").expect("dockerd's log");
        let mut command = Command::new("setsid");
        command.arg("nohup").args(words).stdin(Stdio::null());
        command.stdout(log.try_clone().expect("the log")).stderr(log);
        drop(command.spawn().expect("dockerd"));
    }
    let answers = || {
        let asked = Command::new("docker").arg("version").stdin(Stdio::null()).output();
        asked.is_ok_and(|done| done.status.success())
    };
    look_until("dockerd answers", answers);
}

/// Docker 20.10 may have locked itself up over the containers that leave their network: then it is killed.
fn end_dockerd(pid: &str, pid_file: &Path) {
    let number = |text: &str| text.trim().parse().ok().and_then(Pid::from_raw);
    let dockerd = number(pid).expect("a process id");
    kill_process(dockerd, Signal::TERM).expect("dockerd ends");
    // One that has ended and whom nobody has asked for its status has no words either.
    let gone = || fs::read(format!("/proc/{}/cmdline", pid.trim())).map_or(true, |words| words.is_empty());
    let waited = std::panic::catch_unwind(|| wait_until("dockerd has ended", Duration::from_mins(1), gone));
    if waited.is_err() {
        println!("dockerd did not end within a minute and is killed");
        let containerd = Path::new("/var/run/docker/containerd/containerd.pid");
        let _ = kill_process(dockerd, Signal::KILL);
        if let Some(pid) = fs::read_to_string(containerd).ok().as_deref().and_then(number) {
            let _ = kill_process(pid, Signal::KILL);
        }
        wait_until("dockerd has ended", PATIENCE, gone);
        drop(fs::remove_file(containerd));
    }
    drop(fs::remove_file(pid_file));
}
