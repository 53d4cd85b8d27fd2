//! What is known of one app. Pure.

use super::facts::{Act, CRASHED, Change, Kind, NONE, Now, Seen, SeenInstance, Trouble};
use super::tries;
use crate::plan::Ill;
use crate::watched::{Tries, Watched};
use common::App;
use std::collections::BTreeMap;
use std::time::Duration;

/// How long an app that is never quiet is waited for: an instance may come and go all the time.
const LONGEST: Duration = Duration::from_secs(3);

/// What is known of an app.
#[derive(Debug, Default)]
pub(super) struct Kept {
    pub(super) watched: Watched,
    /// Whether `watched` was read from where it is written down.
    pub(super) is_read: bool,
    /// Whether it is not what is written down.
    pub(super) is_dirty: bool,
    /// When it is looked at.
    pub(super) due: Option<Due>,
    /// Whether somebody else changed it when it was seen last.
    pub(super) is_busy: bool,
    /// What we are doing about it.
    pub(super) acting: Option<Act>,
    /// What should be mended.
    pub(super) needs: BTreeMap<Trouble, String>,
    /// Instances that are being told of, and whether they have changed again meanwhile.
    pub(super) telling: BTreeMap<String, bool>,
}

/// When an app is looked at, and when that was first asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Due {
    pub(super) at: Duration,
    first: Duration,
}

impl Kept {
    /// It is looked at once it has been quiet for so long.
    pub(super) fn look_in(&mut self, quiet: Duration, now: Now) {
        let first = self.due.map_or(now.ticks, |due| due.first);
        self.due = Some(Due { at: (now.ticks + quiet).min(first + LONGEST), first });
    }

    /// It is looked at in so long, whatever happens meanwhile.
    pub(super) fn look_later(&mut self, time: Duration, now: Now) {
        self.due = Some(Due { at: now.ticks + time, first: now.ticks + time });
    }

    /// How long each thing that should be mended has to wait; those that were given up are left out.
    fn waits(&self, epoch: i64) -> impl Iterator<Item = (&Trouble, Duration)> {
        self.needs.keys().filter_map(move |trouble| {
            let tries = self.watched.tries.get(&trouble.to_string());
            Some((trouble, tries::wait(tries, epoch)?))
        })
    }

    /// How long until there is something of this kind to do. Its addresses come before anything else.
    pub(super) fn next_act(&self, kind: Kind, epoch: i64) -> Option<Duration> {
        let next = |kind| self.waits(epoch).filter(|(trouble, _)| trouble.kind() == kind).map(|(_, wait)| wait).min();
        let waits_for_addresses = kind == Kind::Other && next(Kind::Address) == Some(Duration::ZERO);
        next(kind).filter(|_| self.acting.is_none() && !waits_for_addresses)
    }

    /// Whether there is something of this kind to do now.
    pub(super) fn is_due(&self, kind: Kind, epoch: i64) -> bool {
        self.next_act(kind, epoch).is_some_and(|wait| wait.is_zero())
    }

    /// Begins what there is to do of this kind: of its instances first.
    pub(super) fn begin(&mut self, app: &App, kind: Kind, epoch: i64) -> Option<Act> {
        let is_due = |(trouble, wait): &(&Trouble, Duration)| trouble.kind() == kind && wait.is_zero();
        let due: Vec<Trouble> = self.waits(epoch).filter(is_due).map(|(trouble, _)| trouble.clone()).collect();
        let of_instances = due.iter().any(|trouble| trouble.is_of_instance);
        let mut needs = BTreeMap::new();
        for trouble in due.into_iter().filter(|trouble| trouble.is_of_instance == of_instances) {
            tries::begun(self.watched.tries.entry(trouble.to_string()).or_default(), epoch);
            let why = self.needs.get(&trouble).cloned().unwrap_or_default();
            needs.insert(trouble, why);
        }
        let act = Some(Act { app: app.clone(), kind, needs }).filter(|act| !act.needs.is_empty())?;
        (self.acting, self.is_dirty) = (Some(act.clone()), true);
        Some(act)
    }

    /// How its instances are, in words.
    pub(super) fn words(seen: &Seen, tries: &BTreeMap<String, Tries>) -> BTreeMap<String, (String, String)> {
        let word = |(name, instance): (&String, &SeenInstance)| {
            let missing = Trouble { ill: Some(Ill::Missing), of: name.clone(), is_of_instance: true };
            let found = tries.get(&missing.to_string()).filter(|_| seen.needs.contains_key(&missing));
            let told = match found.filter(|tries| tries.given_up.is_some()) {
                Some(tries) => (CRASHED.to_owned(), format!("started {} times in vain", tries.made)),
                None => (instance.word.clone(), instance.reason.clone()),
            };
            (name.clone(), told)
        };
        seen.instances.iter().map(word).collect()
    }

    /// What is not as it was told, and the instances that are being told of and are not as that says any more.
    pub(super) fn changes(&self, app: &App, words: &BTreeMap<String, (String, String)>) -> (Vec<Change>, Vec<String>) {
        let gone = self.watched.told.keys().filter(|name| !words.contains_key(*name));
        let gone = gone.map(|name| (name, NONE, ""));
        let there = words.iter().map(|(name, (word, reason))| (name, word.as_str(), reason.as_str()));
        let (mut changes, mut later) = (Vec::new(), Vec::new());
        for (name, new, reason) in there.chain(gone) {
            let old = self.watched.told.get(name).map_or(NONE, String::as_str);
            if old == new {
                continue;
            }
            if self.telling.contains_key(name) {
                later.push(name.clone());
                continue;
            }
            changes.push(Change {
                app: app.clone(),
                instance: name.clone(),
                old: old.to_owned(),
                new: new.to_owned(),
                reason: reason.to_owned(),
            });
        }
        (changes, later)
    }
}
