//! What there is of an app on docker-local, for a change of it.

use super::mark::Marks;
use super::surroundings::Way;
use super::type_change::Wish;
use crate::docker_local::{ListedInstance, present};
use crate::formation::Request;
use crate::plan::{self, Condition, Present, Step};
use crate::targets::Selection;
use common::{App, Env, ProcessType, Result};

/// What there is on docker-local.
pub(super) struct OnDockerLocal<'a> {
    pub(super) way: Way,
    /// Sorted by type.
    pub(super) listed: Vec<ListedInstance>,
    pub(super) marks: Marks<'a>,
    /// What was stopped by hand.
    pub(super) stopped: Selection,
}

impl OnDockerLocal<'_> {
    pub(super) fn of_type(&self, process_type: &ProcessType) -> Vec<&ListedInstance> {
        self.listed.iter().filter(|instance| instance.process_type.as_ref() == Some(process_type)).collect()
    }

    /// Whether something of the app runs that was made from this image.
    pub(super) fn runs_from(&self, image: &str) -> bool {
        let up = self.listed.iter().filter(|instance| instance.is_up());
        up.filter_map(|instance| instance.details.as_ref()).any(|details| details.image == image)
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
