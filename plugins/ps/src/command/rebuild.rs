//! `ps:rebuild`: build an app's source again and deploy it.

use super::{AppOrAll, run_for_app_or_all};
use crate::change::rebuild;
use common::{Env, Result, parse_command_line};

/// The body of `ps:rebuild`.
pub fn main(env: &Env) -> Result<()> {
    let arguments: AppOrAll = parse_command_line(env)?;
    run_for_app_or_all(env, "rebuild", &arguments, rebuild)
}
