//! Containers of a real Docker, labelled as Dokku labels them. They are removed at the end, and when we are interrupted.

use ps_tests::docker::docker;

use crate::engine::{Container, label};
use crate::files::names;

/// What they have besides; it says whose they are.
const OURS: &str = "com.dokku.ps.bench";

/// What those have that this plugin has made: what they were made from.
const MADE_FROM: &str = "com.dokku.ps.made-from";

/// They are there as long as this is.
pub(crate) struct RealContainers {
    pub(crate) containers: Vec<Container>,
}

impl RealContainers {
    /// Makes and starts those of so many apps.
    pub(crate) fn start(apps: usize) -> Self {
        remove_all();
        let mut made = Self { containers: Vec::new() };
        for (app, instance) in names(apps) {
            made.containers.push(start(app, instance));
        }
        made
    }
}

impl Drop for RealContainers {
    fn drop(&mut self) {
        remove_all();
    }
}

fn start(app: String, instance: &str) -> Container {
    let process_type = instance.split('.').next().unwrap_or_default();
    let labels = [
        format!("{OURS}="),
        "dokku=".to_owned(),
        format!("{MADE_FROM}={}", label(MADE_FROM)),
        format!("com.dokku.app-name={app}"),
        "com.dokku.container-type=deploy".to_owned(),
        format!("com.dokku.process-type={process_type}"),
        format!("com.dokku.dyno={instance}"),
    ];
    let name = format!("{app}.{instance}");
    let mut words = vec!["container", "run", "--detach", "--name", &name];
    words.extend(labels.iter().flat_map(|label| ["--label", label]));
    words.extend(["bb:latest", "sleep", "100000"]);
    let id = docker(&words).trim().to_owned();
    let address = docker(&["container", "inspect", "--format", "{{.NetworkSettings.IPAddress}}", &id]);
    Container { id, app, instance: instance.to_owned(), address: address.trim().to_owned() }
}

/// Removes all of them, one after the other: Docker 20.10 does not stand several at once.
pub(crate) fn remove_all() {
    let ours = docker(&["container", "ls", "--all", "--quiet", "--filter", &format!("label={OURS}")]);
    for id in ours.lines() {
        docker(&["container", "rm", "--force", id]);
    }
}

/// How many containers there are on this Docker.
pub(crate) fn count() -> usize {
    docker(&["container", "ls", "--all", "--quiet"]).lines().count()
}
