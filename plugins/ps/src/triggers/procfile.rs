//! What other plugins ask of an app's Procfile.

use super::app_argument;
use crate::scheduler::only_answered_by;
use crate::source_files::{SourceFile, current_procfile, expanded};
use common::procfile::parse_envfile;
use common::{App, Context, Env, Error, ProcessType, Properties, Result, Scope, Triggers, file};
use std::collections::BTreeMap;

/// `procfile-exists APP`: whether the release has a Procfile, as an exit status.
///
/// # Errors
/// `Procfile does not exist`, status 1: that is the answer no.
pub fn procfile_exists(env: &Env) -> Result<()> {
    let app = app_argument(env, 1)?;
    match SourceFile::procfile(env, &app)?.current() {
        Some(path) if file::is_regular(&path) => Ok(()),
        _ => Err(Error::new("Procfile does not exist")),
    }
}

/// `procfile-get-command APP TYPE [PORT]`: prints the command of a type with variables expanded; nothing
/// when there is no Procfile.
///
/// # Errors
/// An invalid Procfile, or one without that type; the app's config cannot be read.
pub fn procfile_get_command(env: &Env) -> Result<()> {
    let app = app_argument(env, 1)?;
    let Some(procfile) = current_procfile(env, &app)? else { return Ok(()) };
    let process_type: ProcessType = env.arg(2)?.parse()?;
    let Some(command) = procfile.command(&process_type) else {
        return Err(Error::new(format!("The Procfile of {app} has no process type {process_type}")));
    };
    let config = config_of(env, &app).context(|| format!("reading the config of {app}"))?;
    let command = expanded(command, &config, &process_type, env.arg(3)?);
    match command.trim() {
        "" => Ok(()),
        command => env.output().print(&format!("{command}\n")),
    }
}

/// The app's config with the host's below it.
///
/// Where nobody but the host's own plugin answers `config-export`, and its files are where it keeps
/// them, they are read instead of asked for: that spares two processes in every deploy and health check.
fn config_of(env: &Env, app: &App) -> Result<BTreeMap<String, String>> {
    let triggers = Triggers::new(env);
    if only_answered_by(&triggers, "config-export", &["20_events", "config"])? {
        let properties = Properties::new(env, "config");
        let own = file::read_text(&properties.folder(app)?.join("ENV"))?;
        // Before 0.38 the file was in the app's folder; then only the plugin itself knows what holds.
        let elsewhere = own.is_none() && app.root(env)?.join("ENV").exists();
        if !elsewhere {
            let own = own.unwrap_or_default();
            let host = file::read_text(&properties.folder(Scope::Global)?.join("ENV"))?.unwrap_or_default();
            let mut config = parse_envfile(&host)?;
            config.extend(parse_envfile(&own)?);
            return Ok(config);
        }
    }
    parse_envfile(&triggers.ask_raw("config-export", &[app.as_str(), "false", "true", "envfile"])?)
}
