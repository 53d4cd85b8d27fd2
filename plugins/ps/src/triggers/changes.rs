//! What a deploy changes of the scale, told to who deploys.

use crate::docker_local::runs_on_docker_local;
use crate::formation::{Formation, Request};
use crate::scheduler::is_deployed;
use common::{App, Env, ProcessType, Result};
use std::collections::BTreeSet;

/// Tells of each type of which an app that is deployed will run more or fewer, since a file of its source says so. A type
/// that stops because the file does not name it is a warning: that takes sites down.
pub(super) fn tell_of_changes(
    env: &Env,
    app: &App,
    file: &str,
    before: &Formation,
    after: &Formation,
    requests: &[Request],
) -> Result<()> {
    if !runs_on_docker_local(env, app)? || !is_deployed(env, app)? {
        return Ok(());
    }
    let named: BTreeSet<&ProcessType> = requests.iter().map(|request| &request.process_type).collect();
    let (asked, dropped) = changes(before, after, |process_type| named.contains(process_type));
    for change in dropped {
        env.output().warn(&format!("{change}, {file} does not name it"));
    }
    for change in asked.iter().filter(|_| !env.output().is_quiet()) {
        env.output().verbose(&format!("{change}, {file} asks for it"));
    }
    Ok(())
}

/// The types whose quantity changes, `web: 1 -> 2`: those that are named, and those that are not.
fn changes(
    before: &Formation,
    after: &Formation,
    is_named: impl Fn(&ProcessType) -> bool,
) -> (Vec<String>, Vec<String>) {
    let (mut asked, mut dropped) = (Vec::new(), Vec::new());
    for (process_type, _) in before.or(after).iter() {
        let of = |formation: &Formation| formation.quantity(process_type).unwrap_or(0);
        let (old, new) = (of(before), of(after));
        if old != new {
            let told = format!("{process_type}: {old} -> {new}");
            if is_named(process_type) { asked.push(told) } else { dropped.push(told) }
        }
    }
    (asked, dropped)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_not_named_is_told_apart() {
        let formation = |lines: &[&str]| {
            Formation::from_saved(&lines.iter().map(|line| (*line).to_owned()).collect::<Vec<_>>()).unwrap()
        };
        let (before, after) = (formation(&["web=1", "worker=1", "beat=1"]), formation(&["worker=2", "beat=1"]));
        let (asked, dropped) = changes(&before, &after, |name| name.as_str() == "worker");
        assert_eq!(asked, ["worker: 1 -> 2"]);
        assert_eq!(dropped, ["web: 1 -> 0"]);
    }
}
