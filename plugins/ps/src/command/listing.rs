//! `ps <app>` and `ps --all`: what runs, since when, and whether it is what should run.

use super::Again;
use super::chosen::chosen;
use super::report::is_json;
use crate::change::all_of;
use crate::docker_local::{
    Actual, Listing, Queued, TO_TELL_PENDING, add_pending, add_processes, listing_of, listings, queue,
};
use crate::host_answers::release_image;
use crate::listing::text::{Look, of_app, of_apps};
use crate::listing::{json, next, quiet, watched};
use crate::saved::SavedScale;
use crate::settings;
use crate::targets::Selection;
use common::{App, Docker, Env, Error, OtherGlobals, Result, clap, now_since_epoch, parse_command_line};

/// The status that `--exit-code` asks for when what runs is not what should.
const NOT_AS_DESIRED: u8 = 3;

#[allow(clippy::struct_excessive_bools, reason = "they are the flags")]
#[derive(Debug, clap::Parser)]
#[command(
    name = "ps", about = "Lists what runs of an app and whether it is what should run",
    after_help = examples!(
        "dokku ps shop" => "What runs of the app shop, and whether it is what should run.",
        "dokku ps --all --format json" => "The same of all apps, for a program.",
        "dokku ps shop --exit-code" => "The status is 3 unless all that should run does, and nothing else.",
    )
)]
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
    /// Tell of each container of the app that waits to be removed
    #[arg(long)]
    retired: bool,
    #[command(flatten)]
    again: Again,
    #[command(flatten)]
    others: OtherGlobals,
    /// The app; without it, and without --all, the commands of this plugin are listed
    #[arg(default_value = "", hide_default_value = true)]
    app: String,
    /// Only these process types and instances: web, 'worker-*', web.1
    #[arg(value_name = "TYPE[.N]")]
    targets: Vec<String>,
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
    if arguments.retired && arguments.app.is_empty() {
        return Err(Error::new("--retired tells of the containers of one app: name it").with_status(2));
    }
    if arguments.exit_code && arguments.again.watch {
        return Err(Error::new("--watch ends when somebody ends it, which --exit-code says nothing of").with_status(2));
    }
    let asks_for_all = arguments.exit_code || arguments.again.watch || matches!(form, Form::Json);
    let of_all = arguments.all || arguments.app.is_empty() && asks_for_all;
    if arguments.app.is_empty() && !of_all {
        return env.output().print(&help());
    }
    let app = if of_all {
        super::all_or_one(&arguments.app)?;
        None
    } else {
        Some(App::named_by_user(env, &arguments.app)?)
    };
    // Warnings are told with the first look.
    let look = |is_first| match &app {
        Some(app) => list_one(env, app, &arguments, form, is_first),
        None => list_all(env, form, is_first),
    };
    if arguments.again.watch {
        let is_drawn = matches!(form, Form::Text) && env.output().stdout_is_terminal();
        let show = |text: &str| if is_drawn { env.output().redraw(text) } else { env.output().print(text) };
        return arguments.again.look(|is_first| look(is_first).and_then(|(text, _)| show(&text)));
    }
    let (text, as_desired) = look(true)?;
    env.output().print(&text)?;
    if arguments.exit_code && !as_desired { Err(Error::silent(NOT_AS_DESIRED)) } else { Ok(()) }
}

/// Lists one app; says whether it is as desired.
fn list_one(env: &Env, app: &App, arguments: &Arguments, form: Form, is_first: bool) -> Result<(String, bool)> {
    let (mut part, mut doubtful) = (Selection::default(), Vec::new());
    for word in &arguments.targets {
        let named = Selection::new(word.parse().ok(), word.parse().ok());
        match chosen(env, app, std::slice::from_ref(word)) {
            Ok(known) => part = part.and(&known),
            Err(refused) if named.is_empty() => return Err(refused),
            Err(refused) => doubtful.push((named, refused)),
        }
    }
    let whole = listing_of(env, app, &queued(env, is_first))?;
    for (named, refused) in doubtful {
        // A type that nobody names any more is known as long as something of it is there.
        if !whole.instances().iter().any(|instance| instance.is_among(&named)) {
            return Err(refused);
        }
        part = part.and(&named);
    }
    let touched = part.touched();
    let mut listing = whole.narrowed(&part);
    if is_first {
        SavedScale::new(env, app).warn_of_excess(|named| part.is_empty() || touched.contains(named))?;
    }
    if is_first && listing.actual == Actual::NotDeployed {
        env.output().warn(&format!("App {app} has not been deployed"));
    }
    if !matches!(form, Form::Quiet) {
        add_pending(env, &mut listing)?;
        add_processes(env, &mut listing)?;
    }
    let text = match form {
        Form::Text => {
            let mut next = next::steps(&listing, &part, || has_image(env, app));
            if !listing.is_stopped && listing.some_runs() && settings::is_stopped(env, app)? {
                next.push(format!("a boot leaves {app} alone, to have it started then: dokku ps:start {app}"));
            }
            of_app(&listing, arguments.retired, &next, look(env))
                + &watched::lines(&listing.watched, now_since_epoch(), look(env))
        }
        Form::Json => json::object(&listing)?,
        Form::Quiet => quiet::lines(&listing),
    };
    Ok((text, listing.is_as_desired()))
}

/// Whether instances of an app can be made: the image of its release is there, or nobody can tell.
fn has_image(env: &Env, app: &App) -> bool {
    let find = || Docker::new(env)?.has_image(&release_image(env, app)?);
    find().unwrap_or(true)
}

/// Lists every app that the user may see; says whether all are as desired. An app that cannot be read does
/// not keep the others from being listed.
fn list_all(env: &Env, form: Form, is_first: bool) -> Result<(String, bool)> {
    let apps = App::all_visible(env)?;
    if apps.is_empty() && is_first {
        env.output().warn("You haven't deployed any applications yet");
    }
    if apps.is_empty() {
        return Ok((String::new(), true));
    }
    let (mut listed, mut failures) = (Vec::new(), Vec::new());
    for (app, listing) in listings(env, &apps, &queued(env, is_first), TO_TELL_PENDING)? {
        match listing {
            Ok(mut listing) => match told_in_full(env, &mut listing, is_first) {
                Ok(()) => listed.push(listing),
                Err(error) => failures.push(error.context(app)),
            },
            Err(error) => failures.push(error.context(app)),
        }
    }
    let text = match form {
        Form::Text => of_apps(&listed, look(env)),
        Form::Json => listed.iter().map(json::object).collect::<Result<String>>()?,
        Form::Quiet => listed.iter().map(quiet::lines).collect(),
    };
    if failures.is_empty() {
        return Ok((text, listed.iter().all(Listing::is_as_desired)));
    }
    env.output().print(&text)?;
    all_of(failures.into_iter()).map(|()| (String::new(), false))
}

/// What is queued for retirement. A queue that cannot be read is no reason to show nothing.
pub(super) fn queued(env: &Env, is_told: bool) -> Vec<Queued> {
    queue(env).unwrap_or_else(|error| {
        if is_told {
            env.output().warn(&format!("{error}; containers that will be removed are shown as stray"));
        }
        Vec::new()
    })
}

fn told_in_full(env: &Env, listing: &mut Listing, is_first: bool) -> Result<()> {
    if is_first {
        SavedScale::new(env, &listing.app).warn_of_excess(|_| true)?;
    }
    add_pending(env, listing)
}

pub(super) fn look(env: &Env) -> Look {
    let output = env.output();
    Look { width: output.stdout_width(), colour: output.stdout_is_terminal() && env.var("NO_COLOR").is_none() }
}
