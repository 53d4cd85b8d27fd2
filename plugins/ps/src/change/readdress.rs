//! The addresses that Docker has given to instances: it may give a container another at any start of it.

use super::mark::Marks;
use super::nginx;
use crate::PLUGIN;
use crate::docker_local::instance_files;
use crate::host_files::address_file;
use crate::plan::Step;
use common::atomic::{self, Owner};
use common::{App, Env, FileLock, ProcessType, Result, Triggers, file, interrupted, pause};
use std::collections::{BTreeMap, BTreeSet};
use std::time::{Duration, Instant};

/// How often it is looked whether it is our turn, and how long at most.
const LOOK_AGAIN: Duration = Duration::from_millis(50);
const LONGEST: Duration = Duration::from_mins(5);

/// Writes down the addresses of instances that have another than the one on file, and has the proxy made anew from them,
/// once, unless it asks just those already; says whether it knows them now. Until then the types are marked: else nobody would see that the proxy does not know what is
/// on file.
pub(super) fn readdress(env: &Env, app: &App, moved: &[&Step]) -> Result<bool> {
    if moved.is_empty() {
        return Ok(false);
    }
    let triggers = Triggers::new(env);
    let types: BTreeSet<&ProcessType> = moved.iter().map(|step| &step.instance.process_type).collect();
    let is_web = types.contains(&ProcessType::web());
    let marks = Marks::new(env, app)?;
    // What somebody owes the proxy may be more than addresses.
    let is_owed = marks.is_marked(&ProcessType::web());
    marks.owing(types, || {
        let mut webs = BTreeMap::new();
        for step in moved {
            let Some(container) = &step.container else { continue };
            let process_type = step.instance.process_type.as_str();
            let address = triggers.ask("network-get-ipaddr", &[app.as_str(), process_type, container])?;
            // Where nobody tells, the host finds them out as it rebuilds the proxy.
            if !address.is_empty() {
                let path = address_file(env, app, &step.instance)?;
                let before = nginx::written_address(env, app, &step.instance)?;
                if step.instance.process_type == ProcessType::web() && !before.is_empty() && before != address {
                    webs.insert(before, address.clone());
                }
                atomic::write(&path, address.as_bytes(), file::mode(&path).unwrap_or(0o644), Owner::of_files(env)?)?;
            }
        }
        nginx::tell(env, app, &webs);
        let knows = || -> Result<bool> {
            Ok(!is_owed && webs.is_empty() && nginx::asks(env, app, &written_of_webs(env, app)?))
        };
        if is_web && !knows()? { in_turn(env, || triggers.fire("proxy-build-config", &[app.as_str()])) } else { Ok(()) }
    })?;
    Ok(is_web)
}

/// The addresses of an app's webs that are written down.
fn written_of_webs(env: &Env, app: &App) -> Result<BTreeSet<String>> {
    let webs = instance_files(env, app)?.into_iter().filter_map(|file| file.instance);
    let webs = webs.filter(|instance| instance.process_type == ProcessType::web());
    webs.map(|instance| nginx::written_address(env, app, &instance)).collect()
}

/// Does what keeps a processor busy for seconds, for as many apps at once as there are processors: nginx has been told of
/// all of them by then, and none has to wait for another's.
fn in_turn(env: &Env, work: impl FnOnce() -> Result<()>) -> Result<()> {
    let began = Instant::now();
    let folder = env.data_directory(PLUGIN)?;
    while began.elapsed() < LONGEST && interrupted().is_none() {
        for place in 0..env.processors().max(1) {
            if let Some(_turn) = FileLock::try_acquire(env, &folder.join(format!(".proxy-{place}")))? {
                return work();
            }
        }
        pause(LOOK_AGAIN);
    }
    work()
}
