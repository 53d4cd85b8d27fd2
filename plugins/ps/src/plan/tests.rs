//! Plans of any state, and what they lead to.

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

#[test]
fn what_was_stopped_by_hand_rests_until_it_is_asked_for() {
    let there = found(&[(1, Condition::Serves), (2, Condition::Rests), (3, Condition::Ended("exited".into()))]);
    assert_eq!(short(&plan(&web(), 3, &there, Ask::Wake)), ["keep web.1", "keep web.2", "wake web.3"]);
    assert_eq!(short(&plan(&web(), 3, &there, Ask::Health)), ["keep web.1", "keep web.2", "start web.3"]);
    let anew = plan(&web(), 3, &there, Ask::Anew);
    assert_eq!(short(&anew), ["keep web.2", "replace web.1", "start web.3"]);
    let one = narrowed(anew, |instance| instance.index == 3);
    assert_eq!(short(&one), ["keep web.2", "keep web.1", "start web.3"]);
    assert_eq!(short(&plan(&web(), 1, &there, Ask::Quantity)), ["keep web.1", "stop web.3", "stop web.2"]);
}

fn any_condition() -> impl Strategy<Value = Condition> {
    prop_oneof![
        3 => Just(Condition::Serves),
        1 => Just(Condition::Unhealthy),
        1 => Just(Condition::Misplaced),
        1 => Just(Condition::Queued),
        1 => Just(Condition::Ended("exited".to_owned())),
        1 => Just(Condition::Exhausted("exited".to_owned())),
        1 => Just(Condition::Restarts("restarting".to_owned())),
        1 => Just(Condition::Down("missing".to_owned())),
        1 => Just(Condition::Rests),
    ]
}

fn any_state() -> impl Strategy<Value = BTreeMap<u32, Present>> {
    let present = any_condition().prop_map(|condition| Present { condition, container: None });
    proptest::collection::btree_map(1_u32..12, present, 0..10)
}

fn any_ask() -> impl Strategy<Value = Ask> {
    prop_oneof![Just(Ask::Quantity), Just(Ask::Health), Just(Ask::Wake), Just(Ask::Heal), Just(Ask::Anew)]
}

fn ask_replaces(ask: Ask) -> bool {
    matches!(ask, Ask::Health | Ask::Heal | Ask::Anew)
}

fn serving(state: &BTreeMap<u32, Present>) -> usize {
    state.values().filter(|found| runs(found)).count()
}

fn runs(found: &Present) -> bool {
    !found.is_down()
}

/// What a driver does with one step: a replacement serves before the old one goes.
fn apply(state: &mut BTreeMap<u32, Present>, step: &Step) {
    match step.action {
        Action::Keep | Action::Rest => {}
        Action::Readdress | Action::Wake => {
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
        let rests = |found: &Present| found.condition == Condition::Rests;
        let is_well = |found: &Present| !matches!(found.condition, Condition::Queued | Condition::Misplaced);
        let is_docker_s = |found: &Present| ask == Ask::Heal && matches!(found.condition, Condition::Restarts(_));
        prop_assert!(after.values().all(|found| (runs(found) || rests(found) || is_docker_s(found)) && is_well(found)));
    }

    #[test]
    fn no_step_touches_what_need_not_change(state in any_state(), desired in 0_u32..12, ask in any_ask()) {
        for step in plan(&web(), desired, &state, ask) {
            let before = state.get(&step.instance.index);
            let wanted = step.instance.index <= desired;
            match step.action {
                Action::Keep => {
                    let stays = before.is_some_and(|found| match found.condition {
                        Condition::Rests => true,
                        Condition::Restarts(_) => ask == Ask::Heal,
                        _ => false,
                    });
                    prop_assert!(wanted && (stays || ask != Ask::Anew && before.is_some_and(runs)));
                }
                Action::Wake => {
                    let could = |found: &Present| match found.condition {
                        Condition::Ended(_) => matches!(ask, Ask::Wake | Ask::Heal),
                        Condition::Exhausted(_) => ask == Ask::Wake,
                        _ => false,
                    };
                    prop_assert!(wanted && before.is_some_and(could));
                }
                Action::Readdress => {
                    prop_assert!(wanted && before.is_some_and(|found| found.condition == Condition::Misplaced));
                }
                Action::Start => prop_assert!(wanted && !before.is_some_and(runs)),
                Action::Stop => prop_assert!(!wanted && before.is_some()),
                Action::Rest => prop_assert!(false, "a plan stops nothing by hand"),
                Action::Replace => {
                    let queued = before.is_some_and(|found| found.condition == Condition::Queued);
                    prop_assert!(wanted && before.is_some_and(runs) && (queued || ask_replaces(ask)));
                }
            }
        }
    }

    #[test]
    fn healing_does_what_may_be_healed_and_no_more(
        state in any_state(),
        desired in 0_u32..12,
        chosen in any::<[bool; 5]>(),
        ended_stay in any::<bool>(),
    ) {
        let all = [Ill::Address, Ill::Missing, Ill::Upcoming, Ill::Unhealthy, Ill::Stray];
        let ills: Ills = all.into_iter().zip(chosen).filter(|(_, is_chosen)| *is_chosen).map(|(ill, _)| ill).collect();
        let steps = plan(&web(), desired, &state, Ask::Heal);
        let healed = healing(steps.clone(), &state, &ills, ended_stay);
        prop_assert_eq!(steps.len(), healed.len());
        for (step, healed) in steps.iter().zip(&healed) {
            let ill = ill(step, state.get(&step.instance.index));
            let stays = ended_stay && ill == Some(Ill::Missing) && step.is_down && step.container.is_some();
            let is_done = ill.is_some_and(|ill| ills.has(ill)) && !stays;
            prop_assert_eq!(healed.action, if is_done { step.action } else { Action::Keep });
            prop_assert_eq!(ill.is_none(), step.action == Action::Keep);
        }
    }

    #[test]
    fn what_is_not_woken_is_made(state in any_state(), desired in 0_u32..12) {
        let (mut one, mut other) = (state.clone(), state.clone());
        for step in unwoken(plan(&web(), desired, &state, Ask::Wake)) {
            prop_assert!(step.action != Action::Wake);
            apply(&mut one, &step);
        }
        for step in plan(&web(), desired, &state, Ask::Quantity) {
            apply(&mut other, &step);
        }
        prop_assert_eq!(one, other);
    }

    #[test]
    fn no_type_serves_with_fewer_than_before_or_after(state in any_state(), desired in 0_u32..12, ask in any_ask()) {
        let stays = |found: &Present| match found.condition {
            Condition::Rests => true,
            Condition::Restarts(_) => ask == Ask::Heal,
            _ => false,
        };
        let rest = (1..=desired).filter(|index| state.get(index).is_some_and(stays));
        let least = serving(&state).min(desired as usize - rest.count());
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
        let again = plan(&web(), desired, &after, Ask::Health);
        prop_assert!(again.iter().all(|step| step.action == Action::Keep));
    }

    #[test]
    fn the_order_is_the_same_every_time(state in any_state(), desired in 0_u32..12, ask in any_ask()) {
        let steps = plan(&web(), desired, &state, ask);
        prop_assert_eq!(&steps, &plan(&web(), desired, &state, ask));
        let stops: Vec<u32> = steps.iter().filter(|step| step.action == Action::Stop).map(|step| step.instance.index).collect();
        prop_assert!(stops.is_sorted_by(|one, next| one > next));
    }
}
