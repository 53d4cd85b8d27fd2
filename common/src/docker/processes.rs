//! The processes inside containers.

use super::inside::{Inside, Machine};
use super::{Docker, rubbish, told};
use crate::at_once::each_at_once;
use crate::{Error, Result};
use std::time::{Duration, Instant};

/// How long all containers together may take; they are an extra, and a list without them is better than
/// none.
const PATIENCE: Duration = Duration::from_secs(10);

/// How many are read at once.
const AT_ONCE: usize = 8;

const TOO_LATE: &str = "Docker did not answer in time";

/// The columns, in the words of the host's `ps`: seconds since the start, share of a processor since then.
const COLUMNS: &str = "pid,user,etimes,pcpu,args";

/// A process that runs inside a container, as the host sees it.
#[doc(hidden)] // for ps, which runs the containers
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ContainerProcess {
    /// Its number on the host.
    pub pid: u32,
    /// The host's name for its user, or the number.
    pub user: String,
    /// Seconds since it was started.
    pub elapsed: u64,
    /// Its share of a processor since then, in tenths of a percent.
    pub cpu: u32,
    /// Its command line.
    pub command: String,
}

/// What there is inside a container.
#[doc(hidden)] // for ps, whose listing has it
#[derive(Clone, Debug)]
pub struct ContainerInside {
    /// Its processes, or why they could not be read.
    pub processes: Result<Vec<ContainerProcess>>,
    /// The memory that it uses in bytes, without what the kernel would give away of it at any time, as `docker stats`
    /// counts. Nothing where it does not run on this machine, or its kernel does not tell.
    pub memory: Option<u64>,
}

impl Docker<'_> {
    /// What there is inside each of these containers, in their order, by the id and the first process of each. The kernel
    /// is asked for those of this host; for the processes of others there is one call of Docker for each, several at once,
    /// all with the same deadline. Nothing that one container does keeps the others from theirs.
    #[doc(hidden)] // for ps, which runs the containers
    pub fn inside(&self, containers: &[(&str, Option<u32>)]) -> Vec<ContainerInside> {
        let end = Instant::now() + self.patience().min(PATIENCE);
        let machine = if containers.iter().any(|(_, first)| first.is_some()) { Machine::now() } else { None };
        let told = |(id, first): &(&str, Option<u32>)| Some(machine.as_ref()?.inside(id, (*first)?));
        let known: Vec<Inside> = containers.iter().map(|container| told(container).unwrap_or_default()).collect();
        let others: Vec<&str> = containers
            .iter()
            .zip(&known)
            .filter(|(_, known)| known.processes.is_none())
            .map(|((id, _), _)| *id)
            .collect();
        let mut others = each_at_once(AT_ONCE, &others, |id| self.processes_of(id, end)).into_iter();
        let too_late = || Err(Error::new(TOO_LATE));
        let all = |Inside { processes, memory }| ContainerInside {
            processes: processes.map_or_else(|| others.next().unwrap_or_else(too_late), Ok),
            memory,
        };
        known.into_iter().map(all).collect()
    }

    fn processes_of(&self, container: &str, end: Instant) -> Result<Vec<ContainerProcess>> {
        let left = end.saturating_duration_since(Instant::now());
        let too_late = || Error::new(TOO_LATE);
        if left.is_zero() {
            return Err(too_late());
        }
        let read = self.read(&["container", "top", "--", container, "-eo", COLUMNS]).deadline(left);
        let lines = match &self.engine {
            Some(engine) => told::processes(engine, left, container, COLUMNS),
            None => Self::text(&read).map(|text| text.lines().skip(1).map(str::to_owned).collect()),
        };
        let lines = lines.map_err(|error| if Instant::now() < end { error } else { too_late() })?;
        let lines = lines.iter().filter(|line| !line.trim().is_empty());
        lines.map(|line| process(line).ok_or_else(|| rubbish(&read, "list of processes", line))).collect()
    }
}

/// A line of `ps`: blanks between the columns, and maybe in the last.
pub(super) fn process(line: &str) -> Option<ContainerProcess> {
    let mut rest = line;
    let mut column = || {
        let trimmed = rest.trim_start();
        let (column, behind) = trimmed.split_once(char::is_whitespace)?;
        rest = behind;
        Some(column)
    };
    let (pid, user, elapsed, cpu) = (column()?, column()?, column()?, column()?);
    let command = rest.trim().to_owned();
    Some(ContainerProcess {
        pid: pid.parse().ok()?,
        user: user.to_owned(),
        elapsed: elapsed.parse().ok()?,
        cpu: tenths(cpu)?,
        command,
    })
}

/// `12.3` as 123.
fn tenths(percent: &str) -> Option<u32> {
    let (whole, tenth) = percent.split_once('.').unwrap_or((percent, "0"));
    let tenth: u32 = tenth.get(..1)?.parse().ok()?;
    whole.parse::<u32>().ok()?.checked_mul(10)?.checked_add(tenth)
}

#[cfg(test)]
mod tests {
    use super::super::tests::fake_within;
    use super::*;

    #[test]
    fn a_line_of_ps_is_a_process() {
        let line = "2345                root                192                 12.3                /demo web  x";
        let wanted =
            ContainerProcess { pid: 2345, user: "root".into(), elapsed: 192, cpu: 123, command: "/demo web  x".into() };
        assert_eq!(process(line), Some(wanted));
        for bad in ["", "2345", "x root 1 0.0 y", "1 root 03:12 0.0 y", "1 root 1 - y"] {
            assert_eq!(process(bad), None, "{bad}");
        }
    }

    #[test]
    fn a_share_is_read_in_tenths() {
        for (text, share) in [("0.0", 0), ("12.3", 123), ("199", 1990), ("99.95", 999)] {
            assert_eq!(tenths(text), Some(share), "{text}");
        }
    }

    #[test]
    fn each_container_has_its_answer_in_its_place() {
        let (_folder, env) = fake_within(
            "5",
            "case $4 in c5) echo 'is not running' >&2; exit 1;; c7) exec sleep 60;; esac; \
             echo PID; echo \"${4#c} root 1 0.0 /bin/$4\"",
        );
        let ids: Vec<String> = (0..12).map(|number| format!("c{number}")).collect();
        let ids: Vec<(&str, Option<u32>)> = ids.iter().map(|id| (id.as_str(), None)).collect();
        let answers = Docker::new(&env).unwrap().inside(&ids);
        assert_eq!(answers.len(), 12);
        for (number, answer) in answers.iter().enumerate() {
            match (number, &answer.processes) {
                (5, Err(error)) => assert!(error.message().contains("is not running"), "{error}"),
                (7, Err(error)) => assert!(error.message().contains("did not answer"), "{error}"),
                (_, Ok(processes)) => assert_eq!(processes[0].command, format!("/bin/c{number}")),
                (_, Err(error)) => panic!("{number}: {error}"),
            }
        }
    }
}
