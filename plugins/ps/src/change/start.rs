//! An app is made to run, all of it.

use super::deploy::{by_host, lock_deployed, types_of};
use super::leftovers;
use super::mark::Marks;
use super::part::apply_all;
use super::scaling::Scaling;
use crate::PLUGIN;
use crate::docker_local::{Running, Statuses, runs_on_docker_local};
use crate::formation::Request;
use crate::host_answers::image_tag;
use crate::plan::Ask;
use crate::saved::SavedScale;
use crate::settings::RESTORE;
use crate::stopped::Stopped;
use crate::targets::Selection;
use common::{App, AppLock, Context, Env, ProcessType, Properties, Result, Triggers, in_spite_of_signals, interrupted};
use std::time::Duration;

const NOT_RUNNING: &str = "App has been detected as not running, releasing";

/// Starts an app, those of its types and instances too that were stopped by hand: now, and after the next boot.
pub(crate) fn start(env: &Env, app: &App, patience: Duration) -> Result<()> {
    let Some(lock) = lock_deployed(env, app, patience)? else { return Ok(()) };
    let (properties, kept) = (Properties::new(env, PLUGIN), Stopped::new(env, app)?);
    let (was_stopped, by_hand) = (properties.get(app, RESTORE.name)?.as_deref() == Some("false"), kept.read()?);
    // Before anything runs: so whoever comes after one that was killed on the way knows that all of it should.
    if was_stopped {
        properties.set(app, RESTORE.name, "true")?;
    }
    let done = kept.write(&Selection::default()).and_then(|()| bring_up(env, app, &lock));
    let Err(error) = done else { return Ok(()) };
    let back = in_spite_of_signals(|| {
        let stopped = if was_stopped { properties.set(app, RESTORE.name, "false") } else { Ok(()) };
        kept.write(&by_hand).and(stopped)
    });
    back.context(|| format!("{error}; noting what of {app} is stopped"))?;
    Err(error)
}

/// Makes a deployed app run, under its lock, but for what of it was stopped by hand.
pub(crate) fn bring_up(env: &Env, app: &App, lock: &AppLock) -> Result<()> {
    let triggers = Triggers::new(env);
    triggers.fire("pre-start", &[app.as_str()]).context(|| "Failure in pre-start hook")?;
    let is_built = match Scaling::find(env, app) {
        Ok(scaling) if scaling.is_of_instances() => start_what_is_down(env, app, &scaling, lock)?,
        Ok(_) => release_unless_running(env, app)?,
        Err(error) => {
            env.output().warn(&format!("What runs of {app} cannot be told instance by instance: {error}"));
            release_unless_running(env, app)?
        }
    };
    if is_built { Ok(()) } else { build_proxy(env, app) }
}

/// Has the proxy made anew. Until that is done it is owed: an app that runs where its files say, and whose proxy does not
/// know it, looks like one to which nothing is to be done.
fn build_proxy(env: &Env, app: &App) -> Result<()> {
    let owing = runs_on_docker_local(env, app)?.then(ProcessType::web);
    let build = || Triggers::new(env).fire("proxy-build-config", &[app.as_str()]);
    Marks::new(env, app)?.owing(&owing, build)
}

/// As the stock plugin does. It makes no proxy anew.
fn release_unless_running(env: &Env, app: &App) -> Result<bool> {
    match Statuses::for_one(env).of_app(app, None)?.running {
        Running::True => env.output().warn(&format!("App {app} already running")),
        Running::False => release(env, app, NOT_RUNNING)?,
        Running::Mixed => release(env, app, "App is running in mixed mode, releasing")?,
    }
    Ok(false)
}

/// Has the host release an app and deploy it whole.
fn release(env: &Env, app: &App, why: &str) -> Result<()> {
    env.output().warn(why);
    // The host knows a tag for an app of which none can be told.
    let tag = image_tag(env, app).unwrap_or_default();
    by_host(env, app, &types_of(env, app)?, || Triggers::new(env).fire("release-and-deploy", &[app.as_str(), &tag]))
}

/// Starts what of an app is down: containers that are still what would be made as they are; where something of the app
/// runs, or was stopped by hand, the others one by one or type by type; else the app is released anew. Says whether the
/// proxy was made anew.
fn start_what_is_down(env: &Env, app: &App, scaling: &Scaling<'_>, lock: &AppLock) -> Result<bool> {
    let desired = SavedScale::new(env, app).desired()?;
    let requests: Vec<Request> =
        desired.iter().map(|(name, quantity)| Request { process_type: name.clone(), quantity }).collect();
    let is_part = scaling.something_runs() || !Stopped::new(env, app)?.read()?.is_empty();
    let changes = scaling.mend(&requests, Ask::Wake)?;
    let wanted = requests.iter().any(|request| request.quantity > 0);
    if wanted && !changes.iter().any(super::TypeChange::is_needed) {
        let but = if scaling.something_runs() { "already running" } else { "has nothing that was not stopped by hand" };
        env.output().warn(&format!("App {app} {but}"));
        return Ok(false);
    }
    if wanted && (is_part || changes.iter().all(super::TypeChange::is_in_place)) {
        env.output().info1(&format!("Starting what is down of {app}"));
        let error = match apply_all(env, scaling, &changes, lock) {
            Ok(built) => return Ok(built),
            Err(error) => error,
        };
        if interrupted().is_some() || !changes.iter().any(super::TypeChange::wakes) {
            return Err(error);
        }
        env.output().warn(&format!("Containers of {app} cannot be started again and are made anew: {error}"));
        if is_part {
            let now = Scaling::find(env, app)?;
            return apply_all(env, &now, &now.mend(&requests, Ask::Quantity)?, lock);
        }
    }
    leftovers::clear_all_left(env, app, &types_of(env, app)?, lock)?;
    release(env, app, NOT_RUNNING)?;
    Ok(false)
}
