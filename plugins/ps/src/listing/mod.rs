//! What an app runs, instance by instance: `ps <app>`, and in one line `ps --all`.
//!
//! [`read`] asks the host and Docker, [`instances`] makes of the answers what is listed, and [`text`],
//! [`json`] and [`quiet`] say it. All but the first are functions of values.

pub mod instances;
pub mod json;
mod line;
pub(crate) mod present;
pub mod quiet;
pub mod read;
pub mod text;
pub(crate) mod time;

use crate::formation::Quantity;
use crate::status::{AppStatus, Running};
use common::{App, ContainerDetails, ContainerProcess, ContainerState, Instance, ProcessType, one_by_one};
use std::collections::BTreeMap;

/// What is listed of one app.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Listing {
    /// The app.
    pub app: App,
    /// The scheduler that runs it.
    pub scheduler: String,
    /// How many there should be of each type.
    pub desired: BTreeMap<ProcessType, Quantity>,
    /// What is known of those there are.
    pub actual: Actual,
    /// What has changed of each type since its instances were made; only types of which something has.
    pub pending: BTreeMap<ProcessType, Vec<String>>,
}

/// What is known of an app's instances.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Actual {
    /// The app has not been deployed.
    NotDeployed,
    /// Each of them, on docker-local; sorted by type and index.
    Instances(Vec<ListedInstance>),
    /// What another scheduler answers for all of them together.
    Status(AppStatus),
}

/// An instance that is there or should be, or a container of the app that is no instance.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ListedInstance {
    /// `web.1`; of a container without such a label its own name.
    pub name: String,
    /// Its type, where it is known.
    pub process_type: Option<ProcessType>,
    /// Its number, where it is known.
    pub index: Option<u32>,
    /// How it is with it.
    pub state: InstanceState,
    /// Whether its container has another address than the one that is written down for the proxy.
    pub has_stale_address: bool,
    /// Whether it is an instance whose container is queued for removal all the same: somebody was killed who
    /// was taking it out.
    pub is_queued: bool,
    /// The container's full id, or what the app's file holds in its place.
    pub container: Option<String>,
    /// The container's name.
    pub container_name: Option<String>,
    /// What Docker knows of the container; `None` when there is none.
    pub details: Option<ContainerDetails>,
    /// Seconds since the container was started, or since it ended when it does not run.
    pub seconds: Option<u64>,
    /// What runs inside, or why that could not be read; `None` where it was not asked.
    pub processes: Option<Result<Vec<ContainerProcess>, String>>,
}

/// How it is with an instance.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum InstanceState {
    /// A file of the app names its container: Docker's word for that.
    Docker(ContainerState),
    /// It should be there, and its container is not.
    Missing,
    /// A container of a deploy in progress that has not taken its place yet.
    Upcoming,
    /// A container that was deployed and that nothing accounts for.
    Stray,
    /// A container that was replaced and will be removed.
    Retiring,
}

/// How many of a type should run, and how many do.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TypeCount<'a> {
    /// The type.
    pub process_type: &'a ProcessType,
    /// How many there should be.
    pub desired: Quantity,
    /// How many run; `None` where only the whole is known.
    pub running: Option<Quantity>,
}

impl InstanceState {
    /// The word for it.
    pub fn as_str(&self) -> &str {
        match self {
            Self::Docker(state) => state.as_str(),
            Self::Missing => "missing",
            Self::Upcoming => "upcoming",
            Self::Stray => "stray",
            Self::Retiring => "retiring",
        }
    }
}

impl ListedInstance {
    /// Which instance it is, where that is known.
    pub fn instance(&self) -> Option<Instance> {
        Some(Instance { process_type: self.process_type.clone()?, index: self.index? })
    }

    /// The word for how it is with it.
    pub fn word(&self) -> &str {
        if self.has_stale_address { "stale address" } else { self.state.as_str() }
    }

    /// Whether it is one of the app's instances and counts as running, as the host counts.
    pub fn counts_as_running(&self) -> bool {
        matches!(&self.state, InstanceState::Docker(state) if state.counts_as_running())
    }

    /// Whether it is one of the app's instances and runs.
    pub fn runs(&self) -> bool {
        matches!(&self.state, InstanceState::Docker(state) if state.serves())
    }

    /// Whether it runs or will go on, once who paused it says so.
    pub fn is_up(&self) -> bool {
        matches!(&self.state, InstanceState::Docker(state) if state.is_alive())
    }

    /// Whether processes run in its container, whatever the container is to the app.
    pub fn has_processes(&self) -> bool {
        self.details.as_ref().is_some_and(|details| details.state.serves())
    }

    /// Whether its container ran and has ended, be it that Docker will start it again.
    pub fn has_ended(&self) -> bool {
        self.details.as_ref().is_some_and(|details| details.finished.is_some() && details.state.has_ended())
    }

    /// The status it ended with.
    pub fn exit_code(&self) -> Option<i64> {
        self.details.as_ref().filter(|_| self.has_ended()).map(|details| details.exit_code)
    }

    /// Whether it ended for want of memory.
    pub fn ended_out_of_memory(&self) -> bool {
        self.has_ended() && self.details.as_ref().is_some_and(|details| details.out_of_memory)
    }

    /// What its health check says.
    pub fn health(&self) -> Option<&str> {
        self.details.as_ref().and_then(|details| details.health.as_deref())
    }

    /// Whether it runs and its health check says that it should not be used.
    pub fn is_unhealthy(&self) -> bool {
        self.runs() && self.health() == Some("unhealthy")
    }

    /// Whether something is wrong with it that no count shows.
    fn is_amiss(&self) -> bool {
        matches!(self.state, InstanceState::Missing | InstanceState::Stray)
            || self.is_unhealthy()
            || self.is_queued
            || self.has_stale_address
            || self.counts_as_running() && !self.runs()
    }
}

impl Listing {
    /// Each instance that is known.
    pub fn instances(&self) -> &[ListedInstance] {
        match &self.actual {
            Actual::Instances(instances) => instances,
            Actual::NotDeployed | Actual::Status(_) => &[],
        }
    }

    /// The same of one type alone; of another scheduler's app nothing is known by type, so it stays whole.
    #[must_use]
    pub fn only(mut self, process_type: &ProcessType) -> Self {
        if matches!(self.actual, Actual::Status(_)) {
            return self;
        }
        self.desired.retain(|desired, _| desired == process_type);
        self.pending.retain(|pending, _| pending == process_type);
        if let Actual::Instances(instances) = &mut self.actual {
            instances.retain(|instance| instance.process_type.as_ref() == Some(process_type));
        }
        self
    }

    /// How many of each type should run and do, sorted by type.
    pub fn types(&self) -> Vec<TypeCount<'_>> {
        let mut running: BTreeMap<&ProcessType, Quantity> = one_by_one(self.desired.keys().map(|desired| (desired, 0)));
        for instance in self.instances().iter().filter(|instance| instance.counts_as_running()) {
            if let Some(process_type) = &instance.process_type {
                *running.entry(process_type).or_default() += 1;
            }
        }
        let known = !matches!(self.actual, Actual::Status(_));
        let count = |(process_type, running)| TypeCount {
            process_type,
            desired: self.desired.get(process_type).copied().unwrap_or_default(),
            running: known.then_some(running),
        };
        running.into_iter().map(count).collect()
    }

    /// Whether what should run does and nothing else, as far as it is known.
    pub fn is_as_desired(&self) -> bool {
        let wanted = self.desired.values().fold(0, |sum: u32, quantity| sum.saturating_add(*quantity));
        match &self.actual {
            Actual::NotDeployed => wanted == 0,
            Actual::Status(status) => status.processes == wanted && (wanted == 0 || status.running == Running::True),
            Actual::Instances(instances) => {
                self.types().iter().all(|count| count.running == Some(count.desired))
                    && !instances.iter().any(ListedInstance::is_amiss)
            }
        }
    }

    /// One word for the whole app.
    pub fn state(&self) -> &'static str {
        let some_run = match &self.actual {
            Actual::NotDeployed => return "not deployed",
            Actual::Status(status) => status.running != Running::False,
            Actual::Instances(instances) => instances.iter().any(ListedInstance::counts_as_running),
        };
        let all_run = match &self.actual {
            Actual::Status(status) => status.running == Running::True,
            _ => self.types().iter().all(|count| count.running >= Some(count.desired)),
        };
        match (some_run, all_run) {
            (false, _) => "stopped",
            (true, true) => "running",
            (true, false) => "mixed",
        }
    }

    /// How often Docker has started the app's instances again; `None` where that is not known.
    pub fn restarts(&self) -> Option<u32> {
        let Actual::Instances(instances) = &self.actual else { return None };
        let own = instances.iter().filter(|instance| matches!(instance.state, InstanceState::Docker(_)));
        Some(
            own.filter_map(|instance| instance.details.as_ref())
                .fold(0, |sum, details| sum.saturating_add(details.restarts)),
        )
    }

    /// The instance that was started last, of those that run.
    pub fn youngest(&self) -> Option<&ListedInstance> {
        let running = self.instances().iter().filter(|instance| instance.runs() && instance.seconds.is_some());
        running.min_by_key(|instance| instance.seconds)
    }

    /// How many are in this state.
    pub fn count(&self, state: &InstanceState) -> usize {
        self.instances().iter().filter(|instance| instance.state == *state).count()
    }
}

/// The name of the signal that ended a process with this status, as a shell reports it.
pub fn signal_name(exit_code: i64) -> Option<String> {
    let number = exit_code.checked_sub(128).filter(|number| (1..=64).contains(number))?;
    let name = match number {
        1 => "SIGHUP",
        2 => "SIGINT",
        3 => "SIGQUIT",
        4 => "SIGILL",
        6 => "SIGABRT",
        7 => "SIGBUS",
        8 => "SIGFPE",
        9 => "SIGKILL",
        10 => "SIGUSR1",
        11 => "SIGSEGV",
        12 => "SIGUSR2",
        13 => "SIGPIPE",
        14 => "SIGALRM",
        15 => "SIGTERM",
        _ => return Some(format!("signal {number}")),
    };
    Some(name.to_owned())
}
