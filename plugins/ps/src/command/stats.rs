//! `ps:stats`: what the instances of an app, or of all, use of processor and memory against their limits.

use super::Again;
use super::chosen::chosen;
use super::listing::{look, queued};
use super::on_docker_local;
use super::report::is_json;
use crate::docker_local::{Actual, Listing, listing_of, listings, used};
use crate::listing::stats;
use crate::targets::Selection;
use common::{App, Asked, Env, Error, OtherGlobals, Result, clap, listed, parse_command_line};

#[derive(Debug, clap::Parser)]
#[command(
    name = "ps:stats",
    about = "Shows what the instances of an app use of processor and memory against their limits",
    after_help = examples!(
        "dokku ps:stats shop" => "What each instance uses of processor and memory.",
        "dokku ps:stats --all --watch" => "The same of all apps, again and again.",
    )
)]
pub(crate) struct Arguments {
    /// Every app
    #[arg(long)]
    all: bool,
    #[command(flatten)]
    again: Again,
    /// stdout or json
    #[arg(long, default_value = "stdout")]
    format: String,
    /// A line for each instance, with tabs between its fields
    #[arg(long)]
    quiet: bool,
    #[command(flatten)]
    others: OtherGlobals,
    /// The app
    #[arg(default_value = "", hide_default_value = true)]
    app: String,
    /// Only these process types and instances: web, 'worker-*', web.1
    #[arg(value_name = "TYPE[.N]")]
    targets: Vec<String>,
}

/// Whose use is shown.
enum Whose {
    App(App, Selection),
    All,
}

/// The forms of what is shown.
#[derive(Clone, Copy)]
enum Form {
    Text,
    /// The same in the place of the last, on a terminal.
    Drawn,
    Json,
    Quiet,
}

/// The body of `ps:stats`.
pub fn main(env: &Env) -> Result<()> {
    let arguments: Arguments = parse_command_line(env)?;
    let form = match is_json(&arguments.format)? {
        true => Form::Json,
        false if arguments.quiet || env.output().is_quiet() => Form::Quiet,
        false if arguments.again.watch && env.output().stdout_is_terminal() => Form::Drawn,
        false => Form::Text,
    };
    let whose = whose(env, &arguments)?;
    if arguments.again.watch {
        return arguments.again.look(|is_first| print(env, &whose, form, is_first));
    }
    print(env, &whose, form, true)
}

fn whose(env: &Env, arguments: &Arguments) -> Result<Whose> {
    if arguments.all {
        super::all_or_one(&arguments.app)?;
        return Ok(Whose::All);
    }
    let app = App::named_by_user(env, &arguments.app)?;
    on_docker_local(env, &app, "ps:stats")?;
    let selection = chosen(env, &app, &arguments.targets)?;
    Ok(Whose::App(app, selection))
}

/// One look at what there is and at what it uses. What does not change from look to look is told with the first.
fn print(env: &Env, whose: &Whose, form: Form, is_first: bool) -> Result<()> {
    let (listings, failures) = read(env, whose, is_first)?;
    let used = used(env, &listings)?;
    let text = match (form, whose, listings.as_slice()) {
        (Form::Text | Form::Drawn, Whose::App(..), [listing]) => stats::of_app(listing, &used, look(env)),
        (Form::Text | Form::Drawn, ..) => stats::of_apps(&listings, &used, look(env)),
        (Form::Json, ..) => listings.iter().map(|listing| stats::object(listing, &used)).collect::<Result<String>>()?,
        (Form::Quiet, ..) => listings.iter().map(|listing| stats::lines(listing, &used)).collect(),
    };
    match form {
        Form::Drawn => env.output().redraw(&text)?,
        Form::Text | Form::Json | Form::Quiet => env.output().print(&text)?,
    }
    if failures.is_empty() { Ok(()) } else { Err(Error::new(failures.join("\n"))) }
}

/// What there is; and of all apps, why it cannot be told of some.
fn read(env: &Env, whose: &Whose, is_first: bool) -> Result<(Vec<Listing>, Vec<String>)> {
    let Whose::App(app, selection) = whose else { return read_all(env, is_first) };
    let mut listing = listing_of(env, app, &queued(env, is_first))?;
    match &mut listing.actual {
        Actual::Instances(instances) => instances.retain(|instance| instance.is_among(selection)),
        Actual::NotDeployed if is_first => env.output().warn(&format!("App {app} has not been deployed")),
        Actual::NotDeployed | Actual::Status(_) => {}
    }
    Ok((vec![listing], Vec::new()))
}

fn read_all(env: &Env, is_first: bool) -> Result<(Vec<Listing>, Vec<String>)> {
    let apps = App::all_visible(env)?;
    if apps.is_empty() && is_first {
        env.output().warn("You haven't deployed any applications yet");
    }
    let (mut read, mut elsewhere, mut failures) = (Vec::new(), Vec::new(), Vec::new());
    for (app, listing) in listings(env, &apps, &queued(env, is_first), Asked::HowTheyDo)? {
        match listing {
            Ok(Listing { actual: Actual::Status(_), scheduler, .. }) => elsewhere.push(format!("{app} ({scheduler})")),
            Ok(listing) => read.push(listing),
            Err(error) => failures.push(error.context(app).to_string()),
        }
    }
    if !elsewhere.is_empty() && is_first {
        let names = listed(elsewhere.iter().map(String::as_str));
        env.output().warn(&format!("Left out, since their schedulers tell nothing of the kind: {names}"));
    }
    Ok((read, failures))
}
