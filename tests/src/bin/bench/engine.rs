//! A Docker Engine that has containers and in which nothing happens. It notes what it is asked, and when.
//!
//! Docker's own program asks it, so that what that program costs is measured and not made up.

use std::collections::BTreeMap;
use std::io::{BufRead, BufReader, Read, Write};
use std::os::unix::net::{UnixListener, UnixStream};
use std::path::Path;
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::{Duration, Instant};

use serde_json::{Value, json};

/// What Docker tells of a container, with gaps for what differs.
const CONTAINER: &str = include_str!("container.json");

/// The Engine's oldest interface that current programs speak.
const VERSION: &str = "1.41";

/// A container to be told of.
pub(crate) struct Container {
    pub(crate) id: String,
    pub(crate) app: String,
    pub(crate) instance: String,
    pub(crate) address: String,
}

/// What was asked of it, each with the time since it began.
pub(crate) struct Engine {
    began: Instant,
    asked: Mutex<Vec<(Duration, String)>>,
    list: String,
    details: BTreeMap<String, String>,
}

impl Engine {
    /// Begins to answer.
    pub(crate) fn begin(socket: &Path, containers: &[Container]) -> Arc<Self> {
        let details: BTreeMap<String, Value> =
            containers.iter().map(|container| (container.id.clone(), container.details())).collect();
        let engine = Arc::new(Self {
            began: Instant::now(),
            asked: Mutex::default(),
            list: details.values().map(listed).collect::<Value>().to_string(),
            details: details.into_iter().map(|(id, details)| (id, details.to_string())).collect(),
        });
        let listener = UnixListener::bind(socket).expect("a socket");
        let answering = Arc::clone(&engine);
        thread::spawn(move || {
            for connection in listener.incoming() {
                let answering = Arc::clone(&answering);
                let connection = connection.expect("a connection");
                // Who asks may go away at any time.
                thread::spawn(move || answering.answer(&connection));
            }
        });
        engine
    }

    /// When it was asked for this.
    pub(crate) fn asked(&self, is_meant: impl Fn(&str) -> bool) -> Vec<Duration> {
        let asked = self.asked.lock().expect("what was asked");
        asked.iter().filter(|(_, path)| is_meant(path)).map(|(at, _)| *at).collect()
    }

    /// Answers all that is asked over a connection.
    fn answer(&self, connection: &UnixStream) -> std::io::Result<()> {
        let mut from = BufReader::new(connection);
        loop {
            let mut line = String::new();
            if from.read_line(&mut line)? == 0 {
                return Ok(());
            }
            let (method, path) = question(&line);
            self.asked.lock().expect("what was asked").push((self.began.elapsed(), format!("{method} {path}")));
            while line != "\r\n" {
                line.clear();
                if from.read_line(&mut line)? == 0 {
                    return Ok(());
                }
            }
            if path == "/events" {
                write!(&mut &*connection, "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n")?;
                // Nothing happens, until nobody listens any more.
                return from.read(&mut [0]).map(drop);
            }
            let (status, body) = self.body(&path);
            let length = body.len();
            let body = if method == "HEAD" { "" } else { body };
            write!(
                &mut &*connection,
                "HTTP/1.1 {status}\r\nApi-Version: {VERSION}\r\nOstype: linux\r\nContent-Type: application/json\r\n\
                 Content-Length: {length}\r\n\r\n{body}"
            )?;
        }
    }

    fn body(&self, path: &str) -> (&str, &str) {
        let ids = path.strip_prefix("/containers/").and_then(|rest| rest.strip_suffix("/json"));
        match (path, ids.and_then(|id| self.details.get(id))) {
            ("/_ping", _) => ("200 OK", "OK"),
            ("/containers/json", _) => ("200 OK", &self.list),
            (_, Some(details)) => ("200 OK", details),
            _ => ("404 Not Found", r#"{"message":"there is no such thing"}"#),
        }
    }
}

/// The method and the path of a question, without the version of the interface and without what is asked more closely.
fn question(line: &str) -> (String, String) {
    let mut words = line.split_whitespace();
    let (method, path) = (words.next().unwrap_or_default(), words.next().unwrap_or_default());
    let path = path.split('?').next().unwrap_or_default();
    let versioned = path.strip_prefix("/v1.").and_then(|rest| rest.find('/').map(|at| &rest[at..]));
    (method.to_owned(), versioned.unwrap_or(path).to_owned())
}

impl Container {
    fn details(&self) -> Value {
        let process_type = self.instance.split('.').next().unwrap_or_default();
        let gaps = [
            ("@ID@", self.id.as_str()),
            ("@HOST@", &self.id[..12]),
            ("@APP@", &self.app),
            ("@INSTANCE@", &self.instance),
            ("@TYPE@", process_type),
            ("@ADDRESS@", &self.address),
        ];
        let text = gaps.iter().fold(CONTAINER.to_owned(), |text, (gap, value)| text.replace(gap, value));
        serde_json::from_str(&text).expect("what Docker tells of a container")
    }
}

/// The same as Docker tells it in a list of all.
fn listed(details: &Value) -> Value {
    json!({
        "Id": details["Id"],
        "Names": [details["Name"]],
        "Image": details["Config"]["Image"],
        "ImageID": details["Image"],
        "Command": details["Path"],
        "Created": 1_732_306_619,
        "Ports": [],
        "Labels": details["Config"]["Labels"],
        "State": "running",
        "Status": "Up 2 years",
        "HostConfig": { "NetworkMode": "default" },
        "NetworkSettings": { "Networks": details["NetworkSettings"]["Networks"] },
        "Mounts": [],
    })
}
