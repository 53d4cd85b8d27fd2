//! Which containers an app's instances are, so that one that was touched is told from one that was not.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use crate::docker::{docker, running_of};

/// The life of a container: while both stay the same, nobody touched it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Life {
    /// Its full id.
    pub id: String,
    /// When it was started, as Docker says it.
    pub started: String,
}

/// The instances that run and that a CONTAINER file of the app names.
pub type Instances = BTreeMap<String, Life>;

/// What the CONTAINER files in the app's folder and Docker agree on.
pub fn instances(app: &str, folder: &Path) -> Instances {
    let (mut named, running) = (container_files(folder), running_of(app));
    named.retain(|_, id| running.iter().any(|container| container.id == *id));
    if named.is_empty() {
        return Instances::new();
    }
    let words = ["container", "inspect", "--format", "{{.Id}} {{.State.StartedAt}}"];
    let told = docker(&words.into_iter().chain(named.values().map(String::as_str)).collect::<Vec<_>>());
    let started: BTreeMap<&str, &str> = told.lines().filter_map(|line| line.split_once(' ')).collect();
    let life = |id: String| Life { started: started[id.as_str()].to_owned(), id };
    named.iter().map(|(instance, id)| (instance.clone(), life(id.clone()))).collect()
}

/// What the CONTAINER files of an app's folder hold, by instance.
pub fn container_files(folder: &Path) -> BTreeMap<String, String> {
    let entries = fs::read_dir(folder).expect("the app's folder").flatten();
    let named = entries.filter_map(|entry| {
        let instance = entry.file_name().to_str()?.strip_prefix("CONTAINER.")?.to_owned();
        Some((instance, fs::read_to_string(entry.path()).ok()?.trim().to_owned()))
    });
    named.collect()
}

/// These instances are the same containers as before, and ran all the time.
pub fn same_lives(before: &Instances, after: &Instances, instances: &[&str]) {
    for instance in instances {
        assert!(before.contains_key(*instance), "{instance} did not run before: {before:#?}");
        assert_eq!(after.get(*instance), before.get(*instance), "{instance} must not be touched");
    }
}

/// These instances run, in containers that were not there before.
pub fn new_lives(before: &Instances, after: &Instances, instances: &[&str]) {
    for instance in instances {
        let life = after.get(*instance).unwrap_or_else(|| panic!("{instance} does not run: {after:#?}"));
        assert!(before.values().all(|old| old.id != life.id), "{instance} must be a new container");
    }
}
