//! What other plugins ask of an app's Procfile.

use super::app_argument;
use crate::config::{config_of, exported_config_of};
use crate::source_files::{SourceFile, current_procfile, expanded};
use common::{Context, Env, Error, ProcessType, Result, Triggers, file};

/// `procfile-exists APP`: whether the release has a Procfile, as an exit status.
pub fn procfile_exists(env: &Env) -> Result<()> {
    let app = app_argument(env, 1)?;
    match SourceFile::procfile(env, &app)?.current() {
        Some(path) if file::is_regular(&path) => Ok(()),
        _ => Err(Error::new("Procfile does not exist")),
    }
}

/// `procfile-get-command APP TYPE [PORT]`: prints the command of a type with variables expanded; nothing
/// when there is no Procfile.
pub fn procfile_get_command(env: &Env) -> Result<()> {
    let app = app_argument(env, 1)?;
    let Some(procfile) = current_procfile(env, &app)? else { return Ok(()) };
    let process_type: ProcessType = env.arg(2)?.parse()?;
    let Some(command) = procfile.command(&process_type) else {
        return Err(Error::new(format!("The Procfile of {app} has no process type {process_type}")));
    };
    let from_files = Triggers::new(env).only_answered_by(&["20_events", "config"], "config-export")?;
    let config = if from_files { config_of } else { exported_config_of };
    let config = config(env, &app).context(|| format!("reading the config of {app}"))?;
    let command = expanded(command, &config, &process_type, env.arg(3)?);
    match command.trim() {
        "" => Ok(()),
        command => env.output().print(&format!("{command}\n")),
    }
}
