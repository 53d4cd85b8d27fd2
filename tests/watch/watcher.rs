//! A `ps:watch` that runs while the test does something else, and what can be seen of it.

use std::fs;
use std::path::Path;
use std::time::Duration;

use ps_tests::docker::{Dokku, docker};
use ps_tests::process::{kill_group, wait_until};
use rustix::process::Signal;
use serde_json::Value;

use crate::shop::{Instances, Shop};
use crate::started::Started;

/// How long something may take until it is as it should be.
pub(crate) const SETTLES: Duration = Duration::from_mins(3);

/// The plugin of a third party that notes what it is told.
const NOTES: &str = "notes";

/// It watches all apps of a host.
pub(crate) struct Watcher {
    started: Started,
}

impl Watcher {
    pub(crate) fn of(dokku: &Dokku) -> Self {
        Self::with(dokku, &[], &[])
    }

    /// With flags, and variables added to its environment.
    pub(crate) fn with(dokku: &Dokku, flags: &[&str], env: &[(&str, &str)]) -> Self {
        let started = Started::with(dokku, "watch", &[&["ps:watch"], flags].concat(), env);
        let mut watcher = Self { started };
        watcher.says("Watching all apps");
        watcher
    }

    /// One that waits until this one has ended.
    pub(crate) fn behind(&self, dokku: &Dokku) -> Self {
        let mut waiting = Self { started: Started::with(dokku, "watch", &["ps:watch"], &[]) };
        waiting.says(&format!("ps:watch runs already, as process {}, and is waited for", self.id()));
        waiting
    }

    /// Waits until it has said this.
    pub(crate) fn says(&mut self, words: &str) {
        wait_until(&format!("it says {words:?}"), SETTLES, || {
            assert!(self.started.is_running(), "it has ended: {}", self.said());
            self.said().contains(words)
        });
    }

    /// Waits until it has looked for the first time at an app that is new to it.
    pub(crate) fn has_seen(&mut self, dokku: &Dokku, app: &str) {
        wait_until(&format!("it has looked at {app}"), SETTLES, || {
            assert!(self.started.is_running(), "it has ended: {}", self.said());
            record(dokku, app)["told"].as_object().is_some_and(|told| !told.is_empty())
        });
    }

    pub(crate) fn id(&self) -> u32 {
        self.started.id()
    }

    pub(crate) fn said(&self) -> String {
        self.started.said()
    }

    /// Kills it alone. What it has begun goes on.
    pub(crate) fn kill(mut self) {
        self.started.signal(Signal::KILL);
        assert_eq!(self.started.status(), 128 + 9);
    }

    /// Kills it with what it has begun, as when the host goes down.
    pub(crate) fn kill_with_its_acts(self) {
        let acts = children(self.id());
        assert!(!acts.is_empty(), "it must have begun something: {}", self.said());
        self.kill();
        acts.into_iter().for_each(kill_group);
    }

    /// Asks it to end, which it must do in order; gives what it has said.
    pub(crate) fn ends(mut self) -> String {
        self.started.signal(Signal::TERM);
        assert_eq!(self.started.status(), 0, "{}", self.said());
        self.said()
    }
}

/// The processes that one has started.
fn children(process: u32) -> Vec<u32> {
    let parent = |folder: &Path| -> Option<u32> {
        let status = fs::read_to_string(folder.join("status")).ok()?;
        status.lines().find_map(|line| line.strip_prefix("PPid:"))?.trim().parse().ok()
    };
    let entries = fs::read_dir("/proc").expect("/proc").flatten();
    let children = entries.filter(|entry| parent(&entry.path()) == Some(process));
    children.filter_map(|entry| entry.file_name().to_str()?.parse().ok()).collect()
}

/// What is written down of an app; null when nothing is.
pub(crate) fn record(dokku: &Dokku, app: &str) -> Value {
    let text = fs::read_to_string(dokku.path(&format!("lib/data/ps/{app}/watch"))).unwrap_or_default();
    serde_json::from_str(&text).unwrap_or_default()
}

/// What was done for an app, in words.
pub(crate) fn acts(dokku: &Dokku, app: &str) -> Vec<String> {
    let record = record(dokku, app);
    let acts = record["acts"].as_array().into_iter().flatten();
    acts.filter_map(|act| act["what"].as_str().map(str::to_owned)).collect()
}

/// How often something was tried.
pub(crate) fn made(dokku: &Dokku, app: &str, trouble: &str) -> u64 {
    record(dokku, app)["tries"][trouble]["made"].as_u64().unwrap_or_default()
}

/// All that was tried for an app was tried long ago. It must not be watched meanwhile.
pub(crate) fn time_passes(dokku: &Dokku, app: &str) {
    let mut record = record(dokku, app);
    let tries = record["tries"].as_object_mut().expect("tries");
    for tries in tries.values_mut() {
        tries["last"] = (tries["last"].as_i64().expect("a time") - 3600).into();
    }
    let path = dokku.path(&format!("lib/data/ps/{app}/watch"));
    fs::write(path, record.to_string()).expect("the record");
}

impl Shop {
    /// From now on what plugins are told is noted.
    pub(crate) fn takes_notes(&self) {
        self.plugin(NOTES, &[("ps-instance-state", "echo \"$*\" >>\"$LOG\"")]);
    }

    /// What plugins were told of an instance: `running missing`.
    pub(crate) fn told(&self, instance: &str) -> Vec<String> {
        let notes = fs::read_to_string(self.dokku.path(&format!("{NOTES}.log"))).unwrap_or_default();
        let of = format!("{} {instance} ", self.app);
        notes.lines().filter_map(|line| line.strip_prefix(&of)).map(|line| line.trim_end().to_owned()).collect()
    }

    /// Waits until plugins were told so of an instance last.
    pub(crate) fn hears(&self, instance: &str, words: &str) {
        let mut last = String::new();
        wait_until(&format!("{instance} of {}: {words}", self.app), SETTLES, || {
            last = self.told(instance).pop().unwrap_or_default();
            last == words
        });
    }

    /// Waits until plugins were told that an instance went from one word to another; what a look has found in between was
    /// told too.
    pub(crate) fn hears_of_a_way(&self, instance: &str, from: &str, to: &str) {
        wait_until(&format!("{instance} of {}: {from} to {to}", self.app), SETTLES, || {
            let told = self.told(instance);
            told.first().is_some_and(|first| first.starts_with(&format!("{from} ")))
                && told.last().is_some_and(|last| last.ends_with(&format!(" {to}")))
        });
    }

    /// Returns after a look at the app: of an instance that runs, it is told that it is paused. It stays so.
    pub(crate) fn is_looked_at_with_a_pause_of(&self, instance: &str) {
        docker(&["container", "pause", &self.named()[instance]]);
        self.hears(instance, "running paused");
    }

    /// Goes on with what is paused, and returns after the look that finds it.
    pub(crate) fn goes_on(&self, instance: &str) {
        docker(&["container", "unpause", &self.named()[instance]]);
        self.hears(instance, "paused running");
    }

    /// Removes the container of an instance.
    pub(crate) fn loses(&self, instance: &str) {
        docker(&["container", "rm", "--force", &self.named()[instance]]);
    }

    /// Waits until exactly these instances run, each in its place, and gives them.
    pub(crate) fn is_healed(&self, instances: &[&str]) -> Instances {
        let names: Vec<String> = instances.iter().map(|instance| format!("{}.{instance}", self.app)).collect();
        wait_until(&format!("{} has {instances:?} in their places", self.app), SETTLES, || {
            // The host renames containers for a moment as long as the change goes on.
            let is_free = !self.dokku.path(&format!("lib/data/apps/{}/.deploy.lock", self.app)).exists();
            is_free && self.running_names() == names && self.named().keys().eq(instances)
        });
        self.runs(instances)
    }

    /// Waits until something was done for it: `worker.1: started again`, whatever the cause was.
    pub(crate) fn was_done(&self, what: &str) {
        let (whose, done) = what.split_once(": ").expect("whose, and what");
        let is_that = |act: &String| act.starts_with(&format!("{whose}: ")) && act.ends_with(done);
        wait_until(&format!("{what} of {}", self.app), SETTLES, || acts(&self.dokku, &self.app).iter().any(is_that));
    }
}
