//! A change of the scale: what it means for each type, and its carrying out.
//!
//! On docker-local a change is measured against what runs, and only the instances that are added or
//! removed are touched, as long as a new one would be like its siblings. Everywhere else the saved scale
//! stands for what runs, and the host deploys each type that changes.

use super::found::OnDockerLocal;
use super::mark::Marks;
use super::on_docker::{OnDocker, Stray};
use super::open::carry_out;
use super::surroundings::{Way, checks_are_disabled};
use super::type_change::{How, TypeChange, Wish};
use super::{deploy, leaving, leftovers, readdress, resting};
use crate::docker_local::{
    Actual, Aside, InstanceState, ListedInstance, Pending, listing_of, pending, pending_of_ended, present, queue,
    runs_on_docker_local,
};
use crate::formation::{Formation, Request};
use crate::plan::{self, Action, Ask, Step};
use crate::stopped::Stopped;
use crate::targets::Selection;
use common::{App, AppLock, Context, Env, Error, Instance, ProcessType, Quantity, Result, in_spite_of_signals};
use std::cell::OnceCell;
use std::collections::BTreeSet;

/// What a change of an app's scale is measured against, and how it can be made.
pub(crate) struct Scaling<'a> {
    env: &'a Env,
    app: &'a App,
    actual: Option<OnDockerLocal<'a>>,
}

fn is_only(steps: &[Step], actions: &[Action]) -> bool {
    steps.iter().all(|step| actions.contains(&step.action))
}

impl<'a> Scaling<'a> {
    /// Finds out what runs of an app.
    pub(crate) fn find(env: &'a Env, app: &'a App) -> Result<Self> {
        if runs_on_docker_local(env, app)? {
            Self::of(env, app, listing_of(env, app, &queue(env)?)?.actual)
        } else {
            Ok(Self::by_what_is_saved(env, app))
        }
    }

    /// The saved scale stands for what runs.
    pub(crate) fn by_what_is_saved(env: &'a Env, app: &'a App) -> Self {
        Self { env, app, actual: None }
    }

    /// The same as [`Scaling::find`], of an app that docker-local runs and of which this is known.
    pub(crate) fn of(env: &'a Env, app: &'a App, actual: Actual) -> Result<Self> {
        let Actual::Instances(listed) = actual else { return Ok(Self::by_what_is_saved(env, app)) };
        let (marks, stopped) = (Marks::new(env, app)?, Stopped::new(env, app)?.read()?);
        let actual = OnDockerLocal { way: OnceCell::new(), listed, marks, stopped: Selection::default() };
        // Who changes an app that a boot is to leave alone means it: only parts that were stopped by hand stay so.
        Ok(Self { env, app, actual: Some(actual) }.with_stopped(stopped))
    }

    /// The same, where this is what was stopped by hand.
    pub(super) fn with_stopped(mut self, stopped: Selection) -> Self {
        if let Some(actual) = &mut self.actual {
            for found in &mut actual.listed {
                let is_stopped = found.instance().is_some_and(|instance| stopped.covers(&instance));
                found.aside = is_stopped.then_some(Aside::Stopped);
            }
            actual.stopped = stopped;
        }
        self
    }

    /// Whether what runs is known instance by instance.
    pub(crate) fn is_of_instances(&self) -> bool {
        self.actual.is_some()
    }

    /// The instances that run, and the others that have a place.
    pub(super) fn running_and_others(&self) -> (Vec<Instance>, Vec<Instance>) {
        let listed = self.actual.iter().flat_map(|actual| &actual.listed);
        let placed = listed.filter(|found| matches!(found.state, InstanceState::Docker(_) | InstanceState::Missing));
        let (running, others): (Vec<_>, Vec<_>) = placed.partition(|found| found.counts_as_running());
        let instances = |of: Vec<&ListedInstance>| of.into_iter().filter_map(ListedInstance::instance).collect();
        (instances(running), instances(others))
    }

    /// How many of a type run once a request is fulfilled, and should: `web 3/3`.
    pub(crate) fn outcome(&self, Request { process_type, quantity }: &Request) -> String {
        let Some(actual) = &self.actual else { return format!("{process_type} {quantity}/{quantity}") };
        let runs = actual.listed.iter().filter(|found| found.counts_as_running());
        let running: BTreeSet<Instance> = runs.filter_map(ListedInstance::instance).collect();
        let rests = |index: &u32| {
            let instance = Instance { process_type: process_type.clone(), index: *index };
            actual.stopped.covers(&instance) && !running.contains(&instance)
        };
        match Quantity::try_from((1..=*quantity).filter(rests).count()) {
            Ok(stopped @ 1..) => {
                format!("{process_type} {}/{quantity} ({stopped} stopped)", quantity.saturating_sub(stopped))
            }
            _ => format!("{process_type} {quantity}/{quantity}"),
        }
    }

    /// Whether an instance of the app runs.
    pub(super) fn something_runs(&self) -> bool {
        self.actual.as_ref().is_some_and(|actual| actual.listed.iter().any(ListedInstance::counts_as_running))
    }

    /// What the requests mean, in their order, where `saved` is the scale with the types that have left the Procfile.
    pub(crate) fn plan(&self, saved: &Formation, requests: &[Request], recreate: bool) -> Result<Vec<TypeChange<'_>>> {
        let change = |request: &Request| {
            let from = saved.quantity(&request.process_type);
            let how = match &self.actual {
                // A type that no saved scale names is a new one, even at 0: so it is with the stock plugin.
                None if from == Some(request.quantity) => How::Nothing,
                None => How::Deploy(None),
                Some(actual) => {
                    // The host would start a type that was stopped by hand.
                    let recreate = recreate && !actual.stopped.types.contains(&request.process_type);
                    let reason = recreate.then_some("the strategy is recreate");
                    self.how(actual, request, Ask::Quantity.into(), reason)?
                }
            };
            Ok(TypeChange { request: request.clone(), from: from.unwrap_or(0), how })
        };
        requests.iter().map(change).collect()
    }

    /// What it takes to bring types to what is saved of them.
    pub(crate) fn mend<'w>(&self, requests: &[Request], wish: impl Into<Wish<'w>>) -> Result<Vec<TypeChange<'_>>> {
        let Some(actual) = &self.actual else { return Ok(Vec::new()) };
        let wish = wish.into();
        let change = |request: &Request| {
            let how = self.how(actual, request, wish, None)?;
            // A type that the scale does not name cannot be deployed by the host; its instances only go.
            let how = if request.quantity == 0 && matches!(how, How::Deploy(_)) { How::Nothing } else { how };
            Ok(TypeChange { from: request.quantity, request: request.clone(), how })
        };
        requests.iter().map(change).collect()
    }

    /// What it takes to stop instances where they are, each type that `requests` name at a time.
    pub(crate) fn stop(&self, requests: &[Request], goes: &Selection) -> Vec<TypeChange<'_>> {
        let Some(actual) = &self.actual else { return Vec::new() };
        let change = |request: &Request| {
            let there = present(&actual.listed, &request.process_type);
            let steps = plan::to_rest(&request.process_type, &there, |instance| goes.covers(instance));
            TypeChange { from: request.quantity, request: request.clone(), how: How::InPlace(steps) }
        };
        requests.iter().map(change).collect()
    }

    /// How one type is brought to its quantity on docker-local.
    fn how<'s>(
        &'s self,
        actual: &'s OnDockerLocal<'_>,
        request: &Request,
        wish: Wish<'_>,
        recreate: Option<&str>,
    ) -> Result<How<'s>> {
        let process_type = &request.process_type;
        let steps = self.steps(actual, request, wish)?;
        if is_only(&steps, &[Action::Keep]) {
            return actual.owed(self.env, self.app, process_type);
        }
        if is_only(&steps, &[Action::Keep, Action::Readdress, Action::Wake]) {
            return Ok(How::InPlace(steps));
        }
        let never_twice = checks_are_disabled(self.env, self.app, process_type)?;
        // The host would leave the old one ended where it cannot start another.
        let anew = || actual.steps(self.env, self.app, request, Wish { ask: Ask::Anew, ..wish });
        let (surroundings, steps) = match (actual.way(self.env, self.app)?, recreate) {
            // What nothing runs of the host can deploy whole.
            (Way::Whole(reason), _)
                if wish.is_of_single(process_type) && (wish.ills.is_none() || actual.some_run(process_type)) =>
            {
                return Err(Error::new(format!("no single instance of {} can be made: {reason}", self.app)));
            }
            (Way::OneByOne(surroundings), None) => (surroundings, steps),
            (Way::OneByOne(surroundings), Some(_)) if never_twice => (surroundings, anew()?),
            (_, Some(reason)) => return Ok(How::Deploy(Some(reason.to_owned()))),
            (Way::Whole(reason), None) => return Ok(How::Deploy(Some(reason.clone()))),
        };
        let release = surroundings.image.clone();
        if !steps.iter().any(Step::makes) {
            return Ok(How::Steps { steps, image: release, surroundings, reason: None });
        }
        let mut reason = recreate.map(str::to_owned);
        let (steps, image) = match pending(self.env, self.app, process_type, &release, &actual.of_type(process_type))? {
            Pending::Nothing => (steps, release),
            Pending::OtherImage(image) => (steps, image),
            Pending::Unknown if wish.is_of_single(process_type) => (steps, release),
            // The host's own deploy of a type that nothing runs of touches nothing.
            Pending::Unknown => return Ok(How::Deploy(None)),
            Pending::Changed { sources, image } if wish.is_of_single(process_type) => {
                (plan::explained(steps, &sources), image.unwrap_or(release))
            }
            Pending::Changed { sources, .. } if wish.ask == Ask::Anew => (plan::explained(steps, &sources), release),
            Pending::Changed { sources, .. } => {
                let changed = format!("{} changed since the deploy", sources.join(", "));
                if !never_twice {
                    return Ok(How::Deploy(Some(changed)));
                }
                reason = Some(changed);
                (anew()?, release)
            }
        };
        Ok(How::Steps { steps, image, surroundings, reason })
    }

    /// The steps of a type. What has ended is started again only as long as it is what would be made.
    fn steps(&self, actual: &OnDockerLocal<'_>, request: &Request, wish: Wish<'_>) -> Result<Vec<Step>> {
        let steps = actual.steps(self.env, self.app, request, wish)?;
        let woken: BTreeSet<u32> =
            steps.iter().filter(|step| step.action == Action::Wake).map(|step| step.instance.index).collect();
        if woken.is_empty() {
            return Ok(steps);
        }
        let process_type = &request.process_type;
        let is_woken = |found: &&&ListedInstance| found.index.is_some_and(|index| woken.contains(&index));
        let ended: Vec<&ListedInstance> = actual.of_type(process_type).iter().filter(is_woken).copied().collect();
        let Way::OneByOne(surroundings) = actual.way(self.env, self.app)? else {
            return Ok(plan::unwoken(steps));
        };
        let is_as_made = match pending_of_ended(self.env, self.app, process_type, &surroundings.image, &ended)? {
            Pending::Nothing => true,
            // As after a deploy that failed once its image was built: the rest of the app still runs the one before.
            Pending::OtherImage(image) => actual.runs_from(&image),
            Pending::Unknown | Pending::Changed { .. } => false,
        };
        Ok(if is_as_made { steps } else { plan::unwoken(steps) })
    }

    /// Before the first of these changes: lets go of other apps' containers, starts again what has ended, and writes
    /// changed addresses down, of all types at once. Says whether the proxy was made anew.
    pub(crate) fn prepare(&self, changes: &[TypeChange<'_>], lock: &AppLock) -> Result<bool> {
        let Some(OnDockerLocal { listed, .. }) = &self.actual else { return Ok(false) };
        // A file whose container is missing may name another app's.
        let names_missing = |found: &ListedInstance| found.state == InstanceState::Missing && found.container.is_some();
        if changes.iter().any(TypeChange::is_needed) && listed.iter().any(names_missing) {
            leaving::let_go_of_others(self.env, self.app)?;
        }
        let of = |action: Action| {
            let steps = changes.iter().flat_map(TypeChange::steps);
            steps.filter(move |step| step.action == action).collect::<Vec<_>>()
        };
        let (woken, moved) = (of(Action::Wake), of(Action::Readdress));
        let types: BTreeSet<&ProcessType> = woken.iter().map(|step| &step.instance.process_type).collect();
        types.into_iter().try_for_each(|of| leftovers::clear_left(self.env, self.app, of, Some(lock)))?;
        resting::start(self.env, self.app, &woken).context(|| "starting what has ended")?;
        readdress::readdress(self.env, self.app, &[moved, woken].concat()).context(|| "writing down changed addresses")
    }

    /// Brings one type to its quantity. What fails leaves it as it was.
    pub(crate) fn apply(&self, change: &TypeChange<'_>, lock: &AppLock) -> Result<()> {
        let (env, app) = (self.env, self.app);
        let Request { process_type, quantity } = &change.request;
        match &change.how {
            How::Nothing => Ok(()),
            // What is started again, and addresses, are of all types at once: see `prepare`.
            How::InPlace(steps) => resting::stop(env, app, steps),
            How::Hooks(surroundings) => {
                carry_out(&OnDocker::new(env, app, surroundings, lock)?, process_type, *quantity, &[], "")
            }
            How::Steps { steps, image, surroundings, reason } => {
                self.say_why(process_type, reason.as_ref());
                carry_out(&OnDocker::new(env, app, surroundings, lock)?, process_type, *quantity, steps, image)?;
                self.forget_surplus(&change.request)
            }
            How::Deploy(reason) => {
                self.say_why(process_type, reason.as_ref());
                let done = deploy::of_type(env, app, process_type, Some(lock));
                // It may have come up before the deploy failed.
                let rested = self.rest_again(process_type);
                let Err(error) = done else { return rested };
                if self.actual.is_some() {
                    let cleared = in_spite_of_signals(|| leaving::discard_unnamed(env, app, Some(process_type)));
                    cleared.context(|| format!("{error}; cleaning up"))?;
                }
                Err(error)
            }
        }
    }

    fn say_why(&self, process_type: &ProcessType, reason: Option<&String>) {
        if let Some(reason) = reason {
            self.env.output().warn(&format!("All instances of {process_type} are replaced: {reason}"));
        }
    }

    /// An instance that is wanted no more is not one that was stopped by hand.
    fn forget_surplus(&self, Request { process_type, quantity }: &Request) -> Result<()> {
        let kept = Stopped::new(self.env, self.app)?;
        let stopped = kept.read()?;
        let is_wanted = |instance: &&Instance| instance.process_type != *process_type || instance.index <= *quantity;
        kept.write(&Selection::new(stopped.types, stopped.instances.iter().filter(is_wanted).cloned()))
    }

    /// The host has deployed a type whole, and with it instances that were stopped by hand.
    fn rest_again(&self, process_type: &ProcessType) -> Result<()> {
        let Some(OnDockerLocal { stopped, .. }) = &self.actual else { return Ok(()) };
        let of_type = stopped.instances.iter().filter(|instance| instance.process_type == *process_type);
        let again = Selection::new([], of_type.cloned());
        if again.is_empty() {
            return Ok(());
        }
        let kept = Stopped::new(self.env, self.app)?;
        kept.write(&kept.read()?.and(&again))?;
        let request = Request { process_type: process_type.clone(), quantity: 0 };
        let now = Self::find(self.env, self.app)?;
        now.stop(&[request], &again).iter().try_for_each(|change| resting::stop(self.env, self.app, change.steps()))
    }

    /// Ends containers that nothing accounts for.
    pub(crate) fn end_strays(&self, strays: &[Stray], lock: &AppLock) -> Result<()> {
        if strays.is_empty() {
            return Ok(());
        }
        let Some(actual) = &self.actual else { return Ok(()) };
        match actual.way(self.env, self.app)? {
            Way::OneByOne(surroundings) => OnDocker::new(self.env, self.app, surroundings, lock)?.end_strays(strays),
            Way::Whole(reason) => Err(Error::new(reason.clone())),
        }
    }
}
