//! What a change means for one type, and how it is brought about.

use super::surroundings::Surroundings;
use crate::formation::Request;
use crate::plan::{self, Action, Ask, Ills, Present, Step};
use crate::settings;
use crate::targets::Selection;
use common::{App, Env, ProcessType, Quantity, Result};
use std::collections::BTreeMap;

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
    /// Its instances stay. The addresses of some are written down anew, some are started again as they were, or stopped.
    InPlace(Vec<Step>),
    /// Instance by instance; new ones from this image. All are replaced where there is a reason to.
    Steps { steps: Vec<Step>, image: String, surroundings: &'s Surroundings, reason: Option<String> },
}

/// What is wanted of a type beside its quantity.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Wish<'w> {
    /// What becomes of its instances.
    pub(crate) ask: Ask,
    /// The part of the app that it is about; `None` for all of it.
    pub(crate) only: Option<&'w Selection>,
    /// What alone is mended of it; `None` for everything.
    pub(crate) ills: Option<&'w Ills>,
}

impl From<Ask> for Wish<'_> {
    fn from(ask: Ask) -> Self {
        Self { ask, only: None, ills: None }
    }
}

impl Wish<'_> {
    /// What is wished of the steps of a type.
    pub(super) fn narrow(
        self,
        env: &Env,
        app: &App,
        process_type: &ProcessType,
        steps: Vec<Step>,
        present: &BTreeMap<u32, Present>,
    ) -> Result<Vec<Step>> {
        let steps = match self.only {
            Some(only) => plan::narrowed(steps, |instance| only.covers(instance)),
            None => steps,
        };
        let Some(ills) = self.ills else { return Ok(steps) };
        Ok(plan::healing(steps, present, ills, settings::ended_stay(env, app, process_type)?))
    }

    /// Whether it is about single instances of a type, and not all of them.
    pub(super) fn is_of_single(&self, process_type: &ProcessType) -> bool {
        self.ills.is_some() || self.only.is_some_and(|only| !only.types.contains(process_type))
    }
}

impl TypeChange<'_> {
    /// Whether anything is to be done.
    pub(crate) fn is_needed(&self) -> bool {
        !matches!(self.how, How::Nothing)
    }

    /// Whether nothing is made or goes.
    pub(super) fn is_in_place(&self) -> bool {
        matches!(self.how, How::Nothing | How::Hooks(_) | How::InPlace(_))
    }

    /// Whether a container is started again.
    pub(super) fn wakes(&self) -> bool {
        self.steps().iter().any(|step| step.action == Action::Wake)
    }

    pub(super) fn steps(&self) -> &[Step] {
        match &self.how {
            How::InPlace(steps) | How::Steps { steps, .. } => steps,
            How::Nothing | How::Deploy(_) | How::Hooks(_) => &[],
        }
    }
}
