//! `quota`: how many instances of a process type an app may have, and nobody gets more, by `ps:scale` or by a deploy.
//! One executable, which Dokku starts under the name of each command and of each trigger: see `build`.

use dokku_plugin::{
    App, Context, Env, Error, Globals, Help, Manual, ProcessType, Properties, Quantity, Result, ScaleChange, Triggers,
    clap, parse_command_line,
};
use std::collections::BTreeMap;

/// The plugin's name: of its folder, its commands and its properties.
const PLUGIN: &str = "quota";

const HELP: Help<'_> = Help {
    plugin: PLUGIN,
    about: "Keep process types of apps below a quota",
    commands: &[
        Manual::of_help("quota:help"),
        Manual::of::<Report>("quota:report", "[<app>]"),
        Manual::of::<Set>("quota:set", "<app> <type>=[<max>] [<type>=[<max>]...]"),
    ],
};

fn main() -> std::process::ExitCode {
    dokku_plugin::run(called)
}

/// Does what the name stands for by which it was started.
fn called(env: &Env) -> Result<()> {
    match env.arg(0)?.rsplit('/').next().unwrap_or_default() {
        "commands" => HELP.answer(env),
        "set" => set(env),
        "report" => report(env),
        "install" => Properties::new(env, PLUGIN).create_root(),
        "post-app-clone-setup" => {
            Properties::new(env, PLUGIN).copy(&env.arg(1)?.parse()?, &env.arg(2)?.parse()?, |_| true)
        }
        "post-app-rename-setup" => Properties::new(env, PLUGIN).move_all(&env.arg(1)?.parse()?, &env.arg(2)?.parse()?),
        "post-delete" => Properties::new(env, PLUGIN).remove_all(&env.arg(1)?.parse()?),
        "pre-release-builder" | "post-release-builder" => release(env),
        "ps-pre-scale" => pre_scale(env),
        other => Err(Error::new(format!("{PLUGIN} has no command and no trigger {other:?}"))),
    }
}

/// Set how many instances of process types an app may have
#[derive(clap::Parser)]
struct Set {
    #[command(flatten)]
    globals: Globals,
    /// The app
    app: String,
    /// worker=3 for three at most, worker= for as many as one likes
    #[arg(value_name = "TYPE=[MAX]", required = true, value_parser = parse_quota)]
    quotas: Vec<(ProcessType, Option<Quantity>)>,
}

fn set(env: &Env) -> Result<()> {
    let Set { app, quotas, .. } = parse_command_line(env)?;
    let (app, properties) = (App::named_by_user(env, &app)?, Properties::new(env, PLUGIN));
    for (process_type, most) in quotas {
        match most {
            Some(most) => properties.set(&app, process_type.as_str(), &most.to_string())?,
            None => properties.unset(&app, process_type.as_str())?,
        }
        let most = most.map_or("no quota".to_owned(), |most| most.to_string());
        env.output().info2_quiet(&format!("Setting {process_type} of {app} to {most}"));
    }
    Ok(())
}

/// `worker=3`, or `worker=` for no quota.
fn parse_quota(text: &str) -> Result<(ProcessType, Option<Quantity>)> {
    let (name, most) = text.split_once('=').ok_or_else(|| Error::new("it is not TYPE=MAX, such as web=3"))?;
    Ok((name.parse()?, if most.is_empty() { None } else { Some(parse_quantity(most)?) }))
}

fn parse_quantity(text: &str) -> Result<Quantity> {
    text.parse().map_err(|_| Error::new(format!("{text:?} is no quantity, such as 3")))
}

/// Report the quotas of an app or of all apps
#[derive(clap::Parser)]
struct Report {
    #[command(flatten)]
    globals: Globals,
    /// The app
    app: Option<String>,
}

fn report(env: &Env) -> Result<()> {
    let Report { app, .. } = parse_command_line(env)?;
    for app in app.map_or_else(|| App::all_visible(env), |app| Ok(vec![App::named_by_user(env, &app)?]))? {
        env.output().info2_quiet(&format!("{app} quota information"));
        for (process_type, most) in quotas(env, &app)? {
            env.output().verbose(&format!("{:<30} {most}", format!("{process_type}:")));
        }
    }
    Ok(())
}

/// The quotas of an app: a property for each process type that has one.
fn quotas(env: &Env, app: &App) -> Result<BTreeMap<String, Quantity>> {
    let properties = Properties::new(env, PLUGIN);
    let quota = |name: String| {
        let most =
            parse_quantity(&properties.get(app, &name)?.unwrap_or_default()).context(|| format!("quota of {name}"))?;
        Ok((name, most))
    };
    properties.names(app)?.into_iter().map(quota).collect()
}

/// `ps-pre-scale APP TYPE=OLD:NEW...`: fewer than there are is fine, however many that is.
fn pre_scale(env: &Env) -> Result<()> {
    let changes = env.args_from(2)?.into_iter().map(str::parse::<ScaleChange>).collect::<Result<Vec<_>>>()?;
    let grown = changes.into_iter().filter(|change| change.to > change.from);
    check(env, &env.arg(1)?.parse()?, grown.map(|change| (change.process_type.to_string(), change.to)))
}

/// `pre-release-builder BUILDER APP IMAGE`: what app.json wants, before it is saved; without it what is saved.
/// `post-release-builder BUILDER APP IMAGE`: what is saved once the other plugins have read the source.
fn release(env: &Env) -> Result<()> {
    let (triggers, app): (_, App) = (Triggers::new(env), env.arg(2)?.parse()?);
    let file = triggers.ask("app-json-get-content", &[app.as_str()])?;
    let file: serde_json::Value = serde_json::from_str(if file.is_empty() { "{}" } else { &file })?;
    let formation = file["formation"].as_object().into_iter().flatten();
    let wanted = formation.filter_map(|(name, about)| Some((name.clone(), about["quantity"].as_u64()?)));
    let mut wanted: BTreeMap<_, _> =
        wanted.map(|(name, quantity)| (name, quantity.try_into().unwrap_or(Quantity::MAX))).collect();
    if wanted.is_empty() {
        let saved = triggers.ask("ps-current-scale", &[app.as_str()])?;
        let saved = saved.lines().filter_map(|line| line.split_once('='));
        wanted = saved.filter_map(|(name, quantity)| Some((name.to_owned(), quantity.parse().ok()?))).collect();
    }
    check(env, &app, wanted)
}

/// Refuses more instances of a type than there may be.
fn check(env: &Env, app: &App, wanted: impl IntoIterator<Item = (String, Quantity)>) -> Result<()> {
    let quotas = quotas(env, app)?;
    for (name, quantity) in wanted {
        if let Some(most) = quotas.get(&name).filter(|most| quantity > **most) {
            return Err(Error::new(format!("{app} may have {most} of {name}, not {quantity}: it is its quota")));
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests;
