//! What there is of an app on docker-local, for a change of it.

use super::mark::Marks;
use super::surroundings::Way;
use super::type_change::{How, Wish};
use crate::docker_local::{ListedInstance, present};
use crate::formation::Request;
use crate::plan::{self, Condition, Present, Step};
use crate::targets::Selection;
use common::{App, Env, ProcessType, Result};
use std::cell::OnceCell;

/// What there is on docker-local.
pub(super) struct OnDockerLocal<'a> {
    /// How its instances are made, once somebody has asked: the host's plugins and Docker answer that.
    pub(super) way: OnceCell<Way>,
    /// Sorted by type.
    pub(super) listed: Vec<ListedInstance>,
    pub(super) marks: Marks<'a>,
    /// What was stopped by hand.
    pub(super) stopped: Selection,
}

impl OnDockerLocal<'_> {
    /// How its instances are made.
    pub(super) fn way(&self, env: &Env, app: &App) -> Result<&Way> {
        if let Some(way) = self.way.get() {
            return Ok(way);
        }
        let way = Way::find(env, app)?;
        Ok(self.way.get_or_init(|| way))
    }

    pub(super) fn of_type(&self, process_type: &ProcessType) -> Vec<&ListedInstance> {
        self.listed.iter().filter(|instance| instance.process_type.as_ref() == Some(process_type)).collect()
    }

    /// Whether something of the app runs that was made from this image.
    pub(super) fn runs_from(&self, image: &str) -> bool {
        let up = self.listed.iter().filter(|instance| instance.is_up());
        up.filter_map(|instance| instance.details.as_ref()).any(|details| details.image == image)
    }

    /// What a type needs whose instances are as they should be: the hooks of a change that was left unfinished, if one was.
    pub(super) fn owed(&self, env: &Env, app: &App, process_type: &ProcessType) -> Result<How<'_>> {
        if !self.marks.is_marked(process_type) {
            return Ok(How::Nothing);
        }
        Ok(match self.way(env, app)? {
            Way::OneByOne(surroundings) => How::Hooks(surroundings),
            Way::Whole(_) => How::Nothing,
        })
    }

    /// Whether an instance of a type runs.
    pub(super) fn some_run(&self, process_type: &ProcessType) -> bool {
        self.of_type(process_type).into_iter().any(ListedInstance::counts_as_running)
    }

    /// The steps of a type, as far as they are wished.
    pub(super) fn steps(&self, env: &Env, app: &App, request: &Request, wish: Wish<'_>) -> Result<Vec<Step>> {
        let Request { process_type, quantity } = request;
        let mut there = present(&self.listed, process_type);
        if self.stopped.types.contains(process_type) {
            for index in 1..=*quantity {
                there.entry(index).or_insert(Present { condition: Condition::Rests, container: None });
            }
        }
        let steps = plan::plan(process_type, *quantity, &there, wish.ask);
        wish.narrow(env, app, process_type, steps, &there)
    }
}
