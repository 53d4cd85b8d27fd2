//! What the instances of apps use against their limits: as text, JSON and lines for scripts. Pure. docs/commands.md
//! describes it.

use super::line::{Cell, Look, line, size, widths};
use super::text::{INDENT, colour};
use crate::docker_local::{ListedInstance, Listing};
use common::{App, ContainerStats, Result, commands_a_terminal, shown_json};
use serde::Serialize;
use std::collections::BTreeMap;

/// What Docker tells that containers use, by id.
pub(crate) type Used = BTreeMap<String, ContainerStats>;

/// An instance and what it uses, if that is known.
struct Row<'a> {
    app: &'a App,
    instance: &'a ListedInstance,
    used: Option<&'a ContainerStats>,
}

#[derive(Serialize)]
struct AppObject<'a> {
    app: &'a str,
    instances: Vec<InstanceObject<'a>>,
}

#[derive(Serialize)]
struct InstanceObject<'a> {
    instance: &'a str,
    r#type: Option<&'a str>,
    index: Option<u32>,
    state: &'a str,
    container: Option<&'a str>,
    cpu: Option<f64>,
    cpu_limit: Option<f64>,
    memory: Option<u64>,
    memory_limit: Option<u64>,
    memory_share: Option<f64>,
    received: Option<u64>,
    sent: Option<u64>,
    read: Option<u64>,
    written: Option<u64>,
    tasks: Option<u64>,
}

fn rows<'a>(listing: &'a Listing, used: &'a Used) -> impl Iterator<Item = Row<'a>> {
    listing.instances().iter().map(|instance| {
        let used = instance.container.as_ref().and_then(|container| used.get(container));
        Row { app: &listing.app, instance, used }
    })
}

/// One app, instance by instance.
pub(crate) fn of_app(listing: &Listing, used: &Used, look: Look) -> String {
    let rows = rows(listing, used).map(|row| row.cells());
    format!("=====> {} stats\n{}", listing.app, table(&[], rows, INDENT, look))
}

/// The instances of all apps below each other.
pub(crate) fn of_apps(listings: &[Listing], used: &Used, look: Look) -> String {
    let rows = listings.iter().flat_map(|listing| rows(listing, used));
    let rows = rows.map(|row| [vec![Cell::new(row.app.as_str())], row.cells()].concat());
    table(&[Cell::new("APP")], rows, 0, look)
}

fn table(first: &[Cell], rows: impl Iterator<Item = Vec<Cell>>, indent: usize, look: Look) -> String {
    let words = ["INSTANCE", "STATE"].map(Cell::new);
    let numbers =
        ["CPU", "OF", "MEMORY", "OF", "MEM%", "RECEIVED", "SENT", "TASKS"].map(|title| Cell::new(title).right());
    let titles = first.iter().cloned().chain(words).chain(numbers).collect();
    let rows: Vec<Vec<Cell>> = std::iter::once(titles).chain(rows).collect();
    let columns = widths(&rows);
    rows.iter().map(|row| line(indent, row, &columns, look)).collect()
}

/// The object of one app, with a newline.
pub(crate) fn object(listing: &Listing, used: &Used) -> Result<String> {
    let instances = rows(listing, used).map(|row| row.object()).collect();
    let object = AppObject { app: listing.app.as_str(), instances };
    Ok(shown_json(&serde_json::to_string(&object)?) + "\n")
}

/// A line for each instance, fields between tabs.
pub(crate) fn lines(listing: &Listing, used: &Used) -> String {
    rows(listing, used)
        .map(|row| row.fields().map(|field| field.replace(commands_a_terminal, "?")).join("\t") + "\n")
        .collect()
}

impl<'a> Row<'a> {
    /// The billionths of a processor that it may use as hundredths of a percent of one.
    fn cpu_limit(&self) -> Option<u64> {
        self.instance.details.as_ref()?.cpu_limit.map(|limit| limit / 100_000)
    }

    fn memory_limit(&self) -> Option<u64> {
        self.instance.details.as_ref()?.memory_limit
    }

    fn cells(&self) -> Vec<Cell> {
        let number = |text: Option<String>| Cell::or_dash(text).right();
        let used = |of: fn(&ContainerStats) -> String| number(self.used.map(of));
        vec![
            Cell::new(&self.instance.name),
            Cell::new(self.instance.word()).in_colour(colour(self.instance.word())),
            used(|used| format!("{}%", hundredths(used.cpu.into()))),
            number(self.cpu_limit().map(|limit| format!("{}%", hundredths(limit)))),
            used(|used| size(used.memory)),
            number(self.memory_limit().map(size)),
            used(|used| format!("{}%", hundredths(used.memory_share.into()))),
            used(|used| size(used.received)),
            used(|used| size(used.sent)),
            used(|used| used.tasks.to_string()),
        ]
    }

    fn fields(&self) -> [String; 14] {
        let used = |of: fn(&ContainerStats) -> u64| self.used.map(of);
        let or_dash = |text: Option<String>| text.unwrap_or_else(|| "-".to_owned());
        let number = |number: Option<u64>| or_dash(number.map(|number| number.to_string()));
        [
            self.app.to_string(),
            self.instance.name.clone(),
            self.instance.word().to_owned(),
            or_dash(used(|used| used.cpu.into()).map(hundredths)),
            or_dash(self.cpu_limit().map(hundredths)),
            number(used(|used| used.memory)),
            number(self.memory_limit()),
            or_dash(used(|used| used.memory_share.into()).map(hundredths)),
            number(used(|used| used.received)),
            number(used(|used| used.sent)),
            number(used(|used| used.read)),
            number(used(|used| used.written)),
            number(used(|used| used.tasks)),
            or_dash(self.instance.container.clone()),
        ]
    }

    fn object(&self) -> InstanceObject<'a> {
        let instance = self.instance;
        let percent = |hundredths: u32| f64::from(hundredths) / 100.0;
        InstanceObject {
            instance: &instance.name,
            r#type: instance.process_type.as_ref().map(common::ProcessType::as_str),
            index: instance.index,
            state: instance.word(),
            container: instance.container.as_deref(),
            cpu: self.used.map(|used| percent(used.cpu)),
            cpu_limit: self.cpu_limit().and_then(|limit| u32::try_from(limit).ok()).map(percent),
            memory: self.used.map(|used| used.memory),
            memory_limit: self.memory_limit(),
            memory_share: self.used.map(|used| percent(used.memory_share)),
            received: self.used.map(|used| used.received),
            sent: self.used.map(|used| used.sent),
            read: self.used.map(|used| used.read),
            written: self.used.map(|used| used.written),
            tasks: self.used.map(|used| used.tasks),
        }
    }
}

/// `12.34` of 1234, and `50` of 5000.
fn hundredths(number: u64) -> String {
    match (number / 100, number % 100) {
        (whole, 0) => whole.to_string(),
        (whole, rest) => format!("{whole}.{rest:02}"),
    }
}

#[cfg(test)]
#[path = "stats_tests.rs"]
mod tests;
