//! The scheduler of an app, and what the host knows of an app's deploy.

use crate::host_files;
use common::{App, Env, Result, Scope, Triggers};
use std::cell::OnceCell;

/// The scheduler of a host that says nothing else.
pub(crate) const DOCKER_LOCAL: &str = "docker-local";

/// The name of the scheduler that runs an app.
///
/// Where only the host's own plugins answer `scheduler-detect` their answer is read from the property
/// they read, which spares two processes.
pub(crate) fn scheduler_of<'s>(env: &Env, scope: impl Into<Scope<'s>>) -> Result<String> {
    Schedulers::new(env).of(scope)
}

/// The schedulers of any number of apps; who answers for them is looked up once.
pub(crate) struct Schedulers<'a> {
    env: &'a Env,
    answered_by_host: OnceCell<bool>,
}

impl<'a> Schedulers<'a> {
    /// Nothing is asked yet.
    pub(crate) fn new(env: &'a Env) -> Self {
        Self { env, answered_by_host: OnceCell::new() }
    }

    /// As [`scheduler_of`].
    pub(crate) fn of<'s>(&self, scope: impl Into<Scope<'s>>) -> Result<String> {
        let scope = scope.into();
        let triggers = Triggers::new(self.env);
        let host_s_own = &["20_events", "scheduler"];
        let answered_by_host =
            *remembered(&self.answered_by_host, || triggers.only_answered_by(host_s_own, "scheduler-detect"))?;
        let answer = if answered_by_host {
            host_files::SCHEDULER.of(self.env, scope)?.unwrap_or_default()
        } else {
            let ask = |scope: Scope<'_>| triggers.ask("scheduler-detect", &[scope.as_str()]);
            match (scope, ask(scope)?) {
                (Scope::App(_), answer) if answer.is_empty() => ask(Scope::Global)?,
                (_, answer) => answer,
            }
        };
        Ok(if answer.is_empty() { DOCKER_LOCAL.to_owned() } else { answer })
    }
}

/// Whether an app has been deployed, as the property `deployed` says; where it says nothing, as the
/// scheduler says, and the property is written.
pub(crate) fn is_deployed(env: &Env, app: &App) -> Result<bool> {
    if let Some(deployed) = host_files::DEPLOYED.of(env, app)? {
        return Ok(deployed == "true");
    }
    let scheduler = scheduler_of(env, app)?;
    let deployed = Triggers::new(env).ask_quietly("scheduler-is-deployed", &[&scheduler, app.as_str()])?.is_some();
    host_files::DEPLOYED.set(env, app, if deployed { "true" } else { "false" })?;
    Ok(deployed)
}

/// What a cell holds, found out the first time.
pub(crate) fn remembered<T>(cell: &OnceCell<T>, find: impl FnOnce() -> Result<T>) -> Result<&T> {
    if let Some(known) = cell.get() {
        return Ok(known);
    }
    let found = find()?;
    Ok(cell.get_or_init(|| found))
}
