//! Changes of a world of the tests' own, in which any step can fail, or be the last before the process is killed.

use super::open::{Among, Made, Outside, carry_out};
use crate::plan::{Action, Ask, Condition, Present, Step, plan};
use common::{Error, Instance, ProcessType, Quantity, Result};
use std::cell::RefCell;
use std::collections::{BTreeMap, BTreeSet};

type Id = u32;

#[derive(Clone, Debug, PartialEq, Eq)]
struct Held {
    /// The instance that it was made for.
    index: u32,
    runs: bool,
    /// It is queued for retirement.
    queued: bool,
    /// It waits to take its place.
    upcoming: bool,
}

/// What there is of one type: its files, its containers, what everybody was told.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
struct World {
    files: BTreeMap<u32, Id>,
    containers: BTreeMap<Id, Held>,
    told: BTreeSet<Id>,
    marked: bool,
    /// Whether two containers of an instance must never run at once.
    never_twice: bool,
    /// How many steps have been begun.
    steps: u32,
    /// The steps that fail.
    failing: BTreeSet<u32>,
    /// The step at which the process is killed: neither it nor anything after it is done.
    last: Option<u32>,
}

impl World {
    /// A world as a change that ended well leaves it, but for the instances that are down or queued.
    fn of(instances: &[Option<(bool, bool)>]) -> Self {
        let mut world = Self::default();
        for (index, found) in (1..).zip(instances) {
            if let Some((runs, queued)) = *found {
                world.files.insert(index, index);
                world.containers.insert(index, Held { index, runs, queued, upcoming: false });
            }
        }
        world.told = world.serving();
        world
    }

    /// The containers that files name and that run.
    fn serving(&self) -> BTreeSet<Id> {
        self.files.values().copied().filter(|id| self.containers.get(id).is_some_and(|found| found.runs)).collect()
    }

    fn present(&self) -> BTreeMap<u32, Present> {
        let condition = |id: &Id| match self.containers.get(id) {
            Some(Held { runs: true, queued: true, .. }) => Condition::Queued,
            Some(Held { runs: true, .. }) => Condition::Serves,
            Some(_) => Condition::Down("exited".to_owned()),
            None => Condition::Down("missing".to_owned()),
        };
        let of = |id: &Id| Present { condition: condition(id), container: Some(id.to_string()) };
        self.files.iter().map(|(index, id)| (*index, of(id))).collect()
    }

    fn changes(&self, quantity: Quantity) -> bool {
        let steps = plan(&ProcessType::web(), quantity, &self.present(), Ask::Quantity);
        steps.iter().any(|step| step.action != Action::Keep)
    }

    fn begin_step(&mut self) -> Result<()> {
        self.steps += 1;
        if self.last.is_some_and(|last| self.steps >= last) || self.failing.contains(&self.steps) {
            return Err(Error::new(format!("step {} fails", self.steps)));
        }
        Ok(())
    }

    /// Whether two containers of one instance run.
    fn runs_twice(&self) -> bool {
        let running: Vec<u32> = self.containers.values().filter(|found| found.runs).map(|found| found.index).collect();
        running.len() > running.iter().collect::<BTreeSet<_>>().len()
    }

    /// Whether this is as it should be with so many instances, and nobody owes anybody anything.
    fn is_whole(&self, quantity: Quantity) -> bool {
        let wanted: Vec<u32> = (1..=quantity).collect();
        let is_well = |id: &Id| self.containers.get(id).is_some_and(|found| found.runs && !found.queued);
        let accounted =
            |(id, found): (&Id, &Held)| !found.runs || found.queued || self.files.values().any(|held| held == id);
        self.files.keys().copied().collect::<Vec<_>>() == wanted
            && self.files.values().all(is_well)
            && self.containers.iter().all(accounted)
            && self.told == self.serving()
            && !self.marked
    }
}

#[derive(Default)]
struct Fake(RefCell<World>);

impl Fake {
    fn step<T>(&self, done: impl FnOnce(&mut World) -> T) -> Result<T> {
        let mut world = self.0.borrow_mut();
        world.begin_step()?;
        let done = done(&mut world);
        assert!(!world.never_twice || !world.runs_twice(), "{world:?}");
        Ok(done)
    }

    fn set_running(&self, id: Option<&String>, runs: bool) -> Result<()> {
        let id: Option<Id> = id.and_then(|id| id.parse().ok());
        self.step(|world| id.and_then(|id| world.containers.get_mut(&id)).map(|found| found.runs = runs)).map(drop)
    }

    /// What the host's script does for one instance. It may fail anywhere.
    fn make_one(&self, index: u32) -> Result<()> {
        let id = self.step(|world| {
            let id = world.containers.keys().next_back().map_or(1, |last| last + 1).max(100);
            world.containers.insert(id, Held { index, runs: true, queued: false, upcoming: true });
            id
        })?;
        self.step(|_checked| ())?;
        let old = self.step(|world| world.files.insert(index, id))?;
        self.step(|world| {
            let Some(old) = old.and_then(|old| world.containers.get_mut(&old)) else { return };
            old.queued = true;
        })?;
        self.step(|world| world.containers.get_mut(&id).map(|made| made.upcoming = false)).map(drop)
    }
}

impl Outside for Fake {
    type Hidden = (u32, Option<Id>);

    fn is_marked(&self, _: &ProcessType) -> bool {
        self.0.borrow().marked
    }

    fn mark(&self, _: &ProcessType) -> Result<()> {
        self.step(|world| world.marked = true)
    }

    fn unmark(&self, _: &ProcessType) -> Result<()> {
        self.step(|world| world.marked = false)
    }

    fn clear_left(&self, _: &ProcessType) -> Result<()> {
        self.step(|world| {
            let World { files, containers, never_twice, .. } = world;
            containers.retain(|id, found| !found.upcoming || files.values().any(|held| held == id));
            for (id, found) in containers.iter_mut().filter(|_| *never_twice) {
                found.runs &= files.values().any(|held| held == id);
            }
        })
    }

    fn make(&self, _: &ProcessType, instances: &[Instance], _: Among, _: &str) -> Made {
        let mut done = Made::default();
        for instance in instances {
            let before = self.0.borrow().files.get(&instance.index).copied();
            let result = self.make_one(instance.index);
            if result.is_ok() || self.0.borrow().files.get(&instance.index).copied() != before {
                done.made.push(instance.clone());
            }
            if let Err(error) = result {
                done.failure = Some(error);
                break;
            }
        }
        done
    }

    fn remove(&self, made: &[Instance], asked: &[Instance]) -> Result<()> {
        for instance in made {
            let held = self.step(|world| world.files.remove(&instance.index))?;
            self.step(|world| held.map(|id| world.containers.remove(&id)))?;
        }
        self.step(|world| {
            let World { files, containers, .. } = world;
            let is_asked = |index: u32| asked.iter().any(|instance| instance.index == index);
            containers.retain(|id, found| {
                !(found.upcoming && is_asked(found.index)) || files.values().any(|held| held == id)
            });
        })
    }

    fn is_never_twice(&self, _: &ProcessType) -> Result<bool> {
        Ok(self.0.borrow().never_twice)
    }

    fn rest(&self, step: &Step) -> Result<()> {
        self.set_running(step.container.as_ref(), false)
    }

    fn wake(&self, step: &Step) -> Result<()> {
        self.set_running(step.container.as_ref(), true)?;
        self.step(|world| world.told = world.serving())
    }

    fn comes_up(&self, _: &Instance) -> Result<()> {
        self.step(|_seen| ())
    }

    fn look(&self, step: &Step) -> Result<Self::Hidden> {
        self.step(|world| (step.instance.index, world.files.get(&step.instance.index).copied()))
    }

    fn hide(&self, (index, held): &Self::Hidden) -> Result<()> {
        self.step(|world| held.and_then(|id| world.containers.get_mut(&id)).map(|found| found.queued = true))?;
        self.step(|world| world.files.remove(index)).map(drop)
    }

    fn show(&self, (index, held): &Self::Hidden) -> Result<()> {
        let Some(id) = *held else { return Ok(()) };
        let written = self.step(|world| world.files.insert(*index, id));
        let taken_out = self.step(|world| world.containers.get_mut(&id).map(|found| found.queued = false));
        written.and(taken_out).map(drop)
    }

    fn tell(&self, _: &ProcessType) -> Result<()> {
        self.step(|_other_hooks| ())?;
        self.step(|world| world.told = world.serving())?;
        self.step(|_other_hooks| ())
    }

    fn rebuild_proxy(&self) -> Result<()> {
        self.step(|world| world.told = world.serving())
    }

    fn halt(&self, _: &[String]) {}

    fn end(&self, _: &ProcessType, leaving: &[String]) -> Result<()> {
        leaving.iter().try_for_each(|id| self.set_running(Some(id), false))
    }

    fn warn(&self, _: &str) {}
}

fn change(world: World, quantity: Quantity) -> (Result<()>, World) {
    let steps = plan(&ProcessType::web(), quantity, &world.present(), Ask::Quantity);
    let fake = Fake(RefCell::new(World { steps: 0, ..world }));
    let done = carry_out(&fake, &ProcessType::web(), quantity, &steps, "image");
    (done, fake.0.into_inner())
}

/// What `ps:reconcile` does of a type: ends what nothing accounts for, then mends, or tells what is owed.
fn reconcile(world: World, quantity: Quantity) -> World {
    let mut world = World { failing: BTreeSet::new(), last: None, ..world };
    let World { files, containers, .. } = &mut world;
    for (id, found) in containers.iter_mut().filter(|(_, found)| found.runs && !found.queued) {
        if !files.values().any(|held| held == id) {
            (found.runs, found.queued) = (false, true);
        }
    }
    let steps = plan(&ProcessType::web(), quantity, &world.present(), Ask::Quantity);
    let fake = Fake(RefCell::new(world));
    let done = carry_out(&fake, &ProcessType::web(), quantity, &steps, "image");
    assert!(done.is_ok(), "{done:?}");
    fake.0.into_inner()
}

#[path = "open_any_tests.rs"]
mod any;
