//! Containers as the program `docker` prints them.
//!
//! They are read as lines of tabs through a template of Docker's own.

use super::containers::{Asked, Container, ContainerDetails};
use super::time::moment;
use super::{Docker, fails_only_with, failure, is_id, is_word, rubbish, valid_text};
use crate::{Answer, Error, Process, Result};
use serde::de::DeserializeOwned;
use std::collections::BTreeMap;

/// What is asked of every container: its id, its state, and whose it is.
const STATES: &str = "{{.ID}}\t{{.State}}\t{{printf \"%q\" (.Label \"com.dokku.app-name\")}}\t{{.Names}}";

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

/// Every container, in one call: of each its state, its name and its app.
pub(super) fn states(docker: &Docker<'_>) -> Result<Vec<Container>> {
    listed(&docker.read(&["container", "ls", "--all", "--no-trunc", "--format", STATES]), with_state)
}

/// Every container, in one call.
pub(super) fn containers(docker: &Docker<'_>) -> Result<Vec<Container>> {
    listed(&docker.read(&["container", "ls", "--all", "--no-trunc", "--format", LIST]), listed_container)
}

fn listed(read: &Process, container: impl Fn(&str) -> Option<Container>) -> Result<Vec<Container>> {
    let container = |line| container(line).ok_or_else(|| rubbish(read, "list of containers", line));
    Docker::text(read)?.lines().map(container).collect()
}

/// How containers do, in one call.
pub(super) fn details(
    docker: &Docker<'_>,
    containers: &[&str],
    asked: Asked,
) -> Result<BTreeMap<String, Result<ContainerDetails>>> {
    let mut details = BTreeMap::new();
    let format = match asked {
        Asked::Everything | Asked::Labelled(_) => DETAILS,
        Asked::HowTheyDo => SHORT_DETAILS,
    };
    let read = docker.read(&["container", "inspect", "--format", format, "--"]).args(containers);
    let answer = read.capture()?;
    let has_failed = !answer.succeeded() && !fails_only_with(&answer.stderr, &["no such container"]);
    let mut trouble = has_failed.then(|| details_failure(docker, &answer));
    for line in valid_text(&read, answer.stdout)?.lines().filter(|line| !line.is_empty()) {
        // Without the ids, of which there may be hundreds.
        let rubbish = || rubbish(&docker.read(&["container", "inspect"]), "state of a container", line);
        match (inspected_container(line), line.split('\t').next().filter(|id| is_id(id))) {
            (Some((id, found)), _) => drop(details.insert(id, Ok(found.cut_to(asked)))),
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
fn details_failure(docker: &Docker<'_>, answer: &Answer) -> Error {
    failure(&docker.read(&["container", "inspect"]), answer)
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

/// A line of [`states`].
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
        pid: None,
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

#[cfg(test)]
#[path = "printed_tests.rs"]
mod tests;
