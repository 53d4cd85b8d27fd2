//! Containers of a real Docker, labelled as Dokku labels them. They are removed at the end, and when we are interrupted.

use ps_tests::docker::docker;

use crate::engine::Container;
use crate::files::names;

/// What they have besides; it says whose they are.
const OURS: &str = "com.dokku.ps.bench";

/// What a container has that this plugin has made: what it was made from.
const MADE_FROM: &str = "com.dokku.ps.made-from=1,command:fe332128fb875278dbbe9591532e6084,config:46f0fe040c75d4189f028ccf08ca670e,\
     docker/options:be99d952a108dd2cfd291e84b096f5f4,init:b3a480a23eb89687b6a87dd1cac7aa53,limits:9431203a00dfa493dee637d9997d6bd3,\
     logs:4e8eec935c9ccf8cef0874c51aa519bb,network:2d16237050b7a9a77a943a6c00d99c08,storage:17c3091e3d887b4c423cae6c03aecb25";

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
        MADE_FROM.to_owned(),
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
