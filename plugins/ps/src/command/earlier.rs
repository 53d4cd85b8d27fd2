//! Commands of earlier versions that only say in other words what another command does.

use crate::settings;
use common::{App, Env, Error, Globals, Process, Result, clap, parse_command_line, shown};
use std::path::Path;

/// `ps:rebuildall`: `ps:rebuild --all`.
pub fn rebuildall(env: &Env) -> Result<()> {
    Err(become_command_for_all(env, "rebuild")?)
}

/// `ps:restartall`: `ps:restart --all`.
pub fn restartall(env: &Env) -> Result<()> {
    Err(become_command_for_all(env, "restart")?)
}

/// `ps:startall`: `ps:start --all`.
pub fn startall(env: &Env) -> Result<()> {
    Err(become_command_for_all(env, "start")?)
}

/// `ps:stopall`: `ps:stop --all`.
pub fn stopall(env: &Env) -> Result<()> {
    Err(become_command_for_all(env, "stop")?)
}

/// Replaces this process by the command of that name with `--all` and our flags.
fn become_command_for_all(env: &Env, command: &str) -> Result<Error> {
    let program = Path::new(env.required("PLUGIN_ENABLED_PATH")?).join("ps/subcommands").join(command);
    let arguments = [format!("ps:{command}"), "--all".to_owned()];
    Ok(Process::new(program).args(arguments).args(env.arguments().iter().skip(2)).replace_ours())
}

/// The definition of such a command: another one's, where all apps are meant and nothing of an app is named.
pub(crate) fn for_all_apps<T: clap::CommandFactory>(about: &'static str) -> clap::Command {
    let is_said = |argument: &clap::Arg| argument.is_positional() || argument.get_long() == Some("all");
    T::command().about(about).mut_args(|argument| if is_said(&argument) { argument.hide(true) } else { argument })
}

#[derive(Debug, clap::Parser)]
#[command(
    name = "ps:restart-policy", about = "Shows the restart policy of an app (kept from earlier versions)",
    after_help = examples!(
        "dokku ps:restart-policy shop" => "The policy that holds for the app.",
    )
)]
pub(crate) struct Arguments {
    #[command(flatten)]
    globals: Globals,
    /// The app
    #[arg(default_value = "", hide_default_value = true)]
    app: String,
}

/// `ps:restart-policy`: prints the policy that holds for an app, under a header unless quiet.
pub fn restart_policy(env: &Env) -> Result<()> {
    let arguments: Arguments = parse_command_line(env)?;
    let app = App::named_by_user(env, &arguments.app)?;
    let policy = settings::RESTART_POLICY.of(env, &app)?;
    env.output().info2_quiet(&format!("{app} restart-policy:"));
    env.output().print(&format!("{}\n", shown(&policy)))
}
