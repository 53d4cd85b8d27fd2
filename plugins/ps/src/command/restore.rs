//! `ps:restore`: start what should run, after a boot of the host.

use super::Fleet;
use crate::change::{Marks, bring_up, lock, stop_later_if_asked};
use crate::docker_local::{runs_on_docker_local, shown_healthy};
use crate::each_app::EachApp;
use crate::scheduler::{is_deployed, scheduler_of};
use crate::settings;
use common::{App, Env, Globals, ProcessType, Result, Triggers, clap, parse_command_line};
use std::collections::BTreeSet;
use std::time::Duration;

#[derive(Debug, clap::Parser)]
#[command(
    name = "ps:restore", about = "Start previously running app",
    after_help = examples!(
        "dokku ps:restore" => "Start all apps that should run, as the host does when it boots.",
        "dokku ps:restore shop" => "One app.",
    )
)]
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
}

/// The body of `ps:restore`.
pub fn main(env: &Env) -> Result<()> {
    if let Some(stopped) = stop_later_if_asked(env) {
        return stopped;
    }
    let arguments: Arguments = parse_command_line(env)?;
    let patience = Duration::from_secs(arguments.lock_timeout);
    let triggers = Triggers::new(env);
    if arguments.fleet.all {
        super::all_or_one(&arguments.app)?;
    }
    if !arguments.app.is_empty() {
        let app = App::named_by_user(env, &arguments.app)?;
        let healthy = healthy(env, std::slice::from_ref(&app), patience)?;
        triggers.fire("pre-restore", &[])?;
        let owing = if healthy.is_empty() { owe_proxy(env, &app)? } else { false };
        return restore(env, &app, patience, healthy.contains(&app), owing);
    }
    if !arguments.fleet.all {
        env.output().warn("Restore specified without app, assuming --all");
    }
    let each = EachApp::new(env, "restore", arguments.fleet.parallel)?;
    // Before any proxy loses what it knows.
    let visible = App::all_visible(env)?;
    let healthy = healthy(env, &visible, patience)?;
    triggers.fire("pre-restore", &[])?;
    // Each app's is cleared at its turn as well. Until then none may answer from an address that is another's by now;
    // but those of apps that are hidden from the user are not his to clear, and one that runs where its proxy looks for
    // it need not go dark.
    let mut owing = BTreeSet::new();
    for app in visible.iter().filter(|app| !healthy.contains(app)) {
        if owe_proxy(env, app)? {
            owing.insert(app.clone());
        }
    }
    if healthy.is_empty() && visible.len() == App::all(env)?.len() {
        triggers.fire("proxy-clear-config", &["--all"])?;
    }
    each.run(|env, app| restore(env, app, patience, healthy.contains(app), owing.contains(app)))
}

/// The apps of which all runs where the proxy looks for it, and of which no change was left unfinished: it may not have
/// been told to the proxy.
fn healthy(env: &Env, apps: &[App], patience: Duration) -> Result<BTreeSet<App>> {
    let mut healthy = shown_healthy(env, apps, patience)?;
    healthy.retain(|app| Marks::new(env, app).is_ok_and(|marks| !marks.are_any()));
    Ok(healthy)
}

/// Before the proxy of an app is cleared: until it was made anew somebody owes it that, however this ends. Says whether
/// nobody did before.
fn owe_proxy(env: &Env, app: &App) -> Result<bool> {
    let marks = Marks::new(env, app)?;
    if !runs_on_docker_local(env, app)? || !is_deployed(env, app)? || marks.is_marked(&ProcessType::web()) {
        return Ok(false);
    }
    marks.mark(&ProcessType::web())?;
    Ok(true)
}

/// Restores one app; one of which all runs where its proxy looks for it is left alone. A proxy configuration that cannot
/// be cleared is no reason to leave the app down.
fn restore(env: &Env, app: &App, patience: Duration, is_healthy: bool, owing: bool) -> Result<()> {
    restore_one(env, app, patience, is_healthy)?;
    // One that stays costs no more than to tell what is known.
    drop(owing.then(|| Marks::new(env, app)?.clear(&ProcessType::web())));
    Ok(())
}

fn restore_one(env: &Env, app: &App, patience: Duration, is_healthy: bool) -> Result<()> {
    let output = env.output();
    let triggers = Triggers::new(env);
    let scheduler = scheduler_of(env, app)?;
    // The host's own plugins know of no app here: without arguments it means all of them.
    triggers.fire_for("pre-restore", &[&scheduler, app.as_str()], |plugin| !plugin.is_core())?;
    if is_healthy {
        output.verbose(&format!("{app} runs, and is left alone"));
        return Ok(());
    }
    let lock = lock(env, app, patience)?;
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
