//! Is what runs of an app where its proxy looks for it? Docker may give a container another address at any start of it;
//! the proxy asks the one that a deploy has written down.

use super::files::queue;
use super::listing::{Actual, InstanceState, ListedInstance, Listing};
use super::reach::{runs_on_docker_local, wait_for_docker};
use super::read::listings;
use crate::host_files::address_file;
use common::{App, Asked, Env, ProcessType, Result, file};
use std::collections::BTreeSet;
use std::time::Duration;

/// Those of these apps of which all that should run does, at the addresses that are written down. In doubt an app is
/// none of them. One look at Docker serves all; by a host that has just booted it is waited for, at most `patience`.
pub(crate) fn shown_healthy(env: &Env, apps: &[App], patience: Duration) -> Result<BTreeSet<App>> {
    let on_docker = |app: &&App| runs_on_docker_local(env, *app).unwrap_or(false);
    let apps: Vec<App> = apps.iter().filter(on_docker).cloned().collect();
    if apps.is_empty() {
        return Ok(BTreeSet::new());
    }
    let queued = queue(env).unwrap_or_default();
    let listed = if let Ok(listed) = listings(env, &apps, &queued, Asked::HowTheyDo) {
        listed
    } else {
        wait_for_docker(env, patience)?;
        listings(env, &apps, &queued, Asked::HowTheyDo).unwrap_or_default()
    };
    let healthy = listed
        .into_iter()
        .filter(|(app, listing)| listing.as_ref().is_ok_and(|listing| is_healthy(env, app, listing).unwrap_or(false)));
    Ok(healthy.map(|(app, _)| app).collect())
}

fn is_healthy(env: &Env, app: &App, listing: &Listing) -> Result<bool> {
    let Actual::Instances(instances) = &listing.actual else { return Ok(false) };
    let accounted = |found: &&ListedInstance| matches!(found.state, InstanceState::Docker(_) | InstanceState::Missing);
    let mut runs = false;
    for instance in instances.iter().filter(accounted).filter(|instance| !instance.rests()) {
        if !instance.runs() || instance.is_queued || !is_where_it_was(env, app, instance)? {
            return Ok(false);
        }
        runs = true;
    }
    Ok(runs)
}

/// Whether an instance has the address that is written down for it. Only `web` must have one.
fn is_where_it_was(env: &Env, app: &App, listed: &ListedInstance) -> Result<bool> {
    let Some(instance) = listed.instance() else { return Ok(false) };
    let written = file::read_text(&address_file(env, app, &instance)?)?.unwrap_or_default();
    Ok(!listed.has_stale_address && (instance.process_type != ProcessType::web() || !written.is_empty()))
}
