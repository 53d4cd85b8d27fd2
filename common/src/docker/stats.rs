//! What containers use at this moment.

use super::{Docker, fails_only_with, failure, is_id, rubbish, valid_text};
use crate::Result;
use std::collections::BTreeMap;

/// What Docker prints for people, and nothing else: it rounds sizes to three or four digits.
const USED: &str = "{{.ID}}\t{{.CPUPerc}}\t{{.MemUsage}}\t{{.MemPerc}}\t{{.NetIO}}\t{{.BlockIO}}\t{{.PIDs}}";

/// What keeps Docker, when it is asked for some containers, from telling of any of them: one has gone, or could not be
/// measured within its own two seconds. Of all that run it tells what it can.
const TROUBLE_OF_ONE: [&str; 2] = ["no such container", "timeout waiting for stats"];

/// What Docker prints of one that it could not measure.
const UNKNOWN: &str = "--";

/// How Docker writes sizes. Each ends in `B`, which comes last.
const UNITS: [(&str, u64); 13] = [
    ("KiB", 1 << 10),
    ("MiB", 1 << 20),
    ("GiB", 1 << 30),
    ("TiB", 1 << 40),
    ("PiB", 1 << 50),
    ("EiB", 1 << 60),
    ("kB", 1_000),
    ("MB", 1_000_000),
    ("GB", 1_000_000_000),
    ("TB", 1_000_000_000_000),
    ("PB", 1_000_000_000_000_000),
    ("EB", 1_000_000_000_000_000_000),
    ("B", 1),
];

/// What a container uses. Sizes are bytes, as exact as Docker tells them.
#[doc(hidden)] // for ps, which runs the containers
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ContainerStats {
    /// Its share of one processor at this moment, in hundredths of a percent; of two it may have 20000.
    pub cpu: u32,
    /// Its memory.
    pub memory: u64,
    /// The share of the memory that it may use, its limit's or the machine's, in hundredths of a percent.
    pub memory_share: u32,
    /// What has come to it through its networks.
    pub received: u64,
    /// What it has sent.
    pub sent: u64,
    /// What it has read from disks.
    pub read: u64,
    /// What it has written to disks.
    pub written: u64,
    /// How many processes and threads it has.
    pub tasks: u64,
}

impl Docker<'_> {
    /// What these containers use, by full id, in one call, for which Docker takes about two seconds; in a second one when
    /// it fails for some of them. One that does not run, or could not be measured, is left out.
    ///
    /// # Errors
    /// As [`Docker::states`].
    #[doc(hidden)] // for ps, which runs the containers
    pub fn stats(&self, containers: &[&str]) -> Result<BTreeMap<String, ContainerStats>> {
        if containers.is_empty() {
            return Ok(BTreeMap::new());
        }
        let all = self.read(&["container", "stats", "--no-stream", "--no-trunc", "--format", USED, "--"]);
        let mut answer = all.clone().args(containers).capture()?;
        if !answer.succeeded() && fails_only_with(&answer.stderr, &TROUBLE_OF_ONE) {
            answer = all.capture()?;
        }
        // An error without the ids, of which there may be hundreds.
        let shown = self.read(&["container", "stats", "--no-stream"]);
        if !answer.succeeded() {
            return Err(failure(&shown, &answer));
        }
        let mut used = BTreeMap::new();
        for line in valid_text(&shown, answer.stdout)?.lines().filter(|line| !line.is_empty()) {
            let (id, found) = container(line).ok_or_else(|| rubbish(&shown, "use of a container", line))?;
            used.extend(found.filter(|_| containers.contains(&id)).map(|stats| (id.to_owned(), stats)));
        }
        Ok(used)
    }
}

/// A container and what it uses; nothing of one that could not be measured, or that has ended.
pub(super) fn container(line: &str) -> Option<(&str, Option<ContainerStats>)> {
    let fields: Vec<&str> = line.split('\t').collect();
    let [id, cpu, memory, memory_share, network, disks, tasks] = fields.as_slice() else { return None };
    if *cpu == UNKNOWN {
        return Some((id, None));
    }
    if !is_id(id) {
        return None;
    }
    let (memory, most) = two_sizes(memory)?;
    let (received, sent) = two_sizes(network)?;
    let (read, written) = two_sizes(disks)?;
    let stats = ContainerStats {
        cpu: share(cpu)?,
        memory,
        memory_share: share(memory_share)?,
        received,
        sent,
        read,
        written,
        tasks: tasks.parse().ok()?,
    };
    // What runs may use some memory, be it the machine's.
    Some((id, Some(stats).filter(|_| most > 0)))
}

/// `1.5MiB / 512MiB`
fn two_sizes(text: &str) -> Option<(u64, u64)> {
    let (one, other) = text.split_once(" / ")?;
    Some((size(one)?, size(other)?))
}

/// `1.5MiB`, `12kB`, `0B`
fn size(text: &str) -> Option<u64> {
    let (number, factor) = UNITS.iter().find_map(|(unit, factor)| Some((text.strip_suffix(unit)?, *factor)))?;
    times(number, factor)
}

/// `12.34%` in hundredths.
fn share(text: &str) -> Option<u32> {
    times(text.strip_suffix('%')?, 100)?.try_into().ok()
}

/// A decimal number such as `1.5`, or `1e+03` as Docker writes what it has rounded up to a thousand, times a factor.
fn times(number: &str, factor: u64) -> Option<u64> {
    const MOST_DIGITS: usize = 15;
    let is_number = |text: &str| text.bytes().all(|byte| byte.is_ascii_digit());
    let (number, exponent) = number.split_once("e+").unwrap_or((number, "0"));
    let (whole, fraction) = number.split_once('.').unwrap_or((number, ""));
    let digits = format!("{whole}{fraction}");
    let is_plain = !whole.is_empty() && digits.len() <= MOST_DIGITS && is_number(&digits) && is_number(exponent);
    let exponent: u32 = exponent.parse().ok().filter(|exponent| is_plain && *exponent <= 3)?;
    let product = digits.parse::<u128>().ok()? * 10_u128.pow(exponent) * u128::from(factor);
    u64::try_from(product / 10_u128.pow(u32::try_from(fraction.len()).ok()?)).ok()
}

#[cfg(test)]
#[path = "stats_tests.rs"]
mod tests;
