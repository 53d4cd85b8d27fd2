//! A Docker Engine that has containers and in which nothing happens. It notes what it is asked, and when.
//!
//! What asks it is Docker's own program, or the plugin by itself, so that what these cost is measured and not made up.

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

/// The processes of each container, in the columns that the plugin asks for.
const PROCESSES: &str = r#"{"Titles":["PID","USER","ELAPSED","%CPU","COMMAND"],
    "Processes":[["2490","root","63072000","0.1","/bin/sh -c bundle exec puma -C config/puma.rb -p $PORT"],
                 ["2531","root","63071999","0.3","puma 6.4.2 (tcp://0.0.0.0:5000) [app]"]]}"#;

/// What a container is told to have as this label.
pub(crate) fn label(name: &str) -> String {
    let told: Value = serde_json::from_str(CONTAINER).expect("JSON, with gaps in its texts");
    told["Config"]["Labels"][name].as_str().expect("the label").to_owned()
}

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
    listed: Vec<Value>,
    details: BTreeMap<String, String>,
    /// What it has answered, by the question: it is measured who asks, not how long an answer is made.
    answers: Mutex<BTreeMap<(String, String), Answer>>,
}

/// A status and a body.
type Answer = (&'static str, Arc<str>);

impl Engine {
    /// Begins to answer.
    pub(crate) fn begin(socket: &Path, containers: &[Container]) -> Arc<Self> {
        let details: BTreeMap<String, Value> =
            containers.iter().map(|container| (container.id.clone(), container.details())).collect();
        let engine = Arc::new(Self {
            began: Instant::now(),
            asked: Mutex::default(),
            listed: details.values().map(listed).collect(),
            details: details.into_iter().map(|(id, details)| (id, details.to_string())).collect(),
            answers: Mutex::default(),
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
            let (method, path, more) = question(&line);
            self.asked.lock().expect("what was asked").push((self.began.elapsed(), format!("{method} {path}")));
            let mut is_last = false;
            while line != "\r\n" {
                line.clear();
                if from.read_line(&mut line)? == 0 {
                    return Ok(());
                }
                is_last |= line.trim_end().eq_ignore_ascii_case("connection: close");
            }
            if path == "/events" {
                write!(&mut &*connection, "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n")?;
                // Nothing happens, until nobody listens any more.
                return from.read(&mut [0]).map(drop);
            }
            let (status, body) = self.answer_to(path, more);
            let length = body.len();
            let body = if method == "HEAD" { "" } else { &body };
            write!(
                &mut &*connection,
                "HTTP/1.1 {status}\r\nApi-Version: {VERSION}\r\nOstype: linux\r\nContent-Type: application/json\r\n\
                 Content-Length: {length}\r\n\r\n{body}"
            )?;
            if is_last {
                return Ok(());
            }
        }
    }

    fn answer_to(&self, path: String, more: String) -> Answer {
        let mut answers = self.answers.lock().expect("what was answered");
        answers.entry((path, more)).or_insert_with_key(|(path, more)| self.new_answer(path, more)).clone()
    }

    fn new_answer(&self, path: &str, more: &str) -> Answer {
        let of_one = path.strip_prefix("/containers/").and_then(|rest| rest.split_once('/'));
        let found = match (path, of_one) {
            ("/_ping", _) => Some("OK".to_owned()),
            ("/containers/json", _) => self.list(more),
            (_, Some((id, "json"))) => self.details.get(id).cloned(),
            (_, Some((id, "top"))) if self.details.contains_key(id) => Some(PROCESSES.to_owned()),
            _ => None,
        };
        match found {
            Some(body) => ("200 OK", body.into()),
            None => ("404 Not Found", r#"{"message":"there is no such thing"}"#.into()),
        }
    }

    /// The list of all, or of those that have all labels that are asked for; `None` for a question of another kind.
    fn list(&self, more: &str) -> Option<String> {
        let parts: Vec<&str> = more.split('&').filter(|part| !["", "all=1", "all=true"].contains(part)).collect();
        let labels = match parts[..] {
            [] => Vec::new(),
            [filters] => labels(filters.strip_prefix("filters=")?)?,
            _ => return None,
        };
        let has = |container: &&Value| {
            labels.iter().all(|label| match label.split_once('=') {
                Some((name, value)) => container["Labels"][name] == value,
                None => !container["Labels"][label.as_str()].is_null(),
            })
        };
        Some(serde_json::to_string(&self.listed.iter().filter(has).collect::<Vec<_>>()).expect("JSON"))
    }
}

/// The method, the path without the version of the interface, and what is asked more closely.
fn question(line: &str) -> (String, String, String) {
    let mut words = line.split_whitespace();
    let (method, path) = (words.next().unwrap_or_default(), words.next().unwrap_or_default());
    let (path, more) = path.split_once('?').unwrap_or((path, ""));
    let versioned = path.strip_prefix("/v1.").and_then(|rest| rest.find('/').map(|at| &rest[at..]));
    (method.to_owned(), versioned.unwrap_or(path).to_owned(), more.to_owned())
}

/// The labels of filters that ask for nothing else: `{"label":{"dokku":true}}` or `{"label":["dokku"]}`.
fn labels(filters: &str) -> Option<Vec<String>> {
    let filters: Value = serde_json::from_str(&decoded(filters)?).ok()?;
    let filters = filters.as_object()?;
    if filters.keys().any(|name| name != "label") {
        return None;
    }
    Some(match filters.get("label") {
        None => Vec::new(),
        Some(Value::Object(labels)) => labels.keys().cloned().collect(),
        Some(labels) => serde_json::from_value(labels.clone()).ok()?,
    })
}

/// A part of an address without its escapes.
fn decoded(text: &str) -> Option<String> {
    let mut parts = text.split('%');
    let mut bytes = parts.next()?.as_bytes().to_vec();
    for part in parts {
        bytes.push(u8::from_str_radix(part.get(..2)?, 16).ok()?);
        bytes.extend(&part.as_bytes()[2..]);
    }
    String::from_utf8(bytes).ok()
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
