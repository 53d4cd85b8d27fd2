//! What a change of scale is for one type: the arguments of `ps-pre-scale` and `ps-post-scale`.

use crate::{Error, ProcessType, Quantity, Result};
use std::fmt;
use std::str::FromStr;

/// A process type whose quantity changes, `TYPE=OLD:NEW`.
///
/// ```
/// use dokku_plugin::ScaleChange;
/// let change: ScaleChange = "web=1:3".parse()?;
/// assert_eq!((change.process_type.as_str(), change.from, change.to), ("web", 1, 3));
/// assert_eq!(change.to_string(), "web=1:3");
/// assert!("web=3".parse::<ScaleChange>().is_err());
/// # Ok::<(), dokku_plugin::Error>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ScaleChange {
    /// The type.
    pub process_type: ProcessType,
    /// How many instances there should be until now.
    pub from: Quantity,
    /// How many there should be from now on.
    pub to: Quantity,
}

impl FromStr for ScaleChange {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self> {
        let bad = || Error::new(format!("{text:?} is not TYPE=OLD:NEW, such as web=1:3"));
        let (name, quantities) = text.split_once('=').ok_or_else(bad)?;
        let (from, to) = quantities.split_once(':').ok_or_else(bad)?;
        // A number in digits alone: the parser would take a sign.
        let quantity = |digits: &str| {
            let plain = digits.bytes().all(|byte| byte.is_ascii_digit());
            digits.parse().ok().filter(|_| plain).ok_or_else(bad)
        };
        Ok(Self { process_type: name.parse()?, from: quantity(from)?, to: quantity(to)? })
    }
}

impl fmt::Display for ScaleChange {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{}={}:{}", self.process_type, self.from, self.to)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_written_is_what_is_read() {
        for text in ["web=1:3", "my-worker=0:0", "web=4294967295:0"] {
            assert_eq!(text.parse::<ScaleChange>().unwrap().to_string(), text);
        }
        for bad in ["", "web", "web=3", "web=1:", "web=:3", "=1:3", "web=1:3:5", "web=+1:3", "web=1:-3", "a/b=1:3"] {
            assert!(bad.parse::<ScaleChange>().is_err(), "{bad}");
        }
        assert!("web=1:4294967296".parse::<ScaleChange>().is_err());
    }
}
