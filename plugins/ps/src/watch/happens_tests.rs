//! What happens to the host, and what must be so once nothing happens any more.

use super::*;

impl Host {
    pub(in super::super) fn happens(&mut self, event: &Event) {
        let count = self.apps.len();
        let at = |app: usize| app % count;
        match *event {
            Event::End(app, index) => self.set(at(app), index, State::Ended),
            Event::Remove(app, index) => self.set(at(app), index, State::Missing),
            Event::Restart(app, index) => self.set(at(app), index, State::Restarting),
            Event::Move(app, index) => {
                let state = State::Up { since: self.time, misplaced: true };
                self.set(at(app), index, state);
            }
            Event::Deploy(app, time, leaves) => {
                let container = self.random(1 << 30);
                let (time, until) = (self.time, self.time + time);
                let app = &mut self.apps[at(app)];
                (app.busy_until, app.left) = (until, leaves.then_some(container));
                for (index, instance) in app.instances.iter_mut().enumerate() {
                    instance.container = container + index as u64;
                    instance.state = State::Up { since: time, misplaced: false };
                }
                self.heard(at(at_of(event)));
            }
            Event::Leave(app, unfinished) => self.apps[at(app)].unfinished = unfinished,
            Event::Ban(app, ban) => self.apps[at(app)].ban = ban,
            Event::Nature(app, index, nature) => {
                let instances = &mut self.apps[at(app)].instances;
                let index = index % instances.len();
                instances[index].nature = nature;
            }
            Event::DockerDown(time) => self.docker_down_until = self.time + time,
            Event::HostDown(time) => self.down_until = self.time + time,
            Event::Die => {
                self.core = Core::new(Duration::from_mins(5));
                self.telling.clear();
                self.acts.iter_mut().for_each(|(.., ours)| *ours = false);
            }
            Event::Wait(time) => self.run_until(self.time + time),
        }
    }

    fn set(&mut self, app: usize, index: usize, state: State) {
        let instances = &mut self.apps[app].instances;
        let index = index % instances.len();
        instances[index].state = state;
        self.heard(app);
    }

    /// Nothing happens any more, and everybody may be helped.
    pub(in super::super) fn settle(&mut self) {
        for app in &mut self.apps {
            app.busy_until = 0;
            app.docker_restarts();
        }
        (self.docker_down_until, self.down_until) = (0, 0);
        let now = self.now();
        self.core.missed(now);
        self.run_until(self.time + 3 * 3600);
        let before = self.starts.len();
        self.run_until(self.time + 3600);
        assert_eq!(self.starts.len(), before, "what was given up is left alone");
    }

    pub(in super::super) fn check(&self) {
        for (number, app) in self.apps.iter().enumerate() {
            let kept = self.written.get(&name(number)).cloned().unwrap_or_default();
            for (index, instance) in app.instances.iter().enumerate() {
                let of = format!("web.{}", index + 1);
                let tries = kept.tries.get(&format!("missing {of}"));
                let given_up = tries.is_some_and(|tries| tries.given_up.is_some());
                let told = kept.told.get(&of).map(String::as_str);
                if app.ban != Ban::None {
                    continue;
                }
                let is_up = matches!(instance.state, State::Up { misplaced: false, .. } | State::Restarting);
                assert!(is_up || given_up, "{of} of {app:?} with {tries:?}");
                assert!(!given_up || instance.nature != Nature::Good || tries.unwrap().made >= MOST);
                let starts =
                    self.starts.iter().filter(|(_, app, name)| *app == self::name(number) && *name == of).count();
                assert!(!given_up || starts >= MOST as usize, "{of} of {app:?} was started {starts} times");
                let word = if given_up { CRASHED } else { word(instance.state).0 };
                assert_eq!(told, Some(word), "{of} of {app:?}");
            }
            if app.ban == Ban::None {
                assert!(app.left.is_none() && !app.unfinished, "{app:?}");
            }
        }
    }
}
