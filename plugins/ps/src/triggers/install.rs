//! `install`: the plugin's folders, and the settings that older versions kept elsewhere.

use crate::PLUGIN;
use crate::formation::Formation;
use crate::host_files::{DOCKER_OPTIONS, app_folder};
use crate::restart_policy::RestartPolicy;
use crate::saved::SavedScale;
use crate::settings::Setting;
use crate::source_files::parse_dokku_scale;
use common::atomic::{self, Owner};
use common::{App, Env, Properties, Result, Scope, Triggers, file};

/// The variables that were settings once, the properties that they are now, and whether one of the host is
/// moved too.
const MOVED: &[(&str, &str, bool)] = &[
    ("DOKKU_DOCKER_STOP_TIMEOUT", "stop-timeout-seconds", false),
    ("DOKKU_APP_RESTORE", "restore", false),
    ("DOKKU_SKIP_DEPLOY", "skip-deploy", true),
    ("DOKKU_START_CMD", "start-cmd", false),
    ("DOKKU_DOCKERFILE_START_CMD", "dockerfile-start-cmd", false),
];

/// `install`: runs as root when Dokku installs or updates plugins. Nothing that is set is overwritten
/// by a variable; doing it twice is doing it once.
pub fn install(env: &Env) -> Result<()> {
    let owner = Owner::of_files(env)?;
    Properties::new(env, PLUGIN).create_root()?;
    let data = env.data_directory(PLUGIN)?;
    atomic::create_directory(&data, owner)?;
    let apps = App::all(env)?;
    for app in &apps {
        let (own_data, own_config) = (data.join(app.as_str()), Properties::new(env, PLUGIN).folder(app)?);
        atomic::create_directory(&own_data, owner)?;
        // A folder of another user, or one that nobody else may enter, would keep Dokku's user out.
        [own_data, own_config]
            .iter()
            .filter(|folder| file::exists(folder))
            .try_for_each(|folder| atomic::own_directory(folder, owner))?;
    }
    for app in &apps {
        move_restart_policy(env, app)?;
        if let Err(error) = import_dokku_scale(env, app) {
            env.output().warn(&format!("The scale of {app} is not imported from its DOKKU_SCALE: {error}"));
        }
    }
    // The plugin config may not have brought its own files to their present place yet. That the config of one app
    // cannot be read is no reason to leave the host without the plugin.
    if let Err(error) = Triggers::new(env).fire("config-migrate-env", &[]) {
        env.output().warn(&format!("Not all old settings may be found, and what is not found stays: {error}"));
    }
    for (variable, property, of_host) in MOVED {
        if *of_host {
            move_variable(env, Scope::Global, variable, property)?;
        }
        for app in &apps {
            move_variable(env, Scope::App(app), variable, property)?;
        }
    }
    Ok(())
}

/// `--restart=…` among an app's docker options is the property `restart-policy` now. The option is
/// taken out; the default policy needs no property.
fn move_restart_policy(env: &Env, app: &App) -> Result<()> {
    let lines = DOCKER_OPTIONS.list(env, app)?;
    let (mut others, mut policy) = (Vec::new(), None);
    for line in lines {
        match line.trim().strip_prefix("--restart=").map(str::parse::<RestartPolicy>) {
            Some(Ok(found)) => policy = Some(found.to_string()),
            Some(Err(_)) => {
                env.output().warn(&format!("A docker option --restart of {app} stays: ps has no such restart policy"));
                others.push(line);
            }
            None => others.push(line),
        }
    }
    let Some(policy) = policy else { return Ok(()) };
    if policy != "on-failure:10" {
        Properties::new(env, PLUGIN).set(app, "restart-policy", &policy)?;
    }
    DOCKER_OPTIONS.set_list(env, app, &others)
}

/// A `DOKKU_SCALE` in the app's folder is the scale of an app that has no other: versions before the
/// property kept it there.
fn import_dokku_scale(env: &Env, app: &App) -> Result<()> {
    let property = Properties::new(env, PLUGIN).folder(app)?.join("scale");
    let Some(text) = file::read_text(&app_folder(env, app)?.join("DOKKU_SCALE"))?.filter(|_| !property.exists()) else {
        return Ok(());
    };
    let requests = parse_dokku_scale(env, app, &text)?;
    SavedScale::new(env, app).import(&Formation::from_requests(&requests))
}

fn move_variable(env: &Env, scope: Scope<'_>, variable: &str, property: &str) -> Result<()> {
    let triggers = Triggers::new(env);
    let value = match scope {
        Scope::App(app) => triggers.ask_quietly("config-get", &[app.as_str(), variable])?,
        Scope::Global => triggers.ask_quietly("config-get-global", &[variable])?,
    };
    let Some(value) = value.filter(|value| !value.is_empty()) else { return Ok(()) };
    let value = match variable {
        "DOKKU_APP_RESTORE" if value == "0" => "false".to_owned(),
        "DOKKU_APP_RESTORE" => "true".to_owned(),
        _ => value,
    };
    let properties = Properties::new(env, PLUGIN);
    if properties.get(scope, property)?.is_some() {
        return Ok(());
    }
    if let Some(Err(_)) = Setting::named(property).map(|setting| setting.check(&value)) {
        let whose = scope.as_str();
        env.output()
            .warn(&format!("The config variable {variable} of {whose} stays: ps:set would refuse it for {property}"));
        return Ok(());
    }
    let (what, command) = match scope {
        Scope::App(app) => (format!("{variable} to ps {property} property for {app}"), format!("ps:set {app}")),
        Scope::Global => (format!("global {variable} to ps {property} property"), "ps:set --global".to_owned()),
    };
    env.output().info1(&format!(
        "Migrating deprecated {what}. Use 'dokku {command} {property} <value>' to manage this going forward."
    ));
    properties.set(scope, property, &value)?;
    triggers.fire("config-unset", &[scope.as_str(), variable])
}
