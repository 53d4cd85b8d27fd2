//! Would a new container be like those that run? A fingerprint tells without keeping what went into them.
//!
//! Growing a type without touching what runs is right only while its next container would be made from the
//! same as its siblings: image, config, docker options and so on. What these were when a container was made
//! is kept as one hash for each source of it. The hash is keyed with a secret of the host, so nobody who
//! gets hold of the store alone can find out a config variable by trying values; what differs can be named
//! to the user by source, never by value.
//!
//! The sources are read from the files in which the host's plugins keep them. Asking the triggers that make
//! the arguments of a container would be exact, and takes seconds.

mod key;
mod material;
mod sources;
mod store;
#[cfg(test)]
#[path = "tests.rs"]
mod tests;
mod unrecorded;
#[cfg(test)]
mod web_tests;

pub(crate) use sources::PROXY_LABELS;
pub(crate) use store::Fingerprints;
pub(crate) use unrecorded::changes_since;

use common::{App, Env, ProcessType, Result};
use std::collections::{BTreeMap, BTreeSet};

/// The sources that every type has, in the order in which they are told.
const SOURCES: &[&str] = &[
    sources::IMAGE,
    sources::CONFIG,
    sources::DOCKER_OPTIONS,
    sources::STORAGE,
    sources::NETWORK,
    sources::PORTS,
    sources::COMMAND,
    sources::LIMITS,
    sources::LOGS,
    sources::INIT,
    sources::PROXY_LABELS,
];

/// What a container is made from: a keyed hash for each source. It holds no values.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Fingerprint(BTreeMap<String, String>);

impl Fingerprint {
    /// The sources that are not as they were, in words for the user and in a fixed order: image, config,
    /// docker options, storage, network, ports, command, limits, logs, init, proxy labels, plugin NAME.
    ///
    /// A source that only one of the two has counts: a plugin that adds arguments came or went.
    pub(crate) fn changes<'a>(&'a self, now: &'a Self) -> Vec<&'a str> {
        let differs = |source: &&str| self.0.get(*source) != now.0.get(*source);
        let mut others = BTreeSet::new();
        let known = self.0.keys().chain(now.0.keys()).map(String::as_str);
        others.extend(known.filter(|source| !SOURCES.contains(source)));
        SOURCES.iter().copied().chain(others).filter(differs).collect()
    }
}

/// What containers of an app, made now, would be made from. One after the other of the same type and image is
/// worked out once.
#[derive(Debug)]
pub(crate) struct Current<'a> {
    env: &'a Env,
    app: &'a App,
    last: Option<(ProcessType, String, Fingerprint)>,
}

impl<'a> Current<'a> {
    /// Nothing is read yet.
    pub(crate) fn new(env: &'a Env, app: &'a App) -> Self {
        Self { env, app, last: None }
    }

    /// What a container of this type would be made from, with this image.
    pub(crate) fn of(&mut self, process_type: &ProcessType, image_id: &str) -> Result<&Fingerprint> {
        let last = match self.last.take() {
            Some(last) if last.0 == *process_type && last.1 == image_id => last,
            _ => (process_type.clone(), image_id.to_owned(), current(self.env, self.app, process_type, image_id)?),
        };
        Ok(&self.last.insert(last).2)
    }
}

fn current(env: &Env, app: &App, process_type: &ProcessType, image_id: &str) -> Result<Fingerprint> {
    let key = key::key(env)?;
    let mut materials = sources::in_files(env, app, process_type)?;
    materials.push(sources::image(image_id));
    let mut fingerprint = Fingerprint(BTreeMap::new());
    for material in materials {
        let hash = material.hash(&key)?;
        fingerprint.0.insert(material.into_source(), hash);
    }
    Ok(fingerprint)
}
