//! A change of the scale: what it means for each type, and how it is carried out.
//!
//! On docker-local a change is measured against what runs, and only the instances that are added or
//! removed are touched, as long as a new one would be like its siblings. Everywhere else the saved scale
//! stands for what runs, and the host deploys each type that changes.

use crate::driver::{self, DockerLocal, NotStarted, Withdrawn, retirement, runs_on_docker_local};
use crate::formation::{Formation, Quantity, Request};
use crate::listing::present::present;
use crate::listing::read::listing_of;
use crate::listing::{Actual, InstanceState, ListedInstance};
use crate::pending::{Pending, pending};
use crate::plan::{self, Action, Ask, Step};
use crate::scale::Scale;
use crate::status::instance_files;
use common::{
    App, AppLock, Context, Env, Error, Instance, ProcessType, Result, in_spite_of_signals, shown, shown_json,
};
use serde::Serialize;

/// What a change means for one type.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TypeChange {
    /// What is asked.
    pub request: Request,
    /// The quantity that was saved.
    pub from: Quantity,
    /// How it is brought about.
    pub how: How,
}

/// How a type is brought to its quantity.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum How {
    /// It is as asked.
    Nothing,
    /// The host deploys it whole, for this reason if it is a special one.
    Deploy(Option<String>),
    /// Its instances are as asked, and the hooks that must know of them are owed since a change that was
    /// interrupted.
    Hooks,
    /// Its instances stay, and the addresses of some are written down anew.
    Readdress(Vec<Step>),
    /// Instance by instance; new ones from this image.
    Steps(Vec<Step>, String),
}

impl TypeChange {
    /// Whether anything is to be done.
    pub fn is_needed(&self) -> bool {
        self.how != How::Nothing
    }
}

/// What stands for the actual state of an app, and who can change it.
pub enum Scaling<'a> {
    /// The saved scale does, and the host deploys.
    Saved,
    /// The instances do.
    Instances {
        /// Starts and stops them, or the reason why the host must deploy.
        driver: std::result::Result<Box<DockerLocal<'a>>, String>,
        /// What there is.
        instances: Vec<ListedInstance>,
    },
}

impl<'a> Scaling<'a> {
    /// Finds out what runs of an app.
    ///
    /// # Errors
    /// When the host's plugins or Docker do not answer.
    pub fn find(env: &'a Env, app: &'a App) -> Result<Self> {
        if !runs_on_docker_local(env, app)? {
            return Ok(Self::Saved);
        }
        Self::of(env, app, listing_of(env, app)?.actual)
    }

    /// The same of an app that docker-local runs, of which this is known.
    ///
    /// # Errors
    /// As [`Scaling::find`].
    pub fn of(env: &'a Env, app: &'a App, actual: Actual) -> Result<Self> {
        let Actual::Instances(instances) = actual else { return Ok(Self::Saved) };
        let driver = DockerLocal::find(env, app)?.map(Box::new);
        Ok(Self::Instances { driver, instances })
    }

    /// What the requests mean, in their order.
    ///
    /// # Errors
    /// When what has changed since the deploy cannot be told.
    pub fn plan(
        &self,
        env: &Env,
        app: &App,
        before: &Formation,
        requests: &[Request],
        recreate: bool,
    ) -> Result<Vec<TypeChange>> {
        let saved = Scale::new(env, app).shown()?;
        let change = |request: &Request| {
            let from = before.quantity(&request.process_type).unwrap_or(0);
            let how = match self {
                // A type that no saved scale names is a new one, even at 0: so it is with the stock plugin.
                Self::Saved if saved.quantity(&request.process_type) == Some(request.quantity) => How::Nothing,
                Self::Saved => How::Deploy(None),
                Self::Instances { driver, instances } => {
                    let reason = recreate.then_some("the strategy is recreate");
                    how(env, app, driver, request, instances, Ask::Quantity, reason)?
                }
            };
            Ok(TypeChange { request: request.clone(), from, how })
        };
        requests.iter().map(change).collect()
    }
}

/// How one type is brought to its quantity on docker-local.
///
/// # Errors
/// When what has changed since the deploy cannot be told.
pub fn how(
    env: &Env,
    app: &App,
    driver: &std::result::Result<Box<DockerLocal<'_>>, String>,
    request: &Request,
    instances: &[ListedInstance],
    ask: Ask<'_>,
    recreate: Option<&str>,
) -> Result<How> {
    let there = present(instances, &request.process_type);
    let steps = plan::plan(&request.process_type, request.quantity, &there, ask);
    if !plan::changes_something(&steps) {
        let owed = driver.as_ref().is_ok_and(|driver| driver.owes_hooks(&request.process_type));
        return Ok(if owed { How::Hooks } else { How::Nothing });
    }
    if steps.iter().all(|step| matches!(step.action, Action::Keep | Action::Readdress)) {
        return Ok(How::Readdress(steps));
    }
    let driver = match (driver, recreate) {
        (_, Some(reason)) => return Ok(How::Deploy(Some(reason.to_owned()))),
        (Err(reason), None) => return Ok(How::Deploy(Some(reason.clone()))),
        (Ok(driver), None) => driver,
    };
    let release = || driver.image().to_owned();
    if !steps.iter().any(|step| matches!(step.action, Action::Start | Action::Replace)) {
        return Ok(How::Steps(steps, release()));
    }
    let of_type = |instance: &&ListedInstance| instance.process_type.as_ref() == Some(&request.process_type);
    let siblings: Vec<&ListedInstance> = instances.iter().filter(of_type).collect();
    Ok(match pending(env, app, &request.process_type, driver.image(), &siblings)? {
        // The host's own deploy of a type that nothing runs of touches nothing.
        Pending::Unknown => How::Deploy(None),
        Pending::Nothing => How::Steps(steps, release()),
        Pending::OtherImage(image) => How::Steps(steps, image),
        Pending::Changed(sources) => How::Deploy(Some(format!("{} changed since the deploy", sources.join(", ")))),
    })
}

/// Writes the addresses down anew that these changes say, before they are carried out: all of them, and one rebuild of
/// the proxy.
///
/// # Errors
/// When an address cannot be had or written, or the proxy cannot be rebuilt.
pub fn readdress(env: &Env, app: &App, changes: &[TypeChange]) -> Result<()> {
    let steps = changes.iter().flat_map(|change| match &change.how {
        How::Readdress(steps) | How::Steps(steps, _) => steps.as_slice(),
        How::Nothing | How::Deploy(_) | How::Hooks => &[],
    });
    let moved: Vec<&Step> = steps.filter(|step| step.action == Action::Readdress).collect();
    driver::readdress(env, app, &moved)
}

/// Brings one type to its quantity.
///
/// # Errors
/// When an instance cannot be started (those that were started with it are gone then), or a hook or
/// Docker fails.
pub fn apply(env: &Env, app: &App, scaling: &Scaling<'_>, change: &TypeChange, lock: &AppLock) -> Result<()> {
    let Request { process_type, quantity } = &change.request;
    if change.is_needed() {
        let_go_of_others(env, app, scaling)?;
    }
    match (&change.how, scaling) {
        // Addresses are those of all types at once: see `readdress`.
        (How::Nothing | How::Readdress(_), _) => Ok(()),
        (How::Hooks, Scaling::Instances { driver: Ok(driver), .. }) => driver.fire_hooks(process_type),
        (How::Steps(steps, image), Scaling::Instances { driver: Ok(driver), .. }) => {
            carry_out(driver, process_type, *quantity, steps, image, lock)
        }
        (How::Deploy(reason), _) => {
            if let Some(reason) = reason {
                env.output().warn(&format!("All instances of {process_type} are replaced: {reason}"));
            }
            match scaling {
                Scaling::Instances { driver: Ok(driver), .. } => deploy_with_care(env, app, driver, process_type),
                _ => driver::deploy(env, app, process_type),
            }
        }
        (How::Steps(..) | How::Hooks, _) => driver::deploy(env, app, process_type),
    }
}

/// A file whose container is missing may name another app's.
fn let_go_of_others(env: &Env, app: &App, scaling: &Scaling<'_>) -> Result<()> {
    let Scaling::Instances { instances, .. } = scaling else { return Ok(()) };
    let names_missing = |found: &ListedInstance| found.state == InstanceState::Missing && found.container.is_some();
    if instances.iter().any(names_missing) { retirement::let_go_of_others(env, app) } else { Ok(()) }
}

/// Has the host deploy a type. A deploy that fails half way fires no hooks, though it may have replaced
/// instances: then they are owed.
fn deploy_with_care(env: &Env, app: &App, driver: &DockerLocal<'_>, process_type: &ProcessType) -> Result<()> {
    let (before, owed) = (instance_files(env, app)?, driver.owes_hooks(process_type));
    driver.owe_hooks(process_type)?;
    let Err(error) = driver::deploy(env, app, process_type) else {
        // The host has told everybody: that cannot fail any more, and to tell them again does no harm.
        let _told_again = driver.owe_no_hooks(process_type);
        return Ok(());
    };
    in_spite_of_signals(|| {
        driver.discard_unnamed(process_type)?;
        if !owed && instance_files(env, app)? == before { driver.owe_no_hooks(process_type) } else { Ok(()) }
    })
    .context(|| format!("{error}; cleaning up"))?;
    Err(error)
}

/// Carries out the steps of one type: replacements one by one, then starts, then what goes.
///
/// # Errors
/// As [`apply`].
fn carry_out(
    driver: &DockerLocal<'_>,
    process_type: &ProcessType,
    quantity: Quantity,
    steps: &[Step],
    image: &str,
    lock: &AppLock,
) -> Result<()> {
    let of = |action: Action| steps.iter().filter(move |step| step.action == action);
    let starts: Vec<&Instance> = of(Action::Start).map(|step| &step.instance).collect();
    let leaving: Vec<&Step> = of(Action::Stop).collect();
    let start = |instances: &[&Instance]| {
        if driver.owes_hooks(process_type) {
            // Whatever fails here, what was changed before is known then.
            driver.fire_hooks(process_type)?;
        }
        driver.owe_hooks(process_type)?;
        let Err(NotStarted { error, is_undone }) = driver.start(process_type, quantity, instances, image) else {
            return Ok(());
        };
        // What was started of those that fail is gone again, so nobody must know of it.
        if is_undone { driver.owe_no_hooks(process_type).and(Err(error)) } else { Err(error) }
    };
    if lock.is_ours() {
        // What a change that was killed has left of the type would be one too many.
        driver.discard_unnamed(process_type)?;
    }
    for step in of(Action::Replace) {
        start(&[&step.instance])?;
        // The old one goes once everybody knows the new one, and before the next is touched.
        driver.fire_hooks(process_type)?;
        driver.retire(step.container.as_slice(), lock);
    }
    if !starts.is_empty() {
        start(&starts)?;
        driver.halt(&of(Action::Start).filter_map(|step| step.container.clone()).collect::<Vec<_>>());
    }
    if starts.is_empty() && leaving.is_empty() {
        return Ok(());
    }
    driver.owe_hooks(process_type)?;
    let put_back = |withdrawn: &[Withdrawn], error: Error| {
        let done = in_spite_of_signals(|| put_back(driver, process_type, &starts, withdrawn));
        done.context(|| format!("{error}; putting back what was before")).err().unwrap_or(error)
    };
    let withdrawn = driver.withdraw(&leaving).map_err(|error| put_back(&[], error))?;
    driver.fire_hooks(process_type).map_err(|error| put_back(&withdrawn, error))?;
    let going: Vec<String> = withdrawn.into_iter().filter_map(|one| one.container).collect();
    driver.retire(&going, lock);
    Ok(())
}

/// What was taken out serves again, and what was started goes, after hooks that have failed. They are still owed:
/// some may have heard of what is no longer true, the proxy above all.
fn put_back(
    driver: &DockerLocal<'_>,
    process_type: &ProcessType,
    started: &[&Instance],
    withdrawn: &[Withdrawn],
) -> Result<()> {
    let done = [driver.bring_back(withdrawn), driver.discard(started, &[])];
    if process_type.as_str() == "web" {
        driver.rebuild_proxy();
    }
    driver::all_of(done.into_iter().filter_map(Result::err))
}

/// A plan as lines, one an instance.
pub fn as_text(changes: &[TypeChange]) -> String {
    let mut text = String::new();
    for TypeChange { request, from, how } in changes {
        let head = format!("{}: {from} -> {}", request.process_type, request.quantity);
        match how {
            How::Nothing => text.push_str(&format!("{head}, nothing to do\n")),
            How::Hooks => {
                text.push_str(&format!("{head}, hooks only: a change was interrupted before they were fired\n"));
            }
            How::Deploy(None) => text.push_str(&format!("{head}, deployed by the host\n")),
            How::Deploy(Some(reason)) => {
                text.push_str(&format!("{head}, all instances are replaced: {}\n", shown(reason)));
            }
            How::Steps(steps, _) | How::Readdress(steps) => {
                text.push_str(&format!("{head}\n"));
                for step in steps {
                    let (instance, action) = (step.instance.to_string(), step.action.as_str());
                    text.push_str(&format!("  {instance:<12} {action:<8} {}\n", shown(&step.reason)));
                }
            }
        }
    }
    text
}

#[derive(Serialize)]
struct Document<'a> {
    app: &'a str,
    changes: Vec<ChangeRow<'a>>,
}

#[derive(Serialize)]
struct ChangeRow<'a> {
    process_type: &'a str,
    from: Quantity,
    to: Quantity,
    how: &'static str,
    reason: Option<&'a str>,
    steps: Vec<StepRow<'a>>,
}

#[derive(Serialize)]
struct StepRow<'a> {
    instance: String,
    action: Action,
    reason: &'a str,
}

/// A plan as one JSON document.
///
/// # Errors
/// None that the values could cause.
pub fn as_json(app: &App, changes: &[TypeChange]) -> Result<String> {
    let rows = changes.iter().map(|TypeChange { request, from, how }| {
        let (word, reason, steps) = match how {
            How::Nothing => ("nothing", None, &[][..]),
            How::Hooks => ("hooks", None, &[][..]),
            How::Deploy(reason) => ("deploy", reason.as_deref(), &[][..]),
            How::Steps(steps, _) | How::Readdress(steps) => ("instances", None, steps.as_slice()),
        };
        let steps = steps.iter().map(|step| StepRow {
            instance: step.instance.to_string(),
            action: step.action,
            reason: &step.reason,
        });
        ChangeRow {
            process_type: request.process_type.as_str(),
            from: *from,
            to: request.quantity,
            how: word,
            reason,
            steps: steps.collect(),
        }
    });
    Ok(shown_json(&serde_json::to_string(&Document { app: app.as_str(), changes: rows.collect() })?) + "\n")
}
