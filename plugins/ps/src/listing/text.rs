//! The listing for people. Pure: how wide and whether in colour is told.

use super::line::{Cell, Colour, line, span, widths};
use crate::docker_local::{Actual, AppStatus, InstanceState, ListedInstance, Listing, TypeCount};
use crate::signal::Signal;
use common::{App, ContainerProcess, shown};
use std::collections::BTreeSet;

pub(crate) use super::line::Look;

/// How far the lines under a header are indented, as in all of Dokku's output.
pub(super) const INDENT: usize = 7;
/// Processes stand under their instance.
const PROCESS_INDENT: usize = INDENT + 2;
/// How much of a container's id is shown.
const SHOWN_ID: usize = 12;

/// One app, instance by instance. Of an app that has not been deployed there is nothing to say here.
pub(crate) fn of_app(listing: &Listing, look: Look) -> String {
    match &listing.actual {
        Actual::NotDeployed => String::new(),
        Actual::Status(status) => of_status(&listing.app, &listing.scheduler, *status),
        Actual::Instances(instances) => of_instances(listing, instances, look),
    }
}

fn header(app: &App) -> String {
    format!("=====> {app} processes\n")
}

fn of_status(app: &App, scheduler: &str, status: AppStatus) -> String {
    let (count, running) = (status.processes, status.running.as_str());
    let noun = if count == 1 { "instance" } else { "instances" };
    format!(
        "{}       {count} {noun}, running: {running}\n       The scheduler {} tells no more\n",
        header(app),
        shown(scheduler)
    )
}

fn of_instances(listing: &Listing, instances: &[ListedInstance], look: Look) -> String {
    let titles = ["INSTANCE", "STATE", "SINCE", "RESTARTS", "HEALTH", "CONTAINER", "EXIT"].map(Cell::new).to_vec();
    let rows: Vec<Vec<Cell>> = instances.iter().map(row).collect();
    let columns = widths(std::iter::once(&titles).chain(&rows));
    let process_titles = process_titles();
    let inside: Vec<Vec<Cell>> = instances.iter().flat_map(processes_of).map(process_row).collect();
    let process_columns = widths(std::iter::once(&process_titles).chain(&inside));

    let mut text = header(&listing.app);
    if !instances.is_empty() {
        text.push_str(&line(INDENT, &titles, &columns, look));
    }
    if !inside.is_empty() {
        text.push_str(&line(PROCESS_INDENT, &process_titles, &process_columns, look));
    }
    for (instance, row) in instances.iter().zip(&rows) {
        text.push_str(&line(INDENT, row, &columns, look));
        for process in processes_of(instance) {
            text.push_str(&line(PROCESS_INDENT, &process_row(process), &process_columns, look));
        }
        if let Some(Err(reason)) = &instance.processes {
            text.push_str(&only(PROCESS_INDENT, &format!("processes unknown: {reason}"), look));
        }
    }
    text.push_str(&only(INDENT, &summary(listing), look));
    for (process_type, sources) in &listing.pending {
        let changed = format!("pending for {process_type}: {} changed since deploy", sources.join(", "));
        text.push_str(&only(INDENT, &changed, look));
    }
    text
}

/// A line of one cell.
pub(super) fn only(indent: usize, text: &str, look: Look) -> String {
    let row = vec![Cell::new(text)];
    line(indent, &row, &widths(std::iter::once(&row)), look)
}

fn processes_of(instance: &ListedInstance) -> &[ContainerProcess] {
    match &instance.processes {
        Some(Ok(processes)) => processes,
        _ => &[],
    }
}

fn row(instance: &ListedInstance) -> Vec<Cell> {
    let unhealthy = instance.is_unhealthy().then_some(Colour::Red);
    vec![
        Cell::new(&instance.name),
        Cell::new(instance.word()).in_colour(unhealthy.or_else(|| colour(instance.word()))),
        Cell::or_dash(since(instance)),
        Cell::number(instance.details.as_ref().map(|details| details.restarts)),
        Cell::or_dash(instance.health()).in_colour(instance.health().and_then(colour)),
        Cell::or_dash(instance.container.as_ref().map(|id| id.chars().take(SHOWN_ID).collect::<String>())),
        Cell::new(exit(instance).unwrap_or_default()),
    ]
}

pub(super) fn colour(word: &str) -> Option<Colour> {
    match word {
        "running" | "healthy" => Some(Colour::Green),
        "created" | "starting" | "restarting" | "removing" | "paused" | "retiring" | "upcoming" | "mixed" => {
            Some(Colour::Yellow)
        }
        "stale address" | "missing" | "exited" | "dead" | "crashed" | "stray" | "unhealthy" | "stopped" => {
            Some(Colour::Red)
        }
        _ => None,
    }
}

/// How long it has run, or how long ago it ended.
fn since(instance: &ListedInstance) -> Option<String> {
    let span = span(instance.seconds?);
    Some(if instance.has_ended() { format!("{span} ago") } else { span })
}

/// How it ended, if it has: `137 (SIGKILL, out of memory)`.
pub(crate) fn exit(instance: &ListedInstance) -> Option<String> {
    let code = instance.exit_code()?;
    let memory = instance.ended_out_of_memory().then(|| "out of memory".to_owned());
    let reasons: Vec<String> = signal_name(code).into_iter().chain(memory).collect();
    Some(if reasons.is_empty() { code.to_string() } else { format!("{code} ({})", reasons.join(", ")) })
}

fn process_titles() -> Vec<Cell> {
    vec![
        Cell::new("PID").right(),
        Cell::new("USER"),
        Cell::new("ELAPSED").right(),
        Cell::new("%CPU").right(),
        Cell::new("COMMAND"),
    ]
}

fn process_row(process: &ContainerProcess) -> Vec<Cell> {
    vec![
        Cell::number(Some(process.pid)),
        Cell::new(&process.user),
        Cell::new(span(process.elapsed)).right(),
        Cell::new(format!("{}.{}", process.cpu / 10, process.cpu % 10)).right(),
        Cell::new(&process.command),
    ]
}

/// `web 2/2  worker 0/1 (1 stopped)`: how many of each type run and should, and what was stopped by hand.
fn summary(listing: &Listing) -> String {
    let count = |count: TypeCount<'_>| {
        let running = count.running.map_or_else(|| "?".to_owned(), |running| running.to_string());
        let stopped = if count.stopped > 0 { format!(" ({} stopped)", count.stopped) } else { String::new() };
        format!("{} {running}/{}{stopped}", count.process_type, count.desired)
    };
    let counts: Vec<String> = listing.types().into_iter().map(count).collect();
    if counts.is_empty() { "no process types".to_owned() } else { counts.join("  ") }
}

/// A line an app, under a line of titles.
pub(crate) fn of_apps(listings: &[Listing], look: Look) -> String {
    let titles = ["APP", "STATE", "RUNNING", "RESTARTS", "SINCE"].map(Cell::new).to_vec();
    let rows: Vec<Vec<Cell>> = std::iter::once(titles).chain(listings.iter().map(app_row)).collect();
    let columns = widths(&rows);
    rows.iter().map(|row| line(0, row, &columns, look)).collect()
}

fn app_row(listing: &Listing) -> Vec<Cell> {
    vec![
        Cell::new(listing.app.as_str()),
        Cell::new(listing.state()).in_colour(colour(listing.state())),
        Cell::new(app_summary(listing)),
        Cell::number(listing.restarts()),
        Cell::or_dash(listing.youngest().and_then(|youngest| youngest.seconds).map(span)),
    ]
}

/// The counts, and what they do not show.
fn app_summary(listing: &Listing) -> String {
    let mut summary = summary(listing);
    if let Actual::Status(status) = &listing.actual {
        summary.push_str(&format!("  ({} by {})", status.processes, listing.scheduler));
    }
    let such = |is_such: fn(&ListedInstance) -> bool| listing.instances().iter().filter(|one| is_such(one)).count();
    let stale = such(|instance| instance.has_stale_address);
    if !listing.pending.is_empty() {
        let changed: BTreeSet<&str> = listing.pending.values().flatten().map(String::as_str).collect();
        summary.push_str(&format!("  (pending: {})", changed.into_iter().collect::<Vec<_>>().join(", ")));
    }
    for (count, word) in [
        (such(ListedInstance::is_unhealthy), "unhealthy"),
        (stale, "stale address"),
        (listing.count(&InstanceState::Stray), "stray"),
    ] {
        if count > 0 {
            summary.push_str(&format!("  ({count} {word})"));
        }
    }
    summary
}

/// The name of the signal that ended a process with this status, as a shell reports it.
pub(crate) fn signal_name(exit_code: i64) -> Option<String> {
    let number = exit_code.checked_sub(128).filter(|number| (1..=64).contains(number))?;
    Some(Signal::of_number(number).map_or_else(|| format!("signal {number}"), |signal| signal.to_string()))
}

#[cfg(test)]
#[path = "text_tests.rs"]
pub(super) mod tests;
