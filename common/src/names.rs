//! The field's names for what runs, as types that cannot hold a bad value.

use crate::{Error, Result};
use std::fmt;
use std::str::FromStr;

/// A process type of a Procfile: letters, digits, `-` and `_`, at most 63 of them.
///
/// ```
/// use dokku_plugin::ProcessType;
/// assert!("web".parse::<ProcessType>().is_ok());
/// assert!("../web".parse::<ProcessType>().is_err());
/// assert!("w".repeat(ProcessType::MAX_LENGTH + 1).parse::<ProcessType>().is_err());
/// ```
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct ProcessType(String);

impl ProcessType {
    /// The longest name that the host's tools accept.
    pub const MAX_LENGTH: usize = 63;

    /// The type whose instances the proxy serves.
    ///
    /// ```
    /// assert_eq!(dokku_plugin::ProcessType::web().as_str(), "web");
    /// ```
    pub fn web() -> Self {
        Self("web".to_owned())
    }

    /// The name.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for ProcessType {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self> {
        let allowed = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'-' || byte == b'_';
        if text.is_empty() {
            Err(Error::new("A process type must not be empty"))
        } else if text.len() > Self::MAX_LENGTH {
            Err(Error::new(format!(
                "A process type has at most {} characters, this one has {}",
                Self::MAX_LENGTH,
                text.len()
            )))
        } else if !text.bytes().all(allowed) {
            Err(Error::new(format!("{text:?} is not a process type: only letters, digits, - and _ are allowed")))
        } else {
            Ok(Self(text.to_owned()))
        }
    }
}

impl fmt::Display for ProcessType {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.pad(&self.0)
    }
}

/// One instance of a process type: `web.1`.
///
/// ```
/// let instance: dokku_plugin::Instance = "web.2".parse()?;
/// assert_eq!((instance.process_type.as_str(), instance.index), ("web", 2));
/// # Ok::<(), dokku_plugin::Error>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Instance {
    /// The type it runs.
    pub process_type: ProcessType,
    /// Its number, from 1.
    pub index: u32,
}

impl FromStr for Instance {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self> {
        let bad = || Error::new(format!("{text:?} is not an instance, use a process type and a number such as web.1"));
        let (process_type, index) = text.rsplit_once('.').ok_or_else(bad)?;
        let digits = index.bytes().all(|byte| byte.is_ascii_digit()) && !index.starts_with('0');
        let index = index.parse().ok().filter(|_| digits).ok_or_else(bad)?;
        Ok(Self { process_type: process_type.parse()?, index })
    }
}

impl fmt::Display for Instance {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{}.{}", self.process_type, self.index)
    }
}

/// How many instances of a process type.
///
/// ```
/// let most: dokku_plugin::Quantity = 3;
/// ```
pub type Quantity = u32;

/// Names for a message: the first of them, and how many more there are.
///
/// ```
/// assert_eq!(dokku_plugin::listed(["web", "worker"].into_iter()), "web, worker");
/// ```
pub fn listed<'n>(names: impl Iterator<Item = &'n str>) -> String {
    const SHOWN: usize = 20;
    let names: Vec<&str> = names.collect();
    let shown = names.iter().take(SHOWN).copied().collect::<Vec<_>>().join(", ");
    if names.len() > SHOWN { format!("{shown} and {} more", names.len() - SHOWN) } else { shown }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_process_type_is_what_a_procfile_may_name() {
        for good in ["web", "my-web", "my_web", "9web", "-x", "ALPHA", &"a".repeat(63)] {
            assert!(good.parse::<ProcessType>().is_ok(), "{good}");
        }
        for bad in ["", "web.1", "a/b", "../x", "a b", "w\u{e9}b", "a\nb", "a=b", &"a".repeat(64)] {
            assert!(bad.parse::<ProcessType>().is_err(), "{bad:?}");
        }
    }

    #[test]
    fn an_instance_is_a_type_and_a_number_from_one() {
        assert_eq!("web.12".parse::<Instance>().unwrap().to_string(), "web.12");
        for bad in ["web", "web.", "web.0", "web.01", "web.+1", "web.x", ".1", "a/b.1", "web.99999999999"] {
            assert!(bad.parse::<Instance>().is_err(), "{bad}");
        }
    }
}
