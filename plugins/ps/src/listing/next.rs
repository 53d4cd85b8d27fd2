//! What to do about what is not as it should be: below a listing, the command that mends it. Pure.

use crate::docker_local::{Actual, InstanceState, ListedInstance, Listing};
use crate::targets::Selection;
use common::{ProcessType, listed};

/// A line for each command that there is something to do for: what is wrong, and the command. `part` is what was chosen of
/// the app. `has_image` is asked whether instances can be made of what was built last, where some have to be.
pub(crate) fn steps(listing: &Listing, part: &Selection, has_image: impl FnOnce() -> bool) -> Vec<String> {
    let app = &listing.app;
    if listing.actual == Actual::NotDeployed {
        return Vec::new();
    }
    if listing.is_stopped {
        return of_stopped_app(listing);
    }
    if listing.desired.is_empty() && part.is_empty() && listing.some_runs() {
        return vec![format!("{app} has no saved scale, to give it one: dokku ps:scale {app} web=1")];
    }
    let Found { other, is_made, unhealthy, one_by_one } = Found::of(listing);
    let all = |of: &[String]| listed(of.iter().map(String::as_str));
    let mut lines = Vec::new();
    if !other.is_empty() {
        let (gone, command) = if !is_made || has_image() {
            (String::new(), format!("to mend that: dokku ps:reconcile {app}"))
        } else {
            (format!(", and the image of {app} is gone"), format!("to build it anew: dokku ps:rebuild {app}"))
        };
        lines.push(format!("{}{gone}, {command}", all(&other)));
    }
    if !unhealthy.is_empty() {
        lines.push(format!("{}, to replace that: dokku ps:reconcile {app} --unhealthy", all(&unhealthy)));
    }
    lines.extend(one_by_one);
    lines.extend(stopped(listing, part));
    lines
}

fn of_stopped_app(listing: &Listing) -> Vec<String> {
    let app = &listing.app;
    let running = listing.instances().iter().filter(|instance| instance.counts_as_running());
    let names: Vec<&str> = running.map(|instance| instance.name.as_str()).collect();
    if names.is_empty() {
        return vec![format!("{app} was stopped, to start it: dokku ps:start {app}")];
    }
    let names = listed(names.into_iter());
    vec![
        format!("{app} was stopped and {names} of it runs, to end that: dokku ps:stop {app}"),
        format!("to start the rest: dokku ps:start {app}"),
    ]
}

/// What is wrong, by what is to be done about it.
#[derive(Default)]
struct Found {
    other: Vec<String>,
    /// Whether an instance has to be made for that.
    is_made: bool,
    unhealthy: Vec<String>,
    one_by_one: Vec<String>,
}

impl Found {
    fn of(listing: &Listing) -> Self {
        let (mut found, app) = (Self::default(), &listing.app);
        for (instance, trouble) in listing.troubles() {
            let name = &instance.name;
            let told = format!("{name} is {trouble}");
            let of = instance.process_type.as_ref().map_or("web", ProcessType::as_str);
            let logs = format!("what it says: dokku logs {app} -p {of}");
            let line = match trouble {
                _ if instance.state == InstanceState::Upcoming => continue,
                "paused" => format!("{told}, to replace it: dokku ps:restart {app} {name}"),
                "restarting" => format!("{told} again and again, {logs}"),
                "crashed" => format!("{told}, {logs}, to try again: dokku ps:start {app} {of}"),
                "unhealthy" => {
                    found.unhealthy.push(told);
                    continue;
                }
                _ => {
                    found.is_made |= instance.state == InstanceState::Missing || instance.is_down();
                    found.other.push(told);
                    continue;
                }
            };
            found.one_by_one.push(line);
        }
        // What is too much has no trouble of its own.
        for count in listing.types() {
            if let Some(running) = count.running.filter(|running| *running > count.desired) {
                found.other.push(format!("{} has {running} of {}", count.process_type, count.desired));
            }
        }
        found
    }
}

/// What was stopped by hand of an app that runs: whole types, and single instances of the others.
fn stopped(listing: &Listing, part: &Selection) -> Option<String> {
    let is_meant_whole = |of: &&ProcessType| part.is_empty() || part.types.contains(of);
    let whole: Vec<_> = listing.stopped_types().into_iter().filter(is_meant_whole).collect();
    let single = |instance: &&ListedInstance| {
        instance.rests() && !instance.process_type.as_ref().is_some_and(|of| whole.contains(&of))
    };
    let single = listing.instances().iter().filter(single).map(|instance| instance.name.as_str());
    let names: Vec<&str> = whole.iter().map(|of| of.as_str()).chain(single).collect();
    let verb = if names.len() == 1 { "was" } else { "were" };
    let app = &listing.app;
    let again = names.join(" ");
    (!names.is_empty())
        .then(|| format!("{} {verb} stopped, to start it: dokku ps:start {app} {again}", names.join(", ")))
}

#[cfg(test)]
mod tests {
    use super::super::text::tests::{exited, listing, missing, running};
    use super::*;
    use crate::docker_local::Aside;

    fn in_state(name: &str, word: &str) -> ListedInstance {
        let mut found = running(name);
        if let Some(details) = &mut found.details {
            details.state = word.into();
        }
        ListedInstance { state: InstanceState::Docker(word.into()), ..found }
    }

    fn told(instances: Vec<ListedInstance>) -> Vec<String> {
        steps(&listing(&[("web", 2)], instances), &Selection::default(), || true)
    }

    #[test]
    fn an_app_that_is_as_it_should_be_needs_nothing() {
        assert!(told(vec![running("web.1"), running("web.2")]).is_empty());
    }

    #[test]
    fn each_trouble_is_told_with_what_mends_it() {
        assert_eq!(
            told(vec![exited("web.1", 1), missing("web.2")]),
            ["web.1 is exited, web.2 is missing, to mend that: dokku ps:reconcile shop"]
        );
        assert_eq!(
            steps(&listing(&[("web", 1)], vec![missing("web.1")]), &Selection::default(), || false),
            ["web.1 is missing, and the image of shop is gone, to build it anew: dokku ps:rebuild shop"]
        );
        assert_eq!(
            told(vec![in_state("web.1", "paused"), in_state("web.2", "restarting")]),
            [
                "web.1 is paused, to replace it: dokku ps:restart shop web.1",
                "web.2 is restarting again and again, what it says: dokku logs shop -p web"
            ]
        );
        let mut sick = running("web.1");
        sick.details.as_mut().unwrap().health = Some("unhealthy".into());
        assert_eq!(
            told(vec![sick, running("web.2"), running("web.3")]),
            [
                "web has 3 of 2, to mend that: dokku ps:reconcile shop",
                "web.1 is unhealthy, to replace that: dokku ps:reconcile shop --unhealthy"
            ]
        );
        let gone = ListedInstance { aside: Some(Aside::GivenUp), ..exited("web.2", 1) };
        assert_eq!(
            told(vec![running("web.1"), gone]),
            ["web.2 is crashed, what it says: dokku logs shop -p web, to try again: dokku ps:start shop web"]
        );
    }

    #[test]
    fn no_image_is_asked_for_where_none_is_needed() {
        let stray = ListedInstance { state: InstanceState::Stray, ..running("web.3") };
        let asked = steps(&listing(&[("web", 1)], vec![running("web.1"), stray]), &Selection::default(), || false);
        assert_eq!(asked, ["web.3 is stray, to mend that: dokku ps:reconcile shop"]);
    }

    #[test]
    fn an_app_without_a_scale_is_to_be_given_one() {
        let asked = steps(&listing(&[], vec![running("web.1")]), &Selection::default(), || true);
        assert_eq!(asked, ["shop has no saved scale, to give it one: dokku ps:scale shop web=1"]);
        let unknown = Listing { actual: Actual::NotDeployed, is_stopped: true, ..listing(&[("web", 1)], Vec::new()) };
        assert!(steps(&unknown, &Selection::default(), || true).is_empty());
    }

    #[test]
    fn what_was_stopped_says_so_and_how_it_is_started() {
        let rests = |name: &str| ListedInstance { aside: Some(Aside::Stopped), ..exited(name, 0) };
        let app = |instances| Listing { is_stopped: true, ..listing(&[("web", 2)], instances) };
        assert_eq!(
            steps(&app(vec![rests("web.1"), rests("web.2")]), &Selection::default(), || true),
            ["shop was stopped, to start it: dokku ps:start shop"]
        );
        assert_eq!(
            steps(&app(vec![running("web.1"), rests("web.2")]), &Selection::default(), || true),
            [
                "shop was stopped and web.1 of it runs, to end that: dokku ps:stop shop",
                "to start the rest: dokku ps:start shop"
            ]
        );
        assert_eq!(
            told(vec![running("web.1"), rests("web.2")]),
            ["web.2 was stopped, to start it: dokku ps:start shop web.2"]
        );
        assert_eq!(
            told(vec![rests("web.1"), rests("web.2")]),
            ["web was stopped, to start it: dokku ps:start shop web"]
        );
        let one = Selection::new([], ["web.1".parse().unwrap()]);
        assert_eq!(
            steps(&listing(&[("web", 2)], vec![rests("web.1"), running("web.2")]).narrowed(&one), &one, || true),
            ["web.1 was stopped, to start it: dokku ps:start shop web.1"]
        );
    }
}
