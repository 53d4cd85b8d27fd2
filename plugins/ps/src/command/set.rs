//! `ps:set`: set or clear a property of an app, or of all apps.

use super::Patience;
use super::chosen::chosen;
use crate::PLUGIN;
use crate::docker_local::{InstanceStatus, Statuses};
use crate::restart_policy::RestartPolicy;
use crate::settings::{Named, RESTART_POLICY, SETTINGS, Setting};
use common::{
    App, AppLock, Docker, Env, Error, Globals, ProcessType, Properties, Result, Scope, clap, parse_command_line,
};

#[derive(Debug, clap::Parser)]
#[command(
    name = "ps:set", about = "Set or clear a ps property for an app",
    after_help = examples!(
        "dokku ps:set shop restart-policy on-failure:20" => "Set a property of an app.",
        "dokku ps:set --global stop-timeout-seconds 60" => "For all apps that have no value of their own.",
        "dokku ps:set shop restart-policy" => "Clear it.",
    )
)]
pub(crate) struct Arguments {
    /// Set the property for all apps that have no value of their own
    #[arg(long)]
    global: bool,
    #[command(flatten)]
    patience: Patience,
    #[command(flatten)]
    globals: Globals,
    /// The app (not with --global), the property or PROPERTY.TYPE, its value (none: clear it)
    words: Vec<String>,
}

/// The body of `ps:set`.
pub fn main(env: &Env) -> Result<()> {
    let arguments: Arguments = parse_command_line(env)?;
    let mut words = arguments.words.iter().map(String::as_str);
    let app = if arguments.global { "" } else { words.next().unwrap_or_default() };
    let (name, value) = (words.next().unwrap_or_default(), words.next().unwrap_or_default());
    let rest: Vec<&str> = words.collect();
    let named = Named::parse(name);
    // As in the stock plugin a bad policy is told before a bad app.
    let is_policy = named.as_ref().is_ok_and(|named| named.setting.name == RESTART_POLICY.name);
    if is_policy && !value.is_empty() && rest.is_empty() {
        value.parse::<RestartPolicy>()?;
    }
    let app = if arguments.global { None } else { Some(App::named_by_user(env, app)?) };
    if app.is_none() && !named.as_ref().is_ok_and(Named::is_global) {
        return Err(Error::new("Property cannot be specified globally"));
    }
    let named = named.map_err(|error| error.with_hint(what_can_be_set(env, app.as_ref())))?;
    if !rest.is_empty() {
        let whole = std::iter::once(value).chain(rest).collect::<Vec<_>>().join(" ");
        return Err(Error::new(format!("{name} takes one value, put quotes around it: '{whole}'")));
    }
    if !value.is_empty() {
        named.setting.check(value)?;
    }
    let _lock = app.as_ref().map(|app| AppLock::acquire(env, app, arguments.patience.duration())).transpose()?;
    set(env, app.as_ref(), &named, value)?;
    if is_policy {
        reach_containers(env, app.as_ref(), named.process_type.as_ref());
    }
    Ok(())
}

/// Each property with the value that holds: for who does not know their names.
fn what_can_be_set(env: &Env, app: Option<&App>) -> String {
    let value = |setting: &Setting| setting.computed(env, app).unwrap_or_default();
    let lines = SETTINGS.iter().filter(|setting| app.is_some() || setting.global);
    let lines = lines.map(|setting| format!("  {:<22}{}", setting.name, value(setting)).trim_end().to_owned());
    let whose = app.map_or_else(|| "--global".to_owned(), App::to_string);
    let usage = format!("dokku ps:set {whose} PROPERTY [VALUE] sets one of these, without a value it is cleared:");
    std::iter::once(usage).chain(lines).collect::<Vec<_>>().join("\n")
}

/// Sets a property to a value that was checked; an empty one clears it. A type that the app does not have gets none, and
/// can lose one: it may have been there.
fn set(env: &Env, app: Option<&App>, named: &Named, value: &str) -> Result<()> {
    let (properties, scope) = (Properties::new(env, PLUGIN), app.map_or(Scope::Global, Scope::App));
    let name = named.to_string();
    if value.is_empty() {
        env.output().info2_quiet(&format!("Unsetting {name}"));
        return properties.unset(scope, &name);
    }
    if let (Some(app), Some(process_type)) = (app, &named.process_type) {
        chosen(env, app, &[process_type.to_string()])?;
    }
    env.output().info2_quiet(&format!("Setting {name} to {value}"));
    properties.set(scope, &name, value)
}

#[derive(Debug, clap::Parser)]
#[command(
    name = "ps:set-restart-policy",
    about = "Sets the restart policy of an app (kept from earlier versions: ps:set <app> restart-policy)",
    after_help = examples!(
        "dokku ps:set-restart-policy shop always" => "Set the policy of an app.",
    )
)]
pub(crate) struct PolicyArguments {
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
    reach_containers(env, Some(&app), None);
    Ok(())
}

/// Gives the running containers of one type of an app, of an app, or of all apps that the user may see the policy that
/// holds now, but for those that have a nearer one: an app's own, a type's own. It is saved already and new containers
/// get it, so a failure is told and no more.
fn reach_containers(env: &Env, app: Option<&App>, process_type: Option<&ProcessType>) {
    if let Err(error) = try_to_reach_containers(env, app, process_type) {
        let (what, command) = match (app, process_type) {
            (Some(app), None) => (format!("the containers of {app}"), format!("ps:restart {app}")),
            (Some(app), Some(name)) => (format!("the {name} containers of {app}"), format!("ps:restart {app} {name}")),
            (None, _) => ("all containers".to_owned(), "ps:restart --all".to_owned()),
        };
        env.output().warn(&format!("The restart policy is saved but has not reached {what}: {error}"));
        env.output().warn(&format!("New containers have it; to replace those that run: dokku {command}"));
    }
}

fn try_to_reach_containers(env: &Env, app: Option<&App>, process_type: Option<&ProcessType>) -> Result<()> {
    let statuses = if app.is_some() { Statuses::for_one(env) } else { Statuses::new(env) };
    let setting = &RESTART_POLICY;
    let policy = setting.of_type(env, app, process_type)?;
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
        match that_go_by(env, &statuses, app, process_type) {
            Ok(found) => containers.extend(found),
            Err(error) if apps.len() == 1 => return Err(error),
            // One app that cannot be read keeps no other from it.
            Err(error) => {
                env.output().warn(&format!("The restart policy has not reached the containers of {app}: {error}"));
            }
        }
    }
    if containers.is_empty() { Ok(()) } else { Docker::new(env)?.set_restart_policy(&containers, &policy) }
}

/// The running containers of an app that go by the policy of a type, or, without one, by the app's.
fn that_go_by(
    env: &Env,
    statuses: &Statuses<'_>,
    app: &App,
    process_type: Option<&ProcessType>,
) -> Result<Vec<String>> {
    let own = RESTART_POLICY.given_to_types(env, app, &Properties::new(env, PLUGIN).names(app)?)?;
    let goes_by_it = |found: &InstanceStatus| {
        let of = found.process_type();
        process_type.map_or_else(|| !own.contains_key(&of), |only| of == *only)
    };
    let running = statuses.instances(app)?.into_iter().filter(InstanceStatus::counts_as_running);
    Ok(running.filter(goes_by_it).map(|found| found.container).collect())
}
