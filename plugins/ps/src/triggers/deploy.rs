//! What happens around a deploy: restart policy, scale, and the change from one release to the next.

use super::changes::tell_of_changes;
use super::{HOOK_PATIENCE, app_argument, lock_of_hook};
use crate::PLUGIN;
use crate::app_json;
use crate::change;
use crate::fingerprint::{Fingerprint, LABEL};
use crate::formation::Request;
use crate::saved::SavedScale;
use crate::settings::{self, MaxInstances};
use crate::source_files::{SourceFile, current_dokku_scale, current_procfile, ignores_dokku_scale};
use common::{App, Context, Env, Error, ProcessType, Properties, Result, file, listed, shown};

/// `app-restart APP`: another plugin wants an app restarted.
pub fn app_restart(env: &Env) -> Result<()> {
    let app = App::named_by_user(env, env.arg(1)?)?;
    change::redeploy(env, &app, HOOK_PATIENCE)
}

/// `docker-args-process-deploy APP BUILDER TAG [TYPE [N]]`: standard input, then the restart policy of the type as
/// an argument of `docker container create`, and what the container is made from as another, without a newline.
pub fn docker_args_process_deploy(env: &Env) -> Result<()> {
    let app = app_argument(env, 1)?;
    let process_type: Option<ProcessType> = env.arg(4).ok().and_then(|name| name.parse().ok());
    let policy = settings::RESTART_POLICY.of_type(env, Some(&app), process_type.as_ref())?;
    let label = process_type.and_then(|process_type| made_from(env, &app, &process_type));
    let label = label.map(|value| format!(" --label={LABEL}={value}")).unwrap_or_default();
    let before = env.stdin()?;
    env.output().print_bytes(&[&before, format!(" --restart={policy}{label}").as_bytes()].concat())
}

/// The fingerprint of a container that is made now. Without one it is judged as one from before the plugin: that is no
/// reason to fail a deploy, nor for a warning at each container. `ps` and `ps:scale` say what of it they cannot read.
fn made_from(env: &Env, app: &App, process_type: &ProcessType) -> Option<String> {
    Fingerprint::current(env, app, process_type).ok()?.to_label()
}

/// `pre-release-builder BUILDER APP IMAGE`: checks what the release will be run by, before anything is
/// released: the Procfile, the DOKKU_SCALE, that every type which the DOKKU_SCALE or an app.json
/// formation wants is in the Procfile, and that nothing asks for more instances of a type than there may be.
pub fn pre_release_builder(env: &Env) -> Result<()> {
    let app = app_argument(env, 2)?;
    let procfile = current_procfile(env, &app)?;
    let dokku_scale = current_dokku_scale(env, &app)?.unwrap_or_default();
    let formation = app_json::wanted_quantities(env, &app)?;
    let most = MaxInstances::of(env, &app)?;
    for (name, quantity) in &formation {
        let Ok(process_type) = name.parse() else { continue };
        most.check(&Request { process_type, quantity: *quantity }).context(|| "app.json, formation")?;
    }
    let asked = |name: &str| {
        formation.iter().any(|(asked, _)| asked == name)
            || dokku_scale.iter().any(|request| request.process_type.as_str() == name)
    };
    SavedScale::new(env, &app).refuse_excess(|process_type| !asked(process_type.as_str()))?;
    let Some(procfile) = procfile else { return Ok(()) };
    let wanted = dokku_scale.iter().filter(|request| request.quantity > 0);
    let wanted = wanted.map(|request| ("DOKKU_SCALE", request.process_type.to_string()));
    let formation = formation.into_iter().filter(|(_, quantity)| *quantity > 0).map(|(name, _)| ("app.json", name));
    for (file, name) in wanted.chain(formation) {
        let known = name.parse().is_ok_and(|process_type| procfile.contains(&process_type));
        if !known {
            return Err(Error::new(format!(
                "{file} asks for the process type {}, which the Procfile does not have; it has: {}",
                shown(&name.chars().take(ProcessType::MAX_LENGTH).collect::<String>()),
                listed(procfile.process_types().map(ProcessType::as_str))
            )));
        }
    }
    Ok(())
}

/// `post-release-builder BUILDER APP IMAGE`: the scale learns the types of the new release, and what its
/// DOKKU_SCALE says, unless an app.json formation rules.
///
/// The plugin app-json has fired its part by then: it says that the scale can be changed, and takes that
/// back when it has a formation. Whether `ps:scale` may change it is settled once the deploy has succeeded.
pub fn post_release_builder(env: &Env) -> Result<()> {
    let app = app_argument(env, 2)?;
    let _lock = lock_of_hook(env, &app)?;
    let scale = SavedScale::new(env, &app);
    let dokku_scale = SourceFile::dokku_scale(env, &app)?;
    if ignores_dokku_scale(env, &app)? && file::exists(&dokku_scale.released()) {
        // A deploy that extracts no source has one of the release.
        dokku_scale.begin(None)?;
    }
    match current_dokku_scale(env, &app)? {
        Some(requests) if !app_json::rules(env, &app)? => {
            if !file::exists(&dokku_scale.released()) {
                env.output().warn(&format!(
                    "The file DOKKU_SCALE in the source of {app} sets its scale from now on, and ps:scale does not; to have \
                     it ignored: dokku ps:set {app} {} none",
                    settings::SCALE_FILE.name
                ));
            }
            let before = scale.desired()?;
            let saved = scale.save(&before, &requests)?;
            tell_of_changes(env, &app, "DOKKU_SCALE", &before, &saved.scale, &requests)
        }
        ruled => {
            if ruled.is_some() {
                dokku_scale.discard()?;
            }
            scale.save(&scale.desired()?, &[]).map(drop)
        }
    }?;
    change::owe_hooks_of_deploy(env, &app)
}

/// `core-post-deploy APP PORT IP TAG`: what the new release brought takes its place, and the app is one
/// that runs after a boot.
pub fn core_post_deploy(env: &Env) -> Result<()> {
    let app = app_argument(env, 1)?;
    let properties = Properties::new(env, PLUGIN);
    SourceFile::procfile(env, &app)?.finish()?;
    let dokku_scale = SourceFile::dokku_scale(env, &app)?;
    let goes = dokku_scale.is_being_removed();
    dokku_scale.finish()?;
    if file::exists(&dokku_scale.released()) {
        properties.set(&app, "can-scale", "false")?;
    } else if goes && !app_json::rules(env, &app)? {
        properties.set(&app, "can-scale", "true")?;
    }
    SavedScale::new(env, &app).forget_vanished()?;
    // To change a type is no deploy.
    if env.var(change::ONE_TYPE).is_none() { properties.set(&app, "restore", "true") } else { Ok(()) }
}

/// `post-stop APP`: the app stays stopped over a boot.
pub fn post_stop(env: &Env) -> Result<()> {
    Properties::new(env, PLUGIN).set(&app_argument(env, 1)?, "restore", "false")
}
