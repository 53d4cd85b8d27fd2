//! What runs of an app, for reports and for the question whether anything must be started.
//!
//! On docker-local an app's containers are named by the files `CONTAINER.<type>.<n>` in its folder.
//! One answer from Docker serves all apps, and it is asked for only when there is such a file.

use super::files::{InstanceFile, held, instance_files, names_container};
use crate::scheduler::{DOCKER_LOCAL, Schedulers, remembered};
use common::{App, Container, ContainerState, Docker, Env, Error, Instance, ProcessType, Result, Triggers};
use std::cell::{OnceCell, RefCell};
use std::collections::BTreeMap;

/// The host's own plugins that answer `scheduler-app-status`.
const HOST_SCHEDULERS: &[&str] = &["20_events", "scheduler-docker-local", "scheduler-k3s", "scheduler-null"];

/// Whether an app's instances run.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Running {
    /// None does.
    False,
    /// All do.
    True,
    /// Some do.
    Mixed,
}

impl Running {
    /// The host's word for it.
    pub(crate) fn as_str(self) -> &'static str {
        match self {
            Self::False => "false",
            Self::True => "true",
            Self::Mixed => "mixed",
        }
    }
}

/// How many instances an app has and whether they run.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct AppStatus {
    /// How many there are, running or not.
    pub(crate) processes: u32,
    /// Whether they run.
    pub(crate) running: Running,
}

impl AppStatus {
    /// Reads what a scheduler answers: `<count> true|false|mixed`, or nothing, which means none.
    pub(crate) fn parse(answer: &str) -> Result<Self> {
        let mut words = answer.split_whitespace();
        let Some(count) = words.next() else { return Ok(Self { processes: 0, running: Running::False }) };
        let running = match words.next() {
            Some("true") => Some(Running::True),
            Some("false") => Some(Running::False),
            Some("mixed") => Some(Running::Mixed),
            _ => None,
        };
        match (count.parse(), running) {
            (Ok(processes), Some(running)) => Ok(Self { processes, running }),
            _ => Err(Error::new(format!(
                "scheduler-app-status answered {answer:?}, which is not a count and true, false or mixed"
            ))),
        }
    }

    /// The same from the states of the instances.
    fn of_states<'s>(states: impl Iterator<Item = Option<&'s ContainerState>>) -> Self {
        let (mut processes, mut running) = (0, 0);
        for state in states {
            processes += 1;
            running += u32::from(state.is_some_and(ContainerState::counts_as_running));
        }
        let running = match running {
            0 => Running::False,
            all if all == processes => Running::True,
            _ => Running::Mixed,
        };
        Self { processes, running }
    }
}

/// An instance that a file names, and what Docker says of its container.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct InstanceStatus {
    /// The instance; `None` for the file without a name that very old releases left.
    pub(crate) instance: Option<Instance>,
    /// The container's id; empty when the file is.
    pub(crate) container: String,
    /// Docker's word for its state; `None` when there is no such container, or it is another app's.
    pub(crate) state: Option<ContainerState>,
}

impl InstanceStatus {
    /// The type it is of: what has no name is a web.
    pub(crate) fn process_type(&self) -> ProcessType {
        self.instance.as_ref().map_or_else(ProcessType::web, |instance| instance.process_type.clone())
    }

    /// Whether it counts as running, as `ps` and the report count.
    pub(crate) fn counts_as_running(&self) -> bool {
        self.state.as_ref().is_some_and(ContainerState::counts_as_running)
    }
}

/// Answers for any number of apps with one call of Docker.
pub(crate) struct Statuses<'a> {
    env: &'a Env,
    schedulers: Schedulers<'a>,
    /// The scheduler of each app that was asked about.
    known: RefCell<BTreeMap<App, String>>,
    /// Whether nobody but the host's own plugins answers for the status of an app.
    answered_by_host: OnceCell<bool>,
    containers: OnceCell<BTreeMap<String, Container>>,
    /// Whether no other app will be asked about.
    is_for_one: bool,
}

impl<'a> Statuses<'a> {
    /// For any number of apps. Nothing is asked yet.
    pub(crate) fn new(env: &'a Env) -> Self {
        Self { is_for_one: false, ..Self::for_one(env) }
    }

    /// For one app alone.
    pub(crate) fn for_one(env: &'a Env) -> Self {
        Self {
            is_for_one: true,
            env,
            schedulers: Schedulers::new(env),
            known: RefCell::default(),
            answered_by_host: OnceCell::new(),
            containers: OnceCell::new(),
        }
    }

    fn scheduler(&self, app: &App) -> Result<String> {
        if let Some(known) = self.known.borrow().get(app) {
            return Ok(known.clone());
        }
        let scheduler = self.schedulers.of(app)?;
        self.known.borrow_mut().insert(app.clone(), scheduler.clone());
        Ok(scheduler)
    }

    fn is_answered_by_host(&self) -> Result<bool> {
        let triggers = Triggers::new(self.env);
        remembered(&self.answered_by_host, || triggers.only_answered_by(HOST_SCHEDULERS, "scheduler-app-status"))
            .copied()
    }

    /// How many instances of an app there are and whether they run.
    ///
    /// On docker-local, where nobody but the host's own plugins answers, it is worked out from the
    /// app's files and Docker, unless its `instances` are known already; else the scheduler is asked.
    pub(crate) fn of_app(&self, app: &App, instances: Option<&[InstanceStatus]>) -> Result<AppStatus> {
        let scheduler = self.scheduler(app)?;
        if scheduler == DOCKER_LOCAL && self.is_answered_by_host()? {
            let found = if instances.is_none() { self.instances(app)? } else { Vec::new() };
            let instances = instances.unwrap_or(&found);
            return Ok(AppStatus::of_states(instances.iter().map(|instance| instance.state.as_ref())));
        }
        AppStatus::parse(&Triggers::new(self.env).ask("scheduler-app-status", &[&scheduler, app.as_str()])?)
    }

    /// The instances that an app's files name, sorted by name; none on other schedulers.
    pub(crate) fn instances(&self, app: &App) -> Result<Vec<InstanceStatus>> {
        if self.scheduler(app)? != DOCKER_LOCAL {
            return Ok(Vec::new());
        }
        let files = instance_files(self.env, app)?;
        let held = held(&files);
        let nothing = BTreeMap::new();
        let containers = if held.is_empty() {
            &nothing
        } else {
            remembered(&self.containers, || {
                let docker = Docker::new(self.env)?;
                if self.is_for_one { docker.states_of(app, &held) } else { docker.states() }
            })?
        };
        let status = |InstanceFile { instance, container }| {
            let state = state_of(app, &container, containers);
            InstanceStatus { instance, container, state }
        };
        Ok(files.iter().cloned().map(status).collect())
    }
}

/// Docker's word for the state of a container of an app, by the id that a file holds, maybe shortened.
fn state_of(app: &App, held: &str, containers: &BTreeMap<String, Container>) -> Option<ContainerState> {
    let shortened = || containers.values().find(|container| names_container(held, &container.id));
    let found = containers.get(held).or_else(shortened).filter(|container| container.belongs_to(app));
    found.map(|container| container.state.clone())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parsed(answer: &str) -> (u32, &'static str) {
        let status = AppStatus::parse(answer).unwrap();
        (status.processes, status.running.as_str())
    }

    #[test]
    fn an_answer_is_a_count_and_a_word_or_nothing() {
        assert_eq!(parsed("3 mixed\n"), (3, "mixed"));
        assert_eq!(parsed(""), (0, "false"));
        for rubbish in ["3", "three true", "3 maybe", "-1 true"] {
            assert!(AppStatus::parse(rubbish).is_err(), "{rubbish}");
        }
    }

    #[test]
    fn an_app_runs_when_all_its_instances_do() {
        let of = |words: &[Option<&str>]| {
            let states: Vec<Option<ContainerState>> = words.iter().map(|word| word.map(Into::into)).collect();
            AppStatus::of_states(states.iter().map(Option::as_ref)).running
        };
        assert_eq!(of(&[]), Running::False);
        assert_eq!(of(&[Some("running"), Some("running")]), Running::True);
        assert_eq!(of(&[Some("restarting"), Some("paused")]), Running::True);
        assert_eq!(of(&[Some("running"), None]), Running::Mixed);
        assert_eq!(of(&[Some("exited"), None]), Running::False);
    }
}
