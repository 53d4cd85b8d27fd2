//! `ps:restart`: deploy an app's running release again, or one of its process types.

use super::{Fleet, Patience};
use crate::change::redeploy;
use crate::each_app::EachApp;
use crate::saved::SavedScale;
use crate::source_files::current_procfile;
use common::{App, Env, Error, Globals, ProcessType, Result, clap, listed, parse_command_line};
use std::collections::BTreeSet;

#[derive(Debug, clap::Parser)]
#[command(name = "ps:restart", about = "Restart an app")]
struct Arguments {
    #[command(flatten)]
    fleet: Fleet,
    #[command(flatten)]
    patience: Patience,
    #[command(flatten)]
    globals: Globals,
    /// The app
    #[arg(default_value = "", hide_default_value = true)]
    app: String,
    /// Restart only this process type
    process_type: Option<String>,
    #[arg(hide = true)]
    ignored: Vec<String>,
}

/// The body of `ps:restart`.
pub fn main(env: &Env) -> Result<()> {
    let arguments: Arguments = parse_command_line(env)?;
    let patience = arguments.patience.duration();
    if arguments.fleet.all {
        if arguments.process_type.is_some() {
            return Err(Error::new("Unable to restart all apps when specifying a process name"));
        }
        let each = EachApp::new(env, "restart", arguments.fleet.parallel)?;
        return each.run(|env, app| redeploy(env, app, None, patience));
    }
    let app = App::named_by_user(env, &arguments.app)?;
    let process_type = arguments.process_type.map(|name| known_type(env, &app, &name)).transpose()?;
    redeploy(env, &app, process_type.as_ref(), patience)
}

/// The process type that the user named, if the app has it: in its Procfile or its saved scale. An app
/// without a Procfile may have any.
pub(crate) fn known_type(env: &Env, app: &App, name: &str) -> Result<ProcessType> {
    let process_type: ProcessType = name.parse()?;
    let procfile = current_procfile(env, app)?;
    let saved = SavedScale::new(env, app).shown()?;
    let mut known: BTreeSet<String> = saved.iter().map(|(known, _)| known.to_string()).collect();
    known.extend(procfile.iter().flat_map(common::Procfile::process_types).map(ProcessType::to_string));
    let anything_goes = procfile.is_none() && !name.starts_with('-');
    if anything_goes || known.contains(name) {
        return Ok(process_type);
    }
    let known = listed(known.iter().map(String::as_str));
    Err(Error::new(format!("App {app} has no process type {process_type}, it has: {known}")))
}
