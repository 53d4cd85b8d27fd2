use super::*;
use crate::watch::facts::SeenInstance;

const AT: i64 = 1_000_000;

fn made(made: u32) -> Tries {
    Tries { made, last: AT, ..Tries::default() }
}

/// What is seen of `web.1`, which runs.
fn seen(ill: Option<Ill>, container: &str, up_for: u64) -> Seen {
    let mut seen = Seen::default();
    let instance =
        SeenInstance { runs: true, up_for, container: Some(container.to_owned()), ..SeenInstance::default() };
    seen.instances.insert("web.1".to_owned(), instance);
    if ill.is_some() {
        seen.needs.insert(Trouble { ill, of: "web.1".to_owned(), is_of_instance: true }, String::new());
    }
    seen
}

#[test]
fn each_try_waits_twice_as_long_and_nobody_waits_for_a_clock_that_was_put_back() {
    for (made_so_far, wanted) in [(0, 0), (1, 60), (2, 120), (3, 240), (4, 480), (5, 480), (u32::MAX, 480)] {
        let wait = |epoch| super::wait(Some(&made(made_so_far)), epoch).unwrap().as_secs();
        assert_eq!(wait(AT), wanted, "{made_so_far}");
        if wanted > 0 {
            assert_eq!((wait(AT + 1), wait(AT + i64::try_from(wanted).unwrap())), (wanted - 1, 0));
        }
        assert_eq!(wait(AT - 1_000_000), 0, "{made_so_far}");
    }
    assert_eq!(wait(None, AT), Some(Duration::ZERO));
    let given_up = Some(GivenUp::default());
    assert_eq!(wait(Some(&Tries { given_up, ..made(4) }), AT), None);
}

/// One that runs from the container that came of its last try.
fn tried(ill: Ill, times: u32) -> BTreeMap<String, Tries> {
    let mut tries = made(times);
    tries.container = Some("a".to_owned());
    [(format!("{} web.1", ill.as_str()), tries)].into()
}

#[test]
fn what_could_not_even_be_tried_waits_and_is_no_try() {
    let mut tries = Tries::default();
    for (hindered, wanted) in [(1, 60), (2, 120), (3, 240), (4, 480), (5, 480)] {
        begun(&mut tries, AT);
        ended(&mut tries, &Outcome::Hindered("no host".to_owned()), AT);
        assert_eq!((tries.made, tries.hindered, tries.failure.as_str()), (0, hindered, "no host"));
        assert_eq!(wait(Some(&tries), AT).unwrap().as_secs(), wanted);
    }
    begun(&mut tries, AT);
    ended(&mut tries, &Outcome::Failed("it ended".to_owned()), AT);
    assert_eq!((tries.made, wait(Some(&tries), AT).unwrap().as_secs()), (1, 60), "it is tried as often as any other");
}

/// What is seen of a change that was left unfinished.
fn unfinished() -> Seen {
    let change = Trouble { ill: None, of: "change".to_owned(), is_of_instance: false };
    Seen { needs: [(change, String::new())].into(), ..Seen::default() }
}

#[test]
fn what_costs_nothing_is_given_up_once_it_went_well_and_nothing_came_of_it() {
    for seen in [unfinished(), seen(Some(Ill::Address), "a", 9000)] {
        let key = seen.needs.keys().next().unwrap().to_string();
        let mut tries: BTreeMap<String, Tries> = [(key.clone(), Tries::default())].into();
        let mut once = |outcome: &Outcome| {
            begun(tries.get_mut(&key).unwrap(), AT);
            ended(tries.get_mut(&key).unwrap(), outcome, AT);
            let given_up = saw(&mut tries, &seen, AT).len();
            (given_up, wait(tries.get(&key), AT))
        };
        let failed = Outcome::Failed("no proxy".to_owned());
        for made in 1..=2 * MOST {
            let (given_up, wait) = once(&failed);
            assert!(given_up == 0 && wait.is_some(), "{made}");
        }
        assert_eq!(once(&Outcome::Done), (1, None));
        assert_eq!(saw(&mut tries, &seen, AT + 9000), [], "{key} was given up");
    }
}

#[test]
fn the_address_of_one_that_was_started_again_is_another() {
    let moved = |up_for| seen(Some(Ill::Address), "a", up_for);
    let of_four = || -> BTreeMap<String, Tries> { [("address web.1".to_owned(), made(MOST))].into() };
    assert_eq!(saw(&mut of_four(), &moved(0), AT + 1), [], "it has moved since the last try");
    let mut tries = of_four();
    assert_eq!(saw(&mut tries, &moved(9000), AT + 1).len(), 1);
    saw(&mut tries, &moved(60), AT + 60);
    assert_eq!(wait(tries.get("address web.1"), AT + 60), None, "it is the same");
    assert_eq!(saw(&mut tries, &moved(58), AT + 60), []);
    assert_eq!(wait(tries.get("address web.1"), AT + 60), Some(Duration::ZERO));
}

#[test]
fn tries_are_forgotten_once_it_has_run_for_a_while_or_somebody_else_began_anew() {
    for ill in [Ill::Missing, Ill::Unhealthy] {
        for (container, up_for, stays) in [("a", STEADY - 1, true), ("a", STEADY, false), ("b", 0, false)] {
            let mut tries = tried(ill, 3);
            assert_eq!(saw(&mut tries, &seen(None, container, up_for), AT), []);
            assert_eq!(!tries.is_empty(), stays, "{container} {up_for}");
        }
    }
}

#[test]
fn what_is_healthy_now_and_then_is_not_replaced_without_an_end() {
    let mut tries = tried(Ill::Unhealthy, MOST);
    assert_eq!(saw(&mut tries, &seen(Some(Ill::Unhealthy), "a", 100), AT).len(), 1);
    for up_for in [110, 120, 900, 9000] {
        saw(&mut tries, &seen(None, "a", up_for), AT);
        assert_eq!(saw(&mut tries, &seen(Some(Ill::Unhealthy), "a", up_for), AT), []);
        assert_eq!(wait(tries.get("unhealthy web.1"), AT + 9000), None);
    }
    saw(&mut tries, &seen(None, "b", 1), AT);
    assert!(tries.is_empty(), "somebody has made another");
}

#[test]
fn the_container_of_a_try_is_known_although_it_was_ill_when_it_was_seen_first() {
    let mut tries = tried(Ill::Unhealthy, MOST - 1);
    begun(tries.get_mut("unhealthy web.1").unwrap(), AT);
    assert_eq!(saw(&mut tries, &seen(Some(Ill::Unhealthy), "b", 1), AT).len(), 1);
    saw(&mut tries, &seen(None, "b", 9), AT);
    assert_eq!(tries.len(), 1);
}
