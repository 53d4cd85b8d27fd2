//! A host of which anything may happen, and a watcher that may die at any moment.

#[path = "host_tests.rs"]
mod host;

use super::*;
use crate::plan::Ill;
use crate::watch::facts::{CRASHED, SeenInstance};
use crate::watch::tries::MOST;
use host::Host;
use proptest::prelude::*;

/// One act of each kind.
const ONE: Room = Room { addresses: 1, others: 1 };

/// How an instance is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum State {
    Up { since: u64, misplaced: bool },
    Restarting,
    Ended,
    Missing,
}

/// What becomes of one that is started.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Nature {
    Good,
    /// It never comes up.
    Broken,
    /// It ends after a while.
    Short,
}

/// Why nobody may touch an app.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Ban {
    None,
    Stopped,
    LockedByHand,
    HealNone,
}

#[derive(Clone, Debug)]
struct Instance {
    state: State,
    nature: Nature,
    container: u64,
}

#[derive(Clone, Debug)]
struct HostApp {
    instances: Vec<Instance>,
    /// A container that a deploy has left, by its number.
    left: Option<u64>,
    unfinished: bool,
    busy_until: u64,
    ban: Ban,
}

#[derive(Clone, Debug)]
enum Event {
    End(usize, usize),
    Move(usize, usize),
    Remove(usize, usize),
    Restart(usize, usize),
    /// A deploy, which takes so long, and may leave a container behind.
    Deploy(usize, u64, bool),
    Leave(usize, bool),
    Ban(usize, Ban),
    Nature(usize, usize, Nature),
    /// Docker does not answer for so long, and what it tells is lost.
    DockerDown(u64),
    /// No command of the host can be run for so long.
    HostDown(u64),
    Die,
    Wait(u64),
}

impl HostApp {
    /// Docker starts again what it has promised to.
    fn docker_restarts(&mut self) {
        for instance in self.instances.iter_mut().filter(|instance| instance.state == State::Restarting) {
            instance.state = State::Ended;
        }
    }
}

fn at_of(event: &Event) -> usize {
    match event {
        Event::Deploy(app, ..) => *app,
        _ => 0,
    }
}

fn number(app: &App) -> usize {
    app.as_str().trim_start_matches("app").parse().unwrap()
}

fn word(state: State) -> (&'static str, Option<Ill>) {
    match state {
        State::Up { misplaced: false, .. } => ("running", None),
        State::Up { misplaced: true, .. } => ("stale address", Some(Ill::Address)),
        State::Restarting => ("restarting", None),
        State::Ended => ("exited", Some(Ill::Missing)),
        State::Missing => ("missing", Some(Ill::Missing)),
    }
}

fn any_event() -> impl Strategy<Value = Event> {
    let ban = prop_oneof![
        3 => Just(Ban::None),
        1 => Just(Ban::Stopped),
        1 => Just(Ban::LockedByHand),
        1 => Just(Ban::HealNone),
    ];
    let nature = prop_oneof![Just(Nature::Good), Just(Nature::Broken), Just(Nature::Short)];
    let (app, index) = (0_usize..3, 0_usize..3);
    prop_oneof![
        3 => (app.clone(), index.clone()).prop_map(|(app, index)| Event::End(app, index)),
        3 => (app.clone(), index.clone()).prop_map(|(app, index)| Event::Move(app, index)),
        2 => (app.clone(), index.clone()).prop_map(|(app, index)| Event::Remove(app, index)),
        1 => (app.clone(), index.clone()).prop_map(|(app, index)| Event::Restart(app, index)),
        2 => (app.clone(), 1_u64..100, any::<bool>()).prop_map(|(app, time, leaves)| Event::Deploy(app, time, leaves)),
        1 => (app.clone(), any::<bool>()).prop_map(|(app, unfinished)| Event::Leave(app, unfinished)),
        1 => (app.clone(), ban).prop_map(|(app, ban)| Event::Ban(app, ban)),
        1 => (app, index, nature).prop_map(|(app, index, nature)| Event::Nature(app, index, nature)),
        1 => (1_u64..400).prop_map(Event::DockerDown),
        1 => (1_u64..900).prop_map(Event::HostDown),
        2 => Just(Event::Die),
        4 => (0_u64..10).prop_map(Event::Wait),
        2 => (10_u64..900).prop_map(Event::Wait),
    ]
}

proptest! {
    #![proptest_config(seeded::cases(10_000))]

    #[test]
    fn it_ends_at_what_is_desired_and_touches_nobody_it_must_not(
        apps in 1_usize..4,
        events in proptest::collection::vec(any_event(), 0..25),
        random in any::<u64>(),
    ) {
        let mut host = Host::new(apps, random);
        for event in &events {
            host.happens(event);
        }
        host.settle();
        host.check();
    }
}

/// A core that knows of an app of which `web.1` is missing and was tried so often at the time 0.
fn with_missing(app: &App, made: u32) -> Core {
    let mut core = Core::new(Duration::from_mins(5));
    let tries = crate::watched::Tries { made, ..Default::default() };
    core.learn(app, Watched { tries: [("missing web.1".to_owned(), tries)].into(), ..Watched::default() });
    let missing = Trouble { ill: Some(Ill::Missing), of: "web.1".to_owned(), is_of_instance: true };
    let needs = [(missing, String::new())].into();
    let instances = [("web.1".to_owned(), SeenInstance::default())].into();
    core.look(at(0), |_| false).unwrap();
    core.saw(app, Seen { instances, needs }, at(0), || false);
    core
}

fn at(seconds: u64) -> Now {
    Now { ticks: Duration::from_secs(seconds), epoch: i64::try_from(seconds).unwrap() }
}

#[test]
fn while_docker_does_not_answer_nothing_is_tried_that_was_seen_before() {
    let app: App = "shop".parse().unwrap();
    for look in [Look::All, Look::Some(vec![app.clone()])] {
        let mut core = with_missing(&app, 1);
        assert!(core.act(at(59), ONE, |_| true).is_none() && core.idle(at(59), ONE) == Duration::from_secs(1));
        core.unanswered(&look, at(59));
        assert!(core.act(at(60), ONE, |_| true).is_none(), "{look:?}");
    }
    assert!(with_missing(&app, 1).act(at(60), ONE, |_| true).is_some());
}

#[test]
fn what_is_told_of_an_app_that_was_made_anew_is_not_all_that_is_kept_of_it() {
    let app: App = "shop".parse().unwrap();
    let mut core = with_missing(&app, 1);
    let instance = "web.1".to_owned();
    let change = Change { app: app.clone(), instance, old: NONE.into(), new: "running".into(), reason: String::new() };
    core.told(&change, at(1));
    assert_eq!(core.take_dirty().len(), 1);
    core.only(&BTreeSet::new());
    core.heard(&app, at(2));
    core.told(&change, at(3));
    assert_eq!(core.take_dirty(), []);
}

/// What is seen of an app whose `web.1` is in this state, and which has these troubles.
fn seen(state: &str, troubles: &[Trouble]) -> Seen {
    let instance = SeenInstance { word: state.to_owned(), runs: state == "running", ..SeenInstance::default() };
    let needs = troubles.iter().map(|trouble| (trouble.clone(), String::new())).collect();
    Seen { instances: [("web.1".to_owned(), instance)].into(), needs }
}

fn trouble(ill: Ill, of: &str) -> Trouble {
    Trouble { ill: Some(ill), of: of.to_owned(), is_of_instance: of.contains('.') }
}

/// Whether an app is looked at at this time, and not before.
fn is_looked_at(core: &mut Core, app: &App, time: Duration) -> bool {
    let at = |ticks| Now { ticks, epoch: 0 };
    let before = core.look(at(time.saturating_sub(Duration::from_millis(1))), |_| false);
    before.is_none() && core.look(at(time), |_| false) == Some(Look::Some(vec![app.clone()]))
}

#[test]
fn all_are_looked_at_when_something_may_have_been_missed_and_one_that_is_never_quiet_after_a_while() {
    let app: App = "shop".parse().unwrap();
    let mut core = Core::new(Duration::from_mins(5));
    assert_eq!(core.look(at(0), |_| false), Some(Look::All));
    assert_eq!(core.look(at(1), |_| false), None);
    core.missed(at(2));
    assert_eq!((core.look(at(2), |_| false), core.look(at(2), |_| false)), (Some(Look::All), None));
    for half_seconds in 20..26 {
        core.heard(&app, Now { ticks: Duration::from_millis(half_seconds * 500), epoch: 0 });
    }
    assert!(is_looked_at(&mut core, &app, Duration::from_secs(13)));
    assert_eq!(core.look(at(302), |_| false), Some(Look::All));
}

#[test]
fn what_came_of_an_act_is_looked_at_soon() {
    let app: App = "shop".parse().unwrap();
    let missing = "missing web.1".to_owned();
    for (outcome, seconds, made, failure) in [
        (Outcome::Done, 1, 2, ""),
        (Outcome::Failed("why".to_owned()), 1, 2, "why"),
        (Outcome::Hindered("why".to_owned()), 1, 1, "why"),
        (Outcome::NotNow, 5, 1, ""),
    ] {
        let mut core = with_missing(&app, 1);
        core.take_dirty();
        let act = core.act(at(60), ONE, |_| true).unwrap();
        let (_, written) = core.take_dirty().pop().unwrap();
        assert_eq!((written.tries[&missing].made, written.tries[&missing].unseen), (2, true), "it may be killed now");
        core.heard(&app, at(60));
        assert_eq!(core.look(at(70), |_| false), None, "nobody looks at what is in the middle of it");
        core.ended(&act, &outcome, at(80));
        let (_, written) = core.take_dirty().pop().unwrap();
        assert_eq!((written.tries[&missing].made, written.tries[&missing].failure.as_str()), (made, failure));
        assert!(is_looked_at(&mut core, &app, Duration::from_secs(80 + seconds)), "{outcome:?}");
    }
    let mut core = with_missing(&app, 0);
    assert!(core.act(at(60), ONE, |_| false).is_none() && !core.wants_to_act(at(60)));
    assert!(is_looked_at(&mut core, &app, Duration::from_secs(65)));
}

#[test]
fn what_is_seen_in_the_middle_of_a_change_means_nothing_and_docker_is_asked_once_it_is_over() {
    let app: App = "shop".parse().unwrap();
    let mut core = with_missing(&app, 0);
    core.take_dirty();
    let seen = || seen("exited", &[trouble(Ill::Missing, "web.1")]);
    assert_eq!(core.saw(&app, seen(), at(1), || true), Told::default());
    assert!(!core.wants_to_act(at(1)) && core.take_dirty().is_empty());
    assert_eq!(core.look(at(6), |_| true), None);
    assert!(is_looked_at(&mut core, &app, Duration::from_secs(11)));
}

#[test]
fn an_instance_that_changes_while_it_is_told_of_is_told_of_again_and_not_at_once() {
    let app: App = "shop".parse().unwrap();
    let mut core = with_missing(&app, 0);
    let told = core.saw(&app, seen("running", &[]), at(1), || false);
    let [change] = told.changes.as_slice() else { panic!("{told:?}") };
    assert_eq!(core.saw(&app, seen("exited", &[]), at(2), || false), Told::default());
    core.told(change, at(3));
    assert!(is_looked_at(&mut core, &app, Duration::from_secs(4)));
    let told = core.saw(&app, seen("exited", &[]), at(4), || false);
    assert_eq!(
        told.changes.iter().map(|change| (&*change.old, &*change.new)).collect::<Vec<_>>(),
        [("running", "exited")]
    );
}

#[test]
fn instances_are_mended_first_and_what_is_given_up_is_written_down() {
    let app: App = "shop".parse().unwrap();
    let mut core = with_missing(&app, 0);
    let troubles = [trouble(Ill::Missing, "web.1"), trouble(Ill::Upcoming, "left")];
    core.saw(&app, seen("exited", &troubles), at(1), || false);
    for wanted in ["web.1", "left"] {
        let act = core.act(at(4), ONE, |_| true).unwrap();
        assert_eq!(act.needs.keys().map(|trouble| trouble.of.as_str()).collect::<Vec<_>>(), [wanted]);
        core.ended(&act, &Outcome::Done, at(4));
        core.saw(&app, seen("exited", &troubles), at(4), || false);
    }
    let mut core = with_missing(&app, MOST - 1);
    let act = core.act(at(9000), ONE, |_| true).unwrap();
    core.ended(&act, &Outcome::Done, at(9000));
    core.take_dirty();
    assert_eq!(core.saw(&app, seen("exited", &troubles), at(9001), || false).given_up.len(), 1);
    let (_, written) = core.take_dirty().pop().unwrap();
    assert_eq!(written.given_up().count(), 1);
}
