//! `ps:inspect`: what the scheduler knows of an app's containers, without secrets.

use crate::scheduler::scheduler_of;
use common::{App, Env, Globals, Result, Triggers, clap, parse_command_line};

#[derive(Debug, clap::Parser)]
#[command(
    name = "ps:inspect", about = "Displays a sanitized version of docker inspect for an app",
    after_help = examples!(
        "dokku ps:inspect shop" => "What Docker knows of its containers, without secrets.",
    )
)]
pub(crate) struct Arguments {
    #[command(flatten)]
    globals: Globals,
    /// The app
    #[arg(default_value = "", hide_default_value = true)]
    app: String,
}

/// The body of `ps:inspect`.
pub fn main(env: &Env) -> Result<()> {
    let arguments: Arguments = parse_command_line(env)?;
    let app = App::named_by_user(env, &arguments.app)?;
    let scheduler = scheduler_of(env, &app)?;
    Triggers::new(env).fire("scheduler-inspect", &[&scheduler, app.as_str()])
}
