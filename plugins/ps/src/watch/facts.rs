//! What the core is told and what it answers, as values.

use crate::plan::{Ill, Ills};
use common::App;
use std::collections::BTreeMap;
use std::fmt;
use std::time::Duration;

/// The time, by two clocks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Now {
    /// Since we began; nobody sets it.
    pub(crate) ticks: Duration,
    /// Seconds since 1970, which mean something to whoever comes after us.
    pub(crate) epoch: i64,
}

/// What was seen of an app.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Seen {
    /// Its instances.
    pub(crate) instances: BTreeMap<String, SeenInstance>,
    /// What should be mended, and how it is, in words.
    pub(crate) needs: BTreeMap<Trouble, String>,
}

/// What was seen of an instance.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct SeenInstance {
    /// The word for how it is.
    pub(crate) word: String,
    /// More about it, in words; may be empty.
    pub(crate) reason: String,
    /// Its container.
    pub(crate) container: Option<String>,
    /// Whether it runs, or Docker is about to start it again.
    pub(crate) runs: bool,
    /// How long it has run without an end, in seconds.
    pub(crate) up_for: u64,
}

/// One thing that should be mended.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Trouble {
    /// What it is; `None` for a change that was left unfinished.
    pub(crate) ill: Option<Ill>,
    /// Of whom: an instance, or a container.
    pub(crate) of: String,
    /// Whether that is an instance.
    pub(crate) is_of_instance: bool,
}

impl Trouble {
    /// What has to be done about it.
    pub(crate) fn kind(&self) -> Kind {
        if self.ill == Some(Ill::Address) { Kind::Address } else { Kind::Other }
    }
}

/// What is done at once without waiting for each other.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    /// The proxy is told an address: short, and until then it asks nobody, or another app.
    Address,
    /// Containers come or go, or hooks run: that may take long.
    Other,
}

impl Kind {
    /// All there are, in the order in which they are begun.
    pub(crate) const ALL: [Self; 2] = [Self::Address, Self::Other];
}

/// How many acts of each kind may be on their way at once.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Room {
    pub(crate) addresses: usize,
    pub(crate) others: usize,
}

impl Room {
    /// For acts of this kind.
    pub(crate) fn of(self, kind: Kind) -> usize {
        match kind {
            Kind::Address => self.addresses,
            Kind::Other => self.others,
        }
    }
}

/// As its tries are kept.
impl fmt::Display for Trouble {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{} {}", self.ill.map_or("unfinished", Ill::as_str), self.of)
    }
}

/// Something to do for an app.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Act {
    /// The app.
    pub(crate) app: App,
    /// What has to be done.
    pub(crate) kind: Kind,
    /// What is mended, and how it is.
    pub(crate) needs: BTreeMap<Trouble, String>,
}

impl Act {
    /// What is mended.
    pub(crate) fn ills(&self) -> Ills {
        self.needs.keys().filter_map(|trouble| trouble.ill).collect()
    }

    /// The instances that it is about; none for what is no instance.
    pub(crate) fn instances(&self) -> Vec<&str> {
        self.needs.keys().filter(|trouble| trouble.is_of_instance).map(|trouble| trouble.of.as_str()).collect()
    }
}

/// How an act ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Outcome {
    /// It did what it should.
    Done,
    /// It did not, for this reason.
    Failed(String),
    /// It failed, for this reason, before anything of the app was touched.
    Hindered(String),
    /// Somebody else had the app in hand.
    NotNow,
}

/// Something to tell: an instance is not as it was when it was told last.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Change {
    /// The app.
    pub(crate) app: App,
    /// The instance.
    pub(crate) instance: String,
    /// How it was; [`NONE`] when it was not there.
    pub(crate) old: String,
    /// How it is; [`NONE`] when it is there no more, and should not be.
    pub(crate) new: String,
    /// More about it; may be empty.
    pub(crate) reason: String,
}

/// The word for an instance that is not there and should not be.
pub(crate) const NONE: &str = "none";

/// The word for one that was given up.
pub(crate) const CRASHED: &str = "crashed";

/// What a look at an app leads to, beside acts.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Told {
    /// What is to be told.
    pub(crate) changes: Vec<Change>,
    /// What was given up just now, with the container whose last lines are to be kept.
    pub(crate) given_up: Vec<(Trouble, Option<String>)>,
}

/// Whom to look at.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Look {
    /// Every app.
    All,
    /// These.
    Some(Vec<App>),
}
