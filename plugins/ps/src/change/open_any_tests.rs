//! Any world, and whatever fails in it.

use super::*;
use proptest::prelude::*;

fn any_world(never_twice: bool) -> impl Strategy<Value = World> {
    let instance = prop_oneof![
        2 => Just(None),
        5 => Just(Some((true, false))),
        1 => Just(Some((false, false))),
        1 => Just(Some((true, true))),
    ];
    let some = proptest::bool::weighted(0.2);
    (proptest::collection::vec(instance, 0..5), some, some).prop_map(move |(instances, marked, left)| {
        let mut world = World { never_twice, ..World::of(&instances) };
        if marked {
            // The change before was killed before it could tell.
            (world.marked, world.told) = (true, BTreeSet::new());
        }
        if left {
            // And this one was being made.
            world.containers.insert(50, Held { index: 9, runs: true, queued: false, upcoming: true });
        }
        world
    })
}

#[test]
fn who_serves_beside_those_that_are_made_is_counted() {
    let condition = |condition| Present { condition, container: Some("id".to_owned()) };
    let present: BTreeMap<u32, Present> = [
        (1, condition(Condition::Serves)),
        (2, condition(Condition::Rests)),
        (3, condition(Condition::Ended("exited".to_owned()))),
        (5, condition(Condition::Serves)),
    ]
    .into();
    let steps = plan(&ProcessType::web(), 4, &present, Ask::Wake);
    let starts: Vec<&Step> = steps.iter().filter(|step| step.action == Action::Start).collect();
    // One rests, one is started again as it is, one is made, and one goes.
    assert_eq!((starts.len(), Among::of(&steps, &starts, 4).serving), (1, 2));
}

/// Steps that fail, and the one with which all ends, if one does.
fn any_failures() -> impl Strategy<Value = (BTreeSet<u32>, Option<u32>)> {
    (proptest::collection::btree_set(1_u32..40, 0..3), proptest::option::weighted(0.4, 1_u32..40))
}

proptest! {
    #![proptest_config(seeded::cases(50_000))]

    #[test]
    fn whatever_fails_the_old_or_the_new_state_holds(
        world in any_world(false), quantity in 0_u32..5, failures in any_failures(),
    ) {
        the_old_or_the_new_state_holds(world, quantity, failures)?;
    }

    #[test]
    fn whatever_fails_of_what_never_runs_twice_the_old_or_the_new_state_holds(
        world in any_world(true), quantity in 0_u32..5, failures in any_failures(),
    ) {
        the_old_or_the_new_state_holds(world, quantity, failures)?;
    }
}

fn the_old_or_the_new_state_holds(
    world: World,
    quantity: Quantity,
    (failing, last): (BTreeSet<u32>, Option<u32>),
) -> std::result::Result<(), TestCaseError> {
    let before = world.clone();
    let (done, after) = change(World { failing: failing.clone(), last, ..world }, quantity);
    let was_killed = last.is_some_and(|last| after.steps >= last);

    // Who serves and is wanted both before and after never stops; but one that is replaced and must never run twice does.
    let stays = |(index, id): &(&u32, &Id)| {
        let is_replaced = before.never_twice && before.containers.get(id).is_some_and(|found| found.queued);
        **index <= quantity && before.serving().contains(id) && (!is_replaced || done.is_ok() && !was_killed)
    };
    for (index, id) in before.files.iter().filter(stays) {
        let now = after.files.get(index);
        prop_assert!(now.is_some_and(|now| after.serving().contains(now)), "{index} ({id}) serves no more");
    }
    if done.is_ok() && !was_killed {
        // Nothing after the telling fails a change. What it could not end is queued.
        let mut whole = World { marked: false, ..after.clone() };
        if !before.changes(quantity) {
            // Nothing was begun.
            whole.containers.remove(&50);
        }
        prop_assert!(whole.is_whole(quantity), "{after:?}");
        prop_assert!(!after.marked || !failing.is_empty());
    }
    let replaces = before.containers.iter().any(|(id, found)| found.runs && found.queued && *id <= quantity);
    // One that replaces a single instance and does no more is undone whole where the old one ends first.
    let is_exchange = before.files.keys().copied().eq(1..=quantity) && before.serving().len() == before.files.len();
    let queued = before.files.values().filter(|id| before.containers.get(id).is_some_and(|found| found.queued));
    let is_undone = before.never_twice && is_exchange && queued.count() == 1;
    let failures = failing.iter().filter(|step| **step <= after.steps).count();
    if done.is_err() && !was_killed && failures == 1 && (!replaces || is_undone) {
        // One failure: everything is as it was, but for what was down in the place of a new one.
        prop_assert_eq!(before.serving(), after.serving());
        let queued = |world: &World, id: &Id| world.containers.get(id).is_some_and(|found| found.queued);
        prop_assert!(after.serving().iter().all(|id| !queued(&after, id) || queued(&before, id)), "{after:?}");
        prop_assert!(before.marked || after.told == after.serving(), "{after:?}");
    }
    // The scale goes back after a failure, and stays the new one after a kill.
    let target =
        if was_killed || done.is_ok() { quantity } else { before.files.keys().next_back().copied().unwrap_or(0) };
    let mended = reconcile(after, target);
    prop_assert!(mended.is_whole(target), "{mended:?}");
    Ok(())
}
