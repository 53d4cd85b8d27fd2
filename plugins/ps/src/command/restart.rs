//! `ps:restart`: deploy an app's running release again, or make part of it anew.

use super::TargetedArguments;
use crate::change::{Deed, redeploy, stop_later_if_asked};
use common::{Env, Result, clap, parse_command_line};

#[derive(Debug, clap::Parser)]
#[command(
    name = "ps:restart", about = "Restart an app or some of its processes",
    after_help = examples!(
        "dokku ps:restart shop" => "Deploy the running release again.",
        "dokku ps:restart shop worker web.1" => "One process type, and one instance of another.",
        "dokku ps:restart shop --rolling" => "One instance after the other, the next once the last serves.",
        "dokku ps:restart --all --parallel -1" => "All apps, as many at once as there are processors.",
    )
)]
pub(crate) struct Arguments {
    /// One instance after the other, the next once the last serves
    #[arg(long)]
    rolling: bool,
    #[command(flatten)]
    targeted: TargetedArguments,
}

/// The body of `ps:restart`.
pub fn main(env: &Env) -> Result<()> {
    if let Some(stopped) = stop_later_if_asked(env) {
        return stopped;
    }
    let Arguments { rolling, targeted } = parse_command_line(env)?;
    let deed = if rolling { Deed::Roll } else { Deed::Restart };
    targeted.run(env, "restart", deed, redeploy)
}
