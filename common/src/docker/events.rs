//! What happens to the containers that Dokku has deployed, told by Docker as it happens.

use super::engine::{Body, Engine, percent_encoded};
use super::told_patience;
use crate::{Context, Env, Error, Result};
use serde::Deserialize;
use std::io::{BufRead, ErrorKind, Read};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

/// How long Docker may take to begin, unless `DOKKU_DOCKER_TIMEOUT` says otherwise (seconds).
const PATIENCE: Duration = Duration::from_secs(10);

/// No event is longer, in bytes: one holds all labels of its container, and anybody may give it any.
const LONGEST: u64 = 1024 * 1024;

/// The label of what Dokku has deployed. Docker itself leaves out everybody else's containers.
const DEPLOYED: &str = "com.dokku.container-type=deploy";

/// Something that has happened to a container of an app.
#[doc(hidden)] // for ps, which runs the containers
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ContainerEvent {
    /// The app, as the container's label says.
    pub app: String,
    /// What has happened, in Docker's words: `start`, `die`, `health_status: unhealthy`, ….
    pub action: String,
    /// The container's full id.
    pub container: String,
    /// When, in seconds since 1970.
    pub time: i64,
}

/// An event as Docker tells it.
#[derive(Deserialize)]
struct Told {
    #[serde(rename = "Action")]
    action: String,
    #[serde(rename = "Actor")]
    actor: Actor,
    time: i64,
}

#[derive(Deserialize)]
struct Actor {
    #[serde(rename = "ID")]
    id: String,
    #[serde(rename = "Attributes")]
    attributes: Option<Attributes>,
}

/// All labels, and more.
#[derive(Deserialize)]
struct Attributes {
    #[serde(rename = "com.dokku.app-name")]
    app: Option<String>,
}

/// The events of the containers that Dokku has deployed, from the moment of [`ContainerEvents::open`] on.
///
/// ```no_run
/// # fn example(env: &dokku_plugin::Env) -> dokku_plugin::Result<()> {
/// let mut events = dokku_plugin::ContainerEvents::open(env, &["start", "die"])?;
/// while let Some(event) = events.next()? {
///     env.output().print(&format!("{} {}\n", event.app, event.action))?;
/// }
/// # Ok(())
/// # }
/// ```
#[doc(hidden)] // for ps, which runs the containers
#[derive(Debug)]
pub struct ContainerEvents {
    body: Body,
}

impl ContainerEvents {
    /// Begins to listen to these actions (`health_status` stands for all of its kind), for which Docker has ten seconds,
    /// or what `DOKKU_DOCKER_TIMEOUT` says. What happens from then on is told, once it is waited for; so who looks at
    /// the containers next misses nothing.
    ///
    /// # Errors
    /// When `DOCKER_HOST` names no Unix socket, or `DOCKER_BIN` another program; when Docker is not there, or does not
    /// answer in time; with its own words when it refuses.
    pub fn open(env: &Env, actions: &[&str]) -> Result<Self> {
        let engine = Engine::new(env)?;
        let patience = told_patience(env).unwrap_or(PATIENCE);
        let body = engine.get(&path(actions, SystemTime::now()), patience)?;
        Ok(Self { body: body.without_deadline()? })
    }

    /// The next event, however long that takes; nothing when Docker tells no more, because it has ended.
    ///
    /// # Errors
    /// When what Docker tells cannot be read, or is no event.
    #[allow(clippy::should_implement_trait, reason = "an iterator goes on after an error, and this does not")]
    pub fn next(&mut self) -> Result<Option<ContainerEvent>> {
        let reading = || "reading Docker's events";
        while let Some(line) = self.line().context(reading)? {
            if let Some(event) = event(&line).context(reading)? {
                return Ok(Some(event));
            }
        }
        Ok(None)
    }

    /// The next line. One that is cut short is the end: a Docker that is killed says no farewell.
    fn line(&mut self) -> Result<Option<Vec<u8>>> {
        let mut line = Vec::new();
        match Read::take(&mut self.body, LONGEST + 1).read_until(b'\n', &mut line) {
            Err(error) if matches!(error.kind(), ErrorKind::UnexpectedEof | ErrorKind::ConnectionReset) => Ok(None),
            Err(error) => Err(error.into()),
            Ok(length) if length as u64 > LONGEST => {
                Err(Error::new(format!("there is one of more than {} MiB", LONGEST >> 20)))
            }
            Ok(_) => Ok(Some(line).filter(|line| line.ends_with(b"\n"))),
        }
    }
}

/// What Docker is asked. It begins to listen a little after it has begun to answer: with a time it tells also what has
/// happened in between, and what has happened earlier in the same second.
fn path(actions: &[&str], now: SystemTime) -> String {
    let since = now.duration_since(UNIX_EPOCH).unwrap_or_default().as_secs();
    let filters = serde_json::json!({ "type": ["container"], "event": actions, "label": [DEPLOYED] });
    format!("/events?since={since}&filters={}", percent_encoded(&filters.to_string()))
}

/// A line of the stream; nothing of a container that names no app.
pub(super) fn event(line: &[u8]) -> Result<Option<ContainerEvent>> {
    let told: Told = serde_json::from_slice(line).map_err(|error| {
        let shown: String = String::from_utf8_lossy(line).chars().take(60).collect();
        Error::new(format!("{shown:?} is none: {error}"))
    })?;
    let Told { action, actor, time } = told;
    let app = actor.attributes.and_then(|attributes| attributes.app).filter(|app| !app.is_empty());
    Ok(app.map(|app| ContainerEvent { app, action, container: actor.id, time }))
}

#[cfg(test)]
#[path = "events_tests.rs"]
mod tests;
