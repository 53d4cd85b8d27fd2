//! `ps:rebuild`: build an app's source again and deploy it.

use super::{AppOrAll, run_for_app_or_all};
use crate::change::rebuild;
use common::{Env, Result, clap, parse_command_line};

#[derive(Debug, clap::Parser)]
#[command(
    name = "ps:rebuild", about = "Rebuilds an app",
    after_help = examples!(
        "dokku ps:rebuild shop" => "Build the source again and deploy it.",
        "dokku ps:rebuild --all --parallel 2" => "All apps, two at once.",
    )
)]
pub(crate) struct Arguments {
    #[command(flatten)]
    which: AppOrAll,
}

/// The body of `ps:rebuild`.
pub fn main(env: &Env) -> Result<()> {
    let arguments: Arguments = parse_command_line(env)?;
    run_for_app_or_all(env, "rebuild", &arguments.which, rebuild)
}
