//! Containers and images as the Engine tells of them.
//!
//! Of its answers, which are long, only what is asked is kept.

use super::containers::{Asked, Container, ContainerDetails};
use super::engine::{Body, Engine, percent_encoded};
use super::time::moment;
use super::{ImageConfig, is_id, is_word};
use crate::timings::{Whom, timed};
use crate::{App, Context, Error, Result};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Deserializer};
use std::collections::BTreeMap;
use std::time::Duration;

/// No answer is longer, in bytes: one of a list of ten thousand containers is not.
const MOST: u64 = 64 * 1024 * 1024;

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Listed {
    id: String,
    #[serde(default, deserialize_with = "or_default")]
    names: Vec<String>,
    state: String,
    #[serde(default, deserialize_with = "or_default")]
    labels: Labels,
}

/// Those that Dokku gives.
#[derive(Default, Deserialize)]
#[serde(default)]
struct Labels {
    #[serde(rename = "com.dokku.app-name")]
    app: String,
    #[serde(rename = "com.dokku.container-type")]
    container_type: String,
    #[serde(rename = "com.dokku.process-type")]
    process_type: String,
    #[serde(rename = "com.dokku.dyno")]
    dyno: String,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Inspected {
    id: String,
    state: State,
    restart_count: u32,
    #[serde(default)]
    image: String,
    #[serde(default)]
    created: String,
    #[serde(default, deserialize_with = "or_default")]
    config: Config,
    #[serde(default, deserialize_with = "or_default")]
    network_settings: NetworkSettings,
    #[serde(default, deserialize_with = "or_default")]
    host_config: HostConfig,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct State {
    status: String,
    #[serde(default)]
    started_at: String,
    #[serde(default)]
    finished_at: String,
    exit_code: i64,
    #[serde(default)]
    pid: u32,
    #[serde(rename = "OOMKilled", default)]
    out_of_memory: bool,
    health: Option<Health>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Health {
    status: String,
}

#[derive(Default, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
struct Config {
    #[serde(deserialize_with = "or_default")]
    env: Vec<String>,
    #[serde(deserialize_with = "or_default")]
    cmd: Vec<String>,
    #[serde(deserialize_with = "or_default")]
    labels: BTreeMap<String, String>,
}

#[derive(Default, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
struct NetworkSettings {
    #[serde(deserialize_with = "or_default")]
    networks: BTreeMap<String, Network>,
}

#[derive(Deserialize)]
struct Network {
    #[serde(rename = "IPAddress", default)]
    address: String,
}

#[derive(Default, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
struct HostConfig {
    memory: i64,
    nano_cpus: i64,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Image {
    id: String,
    #[serde(default, deserialize_with = "or_default")]
    config: ImageConfig,
}

/// Docker writes null for a list or a map that is empty.
fn or_default<'de, D: Deserializer<'de>, T: Deserialize<'de> + Default>(from: D) -> std::result::Result<T, D::Error> {
    Ok(Option::deserialize(from)?.unwrap_or_default())
}

/// Every container, in one request, or those with the label of an app.
pub(super) fn containers(engine: &Engine, patience: Duration, app: Option<&App>) -> Result<Vec<Container>> {
    let filter = app.map(|app| serde_json::json!({ "label": [format!("com.dokku.app-name={app}")] }).to_string());
    let filter = filter.map(|filter| format!("&filters={}", percent_encoded(&filter))).unwrap_or_default();
    let path = format!("/containers/json?all=1{filter}");
    let listed: Vec<Listed> = asked(engine, &path, patience)?.ok_or_else(|| Error::new("Docker has no containers"))?;
    listed.into_iter().map(|listed| container(listed).ok_or_else(|| Error::new(rubbish(&path)))).collect()
}

/// Those with the label of an app, or every container where one of these ids is not among them.
pub(super) fn containers_of(engine: &Engine, patience: Duration, app: &App, ids: &[&str]) -> Result<Vec<Container>> {
    let labelled = containers(engine, patience, Some(app))?;
    let is_there = |id: &&str| labelled.iter().any(|container| container.id.starts_with(*id));
    if ids.iter().all(is_there) { Ok(labelled) } else { containers(engine, patience, None) }
}

/// How containers do: a request for each, several at once, all with the same deadline.
pub(super) fn details(
    engine: &Engine,
    patience: Duration,
    containers: &[&str],
    asked: Asked,
) -> Result<BTreeMap<String, Result<ContainerDetails>>> {
    let paths: Vec<String> = containers.iter().map(|id| format!("/containers/{}/json", percent_encoded(id))).collect();
    let told = engine.find_each(&paths, patience, |path, body| {
        let Some(inspected) = parsed::<Inspected>(path, body)? else { return Ok(None) };
        let (id, details) = container_details(inspected).ok_or_else(|| Error::new(rubbish(path)))?;
        Ok(Some((id, details.cut_to(asked))))
    });
    let mut details = BTreeMap::new();
    for (id, told) in containers.iter().zip(told) {
        match told {
            Ok(None) => {}
            Ok(Some((id, found))) => drop(details.insert(id, Ok(found))),
            Err(error) => drop(details.insert((*id).to_owned(), Err(error))),
        }
    }
    let nothing_is_known = !details.is_empty() && details.values().all(Result::is_err);
    match details.values().find_map(|found| found.as_ref().err()).filter(|_| nothing_is_known) {
        Some(error) => Err(error.clone()),
        None => Ok(details),
    }
}

/// The lines of `ps` inside a container, its columns with blanks between them.
pub(super) fn processes(engine: &Engine, patience: Duration, id: &str, columns: &str) -> Result<Vec<String>> {
    #[derive(Deserialize)]
    #[serde(rename_all = "PascalCase")]
    struct Top {
        #[serde(default, deserialize_with = "or_default")]
        processes: Vec<Vec<String>>,
    }
    let path =
        format!("/containers/{}/top?ps_args={}", percent_encoded(id), percent_encoded(&format!("-eo {columns}")));
    let top: Top = asked(engine, &path, patience)?.ok_or_else(|| Error::new(format!("No such container: {id}")))?;
    Ok(top.processes.iter().map(|columns| columns.join(" ")).collect())
}

/// The full id of an image, and its configuration.
pub(super) fn image(engine: &Engine, patience: Duration, image: &str) -> Result<(String, ImageConfig)> {
    find_image(engine, patience, image)?.ok_or_else(|| Error::new(format!("No such image: {image}")))
}

/// The same; nothing where there is no such image.
pub(super) fn find_image(engine: &Engine, patience: Duration, image: &str) -> Result<Option<(String, ImageConfig)>> {
    let name: Vec<String> = image.split('/').map(percent_encoded).collect();
    let path = format!("/images/{}/json", name.join("/"));
    Ok(asked(engine, &path, patience)?.map(|found: Image| (found.id, found.config)))
}

/// Whether Docker can name one container, which it answers for as long as it works.
pub(super) fn answers(engine: &Engine, patience: Duration) -> Result<()> {
    let listed: Option<Vec<Listed>> = asked(engine, "/containers/json?limit=1", patience)?;
    listed.map(drop).ok_or_else(|| Error::new(rubbish("/containers/json")))
}

/// What Docker answers, as far as it is asked; nothing when it knows of no such thing.
fn asked<T: DeserializeOwned>(engine: &Engine, path: &str, patience: Duration) -> Result<Option<T>> {
    let question = || format!("GET {}", path.split('?').next().unwrap_or_default());
    timed(Whom::Docker, question, || parsed(path, engine.find(path, patience)?))
}

fn parsed<T: DeserializeOwned>(path: &str, body: Option<Body>) -> Result<Option<T>> {
    let Some(mut body) = body else { return Ok(None) };
    let bytes = body.bytes(MOST).context(|| "reading Docker's answer")?;
    // Parsed from memory, for a parser that is handed each byte takes several times as long.
    serde_json::from_slice(&bytes).map(Some).map_err(|error| Error::new(error.to_string()).context(rubbish(path)))
}

fn rubbish(path: &str) -> String {
    let question = path.split('?').next().unwrap_or_default();
    format!("Docker answered {question} with what is no answer to it")
}

fn container(listed: Listed) -> Option<Container> {
    let Listed { id, names, state, labels } = listed;
    let own_name = names.iter().map(|name| name.trim_start_matches('/')).find(|name| !name.contains('/'));
    (is_id(&id) && is_word(&state)).then(|| Container {
        name: own_name.unwrap_or_default().to_owned(),
        state: state.as_str().into(),
        app: plain(labels.app),
        container_type: plain(labels.container_type),
        process_type: plain(labels.process_type),
        dyno: plain(labels.dyno),
        id,
    })
}

/// A label that Dokku may have given; of what nobody would write without escapes, nothing.
fn plain(label: String) -> String {
    let odd = |character: char| character.is_control() || matches!(character, '"' | '\\');
    if label.contains(odd) { String::new() } else { label }
}

fn container_details(inspected: Inspected) -> Option<(String, ContainerDetails)> {
    let Inspected { id, state, restart_count, image, created, config, network_settings, host_config } = inspected;
    let addresses = network_settings.networks.into_values().map(|network| network.address);
    let health = state.health.map(|health| health.status);
    let details = ContainerDetails {
        state: state.status.as_str().into(),
        started: moment(&state.started_at),
        finished: moment(&state.finished_at),
        pid: Some(state.pid).filter(|pid| *pid > 0),
        restarts: restart_count,
        exit_code: state.exit_code,
        out_of_memory: state.out_of_memory,
        health: health.filter(|health| !matches!(health.as_str(), "" | "none")),
        image,
        created: moment(&created),
        variables: config.env,
        command: config.cmd,
        addresses: addresses.filter(|address| !address.is_empty()).collect(),
        labels: config.labels,
        memory_limit: limit(host_config.memory),
        cpu_limit: limit(host_config.nano_cpus),
    };
    (is_id(&id) && is_word(details.state.as_str())).then_some((id, details))
}

/// A limit; Docker writes 0 where there is none.
fn limit(told: i64) -> Option<u64> {
    u64::try_from(told).ok().filter(|limit| *limit > 0)
}

#[cfg(test)]
#[path = "told_tests.rs"]
mod tests;
