//! The one owner of a change of one type: from the mark of its beginning to the moment from which nothing undoes it.
//!
//! ```text
//!         begin           commit           end
//!   idle --------> Open --------> Told --------> idle
//!                   |               what fails from here on is a warning:
//!                   |               ps:retire or ps:reconcile does it
//!                   | a step fails, or a hook
//!                   v
//!              all is undone, in reverse
//! ```
//!
//! Who is killed on the way leaves the mark. The next change of the type, or `ps:reconcile`, finds it, clears what was
//! left, and tells everybody what is there.

use crate::plan::{Action, Step};
use common::{Context, Error, Instance, ProcessType, Quantity, Result, in_spite_of_signals};

/// What a change does to the world. docker-local is one; the tests have one that fails, or dies, at any step.
pub(crate) trait Outside {
    /// An instance that can be hidden, with all that it takes to show it again.
    type Hidden: 'static;

    /// Whether a change of the type was begun and not finished.
    fn is_marked(&self, process_type: &ProcessType) -> bool;

    /// From now on a change of the type is begun.
    fn mark(&self, process_type: &ProcessType) -> Result<()>;

    /// It is finished, or undone.
    fn unmark(&self, process_type: &ProcessType) -> Result<()>;

    /// Removes what a change that was killed has left of the type: containers that no file names.
    fn clear_left(&self, process_type: &ProcessType) -> Result<()>;

    /// Makes instances, and waits until each serves. When one fails, the others may have been made.
    fn make(&self, process_type: &ProcessType, instances: &[Instance], among: Among, image: &str) -> Made;

    /// Removes instances that were made, and what is left of those that were only `asked` for.
    fn remove(&self, made: &[Instance], asked: &[Instance]) -> Result<()>;

    /// Whether an instance of the type must have ended before another takes its place: the host starts it without
    /// checking it.
    fn is_never_twice(&self, process_type: &ProcessType) -> Result<bool>;

    /// Ends an instance, which keeps its place, its container and its files; Docker does not start it again.
    fn rest(&self, step: &Step) -> Result<()>;

    /// Starts such an instance again, however far [`Outside::rest`] has come.
    fn wake(&self, step: &Step) -> Result<()>;

    /// Whether an instance that was made without a check runs, and does not end at once.
    fn comes_up(&self, instance: &Instance) -> Result<()>;

    /// What there is of an instance that is about to be hidden.
    fn look(&self, step: &Step) -> Result<Self::Hidden>;

    /// Takes an instance out of the app: queued for retirement first, then without its name and files. It still runs.
    fn hide(&self, hidden: &Self::Hidden) -> Result<()>;

    /// Puts it back, however far [`Outside::hide`] has come; what fails keeps nothing else from being put back.
    fn show(&self, hidden: &Self::Hidden) -> Result<()>;

    /// Tells the host's plugins, the proxy above all, what has come and is about to go.
    fn tell(&self, process_type: &ProcessType) -> Result<()>;

    /// Has the proxy made anew, after it was told what is no longer true.
    fn rebuild_proxy(&self) -> Result<()>;

    /// Stops containers at once that are down and whose places are taken: Docker may be starting one again and again, and
    /// gives nobody its name until then. What fails is left to `ps:retire`.
    fn halt(&self, down: &[String]);

    /// Ends containers of a type that nobody asks any more.
    fn end(&self, process_type: &ProcessType, leaving: &[String]) -> Result<()>;

    /// Tells the user what could not be done and need not be.
    fn warn(&self, text: &str);
}

/// Among how many an instance is made.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Among {
    /// How many of its type serve already, and go on.
    pub(crate) serving: usize,
    /// How many there should be.
    pub(crate) quantity: Quantity,
}

impl Among {
    /// What these steps leave in its place while they make those that are asked for.
    pub(super) fn of(steps: &[Step], asked: &[&Step], quantity: Quantity) -> Self {
        let goes_on = |step: &&Step| {
            (1..=quantity).contains(&step.instance.index)
                && step.container.is_some()
                && (!step.is_down || step.action == Action::Wake)
                && !asked.iter().any(|asked| asked.instance == step.instance)
        };
        Self { serving: steps.iter().filter(goes_on).count(), quantity }
    }
}

/// How far the making of instances has come.
#[derive(Debug, Default)]
pub(crate) struct Made {
    /// Those that have taken their places.
    pub(crate) made: Vec<Instance>,
    /// Why not all of them have, or one of them not wholly.
    pub(crate) failure: Option<Error>,
}

impl From<Error> for Made {
    fn from(error: Error) -> Self {
        Self { made: Vec::new(), failure: Some(error) }
    }
}

/// Brings one type to its quantity: replacements one by one, then starts, then what goes. What an earlier change has left
/// untold is told in any case.
pub(crate) fn carry_out<O: Outside>(
    outside: &O,
    process_type: &ProcessType,
    quantity: Quantity,
    steps: &[Step],
    image: &str,
) -> Result<()> {
    let of = |action: Action| steps.iter().filter(move |step| step.action == action).collect::<Vec<_>>();
    let among = |asked: &[&Step]| Among::of(steps, asked, quantity);
    for step in of(Action::Replace) {
        Open::begin(outside, process_type)?.replace(step, among(&[step]), image)?.end();
    }
    let (starts, leaving) = (of(Action::Start), of(Action::Stop));
    if starts.is_empty() && leaving.is_empty() {
        return if outside.is_marked(process_type) { pay(outside, process_type) } else { Ok(()) };
    }
    Open::begin(outside, process_type)?.start(&starts, among(&starts), image)?.withdraw(&leaving)?.commit()?.end();
    Ok(())
}

/// Tells what an interrupted change of a type has left untold.
fn pay<O: Outside>(outside: &O, process_type: &ProcessType) -> Result<()> {
    outside.tell(process_type)?;
    // To be told once more does nobody harm, so a mark that stays is no failure.
    if let Err(error) = outside.unmark(process_type) {
        outside.warn(&format!("The change is done; the mark of its beginning stays: {error}"));
    }
    Ok(())
}

/// A change that was begun. Each step that fails has undone all before it.
#[must_use]
pub(crate) struct Open<'o, O> {
    outside: &'o O,
    process_type: &'o ProcessType,
    /// What undoes the steps so far, the first first.
    undo: Vec<Box<dyn FnOnce() -> Result<()> + 'o>>,
    leaving: Vec<String>,
}

/// A change that everybody knows of.
#[must_use]
pub(crate) struct Told<'o, O> {
    outside: &'o O,
    process_type: &'o ProcessType,
    leaving: Vec<String>,
}

impl<'o, O: Outside> Open<'o, O> {
    /// Begins a change of one type: what a killed one has left is cleared and told of first, so that whatever fails
    /// from here on has a whole to go back to.
    pub(crate) fn begin(outside: &'o O, process_type: &'o ProcessType) -> Result<Self> {
        outside.clear_left(process_type)?;
        if outside.is_marked(process_type) {
            pay(outside, process_type)?;
        }
        outside.mark(process_type)?;
        Ok(Self { outside, process_type, undo: Vec::new(), leaving: Vec::new() })
    }

    /// Starts instances, each in the place of a container that is down, or of none.
    pub(crate) fn start(mut self, steps: &[&Step], among: Among, image: &str) -> Result<Self> {
        if steps.is_empty() {
            return Ok(self);
        }
        let outside = self.outside;
        let asked: Vec<Instance> = steps.iter().map(|step| step.instance.clone()).collect();
        let down: Vec<String> = steps.iter().filter_map(|step| step.container.clone()).collect();
        // Docker may be about to start one of them again.
        let ended = outside.is_never_twice(self.process_type).and_then(|never_twice| {
            let in_places = steps.iter().filter(|step| never_twice && step.container.is_some());
            in_places.into_iter().try_for_each(|step| outside.rest(step))
        });
        if let Err(error) = ended {
            return Err(self.undone(error, false));
        }
        let Made { made, failure } = outside.make(self.process_type, &asked, among, image);
        self.undo.push(Box::new(move || outside.remove(&made, &asked)));
        if let Some(error) = failure {
            return Err(self.undone(error, false));
        }
        outside.halt(&down);
        Ok(self)
    }

    /// Takes instances out. No signal ends this half way.
    pub(crate) fn withdraw(mut self, steps: &[&Step]) -> Result<Self> {
        let outside = self.outside;
        let taken_out = in_spite_of_signals(|| {
            // All of them are looked at before the first is touched.
            let found = steps.iter().map(|step| outside.look(step)).collect::<Result<Vec<_>>>()?;
            found.into_iter().try_for_each(|found| {
                let hidden = outside.hide(&found);
                self.undo.push(Box::new(move || outside.show(&found)));
                hidden
            })
        });
        self.leaving.extend(steps.iter().filter_map(|step| step.container.clone()));
        match taken_out {
            Ok(()) => Ok(self),
            Err(error) => Err(self.undone(error, false)),
        }
    }

    /// Starts an instance in the place of one that serves, and tells of it. The host's script gives the place away once
    /// the new one is checked, so from then on there is no way back, and what is not told is owed.
    pub(crate) fn replace(mut self, step: &'o Step, among: Among, image: &str) -> Result<Told<'o, O>> {
        match self.outside.is_never_twice(self.process_type) {
            Ok(false) => {}
            Ok(true) => return self.exchange(step, among, image),
            Err(error) => return Err(self.undone(error, false)),
        }
        let asked = [step.instance.clone()];
        let Made { made, failure } = self.outside.make(self.process_type, &asked, among, image);
        self.leaving.extend(step.container.clone());
        match failure {
            None => self.commit(),
            Some(error) if made.is_empty() => {
                let outside = self.outside;
                self.undo.push(Box::new(move || outside.remove(&[], &asked)));
                Err(self.undone(error, false))
            }
            Some(error) => Err(error),
        }
    }

    /// The same where two must never run: the old one ends first, and is started again when no other comes up in its
    /// place.
    fn exchange(mut self, step: &'o Step, among: Among, image: &str) -> Result<Told<'o, O>> {
        let (outside, asked) = (self.outside, [step.instance.clone()]);
        let old = match outside.look(step) {
            Ok(old) => old,
            Err(error) => return Err(self.undone(error, false)),
        };
        if let Err(error) = outside.rest(step) {
            self.undo.push(Box::new(move || outside.wake(step)));
            return Err(self.undone(error, false));
        }
        let Made { made, failure } = outside.make(self.process_type, &asked, among, image);
        let failure = failure.map_or_else(|| outside.comes_up(&step.instance), Err);
        self.undo.push(Box::new(move || {
            // As long as the new one may run the old one must not.
            outside.remove(&made, &asked)?;
            all_of([outside.show(&old), outside.wake(step)].into_iter().filter_map(Result::err))
        }));
        if let Err(error) = failure {
            return Err(self.undone(error, false));
        }
        self.leaving.extend(step.container.clone());
        self.commit()
    }

    /// Tells everybody. From then on the change is done.
    pub(crate) fn commit(self) -> Result<Told<'o, O>> {
        match pay(self.outside, self.process_type) {
            Ok(()) => Ok(Told { outside: self.outside, process_type: self.process_type, leaving: self.leaving }),
            Err(error) => Err(self.undone(error, true)),
        }
    }

    /// Undoes all, in reverse and in spite of signals; what fails is told and keeps nothing from being undone. Where
    /// somebody may have been `told` of what is no longer true, or not all could be undone, the mark stays.
    fn undone(self, error: Error, told: bool) -> Error {
        let Self { outside, process_type, undo, .. } = self;
        let anything = !undo.is_empty();
        let failures = in_spite_of_signals(|| {
            let failures: Vec<Error> = undo.into_iter().rev().filter_map(|undo| undo().err()).collect();
            if told && anything && *process_type == ProcessType::web() {
                outside.rebuild_proxy().unwrap_or_else(|error| outside.warn(&error.to_string()));
            }
            if !told && failures.is_empty() {
                // One that stays costs no more than to tell what is known.
                drop(outside.unmark(process_type));
            }
            failures
        });
        let failures = all_of(failures.into_iter());
        failures.context(|| format!("{error}; putting back what was before")).err().unwrap_or(error)
    }
}

impl<O: Outside> Told<'_, O> {
    /// Ends what was taken out. It is queued for retirement, so what fails here is left to `ps:retire`.
    pub(crate) fn end(self) {
        if let Err(error) = self.outside.end(self.process_type, &self.leaving) {
            self.outside.warn(&format!("The change is done; old containers are left to ps:retire: {error}"));
        }
    }
}

/// One error that tells each of these; none when there is none.
pub(crate) fn all_of(failures: impl Iterator<Item = Error>) -> Result<()> {
    let (mut told, mut commands) = (Vec::new(), Vec::new());
    for failure in failures {
        told.push(failure.to_string());
        commands.push(failure.command().to_owned());
    }
    commands.retain(|command| !command.is_empty());
    if told.is_empty() { Ok(()) } else { Err(Error::new(told.join("\n")).with_command(commands.join("\n"))) }
}
