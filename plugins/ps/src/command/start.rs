//! `ps:start`: run an app now and after the next boot, or part of it.

use super::TargetedArguments;
use crate::change::{Deed, start, stop_later_if_asked};
use common::{Env, Result, clap, parse_command_line};

#[derive(Debug, clap::Parser)]
#[command(
    name = "ps:start", about = "Start an app or some of its processes",
    after_help = examples!(
        "dokku ps:start shop" => "Run the app now and after the next boot.",
        "dokku ps:start shop worker" => "One process type that was stopped.",
    )
)]
pub(crate) struct Arguments {
    #[command(flatten)]
    targeted: TargetedArguments,
}

/// The body of `ps:start`.
pub fn main(env: &Env) -> Result<()> {
    if let Some(stopped) = stop_later_if_asked(env) {
        return stopped;
    }
    let Arguments { targeted } = parse_command_line(env)?;
    targeted.run(env, "start", Deed::Start, start)
}
