//! `ps:scale`: show or change how many instances of each process type an app runs.

use super::Patience;
use crate::change::{
    How, Scaling, TypeChange, as_json as plan_as_json, as_text as plan_as_text, lock, one_after_the_other,
    stop_later_if_asked,
};
use crate::docker_local::{check_docker, instance_files, is_stopped_whole};
use crate::formation::{Change, Formation, Request};
use crate::saved::{Saved, SavedScale, can_scale};
use crate::scheduler::is_deployed;
use crate::settings::{self, MaxInstances};
use crate::source_files::SourceFile;
use crate::stopped::Stopped;
use common::{
    App, AppLock, Context, Env, Error, Globals, ProcessType, Result, ScaleChange, Triggers, clap, listed,
    parse_command_line, shown,
};
use serde::Serialize;
use std::collections::BTreeSet;

#[derive(Debug, clap::Parser)]
#[command(
    name = "ps:scale", about = "Get/Set how many instances of a given process to run",
    after_help = examples!(
        "dokku ps:scale shop" => "How many instances of each process type there should be.",
        "dokku ps:scale shop web=2 worker+1" => "Two of web, and one worker more than now.",
        "dokku ps:scale shop web=0 --dry-run" => "Say what would be started and stopped.",
        "dokku ps:scale shop --current web=2 web=3" => "From two to three, and only from two.",
    )
)]
pub(crate) struct Arguments {
    /// Save the scale and start or stop nothing
    #[arg(long)]
    skip_deploy: bool,
    /// Print what would be done, and do nothing
    #[arg(long)]
    dry_run: bool,
    /// Change the scale only if it is this now
    #[arg(long, value_name = "TYPE=COUNT", action = clap::ArgAction::Append)]
    current: Vec<String>,
    /// incremental (only what is added or removed is touched) or recreate
    #[arg(long)]
    strategy: Option<String>,
    /// stdout or json
    #[arg(long, default_value = "stdout")]
    format: String,
    #[command(flatten)]
    patience: Patience,
    #[command(flatten)]
    globals: Globals,
    /// The app
    #[arg(default_value = "", hide_default_value = true)]
    app: String,
    /// What to change: web=3, web+1, worker-2; without it the scale is shown
    #[arg(value_name = "TYPE=COUNT")]
    requests: Vec<String>,
}

/// The body of `ps:scale`.
pub fn main(env: &Env) -> Result<()> {
    if let Some(stopped) = stop_later_if_asked(env) {
        return stopped;
    }
    let arguments: Arguments = parse_command_line(env)?;
    let app = App::named_by_user(env, &arguments.app)?;
    let json = super::report::is_json(&arguments.format)?;
    if arguments.requests.is_empty() {
        return show(env, &app, json);
    }
    if arguments.dry_run {
        return dry_run(env, &app, &arguments, json);
    }
    if !arguments.skip_deploy {
        check_docker(env, &app)?;
    }
    let lock = lock(env, &app, arguments.patience.duration())?;
    refuse_ruled_scale(env, &app)?;
    let words: Vec<&str> = arguments.requests.iter().map(String::as_str).collect();
    env.output().info1(&format!("Scaling {app} processes: {}", shown(&words.join(" "))));
    let asked = Asked::read(env, &app, &arguments)?;
    if asked.requests.is_empty() {
        return Ok(());
    }
    if arguments.skip_deploy || !is_deployed(env, &app)? {
        return asked.announced(env, &app, || asked.save(env, &app));
    }
    if is_stopped_whole(env, &app)? {
        asked.announced(env, &app, || asked.save(env, &app))?;
        env.output()
            .warn(&format!("App {app} is stopped: the scale is saved and holds once ps:start {app} has started it"));
        return Ok(());
    }
    let scaling = Scaling::find(env, &app)?;
    let changes = scaling.plan(&asked.saved.shown(), &asked.requests, asked.recreate)?;
    warn_of_stopped(env, &app, &asked.requests)?;
    asked.announced(env, &app, || change(env, &app, &asked, &scaling, &changes, &lock))
}

/// Of a type that was stopped by hand nothing is started.
fn warn_of_stopped(env: &Env, app: &App, requests: &[Request]) -> Result<()> {
    let stopped = Stopped::new(env, app)?.read()?;
    for Request { process_type, .. } in requests.iter().filter(|request| request.quantity > 0) {
        if stopped.types.contains(process_type) {
            env.output().warn(&format!(
                "{process_type} of {app} is stopped: the scale is saved and holds once ps:start {app} {process_type} has \
                 started it"
            ));
        }
    }
    Ok(())
}

/// What the command line asks for, checked against what is saved.
struct Asked {
    saved: Saved,
    requests: Vec<Request>,
    recreate: bool,
}

impl Asked {
    fn read(env: &Env, app: &App, arguments: &Arguments) -> Result<Self> {
        let wanted: Vec<&str> = arguments.requests.iter().map(String::as_str).collect();
        let current: Vec<&str> = arguments.current.iter().map(String::as_str).collect();
        let (wanted, current) = (Change::parse_all(&wanted)?, Request::parse_all(&current)?);
        let strategy = match &arguments.strategy {
            Some(strategy) => strategy.clone(),
            None => settings::SCALE_STRATEGY.of(env, app)?,
        };
        settings::scale_strategy(&strategy)?;
        let saved = SavedScale::new(env, app).read()?;
        let before = &saved.desired;
        for Request { process_type, quantity } in &current {
            let now = before.quantity(process_type).unwrap_or(0);
            if now != *quantity {
                return Err(Error::new(format!(
                    "{process_type} is scaled to {now}, not to {quantity}: nothing is changed"
                )));
            }
        }
        let requests = wanted.iter().map(|change| change.resolve(before)).collect::<Result<Vec<_>>>()?;
        MaxInstances::of(env, app)?.check_all(&requests)?;
        let named: BTreeSet<ProcessType> = requests.iter().map(|request| request.process_type.clone()).collect();
        SavedScale::new(env, app).warn_of_excess(|process_type| !named.contains(process_type))?;
        let requests = without_unknown_types(env, app, &saved, requests)?;
        before.update(saved.procfile.as_ref(), &requests)?;
        Ok(Self { saved, requests, recreate: strategy == "recreate" })
    }

    fn save(&self, env: &Env, app: &App) -> Result<()> {
        SavedScale::new(env, app).save(&self.saved.desired, &self.requests).map(drop)
    }

    /// What other plugins are told of: the app, and each type whose quantity changes. `None` where none does.
    fn announcement(&self, app: &App) -> Option<Vec<String>> {
        let change = |request: &Request| ScaleChange {
            process_type: request.process_type.clone(),
            from: self.saved.desired.quantity(&request.process_type).unwrap_or(0),
            to: request.quantity,
        };
        let changed = self.requests.iter().map(change).filter(|change| change.from != change.to);
        let told: Vec<String> =
            std::iter::once(app.to_string()).chain(changed.map(|change| change.to_string())).collect();
        (told.len() > 1).then_some(told)
    }

    /// Does `work` between the triggers that tell other plugins of the change; the first may refuse it.
    fn announced(&self, env: &Env, app: &App, work: impl FnOnce() -> Result<()>) -> Result<()> {
        let Some(told) = self.announcement(app) else { return work() };
        may_be_made(env, &told, "false")?;
        // What is asked was worked out from the scale before.
        if SavedScale::new(env, app).read()?.desired != self.saved.desired {
            return Err(Error::new(format!(
                "A plugin has scaled {app} in its ps-pre-scale: that holds, and nothing else is changed"
            )));
        }
        work()?;
        let told: Vec<&str> = told.iter().map(String::as_str).collect();
        Triggers::new(env).fire("ps-post-scale", &told).context(|| "The scale stands, but not all were told of it")
    }
}

/// Asks the plugins that may refuse a change, and says to them whether it is only planned.
fn may_be_made(env: &Env, told: &[String], is_plan: &str) -> Result<()> {
    let told: Vec<&str> = told.iter().map(String::as_str).collect();
    Triggers::new(env).var("DOKKU_PS_DRY_RUN", is_plan).fire_to_be_allowed("ps-pre-scale", &told)
}

fn dry_run(env: &Env, app: &App, arguments: &Arguments, json: bool) -> Result<()> {
    refuse_ruled_scale(env, app)?;
    let asked = Asked::read(env, app, arguments)?;
    asked.announcement(app).map_or(Ok(()), |told| may_be_made(env, &told, "true"))?;
    let only_saved = arguments.skip_deploy || !is_deployed(env, app)? || is_stopped_whole(env, app)?;
    let scaling = if only_saved { Scaling::by_what_is_saved(env, app) } else { Scaling::find(env, app)? };
    let mut changes = scaling.plan(&asked.saved.shown(), &asked.requests, asked.recreate)?;
    if only_saved {
        for change in &mut changes {
            change.how = How::Nothing;
        }
    }
    if json {
        return env.output().print(&plan_as_json(app, &changes)?);
    }
    env.output().info1_quiet(&format!("Plan for {app}, nothing is done"));
    env.output().print(&plan_as_text(&changes))
}

/// An app.json formation or a DOKKU_SCALE rules the scale, and nobody else.
fn refuse_ruled_scale(env: &Env, app: &App) -> Result<()> {
    if can_scale(env, app)? {
        return Ok(());
    }
    // A DOKKU_SCALE is only kept while it rules: an app.json formation wins.
    let ruler = match SourceFile::dokku_scale(env, app)?.current() {
        Some(_) => "a DOKKU_SCALE file",
        None => "an app.json file with a formations key",
    };
    Err(Error::new(format!("App {app} contains {ruler} and cannot be manually scaled")))
}

/// Brings one type after the other to what is requested.
fn change(
    env: &Env,
    app: &App,
    asked: &Asked,
    scaling: &Scaling<'_>,
    changes: &[TypeChange<'_>],
    lock: &AppLock,
) -> Result<()> {
    scaling.prepare(changes, lock)?;
    let needed: Vec<&TypeChange<'_>> = changes.iter().filter(|change| change.is_needed()).collect();
    let tell = |what: String| {
        if scaling.is_of_instances() && !env.output().is_quiet() {
            env.output().verbose(&what);
        }
    };
    if needed.is_empty() {
        let there: Vec<String> = changes.iter().map(|change| scaling.outcome(&change.request)).collect();
        let nothing = if asked.announcement(app).is_some() { "nothing to start or stop" } else { "nothing to do" };
        tell(format!("{nothing}: {}", there.join("  ")));
    }
    let apply = |change: &TypeChange<'_>| {
        scaling.apply(change, lock)?;
        tell(scaling.outcome(&change.request));
        Ok(())
    };
    let work = needed.iter().map(|change| (&change.request, || apply(change)));
    one_after_the_other(env, app, &asked.saved.desired, &asked.saved.desired, &asked.requests, work.collect())
}

/// The requests without those for 0 of a type that the app never had: those are told and passed over. A client that
/// always sets every type it knows of names such types too, and none of it runs as it is.
fn without_unknown_types(env: &Env, app: &App, saved: &Saved, requests: Vec<Request>) -> Result<Vec<Request>> {
    let Some(procfile) = &saved.procfile else {
        return match requests.iter().find(|request| request.process_type.as_str().starts_with('-')) {
            Some(odd) => Err(Error::new(format!(
                "{:?} cannot be a process type of an app without a Procfile",
                odd.process_type.as_str()
            ))),
            None => Ok(requests),
        };
    };
    let has_been = saved.shown();
    let mut known = Vec::new();
    for request in requests {
        let process_type = &request.process_type;
        let is_known = procfile.contains(process_type) || has_been.quantity(process_type).is_some();
        if request.quantity > 0 || is_known || has_instances(env, app, process_type)? {
            known.push(request);
        } else {
            let types = listed(procfile.process_types().map(ProcessType::as_str));
            env.output()
                .warn(&format!("App {app} has no process type {process_type}, nothing to do for it; it has: {types}"));
        }
    }
    Ok(known)
}

/// Whether a file of the app names an instance of this type.
fn has_instances(env: &Env, app: &App, process_type: &ProcessType) -> Result<bool> {
    let files = instance_files(env, app)?;
    Ok(files.iter().filter_map(|file| file.instance.as_ref()).any(|found| found.process_type == *process_type))
}

fn show(env: &Env, app: &App, json: bool) -> Result<()> {
    let formation = SavedScale::new(env, app).shown()?;
    if json {
        return env.output().print(&(as_json(&formation)? + "\n"));
    }
    env.output().info1_quiet(&format!("Scaling for {app}"));
    env.output().print(&as_text(&formation, env.output().is_quiet()))
}

/// `web:  1` lines, under a header unless quiet.
fn as_text(formation: &Formation, quiet: bool) -> String {
    let mut text = if quiet { String::new() } else { "proctype: qty\n--------: ---\n".to_owned() };
    for (process_type, quantity) in formation.iter() {
        text.push_str(&format!("{:<5} {quantity}\n", format!("{process_type}:")));
    }
    text
}

#[derive(Serialize)]
struct Row<'a> {
    process_type: &'a str,
    quantity: u32,
}

fn as_json(formation: &Formation) -> Result<String> {
    let rows: Vec<Row<'_>> = formation
        .iter()
        .map(|(process_type, quantity)| Row { process_type: process_type.as_str(), quantity })
        .collect();
    Ok(serde_json::to_string(&rows)?)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn formation() -> Formation {
        Formation::from_saved(&["worker=12".to_owned(), "web=1".to_owned()]).unwrap()
    }

    #[test]
    fn text_is_padded_to_the_width_of_short_names() {
        assert_eq!(as_text(&formation(), true), "web:  1\nworker: 12\n");
        assert_eq!(as_text(&Formation::default(), false), "proctype: qty\n--------: ---\n");
    }

    #[test]
    fn the_help_says_what_the_command_does() {
        let command = <Arguments as clap::CommandFactory>::command();
        let about = command.get_about().map(ToString::to_string);
        assert_eq!(about.as_deref(), Some("Get/Set how many instances of a given process to run"));
        assert!(command.get_long_about().is_none());
    }

    #[test]
    fn json_is_a_list_of_types_and_quantities() {
        let json = as_json(&formation()).unwrap();
        assert_eq!(json, r#"[{"process_type":"web","quantity":1},{"process_type":"worker","quantity":12}]"#);
        assert_eq!(as_json(&Formation::default()).unwrap(), "[]");
    }
}
