//! A container of this host, and what Docker knows of it.

use super::ContainerState;
use crate::{App, Instance};
use std::collections::BTreeMap;

/// How much is asked of containers.
#[doc(hidden)] // for ps, which runs the containers
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Asked {
    /// All that there is of [`ContainerDetails`].
    Everything,
    /// How they do and, of the labels, this one alone; of a container without it the variables and the command too.
    Labelled(&'static str),
    /// How they do: not the variables, the command and the labels that they were made with, which are most of it.
    HowTheyDo,
}

/// A container in the list of all, with the labels that Dokku gives; a label it lacks is empty.
///
/// ```
/// use dokku_plugin::{Container, ContainerState};
/// let container = Container { app: "shop".to_owned(), state: ContainerState::Running, ..Container::default() };
/// assert!(container.belongs_to(&"shop".parse()?));
/// # Ok::<(), dokku_plugin::Error>(())
/// ```
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
#[doc(hidden)] // for ps, which runs the containers
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ContainerDetails {
    /// Whether it runs.
    pub state: ContainerState,
    /// When it was started last, as Docker writes it (RFC 3339, UTC); `None` when it never was.
    pub started: Option<String>,
    /// When it ended last; `None` when it never did.
    pub finished: Option<String>,
    /// The number that its first process has on this host; `None` when it has none, or Docker may be on another host.
    pub pid: Option<u32>,
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

impl ContainerDetails {
    /// With no more of what is long than was asked.
    pub(super) fn cut_to(mut self, asked: Asked) -> Self {
        let is_left_out = match asked {
            Asked::Everything => return self,
            Asked::Labelled(label) => {
                self.labels.retain(|name, _| name == label);
                !self.labels.is_empty()
            }
            Asked::HowTheyDo => {
                self.labels = BTreeMap::new();
                true
            }
        };
        if is_left_out {
            (self.variables, self.command) = Default::default();
        }
        self
    }
}

#[cfg(test)]
pub(super) mod tests {
    use super::super::tests::ID;
    use super::*;

    /// A container in the list, as both ways to ask Docker are to tell it.
    pub(in super::super) fn web() -> Container {
        Container {
            id: ID.into(),
            name: "shop.web.1".into(),
            state: "running".into(),
            app: "shop".into(),
            container_type: "deploy".into(),
            process_type: "web".into(),
            dyno: "web.1".into(),
        }
    }

    /// One of which all is known that Docker tells.
    pub(in super::super) fn exited() -> ContainerDetails {
        ContainerDetails {
            state: "exited".into(),
            started: Some("2024-11-22T20:17:00.5Z".into()),
            finished: Some("2024-11-22T20:18:00Z".into()),
            pid: Some(4711),
            restarts: 2,
            exit_code: 137,
            out_of_memory: true,
            health: Some("unhealthy".into()),
            image: "sha256:1".into(),
            created: None,
            variables: vec!["A=1".into()],
            command: vec!["x".into(), "y".into()],
            addresses: vec!["172.17.0.2".into(), "10.0.0.7".into()],
            labels: [("a.b".into(), "1\t2".into())].into(),
            memory_limit: Some(268_435_456),
            cpu_limit: Some(500_000_000),
        }
    }
}
