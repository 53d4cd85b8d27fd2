//! `ps:wait`: be told when what should run of an app does, and is healthy.
//!
//! It takes no lock: what it waits for may be what the holder does.

use super::chosen::chosen;
use crate::docker_local::{is_changing, listing_of, queue};
use common::{
    App, Env, Error, ErrorKind, Globals, ProcessType, Result, clap, interrupted, listed, parse_command_line, pause,
};
use std::collections::BTreeSet;
use std::time::{Duration, Instant};

/// How often it looks again: two calls of Docker each time.
const LOOK_AGAIN: Duration = Duration::from_millis(400);

#[derive(Debug, clap::Parser)]
#[command(
    name = "ps:wait", about = "Waits until what should run of an app does and is healthy",
    after_help = examples!(
        "dokku ps:wait shop" => "Wait until all that should run does, and is healthy.",
        "dokku ps:wait shop --type web --timeout 10" => "Of web alone, for ten seconds at most.",
    )
)]
pub(crate) struct Arguments {
    /// Only this process type, or types like this pattern; may be repeated
    #[arg(long = "type", value_name = "TYPE")]
    types: Vec<String>,
    /// Seconds to wait
    #[arg(long, value_name = "SECONDS", default_value_t = 60)]
    timeout: u64,
    #[command(flatten)]
    globals: Globals,
    /// The app
    #[arg(default_value = "", hide_default_value = true)]
    app: String,
}

/// The body of `ps:wait`.
pub fn main(env: &Env) -> Result<()> {
    let arguments: Arguments = parse_command_line(env)?;
    let app = App::named_by_user(env, &arguments.app)?;
    let selection = chosen(env, &app, &arguments.types)?;
    if let Some(instance) = selection.instances.first() {
        let message = format!("--type takes a process type, {instance} is an instance of {}", instance.process_type);
        return Err(Error::new(message));
    }
    wait(env, &app, Duration::from_secs(arguments.timeout), || look(env, &app, &selection.types))
}

/// What has still to come, of these types alone if there are any. What was stopped by hand will not, unless somebody is
/// about to change that; of an app that runs it is only missed by who names it.
fn look(env: &Env, app: &App, types: &BTreeSet<ProcessType>) -> Result<Vec<String>> {
    let refused = |of: &str, again: &str| {
        Error::new(format!("{of} is stopped and will not come up by itself, start it with: dokku ps:start {again}"))
    };
    let listing = listing_of(env, app, &queue(env)?)?;
    if listing.is_stopped {
        if is_changing(env, app)? {
            let listing = listing.about_to_start();
            let meant = |of: &ProcessType| types.is_empty() || types.contains(of);
            return Ok(listing.only(meant).awaited());
        }
        return Err(refused(&format!("App {app}"), app.as_str()));
    }
    if types.is_empty() {
        return Ok(listing.awaited());
    }
    let listing = listing.only(|of| types.contains(of));
    let Some(stopped) = listing.stopped_types().first().map(ToString::to_string) else { return Ok(listing.awaited()) };
    if is_changing(env, app)? {
        return Ok(vec![format!("{stopped} is stopped")]);
    }
    Err(refused(&format!("{stopped} of {app}"), &format!("{app} {stopped}")))
}

/// Looks again and again until nothing is awaited any more.
fn wait(env: &Env, app: &App, patience: Duration, look: impl Fn() -> Result<Vec<String>>) -> Result<()> {
    let (began, mut told) = (Instant::now(), false);
    loop {
        let awaited = look();
        if interrupted().is_some() {
            // A look that a signal has ended says nothing of the app.
            let error = Error::new(format!("interrupted while waiting for {app}"));
            return Err(error.with_kind(ErrorKind::Interrupted));
        }
        let awaited = awaited?;
        if awaited.is_empty() {
            return Ok(());
        }
        let awaited = listed(awaited.iter().map(String::as_str));
        let left = patience.saturating_sub(began.elapsed());
        if left.is_zero() {
            let error = Error::new(format!("App {app} is not up after {} seconds: {awaited}", patience.as_secs()));
            return Err(error.with_kind(ErrorKind::TimedOut));
        }
        if !told {
            told = true;
            env.output().info1_quiet(&format!("Waiting for {app}: {awaited}"));
        }
        pause(LOOK_AGAIN.min(left));
    }
}
