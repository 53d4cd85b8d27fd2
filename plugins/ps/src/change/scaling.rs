//! A change of the scale: what it means for each type, and its carrying out.
//!
//! On docker-local a change is measured against what runs, and only the instances that are added or
//! removed are touched, as long as a new one would be like its siblings. Everywhere else the saved scale
//! stands for what runs, and the host deploys each type that changes.

use super::mark::Marks;
use super::on_docker::OnDocker;
use super::open::carry_out;
use super::surroundings::{Surroundings, Way};
use super::{deploy, leaving, readdress};
use crate::docker_local::{
    Actual, InstanceState, ListedInstance, Pending, listing_of, pending, present, queue, runs_on_docker_local,
};
use crate::formation::{Formation, Request};
use crate::plan::{self, Action, Ask, Step};
use common::{App, AppLock, Context, Env, Error, Quantity, Result, in_spite_of_signals};

/// What a change means for one type.
#[derive(Debug)]
pub(crate) struct TypeChange<'s> {
    /// What is asked.
    pub(crate) request: Request,
    /// The quantity that was saved.
    pub(crate) from: Quantity,
    /// How it is brought about.
    pub(crate) how: How<'s>,
}

/// How a type is brought to its quantity.
#[derive(Debug)]
pub(crate) enum How<'s> {
    /// It is as asked.
    Nothing,
    /// The host deploys it whole, for this reason if it is a special one.
    Deploy(Option<String>),
    /// Its instances are as asked, and the hooks that must know of them are owed since a change that was
    /// interrupted.
    Hooks(&'s Surroundings),
    /// Its instances stay, and the addresses of some are written down anew.
    Readdress(Vec<Step>),
    /// Instance by instance; new ones from this image.
    Steps { steps: Vec<Step>, image: String, surroundings: &'s Surroundings },
}

impl TypeChange<'_> {
    /// Whether anything is to be done.
    pub(crate) fn is_needed(&self) -> bool {
        !matches!(self.how, How::Nothing)
    }

    fn steps(&self) -> &[Step] {
        match &self.how {
            How::Readdress(steps) | How::Steps { steps, .. } => steps,
            How::Nothing | How::Deploy(_) | How::Hooks(_) => &[],
        }
    }
}

/// What a change of an app's scale is measured against, and how it can be made.
pub(crate) struct Scaling<'a> {
    env: &'a Env,
    app: &'a App,
    actual: Option<OnDockerLocal<'a>>,
}

/// What there is on docker-local.
struct OnDockerLocal<'a> {
    way: Way,
    listed: Vec<ListedInstance>,
    marks: Marks<'a>,
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
        let Actual::Instances(instances) = actual else { return Ok(Self::by_what_is_saved(env, app)) };
        let actual = OnDockerLocal { way: Way::find(env, app)?, listed: instances, marks: Marks::new(env, app)? };
        Ok(Self { env, app, actual: Some(actual) })
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
                    let reason = recreate.then_some("the strategy is recreate");
                    self.how(actual, request, Ask::Quantity, reason)?
                }
            };
            Ok(TypeChange { request: request.clone(), from: from.unwrap_or(0), how })
        };
        requests.iter().map(change).collect()
    }

    /// What it takes to bring types to what is saved of them.
    pub(crate) fn mend(&self, requests: &[Request], ask: Ask) -> Result<Vec<TypeChange<'_>>> {
        let Some(actual) = &self.actual else { return Ok(Vec::new()) };
        let change = |request: &Request| {
            let how = self.how(actual, request, ask, None)?;
            // A type that the scale does not name cannot be deployed by the host; its instances only go.
            let how = if request.quantity == 0 && matches!(how, How::Deploy(_)) { How::Nothing } else { how };
            Ok(TypeChange { from: request.quantity, request: request.clone(), how })
        };
        requests.iter().map(change).collect()
    }

    /// How one type is brought to its quantity on docker-local.
    fn how<'s>(
        &'s self,
        actual: &'s OnDockerLocal<'_>,
        request: &Request,
        ask: Ask,
        recreate: Option<&str>,
    ) -> Result<How<'s>> {
        let OnDockerLocal { way, listed, marks } = actual;
        let process_type = &request.process_type;
        let steps = plan::plan(process_type, request.quantity, &present(listed, process_type), ask);
        let is_only = |actions: &[Action]| steps.iter().all(|step| actions.contains(&step.action));
        if is_only(&[Action::Keep]) {
            return Ok(match way {
                Way::OneByOne(surroundings) if marks.is_marked(process_type) => How::Hooks(surroundings),
                _ => How::Nothing,
            });
        }
        if is_only(&[Action::Keep, Action::Readdress]) {
            return Ok(How::Readdress(steps));
        }
        let surroundings = match (way, recreate) {
            (_, Some(reason)) => return Ok(How::Deploy(Some(reason.to_owned()))),
            (Way::Whole(reason), None) => return Ok(How::Deploy(Some(reason.clone()))),
            (Way::OneByOne(surroundings), None) => surroundings,
        };
        let release = &surroundings.image;
        let is_new = |step: &Step| matches!(step.action, Action::Start | Action::Replace);
        let image = if steps.iter().any(is_new) {
            let of_type = |instance: &&ListedInstance| instance.process_type.as_ref() == Some(process_type);
            let siblings: Vec<&ListedInstance> = listed.iter().filter(of_type).collect();
            match pending(self.env, self.app, process_type, release, &siblings)? {
                // The host's own deploy of a type that nothing runs of touches nothing.
                Pending::Unknown => return Ok(How::Deploy(None)),
                Pending::Changed(sources) => {
                    return Ok(How::Deploy(Some(format!("{} changed since the deploy", sources.join(", ")))));
                }
                Pending::Nothing => release.clone(),
                Pending::OtherImage(image) => image,
            }
        } else {
            release.clone()
        };
        Ok(How::Steps { steps, image, surroundings })
    }

    /// Before the first of these changes: lets go of other apps' containers, and writes changed addresses down, of all
    /// types at once.
    pub(crate) fn prepare(&self, changes: &[TypeChange<'_>]) -> Result<()> {
        let Some(OnDockerLocal { listed, .. }) = &self.actual else { return Ok(()) };
        // A file whose container is missing may name another app's.
        let names_missing = |found: &ListedInstance| found.state == InstanceState::Missing && found.container.is_some();
        if changes.iter().any(TypeChange::is_needed) && listed.iter().any(names_missing) {
            leaving::let_go_of_others(self.env, self.app)?;
        }
        let steps = changes.iter().flat_map(TypeChange::steps);
        let moved: Vec<&Step> = steps.filter(|step| step.action == Action::Readdress).collect();
        readdress::readdress(self.env, self.app, &moved).context(|| "writing down changed addresses")
    }

    /// Brings one type to its quantity. What fails leaves it as it was.
    pub(crate) fn apply(&self, change: &TypeChange<'_>, lock: &AppLock) -> Result<()> {
        let (env, app) = (self.env, self.app);
        let Request { process_type, quantity } = &change.request;
        match &change.how {
            // Addresses are those of all types at once: see `prepare`.
            How::Nothing | How::Readdress(_) => Ok(()),
            How::Hooks(surroundings) => {
                carry_out(&OnDocker::new(env, app, surroundings, lock)?, process_type, *quantity, &[], "")
            }
            How::Steps { steps, image, surroundings } => {
                carry_out(&OnDocker::new(env, app, surroundings, lock)?, process_type, *quantity, steps, image)
            }
            How::Deploy(reason) => {
                if let Some(reason) = reason {
                    env.output().warn(&format!("All instances of {process_type} are replaced: {reason}"));
                }
                let Err(error) = deploy::of_type(env, app, process_type) else { return Ok(()) };
                if self.actual.is_some() {
                    let cleared = in_spite_of_signals(|| leaving::discard_unnamed(env, app, process_type));
                    cleared.context(|| format!("{error}; cleaning up"))?;
                }
                Err(error)
            }
        }
    }

    /// Ends containers that nothing accounts for, by name and id.
    pub(crate) fn end_strays(&self, strays: &[(String, String)], lock: &AppLock) -> Result<()> {
        if strays.is_empty() {
            return Ok(());
        }
        match &self.actual {
            Some(OnDockerLocal { way: Way::OneByOne(surroundings), .. }) => {
                OnDocker::new(self.env, self.app, surroundings, lock)?.end_strays(strays)
            }
            Some(OnDockerLocal { way: Way::Whole(reason), .. }) => Err(Error::new(reason.clone())),
            None => Ok(()),
        }
    }
}
