//! `ps-pre-scale` of a plugin named `ceiling`, fired by `ps:scale` before anything is saved: refuses more instances of
//! a type than the plugin's property `most` allows, of the app or of the host.

use common::{App, Env, Error, ProcessType, Properties, Result};

fn main() -> std::process::ExitCode {
    common::run(ps_pre_scale)
}

/// `ps-pre-scale APP TYPE=OLD:NEW...`
fn ps_pre_scale(env: &Env) -> Result<()> {
    let app: App = env.arg(1)?.parse()?;
    let Some(most) = Properties::new(env, "ceiling").computed(&app, "most")? else { return Ok(()) };
    let most: u32 =
        most.parse().map_err(|_| Error::new(format!("the property most is {most:?}, which is no number")))?;
    for change in env.args_from(2)? {
        let (process_type, new) = new_quantity(change)?;
        if new > most {
            return Err(Error::new(format!("{app} may run {most} of {process_type} at most, not {new}")));
        }
    }
    Ok(())
}

/// Type and new quantity of `web=1:3`.
fn new_quantity(change: &str) -> Result<(ProcessType, u32)> {
    let parts = change.split_once('=').and_then(|(name, quantities)| Some((name, quantities.split_once(':')?.1)));
    let (name, new) = parts.ok_or_else(|| Error::new(format!("{change:?} is not TYPE=OLD:NEW")))?;
    let new = new.parse().map_err(|_| Error::new(format!("{new:?} is not a quantity")))?;
    Ok((name.parse()?, new))
}
