//! `ps:reconcile`: bring what runs of an app to what should run. Safe to run from a timer.

use super::Patience;
use crate::change::{Marks, Scaling, Stray, as_text, lock, stop_later_if_asked};
use crate::docker_local::{
    Actual, InstanceState, ListedInstance, Listing, listing_of, listings, present, queue, runs_on_docker_local,
};
use crate::each_app::one_after_the_other;
use crate::formation::Request;
use crate::plan::{self, Ask};
use crate::saved::SavedScale;
use crate::settings;
use crate::settings::MaxInstances;
use common::{App, Env, Error, Globals, ProcessType, Result, clap, listed, parse_command_line, shown};
use std::time::Duration;

#[derive(Debug, clap::Parser)]
#[command(name = "ps:reconcile", about = "Starts what is missing of an app and retires what nothing accounts for")]
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
    #[command(flatten)]
    patience: Patience,
    #[command(flatten)]
    globals: Globals,
    /// The app
    #[arg(default_value = "", hide_default_value = true)]
    app: String,
}

/// What differs between what runs of an app and what should.
struct Difference {
    /// Types that are not as they should be, with the quantity that they should have.
    types: Vec<Request>,
    /// Containers that nothing accounts for.
    strays: Vec<Stray>,
    /// Where the saved scale asks for more instances of a type than there may be; such types are left as they are.
    excess: Option<String>,
}

/// The body of `ps:reconcile`.
pub fn main(env: &Env) -> Result<()> {
    if let Some(stopped) = stop_later_if_asked(env) {
        return stopped;
    }
    let arguments: Arguments = parse_command_line(env)?;
    let ask = if arguments.unhealthy { Ask::Health } else { Ask::Quantity };
    let patience = arguments.patience.duration();
    if !arguments.all {
        let app = App::named_by_user(env, &arguments.app)?;
        if arguments.dry_run {
            return say(env, &app, &listing_of(env, &app, &queue(env)?)?, ask);
        }
        return reconcile(env, &app, ask, patience);
    }
    // One look at all of them; only the apps that need it are locked and looked at again.
    let listings = listings(env, &App::all_visible(env)?, &queue(env)?)?;
    one_after_the_other(env, "reconcile", listings, |app, listing| {
        let listing = listing?;
        if arguments.dry_run {
            return say(env, app, &listing, ask);
        }
        refuse_half_stopped(env, app, &listing)?;
        let needed = difference(env, app, &listing, ask, false)?.is_some_and(|found| !found.is_empty());
        if needed { reconcile(env, app, ask, patience) } else { Ok(()) }
    })
}

impl Difference {
    fn is_empty(&self) -> bool {
        self.types.is_empty() && self.strays.is_empty() && self.excess.is_none()
    }
}

/// What differs; `None` when nothing of the app should run, or nobody can tell what does.
///
/// `locked` says that we hold the app's lock: then a container that waits to take its place was left by a
/// deploy or a change that was killed.
fn difference(env: &Env, app: &App, listing: &Listing, ask: Ask, locked: bool) -> Result<Option<Difference>> {
    let Actual::Instances(instances) = &listing.actual else { return Ok(None) };
    if !runs_on_docker_local(env, app)? || settings::is_stopped(env, app)? {
        return Ok(None);
    }
    // An app without any scale is not one that should run nothing: nobody has said what should run.
    if listing.desired.is_empty() {
        return Ok(None);
    }
    let surplus = instances.iter().filter_map(|instance| match instance.state {
        InstanceState::Docker(_) => instance.process_type.clone(),
        _ => None,
    });
    let mut wanted = listing.desired.clone();
    for process_type in surplus {
        wanted.entry(process_type).or_insert(0);
    }
    let request = |(process_type, quantity)| Request { process_type, quantity };
    let marks = Marks::new(env, app)?;
    let differs = |request: &Request| {
        let present = present(instances, &request.process_type);
        marks.is_marked(&request.process_type)
            || plan::changes_something(&plan::plan(&request.process_type, request.quantity, &present, ask))
    };
    let most = MaxInstances::of(env, app)?;
    let allowed = wanted.into_iter().map(request).filter(|request| most.allows(request.quantity));
    let types = allowed.filter(differs).collect();
    let strays = instances.iter().filter(|instance| is_stray(instance, locked));
    let stray = |found: &ListedInstance| {
        let (name, container) = (found.container_name.clone()?, found.container.clone()?);
        Some(Stray { name, container, process_type: found.process_type.clone().unwrap_or_else(ProcessType::web) })
    };
    let strays = strays.filter_map(stray).collect();
    let excess = SavedScale::new(env, app).excess(|_| true)?;
    Ok(Some(Difference { types, strays, excess }))
}

fn is_stray(instance: &ListedInstance, locked: bool) -> bool {
    instance.state == InstanceState::Stray || (locked && instance.state == InstanceState::Upcoming)
}

/// An app that was stopped by hand, and of which something runs: what is meant only its user can say.
fn refuse_half_stopped(env: &Env, app: &App, listing: &Listing) -> Result<()> {
    let running: Vec<&ListedInstance> = listing.instances().iter().filter(|found| found.counts_as_running()).collect();
    if running.is_empty() || !settings::is_stopped(env, app)? {
        return Ok(());
    }
    let names = listed(running.into_iter().map(|instance| instance.name.as_str()));
    Err(Error::new(format!(
        "App {app} is stopped, and {names} of it runs: dokku ps:stop {app} ends that, dokku ps:start {app} starts the rest"
    )))
}

fn say(env: &Env, app: &App, listing: &Listing, ask: Ask) -> Result<()> {
    refuse_half_stopped(env, app, listing)?;
    let output = env.output();
    match difference(env, app, listing, ask, false)? {
        Some(found) if !found.is_empty() => {
            output.info1_quiet(&format!("Plan for {app}, nothing is done"));
            let scaling = Scaling::of(env, app, listing.actual.clone())?;
            output.print(&as_text(&scaling.mend(&found.types, ask)?))?;
            let strays: String = found
                .strays
                .iter()
                .map(|stray| format!("{}: retire, nothing accounts for it\n", shown(&stray.name)))
                .collect();
            output.print(&strays)?;
            found.excess.map_or(Ok(()), |excess| Err(Error::new(excess)))
        }
        _ => {
            output.info1_quiet(&format!("{app} is as it should be"));
            Ok(())
        }
    }
}

fn reconcile(env: &Env, app: &App, ask: Ask, patience: Duration) -> Result<()> {
    let output = env.output();
    let held = lock(env, app, patience)?;
    let listing = listing_of(env, app, &queue(env)?)?;
    refuse_half_stopped(env, app, &listing)?;
    let Some(found) = difference(env, app, &listing, ask, held.is_ours())?.filter(|found| !found.is_empty()) else {
        let why = match listing.actual {
            Actual::NotDeployed => "has not been deployed",
            Actual::Status(_) => "is run by a scheduler that looks after it itself",
            Actual::Instances(_) => "is as it should be",
        };
        output.info1_quiet(&format!("{app} {why}"));
        return Ok(());
    };
    output.info1(&format!("Reconciling {app}"));
    let scaling = Scaling::of(env, app, listing.actual)?;
    let mut failures: Vec<String> = found.excess.iter().cloned().collect();
    match scaling.end_strays(&found.strays, &held) {
        Ok(()) => {
            for Stray { name, .. } in &found.strays {
                output.verbose(&format!("{name}: retired, nothing accounts for it"));
            }
        }
        Err(error) => failures.push(error.context("retiring what nothing accounts for").to_string()),
    }
    let changes = scaling.mend(&found.types, ask)?;
    failures.extend(scaling.prepare(&changes, &held).err().map(|error| error.to_string()));
    for change in &changes {
        as_text(std::slice::from_ref(change)).lines().for_each(|line| output.verbose(line));
        failures.extend(scaling.apply(change, &held).err().map(|error| error.to_string()));
    }
    if failures.is_empty() { Ok(()) } else { Err(Error::new(failures.join("\n"))) }
}
