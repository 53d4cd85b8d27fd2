//! Deploys that no lock tells of: `config:set` and whoever else fires `release-and-deploy` by itself.
//!
//! While one of them makes its containers, these look like what a killed deploy left behind, and what it has
//! stopped looks like what should be started.

use common::{App, Env, HostProcess, Obstacle, Result, host_processes, wait_for};
use std::time::Duration;

/// What the names of the host's scripts for a type and for a container begin with.
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
    process.words.windows(2).any(|words| match words {
        [script, of] => script.rsplit('/').next().is_some_and(|name| name.starts_with(SCRIPTS)) && of == app.as_str(),
        _ => false,
    })
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

    #[test]
    fn the_host_s_scripts_for_this_app_deploy_it() {
        let of = |line: &str| {
            let words = line.split_whitespace().map(str::to_owned).collect();
            makes_containers(&HostProcess { pid: 7, words, is_ours: false }, &"shop".parse().unwrap())
        };
        assert!(of(
            "bash /lib/scheduler-docker-local/bin/scheduler-deploy-process-container shop dockerfile i latest web 1 1"
        ));
        assert!(of("/bin/bash -c /lib/bin/scheduler-deploy-process shop dockerfile"));
        assert!(!of("bash /lib/bin/scheduler-deploy-process-container shop2 dockerfile"));
        // This one stays in the background to end old containers.
        assert!(!of("bash /lib/scheduler-docker-local/scheduler-deploy docker-local shop latest"));
        assert!(!of("vi scheduler-deploy-process-container"));
    }
}
