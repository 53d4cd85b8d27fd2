//! The scheduler of an app, and what the host knows of an app's deploy.

use common::{App, Env, Properties, Result, Scope, Triggers};

/// The scheduler of a host that says nothing else.
pub const DOCKER_LOCAL: &str = "docker-local";

/// The name of the scheduler that runs an app.
///
/// Where only the host's own plugins answer `scheduler-detect` their answer is read from the property
/// they read, which spares two processes.
///
/// # Errors
/// When the trigger fails or the property cannot be read.
pub fn scheduler_of<'s>(env: &Env, scope: impl Into<Scope<'s>>) -> Result<String> {
    let scope = scope.into();
    let triggers = Triggers::new(env);
    let answer = if only_answered_by(&triggers, "scheduler-detect", &["20_events", "scheduler"])? {
        let properties = Properties::new(env, "scheduler");
        match properties.get(scope, "selected")? {
            Some(selected) => selected,
            None => properties.get(Scope::Global, "selected")?.unwrap_or_default(),
        }
    } else {
        triggers.ask("scheduler-detect", &[scope.as_str()])?
    };
    Ok(if answer.is_empty() { DOCKER_LOCAL.to_owned() } else { answer })
}

/// Whether an app has been deployed, as the property `deployed` says; where it says nothing, as the
/// scheduler says, and the property is written.
///
/// # Errors
/// When the property cannot be read or written.
pub fn is_deployed(env: &Env, app: &App) -> Result<bool> {
    let properties = Properties::new(env, "common");
    if let Some(deployed) = properties.get(app, "deployed")? {
        return Ok(deployed == "true");
    }
    let scheduler = scheduler_of(env, app)?;
    let deployed = Triggers::new(env).ask_quietly("scheduler-is-deployed", &[&scheduler, app.as_str()])?.is_some();
    properties.set(app, "deployed", if deployed { "true" } else { "false" })?;
    Ok(deployed)
}

/// The tag of the image that an app runs.
///
/// # Errors
/// When the trigger fails.
pub fn image_tag(env: &Env, app: &App) -> Result<String> {
    let tag = Triggers::new(env).ask("deployed-app-image-tag", &[app.as_str()])?;
    Ok(if tag.is_empty() { "latest".to_owned() } else { tag })
}

/// Whether someone answers a trigger, and nobody but these plugins, all of them the host's own.
///
/// # Errors
/// When the plugins cannot be listed.
pub fn only_answered_by(triggers: &Triggers<'_>, trigger: &str, plugins: &[&str]) -> Result<bool> {
    let implementers = triggers.implementers(trigger)?;
    Ok(!implementers.is_empty() && implementers.iter().all(|plugin| plugins.contains(&plugin.name.as_str())))
}
