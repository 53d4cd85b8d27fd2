//! What other plugins ask and tell about the scale and the properties.

use super::changes::tell_of_changes;
use super::{app_argument, lock_of_hook};
use crate::PLUGIN;
use crate::change::deploy_types;
use crate::docker_local::check_docker;
use crate::formation::{Formation, Request};
use crate::saved::SavedScale;
use crate::scheduler::is_deployed;
use crate::settings::{MaxInstances, Named};
use common::{Env, Error, Properties, Result, shown};

/// The properties whose computed value other plugins may ask for.
const SHARED: &[&str] = &["restart-policy", "restore", "skip-deploy", "stop-timeout-seconds"];

/// `ps-can-scale APP true|false`: whether `ps:scale` may change the scale from now on.
pub fn ps_can_scale(env: &Env) -> Result<()> {
    let value = if env.arg(2)? == "true" { "true" } else { "false" };
    Properties::new(env, PLUGIN).set(&app_argument(env, 1)?, "can-scale", value)
}

/// `ps-current-scale APP`: prints `type=count` lines sorted by type, without a newline at the end.
pub fn ps_current_scale(env: &Env) -> Result<()> {
    let app = app_argument(env, 1)?;
    let shown = SavedScale::new(env, &app).shown()?;
    env.output().print(&shown.to_saved().join("\n"))
}

/// `ps-get-property APP PROPERTY`: prints the computed value; without an app, or for `--global`, the host's. Of an app
/// `PROPERTY.TYPE` is what holds for a type.
pub fn ps_get_property(env: &Env) -> Result<()> {
    let name = env.arg(2)?;
    let app = if matches!(env.arg(1)?, "" | "--global") { None } else { Some(app_argument(env, 1)?) };
    let named = Named::parse(name).ok().filter(|named| SHARED.contains(&named.setting.name));
    let named = named.filter(|named| app.is_some() || named.process_type.is_none());
    let named = named.ok_or_else(|| Error::new(format!("Invalid ps property specified: {}", shown(name))))?;
    let value = named.setting.of_type(env, app.as_ref(), named.process_type.as_ref())?;
    env.output().print(&format!("{value}\n"))
}

/// `ps-set-scale APP SKIP-DEPLOY CLEAR-EXISTING TYPE=COUNT…`: saves the scale, whoever rules it, and
/// deploys every type that is named, unless that is to be skipped or the app has not been deployed.
pub fn ps_set_scale(env: &Env) -> Result<()> {
    let app = app_argument(env, 1)?;
    let (skip_deploy, clear) = (env.arg(2)? == "true", env.arg(3)? == "true");
    let requests = Request::parse_all(&env.args_from(4)?)?;
    MaxInstances::of(env, &app)?.check_all(&requests)?;
    let lock = lock_of_hook(env, &app)?;
    let scale = SavedScale::new(env, &app);
    let saved = scale.desired();
    // A scale that cannot be read can still be replaced whole.
    let before = if clear { saved.unwrap_or_default() } else { saved? };
    let from = if clear { &Formation::default() } else { &before };
    if skip_deploy || requests.is_empty() || !is_deployed(env, &app)? {
        let saved = scale.save(from, &requests)?;
        if skip_deploy && clear {
            // The plugin app-json does so in a deploy.
            tell_of_changes(env, &app, "app.json", &before, &saved.scale, &requests)?;
        }
        return Ok(());
    }
    check_docker(env, &app)?;
    deploy_types(env, &app, &before, from, &requests, lock.as_ref())
}
