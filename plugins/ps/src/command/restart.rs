//! `ps:restart`: deploy an app's running release again, or one of its process types.

use super::chosen::chosen;
use super::{Fleet, Patience};
use crate::change::redeploy;
use crate::each_app::EachApp;
use common::{App, Env, Error, Globals, Result, clap, parse_command_line};

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
    let words: Vec<String> = arguments.process_type.into_iter().collect();
    let selection = chosen(env, &app, &words)?;
    if let Some(instance) = selection.instances.first() {
        let process_type = &instance.process_type;
        return Err(Error::new(format!("{instance} cannot be restarted alone, restart {process_type} of {app}")));
    }
    redeploy(env, &app, selection.types.first(), patience)
}
