//! The listing for people. Pure: how wide and whether in colour is told.

use super::line::{Cell, Colour, line, size, span, widths};
use crate::docker_local::{Actual, AppStatus, InstanceState, ListedInstance, Listing, TypeCount};
use crate::signal::Signal;
use common::{App, ContainerProcess, shown};
use std::collections::{BTreeMap, BTreeSet};

pub(crate) use super::line::Look;

/// How far the lines under a header are indented, as in all of Dokku's output.
pub(super) const INDENT: usize = 7;
/// Processes stand under their instance.
const PROCESS_INDENT: usize = INDENT + 2;
/// How much of a container's id is shown.
const SHOWN_ID: usize = 12;

/// One app, instance by instance; what only waits to be removed in a line, unless it is `with_retired`. `next` says what to
/// do. Of an app that has not been deployed there is nothing to say here.
pub(crate) fn of_app(listing: &Listing, with_retired: bool, next: &[String], look: Look) -> String {
    match &listing.actual {
        Actual::NotDeployed => String::new(),
        Actual::Status(status) => of_status(&listing.app, &listing.scheduler, *status),
        Actual::Instances(instances) => {
            let (retiring, shown): (Vec<_>, Vec<_>) =
                instances.iter().partition(|found| found.state == InstanceState::Retiring && !with_retired);
            let mut text = of_instances(listing, &shown, look);
            text.extend(retiring_line(&retiring).map(|line| only(INDENT, &line, look)));
            text.extend(next.iter().map(|line| only(INDENT, line, look)));
            text
        }
    }
}

/// `2 retiring, the last one for 58s`.
fn retiring_line(retiring: &[&ListedInstance]) -> Option<String> {
    let last = retiring.iter().filter_map(|instance| instance.retires_in).max();
    let how_long = match (last, retiring.len()) {
        (_, 0) => return None,
        (None | Some(0), _) => String::new(),
        (Some(seconds), 1) => format!(", for {}", span(seconds)),
        (Some(seconds), _) => format!(", the last one for {}", span(seconds)),
    };
    Some(format!("{} retiring{how_long}", retiring.len()))
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

fn of_instances(listing: &Listing, instances: &[&ListedInstance], look: Look) -> String {
    let titles = ["INSTANCE", "STATE", "SINCE", "RESTARTS", "HEALTH", "MEMORY", "CONTAINER", "EXIT"];
    let mut titles = titles.map(Cell::new).to_vec();
    if let Some(memory) = titles.get_mut(5) {
        *memory = Cell::new("MEMORY").right();
    }
    let rows: Vec<Vec<Cell>> = instances.iter().map(|instance| row(instance)).collect();
    let columns = widths(std::iter::once(&titles).chain(&rows));
    let process_titles = process_titles();
    let inside: Vec<Vec<Cell>> =
        instances.iter().flat_map(|instance| processes_of(instance)).map(process_row).collect();
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
        let sources = sources.join(", ");
        let again = format!("to make it anew: dokku ps:restart {} {process_type}", listing.app);
        let changed = format!("pending for {process_type}: {sources} changed since deploy, {again}");
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
        Cell::or_dash(instance.memory.map(size)).right(),
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
    if !listing.pending.is_empty() {
        let changed: BTreeSet<&str> = listing.pending.values().flatten().map(String::as_str).collect();
        summary.push_str(&format!("  (pending: {})", changed.into_iter().collect::<Vec<_>>().join(", ")));
    }
    // How many are missing the counts show.
    let mut troubles: BTreeMap<&str, usize> = BTreeMap::new();
    for (_, trouble) in listing.troubles().into_iter().filter(|(_, trouble)| *trouble != "missing") {
        *troubles.entry(trouble).or_default() += 1;
    }
    for (trouble, count) in troubles {
        summary.push_str(&format!("  ({count} {trouble})"));
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
