//! The containers of this host, and what Docker knows of some of them.
//!
//! Both are read as lines of tabs through a template of Docker's own, not as JSON: what only lists need
//! carry no parser.

use super::{ContainerState, Docker, fails_only_with, failure, is_id, is_word, rubbish, valid_text};
use crate::{App, Error, Instance, Process, Result};
use serde::de::DeserializeOwned;
use std::collections::BTreeMap;

/// Labels are quoted, since anybody may put tabs and newlines into one.
const LIST: &str = concat!(
    "{{.ID}}\t{{.Names}}\t{{.State}}",
    "\t{{printf \"%q\" (.Label \"com.dokku.app-name\")}}",
    "\t{{printf \"%q\" (.Label \"com.dokku.container-type\")}}",
    "\t{{printf \"%q\" (.Label \"com.dokku.process-type\")}}",
    "\t{{printf \"%q\" (.Label \"com.dokku.dyno\")}}",
);

/// The names are those of Docker's API, which all its releases have; without a health check it has no
/// `Health`, and `index` alone does not mind.
macro_rules! details {
    ($variables:literal, $command:literal, $labels:literal) => {
        concat!(
            "{{.Id}}\t{{.State.Status}}\t{{.State.StartedAt}}\t{{.State.FinishedAt}}\t{{.RestartCount}}",
            "\t{{.State.ExitCode}}\t{{.State.OOMKilled}}\t{{with index .State \"Health\"}}{{.Status}}{{end}}",
            "\t{{.Image}}\t{{.Created}}\t",
            $variables,
            "\t",
            $command,
            "\t{{range .NetworkSettings.Networks}}{{.IPAddress}} {{end}}\t",
            $labels,
            "\t{{.HostConfig.Memory}}\t{{.HostConfig.NanoCpus}}",
        )
    };
}

const DETAILS: &str = details!("{{json .Config.Env}}", "{{json .Config.Cmd}}", "{{json .Config.Labels}}");

/// The same without what may be long, for who looks at hundreds of containers again and again.
const SHORT_DETAILS: &str = details!("", "", "");

/// How much is asked of containers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Asked {
    /// All that there is of [`ContainerDetails`].
    Everything,
    /// How they do: not the variables, the command and the labels that they were made with, which are most of it.
    HowTheyDo,
}

/// A container in the list of all, with the labels that Dokku gives; a label it lacks is empty.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Container {
    /// Its full id.
    pub id: String,
    /// Its name.
    pub name: String,
    /// Whether it runs.
    pub state: ContainerState,
    /// The app it belongs to.
    pub app: String,
    /// What it was made for: `deploy` for an instance, `run`, `cron`, ….
    pub container_type: String,
    /// The process type it runs.
    pub process_type: String,
    /// The instance it was made as: `web.1`.
    pub dyno: String,
}

impl Container {
    /// Whether it is a container of this app. Its label says so; one without, as very old releases made them, has to
    /// have a name that Dokku gives to an instance of the app. One whose name is not known either is taken at its word.
    pub fn belongs_to(&self, app: &App) -> bool {
        match (self.app.as_str(), self.name.as_str()) {
            ("", "") => true,
            ("", name) => is_name_of_instance(name, app),
            (label, _) => label == app.as_str(),
        }
    }
}

/// `APP.TYPE.N`, also with the seconds that Dokku adds to the name of one that is replaced, or `upcoming-` and a
/// number. The name of another app may begin as this one's does.
fn is_name_of_instance(name: &str, app: &App) -> bool {
    let Some(rest) = name.strip_prefix(app.as_str()).and_then(|rest| rest.strip_prefix('.')) else { return false };
    let parts: Vec<&str> = rest.split('.').collect();
    let is_number = |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    let (process_type, index) = match parts.as_slice() {
        [process_type, index] => (process_type, index),
        [process_type, index, more] if is_number(more.strip_prefix("upcoming-").unwrap_or(more)) => {
            (process_type, index)
        }
        _ => return false,
    };
    format!("{process_type}.{index}").parse::<Instance>().is_ok()
}

/// How a container does.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ContainerDetails {
    /// Whether it runs.
    pub state: ContainerState,
    /// When it was started last, as Docker writes it (RFC 3339, UTC); `None` when it never was.
    pub started: Option<String>,
    /// When it ended last; `None` when it never did.
    pub finished: Option<String>,
    /// How often Docker has started it again by itself.
    pub restarts: u32,
    /// The status it ended with last; 0 before.
    pub exit_code: i64,
    /// Whether it was ended because it, or a process in it, wanted more memory than it may have.
    pub out_of_memory: bool,
    /// `starting`, `healthy` or `unhealthy`; `None` when nothing checks it.
    pub health: Option<String>,
    /// The id of the image it was made from; empty when Docker does not say.
    pub image: String,
    /// When it was made, as Docker writes it.
    pub created: Option<String>,
    /// The variables it was made with, its image's among them, each `NAME=value`. They may be secrets.
    pub variables: Vec<String>,
    /// The words of the command it was made with, without its entrypoint; empty when it has none.
    pub command: Vec<String>,
    /// Its address in each of its networks.
    pub addresses: Vec<String>,
    /// Its labels, its image's among them.
    pub labels: BTreeMap<String, String>,
    /// The bytes of memory that it may use; `None` when it has no limit of its own.
    pub memory_limit: Option<u64>,
    /// The billionths of a processor that it may use; `None` when it has no such limit.
    pub cpu_limit: Option<u64>,
}

impl Docker<'_> {
    /// Every container of this host, in one call.
    ///
    /// # Errors
    /// As [`Docker::states`].
    pub fn containers(&self) -> Result<Vec<Container>> {
        let read = self.read(&["container", "ls", "--all", "--no-trunc", "--format", LIST]);
        let listed = Self::text(&read)?;
        listed
            .lines()
            .map(|line| listed_container(line).ok_or_else(|| rubbish(&read, "list of containers", line)))
            .collect()
    }

    /// How these containers do, by full id, in one call. One that is gone by now is left out.
    ///
    /// # Errors
    /// As [`Docker::states`].
    pub fn details(&self, containers: &[&str]) -> Result<BTreeMap<String, ContainerDetails>> {
        self.details_of_each(containers, Asked::Everything)?.into_iter().map(|(id, found)| Ok((id, found?))).collect()
    }

    /// The same, where what cannot be told of one container is the trouble of that one alone.
    ///
    /// # Errors
    /// When Docker tells nothing of any of them: as [`Docker::states`].
    pub fn details_of_each(
        &self,
        containers: &[&str],
        asked: Asked,
    ) -> Result<BTreeMap<String, Result<ContainerDetails>>> {
        let mut details = BTreeMap::new();
        if containers.is_empty() {
            return Ok(details);
        }
        let format = match asked {
            Asked::Everything => DETAILS,
            Asked::HowTheyDo => SHORT_DETAILS,
        };
        let read = self.read(&["container", "inspect", "--format", format, "--"]).args(containers);
        let answer = read.capture()?;
        let has_failed = !answer.succeeded() && !fails_only_with(&answer.stderr, &["no such container"]);
        let mut trouble = has_failed.then(|| self.details_failure(&answer));
        for line in valid_text(&read, answer.stdout)?.lines().filter(|line| !line.is_empty()) {
            // Without the ids, of which there may be hundreds.
            let rubbish = || rubbish(&self.read(&["container", "inspect"]), "state of a container", line);
            match (inspected_container(line), line.split('\t').next().filter(|id| is_id(id))) {
                (Some((id, found)), _) => drop(details.insert(id, Ok(found))),
                (None, Some(id)) => drop(details.insert(id.to_owned(), Err(rubbish()))),
                (None, None) => trouble = trouble.or_else(|| Some(rubbish())),
            }
        }
        match trouble {
            Some(error) if details.is_empty() => return Err(error),
            // It is about one of those of which nothing has been told.
            Some(error) => containers.iter().for_each(|id| {
                details.entry((*id).to_owned()).or_insert_with(|| Err(error.clone()));
            }),
            None => {}
        }
        Ok(details)
    }

    /// The failure without the ids, of which there may be hundreds.
    fn details_failure(&self, answer: &crate::Answer) -> Error {
        let shown: Process = self.read(&["container", "inspect"]);
        failure(&shown, answer)
    }
}

pub(super) fn listed_container(line: &str) -> Option<Container> {
    let mut fields = line.split('\t');
    let id = fields.next().filter(|id| is_id(id))?;
    let name = own_name(fields.next()?);
    let state = fields.next().filter(|state| is_word(state))?;
    let mut label = || fields.next().and_then(unquoted);
    Some(Container {
        id: id.to_owned(),
        name: name.to_owned(),
        state: state.into(),
        app: label()?,
        container_type: label()?,
        process_type: label()?,
        dyno: label()?,
    })
}

/// A line of [`Docker::states`].
pub(super) fn with_state(line: &str) -> Option<Container> {
    let mut fields = line.split('\t');
    let id = fields.next().filter(|id| is_id(id))?;
    let state = fields.next().filter(|state| is_word(state))?;
    let app = fields.next().and_then(unquoted).unwrap_or_default();
    let name = own_name(fields.next().unwrap_or_default());
    Some(Container { id: id.to_owned(), name: name.to_owned(), state: state.into(), app, ..Container::default() })
}

/// Links give a container further names, `other/alias`; one that is being removed may have none any more.
fn own_name(names: &str) -> &str {
    names.split(',').find(|name| !name.contains('/')).unwrap_or_default()
}

/// A label without its quotes; one with escapes is none of Dokku's, and is taken as empty.
fn unquoted(field: &str) -> Option<String> {
    let label = field.strip_prefix('"')?.strip_suffix('"')?;
    Some(if label.contains('\\') { String::new() } else { label.to_owned() })
}

pub(super) fn inspected_container(line: &str) -> Option<(String, ContainerDetails)> {
    let fields: Vec<&str> = line.split('\t').collect();
    let [id, state, started, finished, restarts, exit_code, out_of_memory, health, made @ ..] = fields.as_slice()
    else {
        return None;
    };
    if !is_id(id) || !is_word(state) {
        return None;
    }
    let details = ContainerDetails {
        state: (*state).into(),
        started: moment(started),
        finished: moment(finished),
        restarts: restarts.parse().ok()?,
        exit_code: exit_code.parse().ok()?,
        out_of_memory: *out_of_memory == "true",
        image: made.first().map(|image| (*image).to_owned()).unwrap_or_default(),
        created: made.get(1).and_then(|created| moment(created)),
        variables: made.get(2).and_then(|variables| from_json(variables)).unwrap_or_default(),
        command: made.get(3).and_then(|command| from_json(command)).unwrap_or_default(),
        addresses: made.get(4).into_iter().flat_map(|all| all.split_whitespace()).map(str::to_owned).collect(),
        labels: made.get(5).and_then(|labels| from_json(labels)).unwrap_or_default(),
        memory_limit: made.get(6).and_then(|limit| limit_of(limit)),
        cpu_limit: made.get(7).and_then(|limit| limit_of(limit)),
        health: Some((*health).to_owned()).filter(|health| !matches!(health.as_str(), "" | "none")),
    };
    Some(((*id).to_owned(), details))
}

/// A list or map in JSON; Docker writes null for one that is empty.
fn from_json<T: DeserializeOwned>(json: &str) -> Option<T> {
    serde_json::from_str::<Option<T>>(json).ok()?
}

/// A limit; Docker writes 0 where there is none.
fn limit_of(text: &str) -> Option<u64> {
    text.parse().ok().filter(|limit| *limit > 0)
}

/// A time; Docker writes the year 1 for one that never came.
fn moment(text: &str) -> Option<String> {
    (!text.is_empty() && !text.starts_with("0001-")).then(|| text.to_owned())
}

#[cfg(test)]
#[path = "containers_tests.rs"]
mod tests;
