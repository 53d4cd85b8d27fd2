//! `ps`: what runs, or the commands there are.

use super::help::full_help;
use super::listing::list_or_help;
use common::{Env, Result};

/// The body of `ps`.
pub fn main(env: &Env) -> Result<()> {
    list_or_help(env, full_help)
}
