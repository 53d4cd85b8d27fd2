//! `ps:restore`: start what should run, after a boot of the host.

use super::Fleet;
use crate::change::bring_up;
use crate::docker_local::shown_healthy;
use crate::each_app::EachApp;
use crate::scheduler::{is_deployed, scheduler_of};
use crate::settings;
use common::{App, AppLock, Env, Globals, Result, Triggers, clap, parse_command_line};
use std::time::Duration;

#[derive(Debug, clap::Parser)]
#[command(name = "ps:restore", about = "Start previously running app")]
pub(crate) struct Arguments {
    #[command(flatten)]
    fleet: Fleet,
    #[command(flatten)]
    globals: Globals,
    /// Seconds to wait for another change of an app to end
    #[arg(long, value_name = "SECONDS", default_value_t = 600)]
    lock_timeout: u64,
    /// The app; all apps when none is named
    #[arg(default_value = "", hide_default_value = true)]
    app: String,
    #[arg(hide = true)]
    ignored: Vec<String>,
}

/// The body of `ps:restore`.
pub fn main(env: &Env) -> Result<()> {
    let arguments: Arguments = parse_command_line(env)?;
    let patience = Duration::from_secs(arguments.lock_timeout);
    let triggers = Triggers::new(env);
    if !arguments.fleet.all && !arguments.app.is_empty() {
        let app = App::named_by_user(env, &arguments.app)?;
        let healthy = shown_healthy(env, std::slice::from_ref(&app), patience)?;
        triggers.fire("pre-restore", &[])?;
        return restore(env, &app, patience, healthy.contains(&app));
    }
    if !arguments.fleet.all {
        env.output().warn("Restore specified without app, assuming --all");
    }
    let each = EachApp::new(env, "restore", arguments.fleet.parallel)?;
    // Before any proxy loses what it knows.
    let visible = App::all_visible(env)?;
    let healthy = shown_healthy(env, &visible, patience)?;
    triggers.fire("pre-restore", &[])?;
    // Each app's is cleared at its turn as well. Until then none may answer from an address that is another's by now;
    // but those of apps that are hidden from the user are not his to clear, and one that runs where its proxy looks for
    // it need not go dark.
    if healthy.is_empty() && visible.len() == App::all(env)?.len() {
        triggers.fire("proxy-clear-config", &["--all"])?;
    }
    each.run(|env, app| restore(env, app, patience, healthy.contains(app)))
}

/// Restores one app; one of which all runs where its proxy looks for it is left alone. A proxy configuration that cannot
/// be cleared is no reason to leave the app down.
fn restore(env: &Env, app: &App, patience: Duration, is_healthy: bool) -> Result<()> {
    let output = env.output();
    let triggers = Triggers::new(env);
    let scheduler = scheduler_of(env, app)?;
    // The host's own plugins know of no app here: without arguments it means all of them.
    triggers.fire_for("pre-restore", &[&scheduler, app.as_str()], |plugin| !plugin.is_core())?;
    if is_healthy {
        output.verbose(&format!("{app} runs, and is left alone"));
        return Ok(());
    }
    let lock = AppLock::acquire(env, app, patience)?;
    triggers.fire("scheduler-pre-restore", &[&scheduler, app.as_str()])?;
    output.info1("Clearing potentially invalid proxy configuration");
    if let Err(error) = triggers.fire("proxy-clear-config", &[app.as_str()]) {
        output.warn(&format!("Error clearing proxy config: {error}"));
    }
    if !is_deployed(env, app)? {
        output.warn(&format!("App {app} has not been deployed"));
        return Ok(());
    }
    if settings::is_stopped(env, app)? {
        output.warn(&format!("Skipping ps:restore for {app} as restore property is false"));
        return Ok(());
    }
    output.info1("Starting app");
    bring_up(env, app, &lock)
}
