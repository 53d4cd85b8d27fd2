//! `ps:stop`: stop an app or part of it, until it is started or deployed.

use super::TargetedArguments;
use crate::change::{Deed, stop, stop_later_if_asked};
use common::{Env, Result, clap, parse_command_line};

#[derive(Debug, clap::Parser)]
#[command(
    name = "ps:stop", about = "Stop an app or some of its processes",
    after_help = examples!(
        "dokku ps:stop shop" => "End all of the app that runs; it stays so until it is started or deployed.",
        "dokku ps:stop shop worker" => "One process type; it stays stopped over a boot.",
    )
)]
pub(crate) struct Arguments {
    #[command(flatten)]
    targeted: TargetedArguments,
}

/// The body of `ps:stop`.
pub fn main(env: &Env) -> Result<()> {
    if let Some(stopped) = stop_later_if_asked(env) {
        return stopped;
    }
    let Arguments { targeted } = parse_command_line(env)?;
    targeted.run(env, "stop", Deed::Stop, stop)
}
