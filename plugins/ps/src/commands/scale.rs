//! `ps:scale`: show or change how many instances of each process type an app runs.

use super::Patience;
use crate::formation::{Formation, Request, listed};
use crate::scale::{Scale, can_scale};
use crate::scheduler::{image_tag, is_deployed};
use crate::settings;
use crate::source_files::{SourceFile, current_procfile};
use common::{
    App, AppLock, Context, Env, Error, Globals, Instance, Result, Triggers, atomic, clap, parse_command_line,
};
use serde::Serialize;

#[derive(Debug, clap::Parser)]
#[command(
    name = "ps:scale",
    about = "Get/Set how many instances of a given process to run",
    disable_version_flag = true,
    args_override_self = true
)]
struct Arguments {
    /// Save the scale without deploying it
    #[arg(long, num_args = 0..=1, require_equals = true, default_value_t = false, default_missing_value = "true")]
    skip_deploy: bool,
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
    /// What to change; without it the scale is shown
    #[arg(value_name = "TYPE=COUNT")]
    requests: Vec<String>,
}

/// The body of `ps:scale`.
///
/// # Errors
/// No such app; a request that cannot be; the app's lock is not free in time; a deploy fails, and then
/// the types that it did not reach have their old quantity.
pub fn main(env: &Env) -> Result<()> {
    let arguments: Arguments = parse_command_line(env)?;
    let app = App::named_by_user(env, &arguments.app)?;
    let json = super::report::is_json(&arguments.format)?;
    if arguments.requests.is_empty() {
        return show(env, &app, json);
    }
    let _lock = AppLock::acquire(env, &app, arguments.patience.duration())?;
    if !can_scale(env, &app)? {
        // A DOKKU_SCALE is only kept while it rules: an app.json formation wins.
        let ruler = match SourceFile::dokku_scale(env, &app)?.current() {
            Some(_) => "a DOKKU_SCALE file",
            None => "an app.json file with a formations key",
        };
        return Err(Error::new(format!("App {app} contains {ruler} and cannot be manually scaled")));
    }
    let words: Vec<&str> = arguments.requests.iter().map(String::as_str).collect();
    env.output().info1(&format!("Scaling {app} processes: {}", shown_words(&words)));
    let requests = Request::parse_all(&words)?;
    refuse_unknown_types(env, &app, &requests)?;
    let before = Scale::new(env, &app).desired()?;
    let changed = |request: &&Request| before.quantity(&request.process_type).unwrap_or(0) != request.quantity;
    let changed: Vec<&Request> = requests.iter().filter(changed).collect();
    let deploy = !arguments.skip_deploy && !changed.is_empty();
    change(env, &app, &before, &requests, if deploy { &changed } else { &[] })
}

/// Saves what is requested and deploys the types in `deploying`.
fn change(env: &Env, app: &App, before: &Formation, requests: &[Request], deploying: &[&Request]) -> Result<()> {
    Scale::new(env, app).save(before, requests)?;
    if deploying.is_empty() || !is_deployed(env, app)? {
        return Ok(());
    }
    if settings::computed(env, app, "restore")? == "false" {
        env.output()
            .warn(&format!("App {app} is stopped: the scale is saved and holds once ps:start {app} has started it"));
        return Ok(());
    }
    deploy_types(env, app, before, requests, deploying)
}

/// Deploys types one after the other. When one fails, it and those that had to wait for it get their
/// old quantity back; the types before it stay as they are now.
pub(crate) fn deploy_types(
    env: &Env,
    app: &App,
    before: &Formation,
    requests: &[Request],
    deploying: &[&Request],
) -> Result<()> {
    let deploy_one = |request: &Request| {
        let tag = image_tag(env, app)?;
        Triggers::new(env).fire("deploy", &[app.as_str(), &tag, request.process_type.as_str()])
    };
    for (position, request) in deploying.iter().enumerate() {
        let Err(error) = deploy_one(request) else { continue };
        let undone = deploying.get(position..).unwrap_or_default();
        let kept: Vec<Request> = requests.iter().filter(|request| !undone.contains(request)).cloned().collect();
        Scale::new(env, app).save(before, &kept).context(|| format!("{error}; restoring the scale"))?;
        let back = undone.iter().map(|request| {
            let old = before.quantity(&request.process_type).unwrap_or(0);
            format!("{}={old}", request.process_type)
        });
        return Err(
            error.context(format!("Scaling {app} failed, the scale is back at {}", back.collect::<Vec<_>>().join(" ")))
        );
    }
    Ok(())
}

/// A request for 0 of a type that the app never had is a misspelt one.
fn refuse_unknown_types(env: &Env, app: &App, requests: &[Request]) -> Result<()> {
    let Some(procfile) = current_procfile(env, app)? else {
        return match requests.iter().find(|request| request.process_type.as_str().starts_with('-')) {
            Some(odd) => Err(Error::new(format!(
                "{:?} cannot be a process type of an app without a Procfile",
                odd.process_type.as_str()
            ))),
            None => Ok(()),
        };
    };
    let saved = Scale::new(env, app).shown()?;
    for Request { process_type, quantity } in requests {
        let known = procfile.contains(process_type) || saved.quantity(process_type).is_some();
        if *quantity == 0 && !known && !has_instances(env, app, process_type)? {
            let types = listed(procfile.process_types().map(common::ProcessType::as_str));
            return Err(Error::new(format!("App {app} has no process type {process_type}, it has: {types}")));
        }
    }
    Ok(())
}

/// Whether a file of the app names an instance of this type.
fn has_instances(env: &Env, app: &App, process_type: &common::ProcessType) -> Result<bool> {
    Ok(atomic::entries(&app.root(env)?)?.iter().any(|path| {
        let name = path.file_name().and_then(|name| name.to_str()).and_then(|name| name.strip_prefix("CONTAINER."));
        name.and_then(|name| name.parse::<Instance>().ok())
            .is_some_and(|instance| instance.process_type == *process_type)
    }))
}

/// The user's words for the header, with control characters made visible.
fn shown_words(words: &[&str]) -> String {
    words
        .join(" ")
        .chars()
        .map(|word| if word.is_control() { word.escape_default().to_string() } else { word.into() })
        .collect()
}

fn show(env: &Env, app: &App, json: bool) -> Result<()> {
    let formation = Scale::new(env, app).shown()?;
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
    fn json_is_a_list_of_types_and_quantities() {
        let json = as_json(&formation()).unwrap();
        assert_eq!(json, r#"[{"process_type":"web","quantity":1},{"process_type":"worker","quantity":12}]"#);
        assert_eq!(as_json(&Formation::default()).unwrap(), "[]");
    }
}
