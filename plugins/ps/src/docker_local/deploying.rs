//! Deploys that no lock tells of: `config:set` and whoever else fires `release-and-deploy` by itself.
//!
//! While one of them makes its containers, these look like what a killed deploy left behind, and what it has
//! stopped looks like what should be started.

use common::{App, AppLock, Attempt, Env, Obstacle, PluginProcess, Result, plugin_processes, wait_for};
use std::time::Duration;

/// The host's trigger that deploys an app: `scheduler-deploy SCHEDULER APP TAG`.
const DEPLOY: &str = "scheduler-deploy";

/// What the names of its scripts for a type and for a container begin with; the app follows.
const SCRIPTS: &str = "scheduler-deploy-process";

/// The host's trigger that stops an app: `scheduler-stop SCHEDULER APP`.
const STOP: &str = "scheduler-stop";

/// The host's subcommands after which there is no such app: `destroy apps:destroy APP`.
const GOODBYES: [&str; 2] = ["destroy", "rename"];

/// How often a waiting process looks again.
const LOOK_AGAIN: Duration = Duration::from_millis(200);

/// The process that makes containers of `app` at this moment; `None` also when we run inside of such a deploy.
pub(crate) fn deploying(env: &Env, app: &App) -> Option<u32> {
    deploying_among(&plugin_processes(env), app)
}

fn deploying_among(processes: &[PluginProcess], app: &App) -> Option<u32> {
    let mut deploying = processes.iter().filter(|process| makes_containers(process, app));
    if deploying.clone().any(|process| process.is_ours) { None } else { deploying.next().map(|process| process.pid) }
}

fn makes_containers(process: &PluginProcess, app: &App) -> bool {
    // A part of the deploy stays behind to end old containers; its outputs are let go, so that nobody waits for it.
    is_script(process, app) || is_deploy(process, app) && !process.is_silent()
}

fn is_script(process: &PluginProcess, app: &App) -> bool {
    process.name.starts_with(SCRIPTS) && process.arguments.first().is_some_and(|of| of == app.as_str())
}

/// `plugn`, which fires the trigger, is no part of it: it makes no container, the hooks that it runs do.
fn is_deploy(process: &PluginProcess, app: &App) -> bool {
    process.name == DEPLOY && process.arguments.get(1).is_some_and(|of| of == app.as_str())
}

/// Whether somebody changes an app at this moment, with its lock or without: not one that we run inside of.
pub(crate) fn is_changing(env: &Env, app: &App) -> Result<bool> {
    Ok(AppLock::is_held(env, app)? || deploying(env, app).is_some())
}

/// Whether somebody changes an app at this moment, or stops, destroys or renames it, of which no lock tells: what goes
/// then is not to come back. Nobody waits for that: it may be asking its user whether it is meant.
pub(crate) fn is_in_hand(env: &Env, app: &App) -> Result<bool> {
    if AppLock::is_held(env, app)? {
        return Ok(true);
    }
    let processes = plugin_processes(env);
    Ok(deploying_among(&processes, app).is_some() || processes.iter().any(|process| leaves(process, app)))
}

fn leaves(process: &PluginProcess, app: &App) -> bool {
    let mut arguments = process.arguments.iter();
    let is_asked = match process.name.as_str() {
        STOP => true,
        name => GOODBYES.contains(&name) && arguments.next().is_some_and(|of| of.strip_prefix("apps:") == Some(name)),
    };
    is_asked && arguments.any(|of| of == app.as_str())
}

/// Waits until nobody makes containers of an app, whose lock we hold, at most `patience`.
pub(crate) fn wait_for_deploy(env: &Env, app: &App, patience: Duration) -> Result<()> {
    wait_for(env, patience, LOOK_AGAIN, || {
        let deployed_by = |pid| {
            move || Obstacle {
                what: format!("a deploy of {app}"),
                is: format!("{app} is being deployed by process {pid}"),
                who: format!("process {pid}, which deploys {app}"),
            }
        };
        Ok(deploying(env, app).map_or(Attempt::Succeeded(()), |pid| Attempt::Hindered(deployed_by(pid))))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn process(line: &str) -> PluginProcess {
        let mut words = line.split_whitespace().map(str::to_owned);
        PluginProcess { pid: 1, name: words.next().unwrap(), arguments: words.collect(), is_ours: false }
    }

    #[test]
    fn the_host_s_scripts_make_containers_of_the_app_they_name() {
        let of = |line: &str| is_script(&process(line), &"shop".parse().unwrap());
        assert!(of("scheduler-deploy-process-container shop dockerfile i latest web 1 1"));
        assert!(of("scheduler-deploy-process shop dockerfile"));
        assert!(!of("scheduler-deploy-process-container shop2 dockerfile"));
        assert!(!of("scheduler-deploy docker-local shop latest"));
        assert!(!of("scheduler-deploy-process-container"));
        assert!(!of("scheduler-deploy-process api dockerfile shop"));
    }

    #[test]
    fn the_trigger_itself_names_the_app_after_the_scheduler() {
        let of = |line: &str| is_deploy(&process(line), &"shop".parse().unwrap());
        assert!(of("scheduler-deploy docker-local shop latest"));
        assert!(of("scheduler-deploy docker-local shop latest web"));
        assert!(!of("scheduler-deploy docker-local shop2 latest"));
        assert!(!of("scheduler-deploy-process shop dockerfile shop"));
        assert!(!of("trigger scheduler-deploy docker-local shop"));
    }

    #[test]
    fn an_app_leaves_while_the_host_stops_destroys_or_renames_it() {
        let of = |line: &str| leaves(&process(line), &"shop".parse().unwrap());
        assert!(of("destroy apps:destroy shop --force") && of("destroy apps:destroy --force shop"));
        assert!(of("rename apps:rename shop store") && of("scheduler-stop docker-local shop true"));
        assert!(!of("destroy apps:destroy shop2") && !of("scheduler-stop docker-local shop2"));
        assert!(!of("destroy postgres:destroy shop") && !of("destroy") && !of("create apps:create shop"));
    }
}
