//! The host, and the program around the core.

#[path = "happens_tests.rs"]
mod happens;

use super::*;

/// How many addresses are told at once.
const ADDRESSES: usize = 2;

pub(super) struct Host {
    apps: Vec<HostApp>,
    core: Core,
    written: BTreeMap<App, Watched>,
    /// Acts on their way, with their ends; a dead watcher's go on.
    acts: Vec<(u64, Act, bool)>,
    time: u64,
    docker_down_until: u64,
    down_until: u64,
    random: u64,
    /// When each instance was started, in vain or not, since its app was last touched by another.
    starts: Vec<(u64, App, String)>,
    /// Changes on their way to be told.
    telling: Vec<(u64, Change)>,
    told: BTreeMap<(App, String), String>,
}

fn name(app: usize) -> App {
    format!("app{app}").parse().unwrap()
}

impl Host {
    pub(super) fn new(apps: usize, random: u64) -> Self {
        let instance = |container| Instance { state: State::Missing, nature: Nature::Good, container };
        let app = |app: u64| HostApp {
            instances: (0..=app).map(|index| instance(app * 10 + index)).collect(),
            left: None,
            unfinished: false,
            busy_until: 0,
            ban: Ban::None,
        };
        Self {
            apps: (0..apps as u64).map(app).collect(),
            core: Core::new(Duration::from_mins(5)),
            written: BTreeMap::new(),
            acts: Vec::new(),
            time: 1_000,
            docker_down_until: 0,
            down_until: 0,
            random,
            starts: Vec::new(),
            telling: Vec::new(),
            told: BTreeMap::new(),
        }
    }

    fn random(&mut self, below: u64) -> u64 {
        self.random = self.random.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.random >> 33) % below
    }

    /// A watcher that was started again has its own ticks.
    fn now(&self) -> Now {
        Now { ticks: Duration::from_secs(self.time), epoch: i64::try_from(self.time).unwrap() }
    }

    fn is_busy(&self, app: &App) -> bool {
        let app = &self.apps[number(app)];
        app.busy_until > self.time || app.ban == Ban::LockedByHand
    }

    fn may_be_touched(&self, app: &App) -> bool {
        !self.is_busy(app) && self.apps[number(app)].ban == Ban::None
    }

    fn heard(&mut self, app: usize) {
        if self.docker_down_until <= self.time {
            let now = self.now();
            self.core.heard(&name(app), now);
        }
    }

    fn seen(&self, app: &App) -> Seen {
        let found = &self.apps[number(app)];
        let mut seen = Seen::default();
        for (index, instance) in found.instances.iter().enumerate() {
            let of = format!("web.{}", index + 1);
            let (word, ill) = word(instance.state);
            let up_for = match instance.state {
                State::Up { since, .. } => self.time - since,
                _ => 0,
            };
            let runs = matches!(instance.state, State::Up { .. } | State::Restarting);
            let container = (instance.state != State::Missing).then(|| instance.container.to_string());
            let word = if found.ban == Ban::Stopped { "stopped" } else { word }.to_owned();
            let seen_instance = SeenInstance { word, container, runs, up_for, ..SeenInstance::default() };
            seen.instances.insert(of.clone(), seen_instance);
            if let Some(ill) = ill {
                seen.needs.insert(Trouble { ill: Some(ill), of, is_of_instance: true }, String::new());
            }
        }
        if let Some(left) = found.left {
            let of = left.to_string();
            seen.needs.insert(Trouble { ill: Some(Ill::Upcoming), of, is_of_instance: false }, String::new());
        }
        if found.unfinished {
            let trouble = Trouble { ill: None, of: "change".to_owned(), is_of_instance: false };
            seen.needs.insert(trouble, String::new());
        }
        if matches!(found.ban, Ban::Stopped | Ban::HealNone) {
            seen.needs.clear();
        }
        seen
    }

    /// What the program around the core does until `end`.
    fn run_until(&mut self, end: u64) {
        loop {
            self.end_acts();
            self.look();
            self.begin_acts();
            for (app, watched) in self.core.take_dirty() {
                self.written.insert(app, watched);
            }
            self.tell();
            if self.time >= end {
                return;
            }
            let idle = self.core.idle(self.now(), self.room()).as_secs().max(1);
            let ends = self.acts.iter().map(|(end, ..)| end.saturating_sub(self.time));
            let tells = self.telling.iter().map(|(at, _)| at.saturating_sub(self.time));
            let next = ends.chain(tells).chain([idle]).min().unwrap_or(1).max(1);
            // Short lives end on their own.
            self.time = (self.time + next).min(end);
            self.end_short_lives();
        }
    }

    fn end_short_lives(&mut self) {
        for app in 0..self.apps.len() {
            let time = self.time;
            let ends = |instance: &Instance| {
                instance.nature == Nature::Short
                    && matches!(instance.state, State::Up { since, .. } if time >= since + 30)
            };
            let ended: Vec<usize> =
                (0..self.apps[app].instances.len()).filter(|at| ends(&self.apps[app].instances[*at])).collect();
            for at in ended {
                self.apps[app].instances[at].state = State::Ended;
                self.heard(app);
            }
        }
    }

    fn look(&mut self) {
        let now = self.now();
        let busy: BTreeSet<App> = (0..self.apps.len()).map(name).filter(|app| self.is_busy(app)).collect();
        let Some(look) = self.core.look(now, |app| busy.contains(app)) else { return };
        if self.docker_down_until > self.time {
            self.core.unanswered(&look, now);
            return;
        }
        let apps = match look {
            Look::All => (0..self.apps.len()).map(name).collect(),
            Look::Some(apps) => apps,
        };
        for app in apps {
            if !self.core.knows(&app) {
                let watched = self.written.get(&app).cloned().unwrap_or_default();
                self.core.learn(&app, watched);
            }
            let seen = self.seen(&app);
            let told = self.core.saw(&app, seen, now, || busy.contains(&app));
            for change in told.changes {
                let at = self.time + self.random(4);
                self.telling.push((at, change));
            }
        }
    }

    fn tell(&mut self) {
        let time = self.time;
        let (due, later) = std::mem::take(&mut self.telling).into_iter().partition(|(at, _)| *at <= time);
        self.telling = later;
        let due: Vec<(u64, Change)> = due;
        for (_, change) in due {
            let key = (change.app.clone(), change.instance.clone());
            assert_ne!(change.old, change.new);
            self.told.insert(key, change.new.clone());
            let now = self.now();
            self.core.told(&change, now);
        }
    }

    fn begin_acts(&mut self) {
        let now = self.now();
        let may: BTreeSet<App> = (0..self.apps.len()).map(name).filter(|app| self.may_be_touched(app)).collect();
        while let Some(act) = self.core.act(now, self.room(), |app| may.contains(app)) {
            let app = &self.apps[number(&act.app)];
            assert!(!matches!(app.ban, Ban::Stopped | Ban::LockedByHand | Ban::HealNone), "{act:?} on {app:?}");
            assert!(app.busy_until <= self.time, "{act:?} while {app:?} is changed");
            assert!(!act.needs.is_empty());
            for (app, watched) in self.core.take_dirty() {
                self.written.insert(app, watched);
            }
            let is_alone = |(_, other, ours): &(u64, Act, bool)| !*ours || other.app != act.app;
            assert!(self.acts.iter().all(is_alone), "{act:?} beside {:?}", self.acts);
            let longest = if act.kind == Kind::Address { 20 } else { 200 };
            let end = self.time + self.random(longest);
            assert!(self.begun(act.kind) < self.room().of(act.kind), "{act:?} beside {:?}", self.acts);
            self.acts.push((end, act, true));
        }
        self.addresses_wait_for_nobody(&may);
    }

    /// A busy machine does one thing at a time, beside the addresses.
    fn room(&self) -> Room {
        Room { addresses: ADDRESSES, others: if self.time % 600 < 300 { 1 } else { 2 } }
    }

    fn begun(&self, kind: Kind) -> usize {
        self.acts.iter().filter(|(_, act, ours)| *ours && act.kind == kind).count()
    }

    /// An app that may be touched, and of which the proxy has a wrong address that may be told now, is only ever waiting
    /// for its own act, or for other addresses.
    fn addresses_wait_for_nobody(&self, may: &BTreeSet<App>) {
        let now = self.now();
        for (app, kept) in self.core.apps.iter().filter(|(app, _)| may.contains(app)) {
            let waits = kept.acting.is_none() && kept.is_due(Kind::Address, now.epoch);
            assert!(!waits || self.begun(Kind::Address) == ADDRESSES, "{app} waits for {:?}", self.acts);
        }
    }

    fn end_acts(&mut self) {
        let time = self.time;
        let acts = std::mem::take(&mut self.acts);
        let (ended, on): (Vec<_>, Vec<_>) = acts.into_iter().partition(|(end, ..)| *end <= time);
        self.acts = on;
        for (_, act, is_ours) in ended {
            let outcome = self.carry_out(&act);
            let is_untried = matches!(outcome, Outcome::Hindered(_) | Outcome::NotNow);
            if is_untried && !is_ours {
                // Nobody knows any more that it was none.
                let instances = act.instances().into_iter();
                self.starts.extend(instances.map(|instance| (time, act.app.clone(), instance.to_owned())));
            }
            if is_ours {
                let now = self.now();
                self.core.ended(&act, &outcome, now);
            }
        }
    }

    fn carry_out(&mut self, act: &Act) -> Outcome {
        let time = self.time;
        if self.is_busy(&act.app) || self.apps[number(&act.app)].ban != Ban::None {
            return Outcome::NotNow;
        }
        if self.down_until > time {
            return Outcome::Hindered("the host is down".to_owned());
        }
        let mut failed = false;
        for trouble in act.needs.keys() {
            let fails = self.random(10) == 0;
            let container = self.random(1 << 30);
            let app = &mut self.apps[number(&act.app)];
            if !trouble.is_of_instance {
                match trouble.ill {
                    Some(_) if app.left.is_some_and(|left| left.to_string() == trouble.of) && !fails => app.left = None,
                    None if !fails => app.unfinished = false,
                    _ => failed = true,
                }
                continue;
            }
            let index: usize = trouble.of.trim_start_matches("web.").parse().unwrap();
            let Some(instance) = app.instances.get_mut(index - 1) else { continue };
            if trouble.ill == Some(Ill::Missing) {
                self.starts.push((time, act.app.clone(), trouble.of.clone()));
                if matches!(instance.state, State::Up { .. } | State::Restarting) {
                    continue;
                }
                if fails || instance.nature == Nature::Broken {
                    failed = true;
                    continue;
                }
                instance.container = container;
                instance.state = State::Up { since: time, misplaced: false };
            } else if let State::Up { misplaced, .. } = &mut instance.state {
                if fails { failed = true } else { *misplaced = false }
            }
        }
        self.heard(number(&act.app));
        if failed { Outcome::Failed("it did not".to_owned()) } else { Outcome::Done }
    }
}
