//! The hooks that a change of the scale needs.
//!
//! The host's own deploy fires everything. A change of the scale deploys nothing: the tasks of app.json
//! belong to a deploy, the cron table does not know instances, and a proxy has nothing to do with a type
//! that it does not serve. Both proxy and cron take longer the more apps a host has.

use super::naming::name_as_filed;
use super::surroundings::Surroundings;
use crate::settings;
use common::{App, Docker, Env, Implementer, ProcessType, Result, Triggers};

/// The host's proxies.
const PROXIES: &[&str] = &["nginx-vhosts", "caddy-vhosts", "haproxy-vhosts", "openresty-vhosts", "traefik-vhosts"];

/// Says to a hook that one type has changed, and nothing was deployed.
pub(crate) const ONE_TYPE: &str = "DOKKU_PS_CHANGED_TYPE";

/// The host's own plugins whose part in a deploy has nothing to do with instances, or is done by us: docker-local names
/// each container of the app anew and takes up what was pushed, domains warns of how nginx is set up.
const PARTS_OF_A_DEPLOY: &[&str] = &["app-json", "cron", "domains", "scheduler-docker-local"];

/// Fires what must know that instances of a type have come or are about to go.
pub(super) fn fire(
    env: &Env,
    app: &App,
    docker: &Docker<'_>,
    process_type: &ProcessType,
    surroundings: &Surroundings,
) -> Result<()> {
    let triggers = Triggers::new(env).var(ONE_TYPE, process_type.as_str());
    let all = settings::SCALE_HOOKS.of(env, app)? == "all";
    if !all {
        name_as_filed(env, app, docker)?;
    }
    let web = process_type.as_str() == "web";
    // Of the host's own plugins only proxies listen here, and those are told once, by core-post-deploy.
    triggers.fire_for("scheduler-post-deploy-process", &[app.as_str(), process_type.as_str()], |plugin| {
        all || !plugin.is_core()
    })?;
    let after_deploy = [app.as_str(), "", "", &surroundings.tag];
    let wanted = |plugin: &Implementer| all || !plugin.is_core() || is_needed(&plugin.name, web);
    triggers.fire_for("core-post-deploy", &after_deploy, wanted)?;
    triggers.fire_for("post-deploy", &after_deploy, wanted)
}

fn is_needed(plugin: &str, web: bool) -> bool {
    !PARTS_OF_A_DEPLOY.contains(&plugin) && (web || !PROXIES.contains(&plugin))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_proxy_is_told_of_web_alone() {
        assert!(is_needed("nginx-vhosts", true) && !is_needed("nginx-vhosts", false));
        assert!(is_needed("network", false) && is_needed("common", false));
        assert!(PARTS_OF_A_DEPLOY.iter().all(|plugin| !is_needed(plugin, true)));
    }
}
