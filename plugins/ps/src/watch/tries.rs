//! How often something is tried, and when it is given up. Pure.

use super::facts::{Outcome, Seen, Trouble};
use crate::plan::Ill;
use crate::watched::{GivenUp, Tries};
use std::collections::BTreeMap;
use std::time::Duration;

/// So often an instance is started before it is given up: at once, and after one, two and four minutes.
pub(super) const MOST: u32 = 4;
/// The longest wait between two tries of what is never given up, as a power of two, in minutes.
const LONGEST: u32 = 3;
/// An instance that runs for so long without an end has come up.
const STEADY: u64 = 600;

/// Whether to mend it costs something: a container, each time.
fn is_costly(ill: Option<Ill>) -> bool {
    matches!(ill, Some(Ill::Missing | Ill::Unhealthy))
}

/// Whether it is given up: after [`MOST`] tries. What costs nobody anything is not as long as it fails, and ends once the
/// cause of that does; it is when all went well and nothing came of it.
fn is_given_up(trouble: &Trouble, tries: &Tries, seen: &Seen, epoch: i64) -> bool {
    let is_in_vain = || tries.failure.is_empty() && !has_started_since(trouble, tries.last, seen, epoch);
    tries.made >= MOST && (is_costly(trouble.ill) || is_in_vain())
}

/// Whether the instance that it is about was started after that: then it is another trouble with the same name.
fn has_started_since(trouble: &Trouble, since: i64, seen: &Seen, epoch: i64) -> bool {
    let instance = seen.instances.get(&trouble.of).filter(|instance| trouble.is_of_instance && instance.runs);
    instance.is_some_and(|instance| epoch.saturating_sub_unsigned(instance.up_for) > since)
}

/// How long the next try has to wait; `None` when there is none.
pub(super) fn wait(tries: Option<&Tries>, epoch: i64) -> Option<Duration> {
    let Some(tries) = tries.filter(|tries| tries.all() > 0) else { return Some(Duration::ZERO) };
    if tries.given_up.is_some() {
        return None;
    }
    // A clock that was put back makes nobody wait: it may be years until it gets there again.
    if tries.last > epoch {
        return Some(Duration::ZERO);
    }
    let seconds = 60_i64 << (tries.all() - 1).min(LONGEST);
    let left = tries.last.saturating_add(seconds).saturating_sub(epoch).clamp(0, seconds);
    Some(Duration::from_secs(left.unsigned_abs()))
}

/// One more try is begun.
pub(super) fn begun(tries: &mut Tries, epoch: i64) {
    tries.made = tries.made.saturating_add(1);
    tries.last = epoch;
    tries.unseen = true;
}

/// It has ended.
pub(super) fn ended(tries: &mut Tries, outcome: &Outcome, epoch: i64) {
    tries.last = epoch;
    match outcome {
        Outcome::Done => (tries.failure, tries.hindered) = (String::new(), 0),
        Outcome::Failed(reason) => (tries.failure, tries.hindered) = (reason.clone(), 0),
        Outcome::Hindered(reason) => {
            untried(tries);
            (tries.failure, tries.hindered) = (reason.clone(), tries.hindered.saturating_add(1));
        }
        Outcome::NotNow => untried(tries),
    }
}

fn untried(tries: &mut Tries) {
    (tries.made, tries.unseen) = (tries.made.saturating_sub(1), false);
}

/// What came of the tries: forgets those that have done what they should, and says what is given up from now on, with the
/// container that it has.
pub(super) fn saw(tries: &mut BTreeMap<String, Tries>, seen: &Seen, epoch: i64) -> Vec<(Trouble, Option<String>)> {
    let needed: BTreeMap<String, &Trouble> = seen.needs.keys().map(|trouble| (trouble.to_string(), trouble)).collect();
    tries.retain(|key, tries| needed.contains_key(key) || has_still_to_show(key, tries, seen));
    let mut given_up = Vec::new();
    for (key, trouble) in needed {
        let Some(tries) = tries.get_mut(&key) else { continue };
        let is_anew = |old: &GivenUp| !is_costly(trouble.ill) && has_started_since(trouble, old.at, seen, epoch);
        if tries.given_up.as_ref().is_some_and(is_anew) {
            *tries = Tries::default();
        }
        let container = seen.instances.get(&trouble.of).and_then(|instance| instance.container.clone());
        if std::mem::take(&mut tries.unseen) {
            tries.container.clone_from(&container);
        }
        if tries.given_up.is_none() && is_given_up(trouble, tries, seen, epoch) {
            tries.given_up = Some(GivenUp { at: epoch, lines: Vec::new() });
            given_up.push((trouble.clone(), container));
        }
    }
    given_up
}

/// Whether what was mended has to stay so for a while before its tries are forgotten. A container that is not what came of
/// the last try is somebody's who begins anew.
fn has_still_to_show(key: &str, tries: &mut Tries, seen: &Seen) -> bool {
    let Some((word, instance)) = key.split_once(' ') else { return false };
    let Some(instance) = seen.instances.get(instance).filter(|instance| instance.runs) else { return false };
    let may_fail = [Ill::Missing, Ill::Unhealthy].iter().any(|ill| ill.as_str() == word);
    if !may_fail {
        return false;
    }
    // One that was given up and runs was started by somebody. One that is healthy for once may be the same still.
    if tries.given_up.is_some() {
        return word == Ill::Unhealthy.as_str() && tries.container == instance.container;
    }
    if std::mem::take(&mut tries.unseen) {
        tries.container.clone_from(&instance.container);
        return true;
    }
    tries.container == instance.container && instance.up_for < STEADY
}

#[cfg(test)]
#[path = "tries_tests.rs"]
mod tests;
