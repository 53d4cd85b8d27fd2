//! Would a new container be like those that run? A fingerprint tells without keeping what went into them.
//!
//! Growing a type without touching what runs is right only while its next container would be made from the
//! same as its siblings: image, config, docker options and so on. The image is Docker's to tell. What the others
//! were when a container was made, it carries as a label: one hash for each source. The hash is keyed with a secret
//! of the host, so nobody who can inspect the container can find out a config variable by trying values; what
//! differs can be named to the user by source, never by value.
//!
//! The sources are read from the files in which the host's plugins keep them. Asking the triggers that make
//! the arguments of a container would be exact, and takes seconds.

mod key;
#[cfg(test)]
mod label_tests;
mod material;
mod sources;
#[cfg(test)]
#[path = "tests.rs"]
mod tests;
mod unlabelled;
#[cfg(test)]
mod web_tests;

pub(crate) use unlabelled::changes_since;

use common::{App, Env, ProcessType, Result};
use std::collections::BTreeMap;

/// The label of a container that holds its fingerprint.
pub(crate) const LABEL: &str = "com.dokku.ps.made-from";

/// What the value of the label begins with. Other sources, or another way of hashing, must have another number.
const VERSION: &str = "1";

/// The characters of a hash that the label holds.
const HASH_LENGTH: usize = 32;

/// What a container is made from beside its image: a keyed hash for each source. It holds no values.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Fingerprint(BTreeMap<String, String>);

impl Fingerprint {
    /// That of a container of this type which is made now.
    pub(crate) fn current(env: &Env, app: &App, process_type: &ProcessType) -> Result<Self> {
        let key = key::key(env)?;
        let mut hashes = BTreeMap::new();
        for material in sources::in_files(env, app, process_type)? {
            let hash = material.hash(&key)?.chars().take(HASH_LENGTH).collect();
            hashes.insert(material.into_source(), hash);
        }
        Ok(Self(hashes))
    }

    /// The label's value, `1,config:HASH,docker/options:HASH,…`. The host's script splits its arguments at blanks and
    /// heeds quotes: `None` when the name of a plugin has a character that would not survive it.
    pub(crate) fn to_label(&self) -> Option<String> {
        let pairs = self.0.iter().map(|(source, hash)| format!(",{}:{hash}", source.replace(' ', "/")));
        let value = VERSION.to_owned() + &pairs.collect::<String>();
        let is_plain = |byte: u8| byte.is_ascii_alphanumeric() || b",:/._-".contains(&byte);
        Some(value).filter(|value| value.bytes().all(is_plain) && Self::from_label(value).as_ref() == Some(self))
    }

    /// What a label says; `None` when it is none of this version.
    pub(crate) fn from_label(value: &str) -> Option<Self> {
        let mut parts = value.split(',');
        parts.next().filter(|version| *version == VERSION)?;
        let pair = |part: &str| {
            let (source, hash) = part.split_once(':')?;
            let is_hash = hash.len() == HASH_LENGTH && hash.bytes().all(|byte| byte.is_ascii_hexdigit());
            is_hash.then(|| (source.replace('/', " "), hash.to_owned()))
        };
        parts.map(pair).collect::<Option<_>>().map(Self)
    }

    /// The sources that are not as they were, in words for the user.
    ///
    /// A source that only one of the two has counts: a plugin that adds arguments came or went.
    pub(crate) fn changes<'a>(&'a self, now: &'a Self) -> impl Iterator<Item = &'a String> {
        let known = self.0.keys().chain(now.0.keys().filter(|source| !self.0.contains_key(*source)));
        known.filter(|source| self.0.get(*source) != now.0.get(*source))
    }
}
