//! Deploys that no lock tells of: `config:set` and whoever else fires `release-and-deploy` by itself.
//!
//! While one of them makes its containers, these look like what a killed deploy left behind, and what it has
//! stopped looks like what should be started.

use common::{App, Env, HostProcess, Obstacle, Result, host_processes, wait_for};
use std::time::Duration;

/// The host's trigger that deploys an app: `scheduler-deploy SCHEDULER APP TAG`.
const DEPLOY: &str = "scheduler-deploy";

/// What the names of its scripts for a type and for a container begin with; the app follows.
const SCRIPTS: &str = "scheduler-deploy-process";

/// How often a waiting process looks again.
const LOOK_AGAIN: Duration = Duration::from_millis(200);

/// The process that makes containers of `app` at this moment; `None` also when we run inside of such a deploy.
pub(crate) fn deploying(app: &App) -> Option<u32> {
    let processes = host_processes();
    let mut deploying = processes.iter().filter(|process| makes_containers(process, app));
    if deploying.clone().any(|process| process.is_ours) { None } else { deploying.next().map(|process| process.pid) }
}

fn makes_containers(process: &HostProcess, app: &App) -> bool {
    // A part of the deploy stays behind to end old containers; its outputs are let go, so that nobody waits for it.
    is_script(&process.words, app) || is_deploy(&process.words, app) && !process.is_silent()
}

fn is_script(words: &[String], app: &App) -> bool {
    words
        .windows(2)
        .any(|words| matches!(words, [script, of] if file_name(script).starts_with(SCRIPTS) && of == app.as_str()))
}

fn is_deploy(words: &[String], app: &App) -> bool {
    words
        .windows(3)
        .any(|words| matches!(words, [trigger, _, of] if file_name(trigger) == DEPLOY && of == app.as_str()))
}

fn file_name(word: &str) -> &str {
    word.rsplit('/').next().unwrap_or_default()
}

/// Waits until nobody makes containers of an app, whose lock we hold, at most `patience`.
///
/// # Errors
/// When somebody still does: the message names the process.
pub(crate) fn wait_for_deploy(env: &Env, app: &App, patience: Duration) -> Result<()> {
    wait_for(env, patience, LOOK_AGAIN, || {
        let deployed_by = |pid| {
            move || Obstacle {
                what: format!("a deploy of {app}"),
                is: format!("{app} is being deployed by process {pid}"),
                who: format!("process {pid}, which deploys {app}"),
            }
        };
        Ok(deploying(app).map_or(Ok(()), |pid| Err(deployed_by(pid))))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn words(line: &str) -> Vec<String> {
        line.split_whitespace().map(str::to_owned).collect()
    }

    #[test]
    fn the_host_s_scripts_make_containers_of_the_app_they_name() {
        let of = |line: &str| is_script(&words(line), &"shop".parse().unwrap());
        assert!(of(
            "bash /lib/scheduler-docker-local/bin/scheduler-deploy-process-container shop dockerfile i latest web 1 1"
        ));
        assert!(of("/bin/bash -c /lib/bin/scheduler-deploy-process shop dockerfile"));
        assert!(!of("bash /lib/bin/scheduler-deploy-process-container shop2 dockerfile"));
        assert!(!of("bash /lib/scheduler-docker-local/scheduler-deploy docker-local shop latest"));
        assert!(!of("vi scheduler-deploy-process-container"));
    }

    #[test]
    fn the_trigger_itself_names_the_app_after_the_scheduler() {
        let of = |line: &str| is_deploy(&words(line), &"shop".parse().unwrap());
        assert!(of("bash /lib/scheduler-docker-local/scheduler-deploy docker-local shop latest"));
        assert!(of("plugn trigger scheduler-deploy docker-local shop latest web"));
        assert!(!of("plugn trigger scheduler-deploy docker-local shop2 latest"));
        assert!(!of("bash /lib/bin/scheduler-deploy-process shop dockerfile shop"));
    }
}
