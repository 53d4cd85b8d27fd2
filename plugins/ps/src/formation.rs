//! Formations: how many instances of each process type. Pure values and the rules that change them.

use common::{Context, Error, ProcessType, Procfile, Quantity, Result};
use std::collections::{BTreeMap, BTreeSet};

/// A quantity for each of some process types, sorted by type.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Formation(BTreeMap<ProcessType, Quantity>);

/// What a user or an app.json asks of one process type.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Request {
    /// The type.
    pub(crate) process_type: ProcessType,
    /// How many of it there should be.
    pub(crate) quantity: Quantity,
}

/// What the saved scale becomes.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Update {
    /// The property `scale`.
    pub(crate) scale: Formation,
    /// The property `scale.old`: types at 0 that the Procfile does not have.
    pub(crate) vanished: Formation,
}

impl Formation {
    /// The saved form: a `type=count` on each line, maybe with blanks that a hand left there. The
    /// first of two lines for one type holds.
    ///
    /// A negative count, which older versions saved, means none: that is how many ran. One that is too large to be
    /// counted is the largest, so that it can be told, and mended, as any other that is too large.
    pub(crate) fn from_saved(lines: &[String]) -> Result<Self> {
        let mut formation = BTreeMap::new();
        for saved in saved_lines(lines) {
            let (_, process_type, quantity) = saved?;
            formation.entry(process_type).or_insert(quantity);
        }
        Ok(Self(formation))
    }

    /// The formation of these requests and nothing else.
    pub(crate) fn from_requests(requests: &[Request]) -> Self {
        Self(requests.iter().map(|request| (request.process_type.clone(), request.quantity)).collect())
    }

    /// The saved form.
    pub(crate) fn to_saved(&self) -> Vec<String> {
        self.iter().map(|(process_type, quantity)| format!("{process_type}={quantity}")).collect()
    }

    /// The quantity of a type; `None` when the formation does not name it.
    pub(crate) fn quantity(&self, process_type: &ProcessType) -> Option<Quantity> {
        self.0.get(process_type).copied()
    }

    /// Types and quantities, sorted by type.
    pub(crate) fn iter(&self) -> impl Iterator<Item = (&ProcessType, Quantity)> {
        self.0.iter().map(|(process_type, quantity)| (process_type, *quantity))
    }

    /// This formation, and what only `other` names.
    #[must_use]
    pub(crate) fn or(&self, other: &Self) -> Self {
        let mut both = other.0.clone();
        both.extend(self.0.clone());
        Self(both)
    }

    /// What the saved scale becomes when `requests` are fulfilled.
    ///
    /// Types that the Procfile has are always in the scale, at 0 if nothing else is said. Types that it
    /// does not have stay while their quantity is above 0 and go to `scale.old` at 0. Without a
    /// Procfile that holds for every type.
    pub(crate) fn update(&self, procfile: Option<&Procfile>, requests: &[Request]) -> Result<Update> {
        let in_procfile = |process_type: &ProcessType| procfile.is_some_and(|procfile| procfile.contains(process_type));
        let mut scale = self.0.clone();
        for Request { process_type, quantity } in requests {
            if procfile.is_some() && *quantity > 0 && !in_procfile(process_type) {
                return Err(Error::new(format!("{process_type} is not a valid process name to scale up")));
            }
            scale.insert(process_type.clone(), *quantity);
        }
        for process_type in procfile.iter().flat_map(|procfile| procfile.process_types()) {
            scale.entry(process_type.clone()).or_insert(0);
        }
        let (vanished, scale) =
            scale.into_iter().partition(|(process_type, quantity)| *quantity == 0 && !in_procfile(process_type));
        Ok(Update { scale: Self(scale), vanished: Self(vanished) })
    }
}

/// Number of the line, type and quantity of each line of a saved formation.
pub(crate) fn saved_lines(lines: &[String]) -> impl Iterator<Item = Result<(usize, ProcessType, Quantity)>> {
    let lines = (1..).zip(lines).filter(|(_, line)| !line.trim().is_empty());
    lines.map(|(number, line)| {
        let (process_type, quantity) = saved_line(line)?;
        Ok((number, process_type, quantity))
    })
}

fn saved_line(line: &str) -> Result<(ProcessType, Quantity)> {
    let (name, count) = split(line)?;
    let quantity = match count.strip_prefix('-') {
        Some(digits) if is_number(digits) => 0,
        None if is_number(count) => count.parse().unwrap_or(Quantity::MAX),
        _ => return Err(invalid_count(name)),
    };
    Ok((name.trim().parse()?, quantity))
}

/// What a user asks of one process type: a quantity, or some more or fewer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Change {
    /// `web=3`
    To(Request),
    /// `web+1`
    More(Request),
    /// `worker-2`
    Fewer(Request),
}

impl Change {
    /// Reads `type=count`, `type+count` and `type-count` arguments.
    pub(crate) fn parse_all(arguments: &[&str]) -> Result<Vec<Self>> {
        let mut given = BTreeSet::new();
        let mut parse = |argument: &&str| match relative(as_typed(argument)?) {
            Some((name, sign, count)) => {
                let request = Request::parse_new(&format!("{name}={count}"), &mut given)?;
                Ok(if sign == '+' { Self::More(request) } else { Self::Fewer(request) })
            }
            None => Request::parse_new(argument, &mut given).map(Self::To),
        };
        arguments.iter().map(&mut parse).collect()
    }

    /// The quantity that is asked for, where `before` holds now.
    pub(crate) fn resolve(&self, before: &Formation) -> Result<Request> {
        let (Self::To(request) | Self::More(request) | Self::Fewer(request)) = self;
        let Request { process_type, quantity } = request;
        let old = before.quantity(process_type).unwrap_or(0);
        let new = match self {
            Self::To(_) => Some(*quantity),
            Self::More(_) => old.checked_add(*quantity),
            Self::Fewer(_) => old.checked_sub(*quantity),
        };
        let impossible = || Error::new(format!("Invalid count for process type {process_type}: there are {old}"));
        Ok(Request { process_type: process_type.clone(), quantity: new.ok_or_else(impossible)? })
    }
}

/// Name, sign and digits of `web+1` or `worker-2`.
fn relative(argument: &str) -> Option<(&str, char, &str)> {
    let start = argument.rfind(['+', '-'])?;
    let (name, rest) = argument.split_at_checked(start)?;
    let (sign, digits) = rest.split_at_checked(1)?;
    let well_formed = !name.is_empty() && !name.contains('=') && parse_quantity(digits).is_some();
    well_formed.then_some((name, sign.chars().next()?, digits))
}

impl Request {
    /// Reads `type=count` arguments.
    pub(crate) fn parse_all(arguments: &[&str]) -> Result<Vec<Self>> {
        let mut given = BTreeSet::new();
        arguments.iter().map(|argument| Self::parse_new(as_typed(argument)?, &mut given)).collect()
    }

    /// Reads a DOKKU_SCALE: a `type=count` on each line; blank lines, and what follows a `#` at the start of a line or
    /// behind a blank, say nothing.
    pub(crate) fn parse_file(text: &str, check: impl Fn(&Self) -> Result<()>) -> Result<Vec<Self>> {
        let mut given = BTreeSet::new();
        let lines = (1..).zip(text.lines().map(|line| without_comment(line).trim()));
        let telling = lines.filter(|(_, line)| !line.is_empty());
        let mut request = |line: &str| {
            // Of a line that names no type nothing is quoted: it may be of a file that was never meant to be read.
            let name = line.split('=').next().unwrap_or_default().trim();
            name.parse::<ProcessType>().map_err(|_| Error::new("use type=count, such as web=1"))?;
            let request = Self::parse_new(line, &mut given)?;
            check(&request).map(|()| request)
        };
        telling.map(|(number, line)| request(line).context(|| format!("line {number}"))).collect()
    }

    fn parse_new(argument: &str, given: &mut BTreeSet<ProcessType>) -> Result<Self> {
        let (name, count) = split(argument)?;
        let quantity = parse_quantity(count).ok_or_else(|| invalid_count(name))?;
        let process_type: ProcessType = name.trim().parse()?;
        if !given.insert(process_type.clone()) {
            return Err(Error::new(format!("{process_type} is given more than once")));
        }
        Ok(Self { process_type, quantity })
    }
}

/// What stands before a comment.
fn without_comment(line: &str) -> &str {
    let mut before = ' ';
    for (at, letter) in line.char_indices() {
        if letter == '#' && before.is_whitespace() {
            return line.split_at(at).0;
        }
        before = letter;
    }
    line
}

/// Name and count of `type=count`; the count without blanks around it.
fn split(line: &str) -> Result<(&str, &str)> {
    let missing = || Error::new(format!("Missing count for process type {}", shown(line.trim()))).with_hint(FORMS);
    line.split_once('=').map(|(name, count)| (name, count.trim())).ok_or_else(missing)
}

fn invalid_count(name: &str) -> Error {
    Error::new(format!("Invalid count for process type {}", shown(name))).with_hint(FORMS)
}

/// What a count can be.
const FORMS: &str = "use a whole number: web=3 for three, web+1 for one more, web-1 for one less";

/// What was typed, unless it may be a slip: `web=01`, or a blank in or around the name of a type.
fn as_typed(argument: &str) -> Result<&str> {
    let (name, count) = argument.split_at(argument.find(['=', '+']).unwrap_or(argument.len()));
    let digits = count.get(1..).unwrap_or_default().trim();
    if digits.len() > 1 && digits.starts_with('0') && is_number(digits) {
        return Err(invalid_count(name));
    }
    if name.contains(char::is_whitespace) {
        return Err(Error::new(format!("{:?} is not a process type: no blanks around it", shown(name))));
    }
    Ok(argument)
}

/// A name as a message shows it: not endless, and without control characters.
fn shown(name: &str) -> String {
    const SHOWN: usize = 80;
    let start: String = name.chars().take(SHOWN).collect();
    let dots = if start.len() < name.len() { "..." } else { "" };
    format!("{}{dots}", common::shown(&start))
}

/// Digits alone: `+1` and `-1` are no quantities.
fn parse_quantity(count: &str) -> Option<Quantity> {
    if is_number(count) { count.parse().ok() } else { None }
}

fn is_number(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit())
}

#[cfg(test)]
#[path = "formation_tests.rs"]
mod tests;
