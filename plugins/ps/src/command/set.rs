//! `ps:set`: set or clear a property of an app, or of all apps.

use super::Patience;
use crate::PLUGIN;
use crate::docker_local::{InstanceStatus, Statuses};
use crate::restart_policy::RestartPolicy;
use crate::settings::{RESTART_POLICY, SETTINGS, Setting};
use common::{App, AppLock, Docker, Env, Error, Globals, Properties, Result, Scope, clap, parse_command_line};

#[derive(Debug, clap::Parser)]
#[command(name = "ps:set", about = "Set or clear a ps property for an app")]
struct Arguments {
    /// Set the property for all apps that have no value of their own
    #[arg(long)]
    global: bool,
    #[command(flatten)]
    patience: Patience,
    #[command(flatten)]
    globals: Globals,
    /// The app (not with --global), the property, and its value; without a value it is cleared
    words: Vec<String>,
}

/// The body of `ps:set`.
pub fn main(env: &Env) -> Result<()> {
    let arguments: Arguments = parse_command_line(env)?;
    let mut words = arguments.words.iter().map(String::as_str);
    let named = if arguments.global { "" } else { words.next().unwrap_or_default() };
    let (name, value) = (words.next().unwrap_or_default(), words.next().unwrap_or_default());
    let rest: Vec<&str> = words.collect();
    // As in the stock plugin a bad policy is told before a bad app.
    if name == "restart-policy" && !value.is_empty() && rest.is_empty() {
        value.parse::<RestartPolicy>()?;
    }
    let app = if arguments.global { None } else { Some(App::named_by_user(env, named)?) };
    let setting = setting(name, app.is_none())?;
    if !rest.is_empty() {
        let whole = std::iter::once(value).chain(rest).collect::<Vec<_>>().join(" ");
        return Err(Error::new(format!("{name} takes one value, put quotes around it: '{whole}'")));
    }
    if !value.is_empty() {
        setting.check(value)?;
    }
    let _lock = app.as_ref().map(|app| AppLock::acquire(env, app, arguments.patience.duration())).transpose()?;
    let scope = app.as_ref().map_or(Scope::Global, Scope::App);
    if value.is_empty() {
        env.output().info2_quiet(&format!("Unsetting {name}"));
        Properties::new(env, PLUGIN).unset(scope, name)
    } else {
        env.output().info2_quiet(&format!("Setting {name} to {value}"));
        Properties::new(env, PLUGIN).set(scope, name, value)
    }?;
    if name == "restart-policy" {
        reach_containers(env, app.as_ref());
    }
    Ok(())
}

#[derive(Debug, clap::Parser)]
#[command(name = "ps:set-restart-policy", about = "Sets the restart policy of an app")]
struct PolicyArguments {
    #[command(flatten)]
    patience: Patience,
    #[command(flatten)]
    globals: Globals,
    /// The app
    #[arg(default_value = "", hide_default_value = true)]
    app: String,
    /// no, always, unless-stopped, on-failure or on-failure:N
    #[arg(default_value = "", hide_default_value = true)]
    policy: String,
}

/// The body of `ps:set-restart-policy`: `ps:set APP restart-policy POLICY` in the words of earlier versions.
pub fn set_restart_policy(env: &Env) -> Result<()> {
    let arguments: PolicyArguments = parse_command_line(env)?;
    let app = App::named_by_user(env, &arguments.app)?;
    if arguments.policy.is_empty() {
        return Err(Error::new(
            "Please specify a restart policy: no, always, unless-stopped, on-failure or on-failure:N",
        ));
    }
    let policy: RestartPolicy = arguments.policy.parse()?;
    let _lock = AppLock::acquire(env, &app, arguments.patience.duration())?;
    env.output().info1_quiet(&format!("Setting restart policy: {policy}"));
    Properties::new(env, PLUGIN).set(&app, "restart-policy", &policy.to_string())?;
    reach_containers(env, Some(&app));
    Ok(())
}

/// Gives the running containers of an app, or of all apps that the user may see and that have no policy of their own,
/// the policy that holds now. It is saved already and new containers get it, so a failure is told and no more.
fn reach_containers(env: &Env, app: Option<&App>) {
    if let Err(error) = try_to_reach_containers(env, app) {
        let (what, command) = match app {
            Some(app) => (format!("the containers of {app}"), format!("ps:restart {app}")),
            None => ("all containers".to_owned(), "ps:restart --all".to_owned()),
        };
        env.output().warn(&format!("The restart policy is saved but has not reached {what}: {error}"));
        env.output().warn(&format!("New containers have it; to replace those that run: dokku {command}"));
    }
}

fn try_to_reach_containers(env: &Env, app: Option<&App>) -> Result<()> {
    let statuses = Statuses::new(env);
    let setting = &RESTART_POLICY;
    let policy = setting.computed(env, app)?;
    let mut apps = app.cloned().into_iter().collect::<Vec<_>>();
    if app.is_none() {
        for app in App::all_visible(env)? {
            if setting.given(env, &app)?.is_empty() {
                apps.push(app);
            }
        }
    }
    let mut containers = Vec::new();
    for app in &apps {
        let running = match statuses.instances(app) {
            Ok(instances) => instances.into_iter(),
            Err(error) if apps.len() == 1 => return Err(error),
            // One app that cannot be read keeps no other from it.
            Err(error) => {
                env.output().warn(&format!("The restart policy has not reached the containers of {app}: {error}"));
                continue;
            }
        };
        containers.extend(running.filter(InstanceStatus::counts_as_running).map(|found| found.container));
    }
    if containers.is_empty() { Ok(()) } else { Docker::new(env)?.set_restart_policy(&containers, &policy) }
}

/// The property that the user named.
fn setting(name: &str, global: bool) -> Result<&'static Setting> {
    let setting = Setting::named(name);
    if global && !setting.is_some_and(|setting| setting.global) {
        return Err(Error::new("Property cannot be specified globally"));
    }
    if name.is_empty() {
        return Err(Error::new("No property specified"));
    }
    setting.ok_or_else(|| {
        let names = SETTINGS.iter().map(|setting| setting.name).collect::<Vec<_>>().join(", ");
        Error::new(format!("Invalid property specified, valid properties include: {names}"))
    })
}
