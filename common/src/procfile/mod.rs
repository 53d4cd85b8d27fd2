//! The Procfile: which process types an app has, and the command of each.
//!
//! The grammar is that of the host's `procfile-util` in its default mode, so that what deploys there
//! deploys here: `name: command` on a trimmed line, names of letters, digits, `-` and `_`, unique and
//! at most 63 long; blank lines and lines that start with `#` or `//` are skipped, and a blank before
//! `#` or `//` ends a command.

mod decode;
mod envfile;
mod expand;
#[cfg(test)]
mod hostile_tests;

pub use decode::decode;
pub use envfile::parse_envfile;
pub use expand::expand;

use crate::{Error, ProcessType, Result};
use std::collections::BTreeMap;

/// A parsed Procfile.
///
/// ```
/// let procfile: dokku_plugin::Procfile = "web: bin/web -p $PORT # serve\n".parse().unwrap();
/// assert_eq!(procfile.command(&"web".parse().unwrap()), Some("bin/web -p $PORT"));
/// assert!(procfile.process_types().all(|process_type| procfile.contains(process_type)));
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Procfile {
    commands: BTreeMap<ProcessType, String>,
}

impl Procfile {
    /// The process types, sorted.
    pub fn process_types(&self) -> impl Iterator<Item = &ProcessType> {
        self.commands.keys()
    }

    /// Whether it names this type.
    pub fn contains(&self, process_type: &ProcessType) -> bool {
        self.commands.contains_key(process_type)
    }

    /// The command of a type as written, before expansion.
    pub fn command(&self, process_type: &ProcessType) -> Option<&str> {
        self.commands.get(process_type).map(String::as_str)
    }
}

impl std::str::FromStr for Procfile {
    type Err = Error;

    /// # Errors
    /// `invalid line in procfile, line N`; a name that is too long or comes twice;
    /// `no entries found in Procfile`.
    fn from_str(text: &str) -> Result<Self> {
        let mut commands = BTreeMap::new();
        for (number, line) in (1..).zip(text.split('\n')) {
            let line = line.trim();
            if line.is_empty() || line.starts_with('#') || line.starts_with("//") {
                continue;
            }
            let invalid = |reason: &str| {
                // The line is not quoted: it may be of a file that was never meant to be read.
                Error::new(format!("invalid line in procfile, line {number}{reason}"))
            };
            let (name, command) = split(line).ok_or_else(|| invalid(""))?;
            let process_type: ProcessType = name.parse().map_err(|error| invalid(&format!(" ({error})")))?;
            if commands.insert(process_type, command.to_owned()).is_some() {
                return Err(invalid(&format!(" ({name} is there more than once)")));
            }
        }
        if commands.is_empty() {
            return Err(Error::new("no entries found in Procfile"));
        }
        Ok(Self { commands })
    }
}

/// Name and command of a line, or `None` when it has not that form.
fn split(line: &str) -> Option<(&str, &str)> {
    let (name, command) = without_comment(line).split_once(':')?;
    let name = name.trim_end_matches(is_blank);
    let well_formed =
        !name.is_empty() && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-' || byte == b'_');
    let command = command.trim();
    (well_formed && !command.is_empty()).then_some((name, command))
}

/// The line up to the first `#` or `//` that follows a blank.
fn without_comment(line: &str) -> &str {
    let starts_comment = |(position, _): &(usize, char)| {
        line.get(position + 1..).is_some_and(|rest| rest.starts_with('#') || rest.starts_with("//"))
    };
    let end = line.char_indices().filter(|(_, character)| is_blank(*character)).find(starts_comment);
    end.and_then(|(position, _)| line.get(..position)).unwrap_or(line)
}

fn is_blank(character: char) -> bool {
    matches!(character, ' ' | '\t' | '\r' | '\x0c')
}

#[cfg(test)]
mod tests {
    use super::*;

    fn command(text: &str, name: &str) -> Option<String> {
        text.parse::<Procfile>().unwrap().command(&name.parse().unwrap()).map(str::to_owned)
    }

    #[test]
    fn a_line_is_a_name_and_a_command() {
        let text = "# c\n\n  web : curl http://x/y#z // no\n//x: y\n\tworker:go\t\r\n-x: a:b \\\n";
        assert_eq!(command(text, "web").as_deref(), Some("curl http://x/y#z"));
        assert_eq!(command(text, "worker").as_deref(), Some("go"));
        assert_eq!(command(text, "-x").as_deref(), Some("a:b \\"));
        assert_eq!(command(text, "x"), None);
    }

    #[test]
    fn a_bad_line_is_named_by_its_number() {
        let error = |text: &str| text.parse::<Procfile>().unwrap_err().to_string();
        assert!(error("web: x\n<<<<<<< HEAD\n").starts_with("invalid line in procfile, line 2"));
        assert!(error("web: #x\n").starts_with("invalid line in procfile, line 1"));
        assert!(error("web.1: x\n").starts_with("invalid line in procfile, line 1"));
        assert!(error("web: a\nweb: b\n").contains("more than once"));
        assert!(error(&format!("{}: x\n", "a".repeat(64))).contains("at most 63"));
        assert_eq!(error("# only this\n"), "no entries found in Procfile");
    }

    #[test]
    fn a_long_file_takes_no_longer_than_reading_it() {
        let text: String =
            (0..100_000).fold(String::new(), |text, number| text + &format!("p{number}: run {number}   # {number}\n"));
        assert_eq!(text.parse::<Procfile>().unwrap().process_types().count(), 100_000);
        let line = format!("web: {}\n", " /".repeat(1_000_000));
        assert!(line.parse::<Procfile>().is_ok());
    }
}
