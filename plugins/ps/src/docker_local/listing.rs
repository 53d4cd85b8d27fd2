//! What there is of an app, instance by instance.

use super::status::{AppStatus, Running};
use crate::targets::Selection;
use crate::watched::Watched;
use common::{App, ContainerDetails, ContainerProcess, ContainerState, Instance, ProcessType, Quantity};
use std::collections::BTreeMap;

/// What is listed of one app.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Listing {
    /// The app.
    pub(crate) app: App,
    /// The scheduler that runs it.
    pub(crate) scheduler: String,
    /// How many there should be of each type.
    pub(crate) desired: BTreeMap<ProcessType, Quantity>,
    /// What is known of those there are.
    pub(crate) actual: Actual,
    /// Whether it was stopped whole, by hand, and not all of it runs: then nothing of it should.
    pub(crate) is_stopped: bool,
    /// What has changed of each type since its instances were made; only types of which something has.
    pub(crate) pending: BTreeMap<ProcessType, Vec<String>>,
    /// What `ps:watch` keeps of it.
    pub(crate) watched: Watched,
}

/// What is known of an app's instances.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Actual {
    /// The app has not been deployed.
    NotDeployed,
    /// Each of them, on docker-local; sorted by type and index.
    Instances(Vec<ListedInstance>),
    /// What another scheduler answers for all of them together.
    Status(AppStatus),
}

/// An instance that is there or should be, or a container of the app that is no instance.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct ListedInstance {
    /// `web.1`; of a container without such a label its own name.
    pub(crate) name: String,
    /// Its type, where it is known.
    pub(crate) process_type: Option<ProcessType>,
    /// Its number, where it is known.
    pub(crate) index: Option<u32>,
    /// How it is with it.
    pub(crate) state: InstanceState,
    /// Whether its container has another address than the one that is written down for the proxy.
    pub(crate) has_stale_address: bool,
    /// Why nobody starts it who is not asked to.
    pub(crate) aside: Option<Aside>,
    /// Whether it is an instance whose container is queued for removal all the same: somebody was killed who
    /// was taking it out.
    pub(crate) is_queued: bool,
    /// The container's full id, or what the app's file holds in its place.
    pub(crate) container: Option<String>,
    /// The container's name.
    pub(crate) container_name: Option<String>,
    /// What Docker knows of the container; `None` when there is none.
    pub(crate) details: Option<ContainerDetails>,
    /// Seconds since the container was started, or since it ended when it does not run.
    pub(crate) seconds: Option<u64>,
    /// Of one that retires, in how many seconds it may be removed, where that is known.
    pub(crate) retires_in: Option<u64>,
    /// What runs inside, or why that could not be read; `None` where it was not asked.
    pub(crate) processes: Option<Result<Vec<ContainerProcess>, String>>,
    /// The memory that it uses, in bytes; `None` where it was not asked, or is not known.
    pub(crate) memory: Option<u64>,
}

/// Why nobody starts an instance who is not asked to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Aside {
    /// It was stopped by hand, and is to stay so.
    Stopped,
    /// It was started in vain so often that `ps:watch` has given it up.
    GivenUp,
}

/// The word for an instance whose container has another address than the one that is written down for the proxy.
pub(crate) const STALE_ADDRESS: &str = "stale address";

/// How it is with an instance.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) enum InstanceState {
    /// A file of the app names its container: Docker's word for that.
    Docker(ContainerState),
    /// It should be there, and its container is not.
    #[default]
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
pub(crate) struct TypeCount<'a> {
    /// The type.
    pub(crate) process_type: &'a ProcessType,
    /// How many there should be.
    pub(crate) desired: Quantity,
    /// How many run; `None` where only the whole is known.
    pub(crate) running: Option<Quantity>,
    /// How many were stopped by hand.
    pub(crate) stopped: Quantity,
}

impl TypeCount<'_> {
    /// How many of those that should run are neither there nor stopped by hand.
    pub(super) fn is_short(&self) -> bool {
        self.running.is_some_and(|running| running.saturating_add(self.stopped) < self.desired)
    }
}

impl InstanceState {
    /// The word for it.
    pub(crate) fn as_str(&self) -> &str {
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
    pub(crate) fn instance(&self) -> Option<Instance> {
        Some(Instance { process_type: self.process_type.clone()?, index: self.index? })
    }

    /// The word for how it is with it.
    pub(crate) fn word(&self) -> &str {
        match self {
            _ if self.has_stale_address => STALE_ADDRESS,
            _ if self.rests() => "stopped",
            _ if self.aside == Some(Aside::GivenUp) && !self.counts_as_running() => "crashed",
            _ => self.state.as_str(),
        }
    }

    /// Whether it is one of the app's instances that was stopped by hand and does not run.
    pub(crate) fn rests(&self) -> bool {
        let is_own = matches!(self.state, InstanceState::Docker(_) | InstanceState::Missing);
        self.aside == Some(Aside::Stopped) && is_own && !self.counts_as_running()
    }

    /// Whether it is one of the app's instances and counts as running, as the host counts.
    pub(crate) fn counts_as_running(&self) -> bool {
        matches!(&self.state, InstanceState::Docker(state) if state.counts_as_running())
    }

    /// Whether it is one of the app's instances whose container is there and does not count as running.
    pub(crate) fn is_down(&self) -> bool {
        matches!(self.state, InstanceState::Docker(_)) && !self.counts_as_running()
    }

    /// Whether it is one of the app's instances and runs.
    pub(crate) fn runs(&self) -> bool {
        matches!(&self.state, InstanceState::Docker(state) if state.serves())
    }

    /// Whether it runs or will go on, once who paused it says so.
    pub(crate) fn is_up(&self) -> bool {
        matches!(&self.state, InstanceState::Docker(state) if state.is_alive())
    }

    /// Whether processes run in its container, whatever the container is to the app.
    pub(crate) fn has_processes(&self) -> bool {
        self.details.as_ref().is_some_and(|details| details.state.serves())
    }

    /// Whether its container lives, whatever it is to the app.
    fn is_alive(&self) -> bool {
        self.details.as_ref().is_some_and(|details| details.state.is_alive())
    }

    /// Whether its container ran and has ended, be it that Docker will start it again.
    pub(crate) fn has_ended(&self) -> bool {
        self.details.as_ref().is_some_and(|details| details.finished.is_some() && details.state.has_ended())
    }

    /// The status it ended with.
    pub(crate) fn exit_code(&self) -> Option<i64> {
        self.details.as_ref().filter(|_| self.has_ended()).map(|details| details.exit_code)
    }

    /// Whether it ended for want of memory.
    pub(crate) fn ended_out_of_memory(&self) -> bool {
        self.has_ended() && self.details.as_ref().is_some_and(|details| details.out_of_memory)
    }

    /// What its health check says.
    pub(crate) fn health(&self) -> Option<&str> {
        self.details.as_ref().and_then(|details| details.health.as_deref())
    }

    /// Whether it runs and its health check says that it should not be used.
    pub(crate) fn is_unhealthy(&self) -> bool {
        self.runs() && self.health() == Some("unhealthy")
    }

    /// Whether it is a part of what was chosen of the app, be it a container without a number. Who chose nothing means all.
    pub(crate) fn is_among(&self, selection: &Selection) -> bool {
        selection.is_empty()
            || self.process_type.as_ref().is_some_and(|process_type| selection.types.contains(process_type))
            || self.instance().is_some_and(|instance| selection.covers(&instance))
    }

    /// Whether something is wrong with it that no count shows.
    pub(super) fn is_amiss(&self) -> bool {
        self.state == InstanceState::Stray
            || self.state == InstanceState::Missing && !self.rests()
            || self.is_unhealthy()
            || self.is_queued
            || self.has_stale_address
            || self.counts_as_running() && !self.runs()
    }
}

impl Listing {
    /// Each instance that is known.
    pub(crate) fn instances(&self) -> &[ListedInstance] {
        match &self.actual {
            Actual::Instances(instances) => instances,
            Actual::NotDeployed | Actual::Status(_) => &[],
        }
    }

    /// How many of each type should run and do, sorted by type.
    pub(crate) fn types(&self) -> Vec<TypeCount<'_>> {
        let mut counts: BTreeMap<&ProcessType, (Quantity, Quantity)> =
            self.desired.keys().map(|desired| (desired, (0, 0))).collect();
        for instance in self.instances() {
            let (runs, rests) = (instance.counts_as_running(), instance.rests());
            if let (Some(process_type), true) = (&instance.process_type, runs || rests) {
                let (running, stopped) = counts.entry(process_type).or_default();
                *running += u32::from(runs);
                *stopped += u32::from(rests);
            }
        }
        let known = !matches!(self.actual, Actual::Status(_));
        let count = |(process_type, (running, stopped))| TypeCount {
            process_type,
            desired: self.desired.get(process_type).copied().unwrap_or_default(),
            running: known.then_some(running),
            stopped,
        };
        counts.into_iter().map(count).collect()
    }

    /// How many instances there should be.
    pub(super) fn wanted(&self) -> Quantity {
        self.desired.values().fold(0, |sum: u32, quantity| sum.saturating_add(*quantity))
    }

    /// Whether something of it runs, as the host counts.
    pub(crate) fn some_runs(&self) -> bool {
        match &self.actual {
            Actual::NotDeployed => false,
            Actual::Status(status) => status.running != Running::False,
            Actual::Instances(instances) => instances.iter().any(ListedInstance::counts_as_running),
        }
    }

    /// Whether what should run does and nothing else, as far as it is known.
    pub(crate) fn is_as_desired(&self) -> bool {
        let wanted = self.wanted();
        match &self.actual {
            _ if self.is_stopped && self.some_runs() => false,
            Actual::Status(_) if self.is_stopped => true,
            Actual::Instances(instances) if self.is_stopped => {
                // What has ended besides is of no harm to it.
                !instances.iter().any(|found| found.is_amiss() && found.is_alive())
            }
            Actual::NotDeployed => wanted == 0,
            Actual::Status(status) => status.processes == wanted && (wanted == 0 || status.running == Running::True),
            Actual::Instances(instances) => {
                self.types().iter().all(|count| !count.is_short() && count.running <= Some(count.desired))
                    && !instances.iter().any(ListedInstance::is_amiss)
            }
        }
    }

    /// One word for the whole app.
    pub(crate) fn state(&self) -> &'static str {
        if self.actual == Actual::NotDeployed {
            return "not deployed";
        }
        let all_run = match &self.actual {
            Actual::Status(status) => status.running == Running::True,
            _ => !self.types().iter().any(TypeCount::is_short),
        };
        match (self.some_runs(), all_run && !self.is_stopped) {
            (true, true) => "running",
            (true, false) => "mixed",
            (false, _) if self.is_stopped || self.is_as_desired() => "stopped",
            (false, _) => "down",
        }
    }

    /// How often Docker has started the app's instances again; `None` where that is not known.
    pub(crate) fn restarts(&self) -> Option<u32> {
        let Actual::Instances(instances) = &self.actual else { return None };
        let own = instances.iter().filter(|instance| matches!(instance.state, InstanceState::Docker(_)));
        Some(
            own.filter_map(|instance| instance.details.as_ref())
                .fold(0, |sum, details| sum.saturating_add(details.restarts)),
        )
    }

    /// The instance that was started last, of those that run.
    pub(crate) fn youngest(&self) -> Option<&ListedInstance> {
        let running = self.instances().iter().filter(|instance| instance.runs() && instance.seconds.is_some());
        running.min_by_key(|instance| instance.seconds)
    }
}
