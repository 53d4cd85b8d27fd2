//! `ps <app>` and `ps --all`: what runs, since when, and whether it is what should run.

use super::chosen::chosen;
use super::report::is_json;
use crate::docker_local::{Actual, Listing, TO_TELL_PENDING, add_pending, add_processes, listing_of, listings, queue};
use crate::listing::text::{Look, of_app, of_apps};
use crate::listing::{json, quiet, watched};
use crate::saved::SavedScale;
use common::{App, Env, Error, OtherGlobals, ProcessType, Result, clap, now_since_epoch, parse_command_line};

/// The status that `--exit-code` asks for when what runs is not what should.
const NOT_AS_DESIRED: u8 = 3;

#[derive(Debug, clap::Parser)]
#[command(name = "ps", about = "Lists what runs of an app and whether it is what should run")]
pub(crate) struct Arguments {
    /// A line for each app
    #[arg(long)]
    all: bool,
    /// stdout or json
    #[arg(long, default_value = "stdout")]
    format: String,
    /// A line for each instance, with tabs between its fields
    #[arg(long)]
    quiet: bool,
    /// Exit with 3 unless all that should run does, and nothing else
    #[arg(long)]
    exit_code: bool,
    #[command(flatten)]
    others: OtherGlobals,
    /// The app; without it, and without --all, the commands of this plugin are listed
    #[arg(default_value = "", hide_default_value = true)]
    app: String,
    /// Only this process type
    #[arg(value_name = "TYPE")]
    process_type: Option<String>,
}

/// The three forms of a listing.
#[derive(Clone, Copy)]
enum Form {
    Text,
    Json,
    Quiet,
}

impl Arguments {
    fn form(&self, env: &Env) -> Result<Form> {
        Ok(match is_json(&self.format)? {
            true => Form::Json,
            false if self.quiet || env.output().is_quiet() => Form::Quiet,
            false => Form::Text,
        })
    }
}

/// The body of `ps`; without an app and `--all` it prints this help.
pub(crate) fn list_or_help(env: &Env, help: impl FnOnce() -> String) -> Result<()> {
    let arguments: Arguments = parse_command_line(env)?;
    let form = arguments.form(env)?;
    let as_desired = if arguments.all {
        if !arguments.app.is_empty() {
            return Err(Error::new("Name an app or use --all, not both"));
        }
        list_all(env, form)?
    } else if arguments.app.is_empty() {
        return env.output().print(&help());
    } else {
        let app = App::named_by_user(env, &arguments.app)?;
        list_one(env, &app, arguments.process_type.as_deref(), form)?
    };
    if arguments.exit_code && !as_desired { Err(Error::silent(NOT_AS_DESIRED)) } else { Ok(()) }
}

/// Lists one app; says whether it is as desired.
fn list_one(env: &Env, app: &App, process_type: Option<&str>, form: Form) -> Result<bool> {
    let process_type: Option<ProcessType> = process_type.map(str::parse).transpose()?;
    let mut listing = listing_of(env, app, &queued(env))?;
    if let Some(process_type) = &process_type {
        listing = listing.only(|named| named == process_type);
        // A type that nobody names any more is known as long as something of it is there.
        if listing.instances().is_empty() {
            chosen(env, app, &[process_type.to_string()])?;
        }
    }
    let matters = |named: &ProcessType| process_type.as_ref().is_none_or(|only| only == named);
    SavedScale::new(env, app).warn_of_excess(matters)?;
    if listing.actual == Actual::NotDeployed {
        env.output().warn(&format!("App {app} has not been deployed"));
    }
    if !matches!(form, Form::Quiet) {
        add_pending(env, &mut listing)?;
        add_processes(env, &mut listing)?;
    }
    env.output().print(&match form {
        Form::Text => of_app(&listing, look(env)) + &watched::lines(&listing.watched, now_since_epoch(), look(env)),
        Form::Json => json::object(&listing)?,
        Form::Quiet => quiet::lines(&listing),
    })?;
    Ok(listing.is_as_desired())
}

/// Lists every app that the user may see; says whether all are as desired. An app that cannot be read does
/// not keep the others from being listed.
fn list_all(env: &Env, form: Form) -> Result<bool> {
    let apps = App::all_visible(env)?;
    if apps.is_empty() {
        env.output().warn("You haven't deployed any applications yet");
        return Ok(true);
    }
    let (mut listed, mut failures) = (Vec::new(), Vec::new());
    for (app, listing) in listings(env, &apps, &queued(env), TO_TELL_PENDING)? {
        match listing {
            Ok(mut listing) => match told_in_full(env, &mut listing) {
                Ok(()) => listed.push(listing),
                Err(error) => failures.push(error.context(app)),
            },
            Err(error) => failures.push(error.context(app)),
        }
    }
    env.output().print(&match form {
        Form::Text => of_apps(&listed, look(env)),
        Form::Json => listed.iter().map(json::object).collect::<Result<String>>()?,
        Form::Quiet => listed.iter().map(quiet::lines).collect(),
    })?;
    if failures.is_empty() {
        return Ok(listed.iter().all(Listing::is_as_desired));
    }
    let lines: Vec<&str> = failures.iter().map(Error::message).collect();
    Err(Error::new(lines.join("\n")))
}

/// What is queued for retirement. A queue that cannot be read is no reason to show nothing.
pub(super) fn queued(env: &Env) -> Vec<(String, String)> {
    queue(env).unwrap_or_else(|error| {
        env.output().warn(&format!("{error}; containers that will be removed are shown as stray"));
        Vec::new()
    })
}

fn told_in_full(env: &Env, listing: &mut Listing) -> Result<()> {
    SavedScale::new(env, &listing.app).warn_of_excess(|_| true)?;
    add_pending(env, listing)
}

pub(super) fn look(env: &Env) -> Look {
    let output = env.output();
    Look { width: output.stdout_width(), colour: output.stdout_is_terminal() && env.var("NO_COLOR").is_none() }
}
