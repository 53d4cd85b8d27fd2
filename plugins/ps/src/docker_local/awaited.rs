//! What has still to come until an app is as it should be. Pure.

use super::listing::{Actual, ListedInstance, Listing, STALE_ADDRESS, TypeCount};
use common::ProcessType;
use std::collections::BTreeSet;

impl Listing {
    /// The types of which nothing runs since all of it was stopped by hand.
    pub(crate) fn stopped_types(&self) -> Vec<&ProcessType> {
        let is_stopped = |count: &TypeCount<'_>| count.stopped > 0 && count.stopped >= count.desired;
        self.types().into_iter().filter(is_stopped).map(|count| count.process_type).collect()
    }

    /// What keeps the app from being as desired and healthy, in words: `web.2 is exited`. It is nothing when
    /// [`Listing::is_as_desired`] and no health check is still at its first tries; an app that has not been deployed never
    /// is.
    pub(crate) fn awaited(&self) -> Vec<String> {
        match &self.actual {
            Actual::NotDeployed => vec![format!("{} has not been deployed", self.app)],
            Actual::Status(_) if self.is_as_desired() => Vec::new(),
            Actual::Status(status) => vec![format!(
                "{} tells of {} instances, running: {}, and the scale wants {}",
                self.scheduler,
                status.processes,
                status.running.as_str(),
                self.wanted()
            )],
            Actual::Instances(instances) => self.awaited_of(instances),
        }
    }

    /// The instances with which something is wrong, and what.
    pub(crate) fn troubles(&self) -> Vec<(&ListedInstance, &str)> {
        let short = self.short_types();
        let is_of_short =
            |instance: &ListedInstance| instance.process_type.as_ref().is_some_and(|of| short.contains(of));
        let trouble = |instance| Some((instance, ListedInstance::trouble(instance, is_of_short(instance))?));
        self.instances().iter().filter_map(trouble).collect()
    }

    /// The types of which fewer run than should.
    fn short_types(&self) -> BTreeSet<ProcessType> {
        let short = self.types().into_iter().filter(TypeCount::is_short);
        short.map(|count| count.process_type.clone()).collect()
    }

    fn awaited_of(&self, instances: &[ListedInstance]) -> Vec<String> {
        let (types, short) = (self.types(), self.short_types());
        let is_of_short =
            |instance: &ListedInstance| instance.process_type.as_ref().is_some_and(|of| short.contains(of));
        let (mut awaited, mut told) = (Vec::new(), BTreeSet::new());
        for instance in instances {
            if let Some(why) = instance.awaited(is_of_short(instance)) {
                awaited.push(format!("{} {why}", instance.name));
                told.extend(instance.process_type.as_ref().filter(|_| is_of_short(instance)));
            }
        }
        // Too many, or so many too few that they are not listed one by one.
        let is_wrong = |count: &&TypeCount<'_>| count.is_short() || count.running > Some(count.desired);
        let untold = types.iter().filter(is_wrong).filter(|count| !told.contains(count.process_type));
        awaited.extend(untold.map(|count| {
            format!("{} has {} of {}", count.process_type, count.running.unwrap_or_default(), count.desired)
        }));
        awaited
    }
}

impl ListedInstance {
    /// Why it has still to become what it should be; `is_short` says that its type has too few.
    fn awaited(&self, is_short: bool) -> Option<String> {
        match self.trouble(is_short) {
            Some(STALE_ADDRESS) => Some(format!("has a {STALE_ADDRESS}")),
            Some(trouble) => Some(format!("is {trouble}")),
            None if self.runs() && self.health() == Some("starting") => Some("is starting".to_owned()),
            None => None,
        }
    }

    /// What is wrong with it, in a word or two; what does not run is, where its type `is_short` of instances.
    pub(crate) fn trouble(&self, is_short: bool) -> Option<&str> {
        let is_down = self.is_down() && !self.rests();
        if self.is_unhealthy() {
            Some("unhealthy")
        } else if self.is_queued {
            Some("queued for removal")
        } else if self.is_amiss() || is_down && is_short {
            Some(self.word())
        } else {
            None
        }
    }
}

#[cfg(test)]
#[path = "awaited_tests.rs"]
mod tests;
