//! Deploys by the host, which replace whole types.

use super::leaving;
use super::leftovers;
use super::mark::Marks;
use crate::docker_local::{check_docker, instance_files, runs_on_docker_local, wait_for_deploy};
use crate::host_answers::image_tag;
use crate::saved::SavedScale;
use crate::scheduler::is_deployed;
use common::{App, AppLock, Env, ProcessType, Result, Triggers, in_spite_of_signals};
use std::collections::BTreeSet;
use std::time::Duration;

/// The lock of an app whose instances are to be changed one by one: it is taken once nobody else changes them, not
/// even a deploy that takes no lock.
pub(crate) fn lock(env: &Env, app: &App, patience: Duration) -> Result<AppLock> {
    let lock = AppLock::acquire(env, app, patience)?;
    if lock.is_ours() {
        wait_for_deploy(env, app, patience)?;
    }
    Ok(lock)
}

/// The lock of an app whose release is to be started, stopped or deployed again, once Docker answers; `None`, and a
/// warning, when it has none.
pub(crate) fn lock_deployed(env: &Env, app: &App, patience: Duration) -> Result<Option<AppLock>> {
    check_docker(env, app)?;
    if is_deployed(env, app)? {
        return lock(env, app, patience).map(Some);
    }
    env.output().warn(&format!("App {app} has not been deployed"));
    Ok(None)
}

/// Has the host deploy these types whole. Its scripts give the places of old containers away one by one and tell the
/// proxy at the end: until then hooks are owed, so that whoever comes after one who was killed makes up for them.
pub(crate) fn by_host(env: &Env, app: &App, types: &[ProcessType], deploy: impl FnOnce() -> Result<()>) -> Result<()> {
    if !runs_on_docker_local(env, app)? {
        return deploy();
    }
    // The host's scripts end whatever a file names.
    leaving::let_go_of_others(env, app)?;
    let (before, marks) = (instance_files(env, app)?, Marks::new(env, app)?);
    let fresh: Vec<&ProcessType> = types.iter().filter(|process_type| !marks.is_marked(process_type)).collect();
    types.iter().try_for_each(|process_type| marks.mark(process_type))?;
    let done = deploy();
    // To be told once more does nobody harm, so a mark that stays is no failure.
    let forget = |types: &[&ProcessType]| types.iter().for_each(|process_type| drop(marks.clear(process_type)));
    in_spite_of_signals(|| match &done {
        Ok(()) => forget(&types.iter().collect::<Vec<_>>()),
        Err(_) if instance_files(env, app).is_ok_and(|after| after == before) => forget(&fresh),
        Err(_) => {}
    });
    done
}

/// The host is about to deploy an app: until its hooks have run they are owed, as in [`by_host`].
pub(crate) fn owe_hooks_of_deploy(env: &Env, app: &App) -> Result<()> {
    if !runs_on_docker_local(env, app)? {
        return Ok(());
    }
    leaving::let_go_of_others(env, app)?;
    let marks = Marks::new(env, app)?;
    types_of(env, app)?.iter().try_for_each(|process_type| marks.mark(process_type))
}

/// The types that a whole app has: those that should run, and those of which something does.
pub(crate) fn types_of(env: &Env, app: &App) -> Result<Vec<ProcessType>> {
    let desired = SavedScale::new(env, app).desired()?;
    let mut types: BTreeSet<ProcessType> =
        desired.iter().filter(|(_, quantity)| *quantity > 0).map(|(name, _)| name.clone()).collect();
    types.extend(instance_files(env, app)?.into_iter().filter_map(|file| Some(file.instance?.process_type)));
    Ok(types.into_iter().collect())
}

/// Has the host deploy a type whole, as the stock plugin does: every instance is replaced.
pub(super) fn of_type(env: &Env, app: &App, process_type: &ProcessType, lock: Option<&AppLock>) -> Result<()> {
    if runs_on_docker_local(env, app)? {
        // The host ends what a file names, and nothing else.
        leftovers::clear_left(env, app, process_type, lock)?;
    }
    let tag = image_tag(env, app)?;
    by_host(env, app, std::slice::from_ref(process_type), || {
        let arguments = [app.as_str(), &tag, process_type.as_str()];
        let told = format!("the host could not deploy {process_type} of {app}, it has said why");
        Triggers::new(env).fire_saying("deploy", &arguments, &told)
    })
}

/// Has the host deploy the release of an app again, once its lock is free.
pub(crate) fn redeploy(env: &Env, app: &App, patience: Duration) -> Result<()> {
    let Some(lock) = lock_deployed(env, app, patience)? else { return Ok(()) };
    SavedScale::new(env, app).refuse_excess(|_| true)?;
    let (tag, types) = (image_tag(env, app)?, types_of(env, app)?);
    leftovers::clear_all_left(env, app, &types, &lock)?;
    by_host(env, app, &types, || Triggers::new(env).fire("deploy", &[app.as_str(), &tag]))
}

/// Builds and deploys one app. The trigger takes the app's lock itself and does not wait for it, so
/// the waiting is done here, before.
pub(crate) fn rebuild(env: &Env, app: &App, patience: Duration) -> Result<()> {
    check_docker(env, app)?;
    AppLock::wait_until_free(env, app, patience)?;
    Triggers::new(env).fire("receive-app", &[app.as_str()])
}
