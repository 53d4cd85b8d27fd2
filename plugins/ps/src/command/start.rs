//! `ps:start`: run an app now and after the next boot.

use super::{AppOrAll, run_for_app_or_all};
use crate::PLUGIN;
use crate::change::{by_host, lock_deployed, types_of};
use crate::docker_local::{Running, Statuses};
use crate::scheduler::image_tag;
use crate::settings::RESTORE;
use common::{App, Context, Env, Properties, Result, Triggers, in_spite_of_signals, parse_command_line};
use std::time::Duration;

/// The body of `ps:start`.
pub fn main(env: &Env) -> Result<()> {
    let arguments: AppOrAll = parse_command_line(env)?;
    run_for_app_or_all(env, "start", &arguments, start)
}

/// Starts one app: releases and deploys it unless all of it runs.
fn start(env: &Env, app: &App, patience: Duration) -> Result<()> {
    let Some(_lock) = lock_deployed(env, app, patience)? else { return Ok(()) };
    let properties = Properties::new(env, PLUGIN);
    let was_stopped = properties.get(app, RESTORE.name)?.as_deref() == Some("false");
    if was_stopped {
        // Before anything runs: so whoever comes after one that was killed on the way knows that all of it should.
        properties.set(app, RESTORE.name, "true")?;
    }
    let Err(error) = bring_up(env, app) else { return Ok(()) };
    if was_stopped {
        let back = in_spite_of_signals(|| properties.set(app, RESTORE.name, "false"));
        back.context(|| format!("{error}; noting that {app} is stopped"))?;
    }
    Err(error)
}

/// Makes a deployed app run, under its lock.
pub(crate) fn bring_up(env: &Env, app: &App) -> Result<()> {
    let triggers = Triggers::new(env);
    // The host knows a tag for an app of which none can be told.
    let tag = image_tag(env, app).unwrap_or_default();
    triggers.fire("pre-start", &[app.as_str()]).context(|| "Failure in pre-start hook")?;
    let releasing = match Statuses::new(env).of_app(app)?.running {
        Running::True => {
            env.output().warn(&format!("App {app} already running"));
            false
        }
        Running::False => {
            env.output().warn("App has been detected as not running, releasing");
            true
        }
        Running::Mixed => {
            env.output().warn("App is running in mixed mode, releasing");
            true
        }
    };
    if releasing {
        by_host(env, app, &types_of(env, app)?, || triggers.fire("release-and-deploy", &[app.as_str(), &tag]))?;
    }
    triggers.fire("proxy-build-config", &[app.as_str()])
}
