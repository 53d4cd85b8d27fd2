//! From what runs to what should run: the steps, each with its reason. Pure.
//!
//! `ps:scale` and `ps:reconcile` read what is desired and what is actual, make a plan here, and print or
//! apply it. A step is made for every instance, also for those that stay as they are, so that a plan
//! shows the whole. Those that are replaced come first, one by one, then new ones, then those that go, highest
//! index first: no type ever serves with fewer than it had or should have.

mod ills;

pub(crate) use ills::{Ill, Ills};

use common::{Instance, ProcessType, Quantity};
use serde::Serialize;
use std::collections::BTreeMap;

/// What becomes of an instance.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Action {
    /// It is not touched.
    Keep,
    /// It stays, and its address is written down anew.
    Readdress,
    /// Its container has ended and is started again.
    Wake,
    /// It is made, in the place of a container that has ended or of none.
    Start,
    /// A new one is made, and the old one goes once the new one serves.
    Replace,
    /// It stays, and its container is stopped.
    Rest,
    /// It goes.
    Stop,
}

impl Action {
    /// The word for it.
    pub(crate) fn as_str(self) -> &'static str {
        match self {
            Self::Keep => "keep",
            Self::Readdress => "readdress",
            Self::Wake => "wake",
            Self::Start => "start",
            Self::Replace => "replace",
            Self::Rest => "rest",
            Self::Stop => "stop",
        }
    }
}

/// One step of a plan.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Step {
    /// The instance.
    pub(crate) instance: Instance,
    /// What becomes of it.
    pub(crate) action: Action,
    /// Why.
    pub(crate) reason: String,
    /// The container that it has now, whatever its state.
    pub(crate) container: Option<String>,
    /// Whether that does not serve, so that it may be stopped at any time.
    pub(crate) is_down: bool,
}

impl Step {
    /// Whether a container is made for it.
    pub(crate) fn makes(&self) -> bool {
        matches!(self.action, Action::Start | Action::Replace)
    }
}

/// How it is with an instance that there is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Condition {
    /// It runs.
    Serves,
    /// It runs, at another address than the one that is written down.
    Misplaced,
    /// It runs, and its health check says that it should not be used.
    Unhealthy,
    /// It runs, and its container is queued for removal.
    Queued,
    /// It has ended, and its container could be started again: Docker's word.
    Ended(String),
    /// The same, and Docker has started it again in vain.
    Exhausted(String),
    /// It has ended, and Docker is about to start it again.
    Restarts(String),
    /// It does not run: Docker's word, or `missing`.
    Down(String),
    /// It does not run, and was stopped by hand.
    Rests,
}

/// An instance that there is, or whose container has gone.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Present {
    /// How it is with it.
    pub(crate) condition: Condition,
    /// Its container.
    pub(crate) container: Option<String>,
}

/// What is asked for beyond the quantity.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Ask {
    /// Nothing: what runs and is wanted stays.
    Quantity,
    /// Instances that are unhealthy are replaced too.
    Health,
    /// What has ended is started again as it is.
    Wake,
    /// What is ill is mended without a hand: what has ended is started again as it is, unless that was tried; what Docker is
    /// about to start is left to it; what is unhealthy is replaced.
    Heal,
    /// All are made anew.
    Anew,
}

impl Present {
    /// Whether it does not serve, so that its container may be stopped at any time.
    fn is_down(&self) -> bool {
        !matches!(self.condition, Condition::Serves | Condition::Misplaced | Condition::Unhealthy | Condition::Queued)
    }
}

/// The steps that bring one type from what there is to `desired` instances.
pub(crate) fn plan(
    process_type: &ProcessType,
    desired: Quantity,
    present: &BTreeMap<u32, Present>,
    ask: Ask,
) -> Vec<Step> {
    let step = |index: u32, action: Action, reason: String| Step {
        instance: Instance { process_type: process_type.clone(), index },
        action,
        reason,
        container: present.get(&index).and_then(|found| found.container.clone()),
        is_down: present.get(&index).is_some_and(Present::is_down),
    };
    let (mut steps, mut starts, mut replacements) = (Vec::new(), Vec::new(), Vec::new());
    for index in 1..=desired {
        let (action, reason) = match present.get(&index) {
            None => (Action::Start, "there is none".to_owned()),
            Some(found) => what_becomes_of(&found.condition, ask),
        };
        match action {
            Action::Start => &mut starts,
            Action::Replace => &mut replacements,
            _ => &mut steps,
        }
        .push(step(index, action, reason));
    }
    steps.append(&mut replacements);
    steps.append(&mut starts);
    let surplus = present.keys().rev().filter(|index| **index > desired || **index == 0);
    steps.extend(surplus.map(|index| step(*index, Action::Stop, format!("{desired} are wanted"))));
    steps
}

/// What becomes of an instance that is wanted, and why.
fn what_becomes_of(condition: &Condition, ask: Ask) -> (Action, String) {
    let reason = match condition {
        Condition::Ended(word) | Condition::Exhausted(word) | Condition::Restarts(word) | Condition::Down(word) => {
            format!("it is {word}")
        }
        Condition::Rests => "it was stopped by hand".to_owned(),
        Condition::Queued => "it is queued for removal".to_owned(),
        Condition::Unhealthy if matches!(ask, Ask::Health | Ask::Heal) => "it is unhealthy".to_owned(),
        _ if ask == Ask::Anew => "it is made anew".to_owned(),
        Condition::Misplaced => "it has another address".to_owned(),
        Condition::Serves | Condition::Unhealthy => "it runs".to_owned(),
    };
    let action = match (condition, ask) {
        (Condition::Ended(_), Ask::Wake | Ask::Heal) | (Condition::Exhausted(_), Ask::Wake) => Action::Wake,
        (Condition::Rests, _) | (Condition::Restarts(_), Ask::Heal) => Action::Keep,
        (Condition::Ended(_) | Condition::Exhausted(_) | Condition::Restarts(_) | Condition::Down(_), _) => {
            Action::Start
        }
        (Condition::Queued, _) | (Condition::Unhealthy, Ask::Health | Ask::Heal) | (_, Ask::Anew) => Action::Replace,
        (Condition::Misplaced, _) => Action::Readdress,
        (Condition::Serves | Condition::Unhealthy, _) => Action::Keep,
    };
    (action, reason)
}

/// The steps that stop the instances of a type which `goes` names: they stay, and rest.
pub(crate) fn to_rest(
    process_type: &ProcessType,
    present: &BTreeMap<u32, Present>,
    goes: impl Fn(&Instance) -> bool,
) -> Vec<Step> {
    let step = |(index, found): (&u32, &Present)| {
        let instance = Instance { process_type: process_type.clone(), index: *index };
        // One that has ended too: Docker may be about to start it again.
        let (action, reason) = match (goes(&instance), found.container.is_some()) {
            (true, true) => (Action::Rest, "it is stopped by hand"),
            (true, false) => (Action::Keep, "it has no container"),
            (false, _) => (Action::Keep, "it is not asked for"),
        };
        let (container, is_down) = (found.container.clone(), found.is_down());
        Step { instance, action, reason: reason.to_owned(), container, is_down }
    };
    present.iter().map(step).collect()
}

/// The same steps for some of the instances alone: the others stay as they are.
pub(crate) fn narrowed(steps: Vec<Step>, covers: impl Fn(&Instance) -> bool) -> Vec<Step> {
    let left = |step: Step| Step { action: Action::Keep, reason: "it is not asked for".to_owned(), ..step };
    steps.into_iter().map(|step| if covers(&step.instance) { step } else { left(step) }).collect()
}

/// The same steps, where what has ended is made anew.
pub(crate) fn unwoken(steps: Vec<Step>) -> Vec<Step> {
    let (woken, mut steps): (Vec<Step>, Vec<Step>) = steps.into_iter().partition(|step| step.action == Action::Wake);
    let goes_last = |step: &Step| matches!(step.action, Action::Start | Action::Stop);
    let at = steps.iter().position(goes_last).unwrap_or(steps.len());
    steps.splice(at..at, woken.into_iter().map(|step| Step { action: Action::Start, ..step }));
    steps
}

/// What the step of an instance mends, if it changes anything.
pub(crate) fn ill(step: &Step, found: Option<&Present>) -> Option<Ill> {
    match (step.action, found.map(|found| &found.condition)) {
        (Action::Keep | Action::Rest, _) => None,
        (Action::Readdress, _) => Some(Ill::Address),
        (Action::Stop, _) => Some(Ill::Stray),
        (_, Some(Condition::Unhealthy)) => Some(Ill::Unhealthy),
        (Action::Wake | Action::Start | Action::Replace, _) => Some(Ill::Missing),
    }
}

/// The same steps, as far as they mend what is to be mended. Where what has ended is to stay so, only what is gone is
/// made.
pub(crate) fn healing(steps: Vec<Step>, present: &BTreeMap<u32, Present>, ills: &Ills, ended_stay: bool) -> Vec<Step> {
    let left = |step: Step, reason: &str| Step { action: Action::Keep, reason: reason.to_owned(), ..step };
    let step = |step: Step| match ill(&step, present.get(&step.instance.index)) {
        Some(Ill::Missing) if ended_stay && step.is_down && step.container.is_some() => {
            left(step, "its restart policy is no")
        }
        Some(ill) if !ills.has(ill) => left(step, &format!("{} is not healed", ill.as_str())),
        _ => step,
    };
    steps.into_iter().map(step).collect()
}

/// The same steps, where those that make a container say what it is not made from as its siblings were.
pub(crate) fn explained(steps: Vec<Step>, sources: &[String]) -> Vec<Step> {
    let mut steps = steps;
    for step in steps.iter_mut().filter(|step| step.makes()) {
        step.reason.push_str(&format!(", with {} as it is now", sources.join(", ")));
    }
    steps
}

#[cfg(test)]
mod tests;
