//! What may be wrong with what runs of an app, and which of it is mended without a hand. Pure.

use common::{Error, Result};
use std::collections::BTreeSet;
use std::fmt;

/// What may be wrong.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Ill {
    /// A container has another address than the one that the proxy was told.
    Address,
    /// An instance that should run does not, and Docker will not start it again.
    Missing,
    /// A deploy that has ended has left a container behind.
    Upcoming,
    /// A health check says that an instance should not be used.
    Unhealthy,
    /// There are more instances than there should be, or a container that nothing accounts for.
    Stray,
}

impl Ill {
    const ALL: [Self; 5] = [Self::Address, Self::Missing, Self::Upcoming, Self::Unhealthy, Self::Stray];

    /// The word for it, as the property `heal` has it.
    pub(crate) fn as_str(self) -> &'static str {
        match self {
            Self::Address => "address",
            Self::Missing => "missing",
            Self::Upcoming => "upcoming",
            Self::Unhealthy => "unhealthy",
            Self::Stray => "stray",
        }
    }
}

/// The word for nothing.
const NONE: &str = "none";

/// Which of it is mended.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Ills(BTreeSet<Ill>);

impl Ills {
    /// Reads the property `heal`: words with commas between them, or `none`.
    pub(crate) fn parse(value: &str) -> Result<Self> {
        if value == NONE {
            return Ok(Self::default());
        }
        let named = |word: &str| Ill::ALL.into_iter().find(|ill| ill.as_str() == word);
        let ills: Option<BTreeSet<Ill>> = value.split(',').map(|word| named(word.trim())).collect();
        ills.map(Self).ok_or_else(|| Error::new(format!("Invalid heal {value:?} specified, {}", Self::expected())))
    }

    /// What may be written instead of what is none.
    pub(crate) fn expected() -> String {
        format!("use {NONE}, or with commas between them: {}", Ill::ALL.map(Ill::as_str).join(", "))
    }

    /// Whether this is mended.
    pub(crate) fn has(&self, ill: Ill) -> bool {
        self.0.contains(&ill)
    }

    /// Whether nothing is.
    pub(crate) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

impl FromIterator<Ill> for Ills {
    fn from_iter<I: IntoIterator<Item = Ill>>(ills: I) -> Self {
        Self(ills.into_iter().collect())
    }
}

impl fmt::Display for Ills {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let words: Vec<&str> = self.0.iter().map(|ill| ill.as_str()).collect();
        formatter.write_str(if words.is_empty() { NONE.to_owned() } else { words.join(",") }.as_str())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_are_read_and_written() {
        for (text, wanted) in [
            ("none", "none"),
            ("address", "address"),
            ("missing,address", "address,missing"),
            ("stray, upcoming ,unhealthy,stray", "upcoming,unhealthy,stray"),
        ] {
            assert_eq!(Ills::parse(text).unwrap().to_string(), wanted, "{text}");
        }
        for bad in ["", "all", "none,address", "address,", "Address", "address;missing"] {
            let error = Ills::parse(bad).unwrap_err();
            assert!(error.message().ends_with("address, missing, upcoming, unhealthy, stray"), "{error}");
        }
        let some: Ills = [Ill::Stray].into_iter().collect();
        assert!(some.has(Ill::Stray) && !some.has(Ill::Address) && !some.is_empty() && Ills::default().is_empty());
    }
}
