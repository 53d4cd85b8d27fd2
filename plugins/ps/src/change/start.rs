//! An app is made to run, all of it.

use super::deploy::{by_host, lock_deployed, types_of};
use super::leaving;
use super::part::apply_all;
use super::scaling::Scaling;
use crate::PLUGIN;
use crate::docker_local::{Running, Statuses, runs_on_docker_local};
use crate::formation::Request;
use crate::plan::Ask;
use crate::saved::SavedScale;
use crate::scheduler::image_tag;
use crate::settings::RESTORE;
use crate::stopped::Stopped;
use crate::targets::Selection;
use common::{App, AppLock, Context, Env, Properties, Result, Triggers, in_spite_of_signals};
use std::time::Duration;

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
    let is_built = if runs_on_docker_local(env, app)? {
        start_what_is_down(env, app, lock)?
    } else {
        match Statuses::new(env).of_app(app)?.running {
            Running::True => env.output().warn(&format!("App {app} already running")),
            Running::False => release(env, app, "App has been detected as not running, releasing")?,
            Running::Mixed => release(env, app, "App is running in mixed mode, releasing")?,
        }
        false
    };
    if is_built { Ok(()) } else { triggers.fire("proxy-build-config", &[app.as_str()]) }
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
fn start_what_is_down(env: &Env, app: &App, lock: &AppLock) -> Result<bool> {
    let scaling = Scaling::find(env, app)?;
    let desired = SavedScale::new(env, app).desired()?;
    let requests: Vec<Request> =
        desired.iter().map(|(name, quantity)| Request { process_type: name.clone(), quantity }).collect();
    let is_part = scaling.something_runs() || !Stopped::new(env, app)?.read()?.is_empty();
    let changes = scaling.mend(&requests, Ask::Wake)?;
    let wanted = requests.iter().any(|request| request.quantity > 0);
    if wanted && !changes.iter().any(super::TypeChange::is_needed) {
        env.output().warn(&format!("App {app} already running"));
        return Ok(false);
    }
    if wanted && (is_part || changes.iter().all(super::TypeChange::is_in_place)) {
        env.output().info1(&format!("Starting what is down of {app}"));
        match apply_all(env, &scaling, &changes, lock) {
            Err(error) if !is_part => {
                let error = error.to_string();
                env.output().warn(&format!("The containers of {app} cannot be started again: {error}"));
            }
            done => return done,
        }
    }
    if lock.is_ours() {
        leaving::discard_unnamed(env, app, None)?;
    }
    release(env, app, "App has been detected as not running, releasing")?;
    Ok(false)
}
