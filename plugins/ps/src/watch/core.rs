//! Who is looked at when, and what is done about it: events and states in, acts out. Pure.
//!
//! It goes by what is, never by what an event says: an event is only a reason to look. So nothing is missed while it does
//! not run, and whoever takes over from its record ends in the same state.

use super::facts::{Act, Change, Kind, Look, NONE, Now, Outcome, Room, Seen, Told, Trouble};
use super::kept::Kept;
use super::tries;
use crate::watched::Watched;
use common::App;
use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

/// How long an app has to be quiet before it is looked at.
const QUIET: Duration = Duration::from_secs(1);
/// How soon it is seen that somebody else's change of an app is over.
const BUSY: Duration = Duration::from_secs(5);
/// How soon Docker is asked again when it did not answer.
const AGAIN: Duration = Duration::from_secs(10);

/// All that is known.
#[derive(Debug)]
pub(crate) struct Core {
    apps: BTreeMap<App, Kept>,
    every: Duration,
    all_at: Duration,
}

impl Core {
    /// At the beginning: all apps are looked at at once, and then every so often.
    pub(crate) fn new(every: Duration) -> Self {
        Self { apps: BTreeMap::new(), every, all_at: Duration::ZERO }
    }

    /// Whether what is written down of an app was read.
    pub(crate) fn knows(&self, app: &App) -> bool {
        self.apps.get(app).is_some_and(|kept| kept.is_read)
    }

    /// What is written down of an app.
    pub(crate) fn learn(&mut self, app: &App, watched: Watched) {
        let kept = self.apps.entry(app.clone()).or_default();
        (kept.watched, kept.is_read) = (watched, true);
    }

    /// These apps are all there are.
    pub(crate) fn only(&mut self, apps: &BTreeSet<App>) {
        self.apps.retain(|app, kept| apps.contains(app) || kept.acting.is_some());
    }

    /// Docker has told something of an app.
    pub(crate) fn heard(&mut self, app: &App, now: Now) {
        self.apps.entry(app.clone()).or_default().look_in(QUIET, now);
    }

    /// Something may have been missed.
    pub(crate) fn missed(&mut self, now: Now) {
        self.all_at = self.all_at.min(now.ticks);
    }

    /// Docker did not answer when it was asked for these. What was seen earlier is no reason to act: it would be in vain,
    /// and a try.
    pub(crate) fn unanswered(&mut self, look: &Look, now: Now) {
        match look {
            Look::All => {
                self.all_at = self.all_at.min(now.ticks + AGAIN);
                self.apps.values_mut().for_each(|kept| kept.needs.clear());
            }
            Look::Some(apps) => {
                for app in apps {
                    let kept = self.apps.entry(app.clone()).or_default();
                    kept.needs.clear();
                    kept.look_later(AGAIN, now);
                }
            }
        }
    }

    /// Whom to look at now. For one that somebody else was changing Docker is not asked until that is over.
    pub(crate) fn look(&mut self, now: Now, is_busy: impl Fn(&App) -> bool) -> Option<Look> {
        if self.all_at <= now.ticks {
            self.all_at = now.ticks + self.every;
            self.apps.values_mut().filter(|kept| kept.acting.is_none()).for_each(|kept| kept.due = None);
            return Some(Look::All);
        }
        let mut due = Vec::new();
        for (app, kept) in &mut self.apps {
            if kept.acting.is_some() || kept.due.is_none_or(|due| due.at > now.ticks) {
                continue;
            }
            if kept.is_busy && is_busy(app) {
                kept.look_later(BUSY, now);
            } else {
                kept.due = None;
                due.push(app.clone());
            }
        }
        (!due.is_empty()).then_some(Look::Some(due))
    }

    /// An app was looked at. Whether somebody else changes it at this moment is asked only when it matters.
    pub(crate) fn saw(&mut self, app: &App, seen: Seen, now: Now, is_busy: impl FnOnce() -> bool) -> Told {
        let Some(kept) = self.apps.get_mut(app).filter(|kept| kept.acting.is_none()) else { return Told::default() };
        let mut tries = kept.watched.tries.clone();
        let given_up = tries::saw(&mut tries, &seen, now.epoch);
        let words = Kept::words(&seen, &tries);
        let (changes, later) = kept.changes(app, &words);
        let is_as_it_was =
            seen.needs.is_empty() && changes.is_empty() && later.is_empty() && tries == kept.watched.tries;
        if is_as_it_was {
            (kept.is_busy, kept.needs) = (false, seen.needs);
            return Told::default();
        }
        // What is seen in the middle of a change means nothing.
        if is_busy() {
            (kept.is_busy, kept.needs) = (true, BTreeMap::new());
            kept.look_later(BUSY, now);
            return Told::default();
        }
        (kept.is_busy, kept.needs) = (false, seen.needs);
        kept.is_dirty |= kept.watched.tries != tries;
        kept.watched.tries = tries;
        kept.telling.extend(later.into_iter().map(|instance| (instance, true)));
        if kept.watched.told.is_empty() {
            // It is new to us: nothing of it has changed.
            kept.watched.told = words.into_iter().map(|(name, (word, _))| (name, word)).collect();
            kept.is_dirty = true;
            return Told { changes: Vec::new(), given_up };
        }
        kept.telling.extend(changes.iter().map(|change| (change.instance.clone(), false)));
        Told { changes, given_up }
    }

    /// What was to be told of an instance has been.
    pub(crate) fn told(&mut self, change: &Change, now: Now) {
        let Some(kept) = self.apps.get_mut(&change.app) else { return };
        kept.is_dirty = true;
        let has_changed = kept.telling.remove(&change.instance) == Some(true);
        if change.new == NONE {
            kept.watched.told.remove(&change.instance);
        } else {
            kept.watched.told.insert(change.instance.clone(), change.new.clone());
        }
        if has_changed {
            kept.look_in(QUIET, now);
        }
    }

    /// The last lines of what was given up.
    pub(crate) fn last_lines(&mut self, app: &App, trouble: &Trouble, lines: Vec<String>) {
        let Some(kept) = self.apps.get_mut(app) else { return };
        let tries = kept.watched.tries.get_mut(&trouble.to_string());
        if let Some(given_up) = tries.and_then(|tries| tries.given_up.as_mut()) {
            given_up.lines = lines;
            kept.is_dirty = true;
        }
    }

    /// Begins what is to be done next, as long as there is room for it: of the addresses first, which wait for nothing else.
    /// Before it is done it has to be written down: who is killed on the way has tried. `may` says whether an app may be
    /// touched at this moment.
    pub(crate) fn act(&mut self, now: Now, room: Room, may: impl Fn(&App) -> bool) -> Option<Act> {
        Kind::ALL.into_iter().find_map(|kind| self.act_of(kind, now, room, &may))
    }

    fn act_of(&mut self, kind: Kind, now: Now, room: Room, may: &impl Fn(&App) -> bool) -> Option<Act> {
        while self.has_room(kind, room) {
            let last = |kept: &Kept| kept.watched.tries.values().map(|tries| tries.last).max();
            // Whoever was not helped for the longest time.
            let waiting = self.apps.iter_mut().filter(|(_, kept)| kept.is_due(kind, now.epoch));
            let (app, kept) = waiting.min_by_key(|(_, kept)| last(kept))?;
            if may(app) {
                return kept.begin(app, kind, now.epoch);
            }
            (kept.is_busy, kept.needs) = (true, BTreeMap::new());
            kept.look_later(BUSY, now);
        }
        None
    }

    /// Whether there is something to do now.
    pub(crate) fn wants_to_act(&self, now: Now) -> bool {
        self.apps.values().any(|kept| Kind::ALL.into_iter().any(|kind| kept.is_due(kind, now.epoch)))
    }

    /// Whether acts are on their way.
    pub(crate) fn is_acting(&self) -> bool {
        self.apps.values().any(|kept| kept.acting.is_some())
    }

    fn has_room(&self, kind: Kind, room: Room) -> bool {
        let acts = self.apps.values().filter_map(|kept| kept.acting.as_ref());
        acts.filter(|act| act.kind == kind).count() < room.of(kind)
    }

    /// What was done has ended. What came of it is seen soon.
    pub(crate) fn ended(&mut self, act: &Act, outcome: &Outcome, now: Now) {
        let Some(kept) = self.apps.get_mut(&act.app) else { return };
        (kept.acting, kept.needs, kept.is_dirty) = (None, BTreeMap::new(), true);
        for trouble in act.needs.keys() {
            if let Some(tries) = kept.watched.tries.get_mut(&trouble.to_string()) {
                tries::ended(tries, outcome, now.epoch);
            }
        }
        if *outcome == Outcome::NotNow {
            kept.is_busy = true;
            kept.look_later(BUSY, now);
        } else {
            kept.look_later(QUIET, now);
        }
    }

    /// Keeps that something was done, for who asks.
    pub(crate) fn note(&mut self, app: &App, what: String, now: Now) {
        if let Some(kept) = self.apps.get_mut(app) {
            kept.watched.note(now.epoch, what);
            kept.is_dirty = true;
        }
    }

    /// What has to be written down, once. Of an app that nobody has read what is written down of nothing is known yet.
    pub(crate) fn take_dirty(&mut self) -> Vec<(App, Watched)> {
        let dirty = |(app, kept): (&App, &mut Kept)| {
            (kept.is_read && std::mem::take(&mut kept.is_dirty)).then(|| (app.clone(), kept.watched.clone()))
        };
        self.apps.iter_mut().filter_map(dirty).collect()
    }

    /// How long there is nothing to do unless something happens, where `room` is as for [`Core::act`].
    pub(crate) fn idle(&self, now: Now, room: Room) -> Duration {
        let free = self.apps.values().filter(|kept| kept.acting.is_none());
        let looks = free.filter_map(|kept| kept.due).map(|due| due.at.saturating_sub(now.ticks));
        let kinds = Kind::ALL.into_iter().filter(|kind| self.has_room(*kind, room));
        let acts = kinds.flat_map(|kind| self.apps.values().filter_map(move |kept| kept.next_act(kind, now.epoch)));
        looks.chain(acts).chain([self.all_at.saturating_sub(now.ticks)]).min().unwrap_or(self.every)
    }
}

#[cfg(test)]
#[path = "core_tests.rs"]
mod tests;
