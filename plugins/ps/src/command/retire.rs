//! `ps:retire`: remove containers and images that have done their time.

use crate::PLUGIN;
use crate::docker_local::check_docker;
use crate::scheduler::scheduler_of;
use common::{App, Env, Error, FileLock, Globals, Result, Scope, Triggers, clap, parse_command_line};
use std::time::Duration;

/// The exit status when another run is in progress; timers know it.
const ANOTHER_RUNS: u8 = 137;

/// A timer runs this every five minutes: what hangs for so long will not end by itself.
const LONGEST: Duration = Duration::from_hours(1);

#[derive(Debug, clap::Parser)]
#[command(
    name = "ps:retire", about = "Ensures old containers are retired",
    after_help = examples!(
        "dokku ps:retire" => "Remove what has done its time. A timer of the host does this.",
    )
)]
pub(crate) struct Arguments {
    #[command(flatten)]
    globals: Globals,
    /// The app; all apps when none is named
    #[arg(default_value = "", hide_default_value = true)]
    app: String,
}

/// The body of `ps:retire`.
pub fn main(env: &Env) -> Result<()> {
    let arguments: Arguments = parse_command_line(env)?;
    let app = if arguments.app.is_empty() { None } else { Some(App::named_by_user(env, &arguments.app)?) };
    let lock = FileLock::try_acquire(env, &env.data_directory(PLUGIN)?.join("retire"))?;
    let Some(_lock) = lock else {
        return Err(Error::new("Failed to acquire ps:retire lock").with_status(ANOTHER_RUNS));
    };
    let scope = app.as_ref().map_or(Scope::Global, Scope::App);
    check_docker(env, scope)?;
    let triggers = Triggers::new(env).deadline(LONGEST);
    env.output().info1("Retiring old containers and images");
    let scheduler = scheduler_of(env, scope)?;
    triggers.fire("scheduler-retire", &[&scheduler, app.as_ref().map_or("", App::as_str)])?;
    env.output().info1("Retiring expired run containers");
    triggers.fire("scheduler-run-retire", &[])
}
