//! From what runs to what should run: the steps, each with its reason. Pure.
//!
//! `ps:scale` and `ps:reconcile` read what is desired and what is actual, make a plan here, and print or
//! apply it. A step is made for every instance, also for those that stay as they are, so that a plan
//! shows the whole. Those that are replaced come first, one by one, then new ones, then those that go, highest
//! index first: no type ever serves with fewer than it had or should have.

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
    /// It is made, in the place of a container that has ended or of none.
    Start,
    /// A new one is made, and the old one goes once the new one serves.
    Replace,
    /// It goes.
    Stop,
}

impl Action {
    /// The word for it.
    pub(crate) fn as_str(self) -> &'static str {
        match self {
            Self::Keep => "keep",
            Self::Readdress => "readdress",
            Self::Start => "start",
            Self::Replace => "replace",
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
    /// It does not run: Docker's word, or `missing`.
    Down(String),
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
        is_down: present.get(&index).is_some_and(|found| matches!(found.condition, Condition::Down(_))),
    };
    let (mut steps, mut starts, mut replacements) = (Vec::new(), Vec::new(), Vec::new());
    for index in 1..=desired {
        match (present.get(&index).map(|found| &found.condition), ask) {
            (None, _) => starts.push(step(index, Action::Start, "there is none".to_owned())),
            (Some(Condition::Down(word)), _) => starts.push(step(index, Action::Start, format!("it is {word}"))),
            (Some(Condition::Queued), _) => {
                replacements.push(step(index, Action::Replace, "it is queued for removal".to_owned()));
            }
            (Some(Condition::Unhealthy), Ask::Health) => {
                replacements.push(step(index, Action::Replace, "it is unhealthy".to_owned()));
            }
            (Some(Condition::Misplaced), _) => {
                steps.push(step(index, Action::Readdress, "it has another address".to_owned()));
            }
            (Some(_), _) => steps.push(step(index, Action::Keep, "it runs".to_owned())),
        }
    }
    steps.append(&mut replacements);
    steps.append(&mut starts);
    let surplus = present.keys().rev().filter(|index| **index > desired || **index == 0);
    steps.extend(surplus.map(|index| step(*index, Action::Stop, format!("{desired} are wanted"))));
    steps
}

/// Whether anything is to be done.
pub(crate) fn changes_something(steps: &[Step]) -> bool {
    steps.iter().any(|step| step.action != Action::Keep)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn web() -> ProcessType {
        ProcessType::web()
    }

    fn found(conditions: &[(u32, Condition)]) -> BTreeMap<u32, Present> {
        let present = |condition: &Condition| Present { condition: condition.clone(), container: Some("c".to_owned()) };
        conditions.iter().map(|(index, condition)| (*index, present(condition))).collect()
    }

    fn short(steps: &[Step]) -> Vec<String> {
        steps.iter().map(|step| format!("{} {}", step.action.as_str(), step.instance)).collect()
    }

    #[test]
    fn growing_starts_only_what_is_missing() {
        let there = found(&[(1, Condition::Serves), (3, Condition::Serves)]);
        let steps = plan(&web(), 4, &there, Ask::Quantity);
        assert_eq!(short(&steps), ["keep web.1", "keep web.3", "start web.2", "start web.4"]);
    }

    #[test]
    fn shrinking_stops_the_highest_first() {
        let there = found(&[(1, Condition::Serves), (2, Condition::Serves), (3, Condition::Down("exited".into()))]);
        assert_eq!(short(&plan(&web(), 1, &there, Ask::Quantity)), ["keep web.1", "stop web.3", "stop web.2"]);
    }

    #[test]
    fn what_is_down_is_started_in_its_place() {
        let steps = plan(&web(), 1, &found(&[(1, Condition::Down("exited".into()))]), Ask::Quantity);
        assert_eq!((short(&steps), steps[0].reason.as_str()), (vec!["start web.1".to_owned()], "it is exited"));
    }

    #[test]
    fn what_will_be_removed_goes_once_another_serves() {
        let steps = plan(&web(), 1, &found(&[(1, Condition::Queued)]), Ask::Quantity);
        assert_eq!(short(&steps), ["replace web.1"]);
        assert_eq!(short(&plan(&web(), 0, &found(&[(1, Condition::Queued)]), Ask::Quantity)), ["stop web.1"]);
    }

    #[test]
    fn what_is_unhealthy_is_replaced_only_when_asked() {
        let there = found(&[(1, Condition::Unhealthy)]);
        assert_eq!(short(&plan(&web(), 1, &there, Ask::Quantity)), ["keep web.1"]);
        assert_eq!(short(&plan(&web(), 1, &there, Ask::Health)), ["replace web.1"]);
    }

    fn any_condition() -> impl Strategy<Value = Condition> {
        prop_oneof![
            3 => Just(Condition::Serves),
            1 => Just(Condition::Unhealthy),
            1 => Just(Condition::Misplaced),
            1 => Just(Condition::Queued),
            1 => Just(Condition::Down("exited".to_owned())),
            1 => Just(Condition::Down("missing".to_owned())),
        ]
    }

    fn any_state() -> impl Strategy<Value = BTreeMap<u32, Present>> {
        let present = any_condition().prop_map(|condition| Present { condition, container: None });
        proptest::collection::btree_map(1_u32..12, present, 0..10)
    }

    fn any_ask() -> impl Strategy<Value = Ask> {
        prop_oneof![Just(Ask::Quantity), Just(Ask::Health)]
    }

    fn serving(state: &BTreeMap<u32, Present>) -> usize {
        state.values().filter(|found| runs(found)).count()
    }

    fn runs(found: &Present) -> bool {
        !matches!(found.condition, Condition::Down(_))
    }

    /// What a driver does with one step: a replacement serves before the old one goes.
    fn apply(state: &mut BTreeMap<u32, Present>, step: &Step) {
        match step.action {
            Action::Keep => {}
            Action::Readdress => {
                if let Some(found) = state.get_mut(&step.instance.index) {
                    found.condition = Condition::Serves;
                }
            }
            Action::Start | Action::Replace => {
                let fresh = Present { condition: Condition::Serves, container: Some("new".to_owned()) };
                state.insert(step.instance.index, fresh);
            }
            Action::Stop => drop(state.remove(&step.instance.index)),
        }
    }

    proptest! {
        #![proptest_config(seeded::cases(10_000))]

        #[test]
        fn applying_a_plan_gives_what_is_desired(state in any_state(), desired in 0_u32..12, ask in any_ask()) {
            let mut after = state.clone();
            for step in plan(&web(), desired, &state, ask) {
                apply(&mut after, &step);
            }
            prop_assert_eq!(after.keys().copied().collect::<Vec<_>>(), (1..=desired).collect::<Vec<_>>());
            let is_well = |found: &Present| !matches!(found.condition, Condition::Queued | Condition::Misplaced);
            prop_assert!(after.values().all(|found| runs(found) && is_well(found)));
        }

        #[test]
        fn no_step_touches_what_need_not_change(state in any_state(), desired in 0_u32..12, ask in any_ask()) {
            for step in plan(&web(), desired, &state, ask) {
                let before = state.get(&step.instance.index);
                let wanted = step.instance.index <= desired;
                match step.action {
                    Action::Keep => prop_assert!(wanted && before.is_some_and(runs)),
                    Action::Readdress => {
                        prop_assert!(wanted && before.is_some_and(|found| found.condition == Condition::Misplaced));
                    }
                    Action::Start => prop_assert!(wanted && !before.is_some_and(runs)),
                    Action::Stop => prop_assert!(!wanted && before.is_some()),
                    Action::Replace => {
                        let queued = before.is_some_and(|found| found.condition == Condition::Queued);
                        prop_assert!(wanted && before.is_some_and(runs) && (queued || ask != Ask::Quantity));
                    }
                }
            }
        }

        #[test]
        fn no_type_serves_with_fewer_than_before_or_after(state in any_state(), desired in 0_u32..12, ask in any_ask()) {
            let least = serving(&state).min(desired as usize);
            let mut on_the_way = state.clone();
            for step in plan(&web(), desired, &state, ask) {
                apply(&mut on_the_way, &step);
                prop_assert!(serving(&on_the_way) >= least);
            }
        }

        #[test]
        fn a_plan_is_done_once_it_is_applied(state in any_state(), desired in 0_u32..12) {
            let mut after = state.clone();
            for step in plan(&web(), desired, &state, Ask::Health) {
                apply(&mut after, &step);
            }
            prop_assert!(!changes_something(&plan(&web(), desired, &after, Ask::Health)));
        }

        #[test]
        fn the_order_is_the_same_every_time(state in any_state(), desired in 0_u32..12, ask in any_ask()) {
            let steps = plan(&web(), desired, &state, ask);
            prop_assert_eq!(&steps, &plan(&web(), desired, &state, ask));
            let stops: Vec<u32> = steps.iter().filter(|step| step.action == Action::Stop).map(|step| step.instance.index).collect();
            prop_assert!(stops.is_sorted_by(|one, next| one > next));
        }
    }
}
