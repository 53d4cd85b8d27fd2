//! `ps:reconcile`: bring what runs of an app to what should run. Safe to run from a timer.

use super::Patience;
use super::chosen::chosen;
use crate::change::{Difference, Scaling, Stray, Wish, all_of, as_text, lock, stop_later_if_asked};
use crate::docker_local::{Actual, ListedInstance, Listing, TO_TELL_PENDING, listing_of, listings, queue};
use crate::each_app::one_after_the_other;
use crate::listing::next;
use crate::plan::{Ask, Ills};
use crate::targets::Selection;
use common::{App, Env, Error, Globals, Result, clap, listed, parse_command_line, shown};
use std::time::Duration;

#[derive(Debug, clap::Parser)]
#[command(
    name = "ps:reconcile", about = "Starts what is missing of an app and retires what nothing accounts for",
    after_help = examples!(
        "dokku ps:reconcile shop --dry-run" => "Say what is missing or too many.",
        "dokku ps:reconcile --all --unhealthy" => "Mend all apps, and replace what Docker calls unhealthy.",
        "dokku ps:reconcile shop web --only address" => "Tell the proxy where the web instances are, and nothing else.",
    )
)]
pub(crate) struct Arguments {
    /// Reconcile every app
    #[arg(long)]
    all: bool,
    /// Print what would be done, and do nothing
    #[arg(long)]
    dry_run: bool,
    /// Replace, one at a time, what Docker calls unhealthy
    #[arg(long)]
    unhealthy: bool,
    /// Mend this alone, with commas between: address, missing, upcoming, unhealthy, stray
    #[arg(long, value_name = "WHAT", value_parser = ills, conflicts_with = "unhealthy")]
    only: Option<Ills>,
    #[command(flatten)]
    patience: Patience,
    #[command(flatten)]
    globals: Globals,
    /// The app
    #[arg(default_value = "", hide_default_value = true)]
    app: String,
    /// Only these process types and instances: web, 'worker-*', web.1
    #[arg(value_name = "TYPE[.N]")]
    targets: Vec<String>,
}

fn ills(value: &str) -> std::result::Result<Ills, String> {
    Ills::parse(value).map_err(|_| Ills::expected())
}

impl Arguments {
    fn wish<'w>(&'w self, selection: &'w Selection) -> Wish<'w> {
        let ask = match (&self.only, self.unhealthy) {
            (Some(_), _) => Ask::Heal,
            (None, true) => Ask::Health,
            (None, false) => Ask::Quantity,
        };
        Wish { ask, only: Some(selection).filter(|selection| !selection.is_empty()), ills: self.only.as_ref() }
    }
}

/// The body of `ps:reconcile`.
pub fn main(env: &Env) -> Result<()> {
    if let Some(stopped) = stop_later_if_asked(env) {
        return stopped;
    }
    let arguments: Arguments = parse_command_line(env)?;
    let patience = arguments.patience.duration();
    if !arguments.all {
        let app = App::named_by_user(env, &arguments.app)?;
        let selection = chosen(env, &app, &arguments.targets)?;
        let wish = arguments.wish(&selection);
        if arguments.dry_run {
            return say(env, &app, &listing_of(env, &app, &queue(env)?)?, wish);
        }
        return reconcile(env, &app, wish, patience);
    }
    super::all_or_one(&arguments.app)?;
    let everything = Selection::default();
    let wish = arguments.wish(&everything);
    // One look at all of them; only the apps that need it are locked and looked at again.
    let listings = listings(env, &App::all_visible(env)?, &queue(env)?, TO_TELL_PENDING)?;
    one_after_the_other(env, "reconcile", listings, |app, listing| {
        let listing = listing?;
        if arguments.dry_run {
            return say(env, app, &listing, wish);
        }
        refuse_half_stopped(app, &listing)?;
        let needed = Difference::find(env, app, &listing, wish, false)?.is_some_and(|found| !found.is_empty());
        if needed { reconcile(env, app, wish, patience) } else { Ok(()) }
    })
}

/// An app that was stopped by hand, and of which something runs: what is meant only its user can say.
fn refuse_half_stopped(app: &App, listing: &Listing) -> Result<()> {
    let running: Vec<&ListedInstance> = listing.instances().iter().filter(|found| found.counts_as_running()).collect();
    if running.is_empty() || !listing.is_stopped {
        return Ok(());
    }
    let names = listed(running.into_iter().map(|instance| instance.name.as_str()));
    Err(Error::new(format!(
        "App {app} is stopped, and {names} of it runs: dokku ps:stop {app} ends that, dokku ps:start {app} starts the rest"
    )))
}

fn say(env: &Env, app: &App, listing: &Listing, wish: Wish<'_>) -> Result<()> {
    refuse_half_stopped(app, listing)?;
    let output = env.output();
    match Difference::find(env, app, listing, wish, false)? {
        Some(found) if !found.is_empty() => {
            output.info1_quiet(&format!("Plan for {app}, nothing is done"));
            let scaling = Scaling::of(env, app, listing.actual.clone())?;
            output.print(&as_text(&scaling.mend(&found.types, wish)?))?;
            let strays: String = found
                .strays
                .iter()
                .map(|stray| format!("{}: retire, nothing accounts for it\n", shown(&stray.name)))
                .collect();
            output.print(&strays)?;
            found.excess.map_or(Ok(()), |excess| Err(Error::new(excess)))
        }
        _ => {
            say_that_nothing_is_done(env, listing, wish);
            Ok(())
        }
    }
}

/// What it says before it touches anything.
fn beginning(app: &App) -> String {
    format!("Reconciling {app}")
}

/// Whether it has begun to touch the app, by what it has printed.
pub(super) fn says_it_begins(app: &App, stdout: &str) -> bool {
    stdout.lines().any(|line| line.strip_prefix("-----> ") == Some(&*beginning(app)))
}

/// Says why nothing is done, and what of the app another command mends.
fn say_that_nothing_is_done(env: &Env, listing: &Listing, wish: Wish<'_>) {
    let (output, app) = (env.output(), &listing.app);
    let next = next::steps(listing, &Selection::default(), || true);
    let why = match &listing.actual {
        Actual::NotDeployed => "has not been deployed",
        Actual::Status(_) => "is run by a scheduler that looks after it itself",
        Actual::Instances(_) if listing.is_stopped => "is stopped, and stays so",
        Actual::Instances(_) if listing.is_as_desired() => "is as it should be",
        Actual::Instances(_) if listing.desired.is_empty() => "has no saved scale, and is left alone",
        Actual::Instances(_) if wish.only.is_some() || wish.ills.is_some() => "has nothing of what is named to mend",
        Actual::Instances(_) => "has nothing that ps:reconcile starts or retires",
    };
    output.info1_quiet(&format!("{app} {why}"));
    if !output.is_quiet() {
        for line in &next {
            output.verbose(line);
        }
    }
}

fn reconcile(env: &Env, app: &App, wish: Wish<'_>, patience: Duration) -> Result<()> {
    let output = env.output();
    let held = lock(env, app, patience)?;
    let listing = listing_of(env, app, &queue(env)?)?;
    refuse_half_stopped(app, &listing)?;
    let Some(found) = Difference::find(env, app, &listing, wish, held.is_ours())?.filter(|found| !found.is_empty())
    else {
        say_that_nothing_is_done(env, &listing, wish);
        return Ok(());
    };
    output.info1(&beginning(app));
    let scaling = Scaling::of(env, app, listing.actual)?;
    let mut failures: Vec<Error> = found.excess.iter().map(Error::new).collect();
    match scaling.end_strays(&found.strays, &held) {
        Ok(()) => {
            for Stray { name, .. } in &found.strays {
                output.verbose(&format!("{name}: retired, nothing accounts for it"));
            }
        }
        Err(error) => failures.push(error.context("retiring what nothing accounts for")),
    }
    let changes = scaling.mend(&found.types, wish)?;
    failures.extend(scaling.prepare(&changes, &held).err());
    for change in &changes {
        as_text(std::slice::from_ref(change)).lines().for_each(|line| output.verbose(line));
        failures.extend(scaling.apply(change, &held).err());
    }
    all_of(failures.into_iter())
}
