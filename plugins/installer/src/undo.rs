//! What undoes the work so far.

use common::{Env, Result, in_spite_of_signals};

/// What undoes each change that was made, in the order of the changes.
#[derive(Default)]
pub(crate) struct Undo<'h>(Vec<Step<'h>>);

struct Step<'h> {
    /// What it does, for whom has to do it by hand.
    what: String,
    run: Box<dyn FnOnce() -> Result<()> + 'h>,
}

impl<'h> Undo<'h> {
    /// Notes what undoes a change.
    pub(crate) fn with(&mut self, what: impl Into<String>, run: impl FnOnce() -> Result<()> + 'h) {
        self.0.push(Step { what: what.into(), run: Box::new(run) });
    }

    /// From here on nothing of it is undone.
    pub(crate) fn forget(&mut self) {
        self.0.clear();
    }

    /// Undoes all changes, the last one first, in spite of signals; says whether every one could be undone. What could
    /// not is named.
    pub(crate) fn roll_back(&mut self, env: &Env) -> bool {
        if self.0.is_empty() {
            return true;
        }
        env.output().warn("Putting back what was there");
        let mut all = true;
        while let Some(step) = self.0.pop() {
            if let Err(error) = in_spite_of_signals(step.run) {
                let what = step.what;
                env.output().warn(&format!("Could not do this, please do it by hand: {what} ({error})"));
                all = false;
            }
        }
        all
    }
}

/// Does work whose changes are undone when it fails; then `clean`, unless something could not be put back, which may lie
/// in one of the temporary places.
pub(crate) fn undone_on_failure<'h, T>(
    env: &Env,
    work: impl FnOnce(&mut Undo<'h>) -> Result<T>,
    clean: impl FnOnce(),
) -> Result<T> {
    let mut undo = Undo::default();
    let done = work(&mut undo);
    if done.is_ok() || undo.roll_back(env) {
        clean();
    }
    done
}

#[cfg(test)]
mod tests {
    use super::*;
    use common::Error;
    use std::cell::RefCell;
    use std::collections::BTreeMap;

    #[test]
    fn the_last_change_is_undone_first_and_a_failure_stops_nothing() {
        let env = Env::new(BTreeMap::new(), Vec::new());
        let order = RefCell::new(Vec::new());
        let mut undo = Undo::default();
        for number in 0..3 {
            let order = &order;
            undo.with(format!("step {number}"), move || {
                order.borrow_mut().push(number);
                if number == 1 { Err(Error::new("no")) } else { Ok(()) }
            });
        }
        assert!(!undo.roll_back(&env));
        assert_eq!(*order.borrow(), [2, 1, 0]);
        assert!(undo.roll_back(&env), "it is done once");
        assert_eq!(order.borrow().len(), 3);
    }

    #[test]
    fn what_was_forgotten_is_not_undone() {
        let env = Env::new(BTreeMap::new(), Vec::new());
        let done = undone_on_failure(
            &env,
            |undo| {
                undo.with("never", || panic!("it was forgotten"));
                undo.forget();
                Err::<(), _>(Error::new("later"))
            },
            || (),
        );
        assert_eq!(done.unwrap_err().message(), "later");
    }
}
