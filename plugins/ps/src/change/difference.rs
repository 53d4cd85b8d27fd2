//! What differs between what runs of an app and what should.

use super::mark::Marks;
use super::on_docker::Stray;
use super::type_change::Wish;
use crate::docker_local::{
    Actual, InstanceState, ListedInstance, Listing, is_named_upcoming, present, runs_on_docker_local,
};
use crate::formation::Request;
use crate::plan::{self, Action, Ill, Step};
use crate::saved::SavedScale;
use crate::settings::MaxInstances;
use common::{App, Env, ProcessType, Result};

/// What differs between what runs of an app and what should, as far as it is wished to know.
pub(crate) struct Difference {
    /// Types that are not as they should be, with the quantity that they should have.
    pub(crate) types: Vec<Request>,
    /// What their instances need, each with what it mends.
    pub(crate) needed: Vec<(Step, Option<Ill>)>,
    /// Whether a change of one of them was left unfinished.
    pub(crate) is_unfinished: bool,
    /// Containers that nothing accounts for.
    pub(crate) strays: Vec<Stray>,
    /// Where the saved scale asks for more instances of a type than there may be; such types are left as they are.
    pub(crate) excess: Option<String>,
}

impl Stray {
    /// What it is to end it.
    pub(crate) fn ill(&self) -> Ill {
        if is_named_upcoming(&self.name) { Ill::Upcoming } else { Ill::Stray }
    }
}

impl Difference {
    /// Finds it; `None` when nothing of the app should run, or nobody can tell what does.
    ///
    /// `locked` says that we hold the app's lock: then a container that waits to take its place was left by a
    /// deploy or a change that was killed.
    pub(crate) fn find(env: &Env, app: &App, listing: &Listing, wish: Wish<'_>, locked: bool) -> Result<Option<Self>> {
        let Actual::Instances(instances) = &listing.actual else { return Ok(None) };
        if listing.is_stopped || !runs_on_docker_local(env, app)? {
            return Ok(None);
        }
        // An app without any scale is not one that should run nothing: nobody has said what should run.
        if listing.desired.is_empty() {
            return Ok(None);
        }
        let surplus = instances.iter().filter_map(|instance| match instance.state {
            InstanceState::Docker(_) => instance.process_type.clone(),
            _ => None,
        });
        let mut wanted = listing.desired.clone();
        for process_type in surplus {
            wanted.entry(process_type).or_insert(0);
        }
        let (marks, most) = (Marks::new(env, app)?, MaxInstances::of(env, app)?);
        let strays = instances.iter().filter_map(|instance| stray(instance, locked));
        let is_wished = |stray: &Stray| {
            wish.ills.is_none_or(|ills| ills.has(stray.ill()))
                && wish.only.is_none_or(|only| only.types.contains(&stray.process_type))
        };
        let mut found = Self {
            types: Vec::new(),
            needed: Vec::new(),
            is_unfinished: false,
            strays: strays.filter(is_wished).collect(),
            // To change the scale is no part of healing.
            excess: if wish.ills.is_some() { None } else { SavedScale::new(env, app).excess(|_| true)? },
        };
        for (process_type, quantity) in wanted.into_iter().filter(|(_, quantity)| most.allows(*quantity)) {
            let present = present(instances, &process_type);
            let steps = plan::plan(&process_type, quantity, &present, wish.ask);
            let steps = wish.narrow(env, app, &process_type, steps, &present)?;
            let is_marked = marks.is_marked(&process_type);
            let mended = |step: Step| {
                let ill = plan::ill(&step, present.get(&step.instance.index));
                (step, ill)
            };
            let before = found.needed.len();
            found.needed.extend(steps.into_iter().filter(|step| step.action != Action::Keep).map(mended));
            found.is_unfinished |= is_marked;
            if is_marked || found.needed.len() > before {
                found.types.push(Request { process_type, quantity });
            }
        }
        Ok(Some(found))
    }

    /// Whether nothing does.
    pub(crate) fn is_empty(&self) -> bool {
        self.types.is_empty() && self.strays.is_empty() && self.excess.is_none()
    }
}

fn stray(instance: &ListedInstance, locked: bool) -> Option<Stray> {
    let is_stray = instance.state == InstanceState::Stray || (locked && instance.state == InstanceState::Upcoming);
    let (name, container) = (instance.container_name.clone()?, instance.container.clone()?);
    let process_type = instance.process_type.clone().unwrap_or_else(ProcessType::web);
    is_stray.then_some(Stray { name, container, process_type })
}
