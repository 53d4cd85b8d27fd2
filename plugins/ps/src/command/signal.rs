//! `ps:signal`: send a signal to what runs of an app.
//!
//! It takes no lock: nothing that we or the host keep of an app changes, and a deploy is neither held up nor told to wait.
//! What a deploy is about to put in place gets no signal, for it is not there yet.

use super::chosen::chosen;
use super::on_docker_local;
use crate::docker_local::{Actual, InstanceState, ListedInstance, check_docker, listing_of};
use crate::signal::Signal;
use common::{App, Docker, Env, Error, Globals, Result, clap, parse_command_line};

#[derive(Debug, clap::Parser)]
#[command(
    name = "ps:signal", about = "Sends a signal to what runs of an app",
    after_help = examples!(
        "dokku ps:signal shop web HUP" => "Send SIGHUP to all instances of web.",
        "dokku ps:signal shop worker.2 TERM" => "SIGTERM to one instance.",
    )
)]
pub(crate) struct Arguments {
    /// Say who would get it, and send nothing
    #[arg(long)]
    dry_run: bool,
    #[command(flatten)]
    globals: Globals,
    /// The app
    #[arg(default_value = "", hide_default_value = true)]
    app: String,
    /// Only these types and instances: web, 'worker-*', web.1; last the signal: HUP, SIGHUP, 1
    #[arg(value_name = "TYPE[.N]|SIGNAL")]
    words: Vec<String>,
}

/// The body of `ps:signal`.
pub fn main(env: &Env) -> Result<()> {
    let arguments: Arguments = parse_command_line(env)?;
    let app = App::named_by_user(env, &arguments.app)?;
    let Some((signal, targets)) = arguments.words.split_last() else {
        return Err(Error::new(format!("Name a signal as the last word, such as: dokku ps:signal {app} web HUP")));
    };
    let signal: Signal = signal.parse()?;
    on_docker_local(env, &app, "ps:signal")?;
    let selection = chosen(env, &app, targets)?;
    check_docker(env, &app)?;
    // One that is queued for removal and still has its file is an instance like any other.
    let listing = listing_of(env, &app, &[])?;
    if listing.actual == Actual::NotDeployed {
        return Err(Error::new(format!("App {app} has not been deployed, so nothing of it can get a signal")));
    }
    let is_meant =
        |found: &&ListedInstance| matches!(found.state, InstanceState::Docker(_)) && found.is_among(&selection);
    let (running, others): (Vec<_>, Vec<_>) =
        listing.instances().iter().filter(is_meant).partition(|found| found.runs());
    if running.is_empty() {
        let of = if targets.is_empty() { String::new() } else { format!(" ({})", targets.join(" ")) };
        return Err(Error::new(format!("Nothing of {app}{of} runs, so nothing can get a signal")));
    }
    let lines = running.iter().map(|found| format!("{}: {signal}", found.name));
    let left_out = others.iter().map(|found| format!("{}: none, it is {}", found.name, found.word()));
    let lines: Vec<String> = lines.chain(left_out).collect();
    let output = env.output();
    if arguments.dry_run {
        output.info1_quiet(&format!("Plan for {app}, nothing is done"));
        return output.print(&(lines.join("\n") + "\n"));
    }
    output.info1_quiet(&format!("Sending {signal} to {app}"));
    let ids: Vec<String> = running.iter().filter_map(|found| found.container.clone()).collect();
    Docker::new(env)?.send_signal(&ids, &signal.to_string())?;
    if !output.is_quiet() {
        output.verbose(&lines.join("\n"));
    }
    Ok(())
}
