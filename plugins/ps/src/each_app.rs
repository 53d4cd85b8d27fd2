//! `--all`: one operation on every app, one after the other or several at once.
//!
//! One after the other prints what the host's own plugins print. Several at once would mix their
//! lines, so each line carries its app, and a table at the end says how each one went.

use common::{App, Env, Error, Result, at_once, interrupted};
use std::collections::VecDeque;
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

/// A run of an operation against all apps.
#[derive(Debug)]
pub(crate) struct EachApp<'a> {
    env: &'a Env,
    command: &'a str,
    workers: usize,
}

struct Done {
    app: App,
    took: Duration,
    failure: Option<Error>,
}

impl<'a> EachApp<'a> {
    /// Plans a run of `command`. `parallel` is the flag's value: 0 and 1 are one after the other, -1 is
    /// as many at once as there are processors.
    pub(crate) fn new(env: &'a Env, command: &'a str, parallel: i64) -> Result<Self> {
        let workers = match parallel {
            -1 => {
                let processors = env.processors();
                env.output().warn(&format!("Setting --parallel=-1 value to CPU count of {processors}"));
                processors
            }
            _ => usize::try_from(parallel)
                .map_err(|_| Error::new(format!("Invalid value {parallel} for --parallel flag")))?,
        };
        if workers <= 1 {
            env.output().warn(&format!("Running {command} in serial mode"));
        }
        Ok(Self { env, command, workers })
    }

    /// Runs it. An app that fails does not keep the others from their turn.
    pub(crate) fn run(&self, operation: impl Fn(&Env, &App) -> Result<()> + Sync) -> Result<()> {
        let apps = App::all_visible(self.env)?;
        if apps.is_empty() {
            self.env.output().warn("You haven't deployed any applications yet");
            return Ok(());
        }
        if self.workers > 1 {
            return self.several_at_once(apps, operation);
        }
        one_after_the_other(self.env, self.command, apps.into_iter().map(|app| (app, ())).collect(), |app, ()| {
            self.env.output().info1(&format!("Running {} against app {app}", self.command));
            operation(self.env, app)
        })
    }

    fn several_at_once(&self, apps: Vec<App>, operation: impl Fn(&Env, &App) -> Result<()> + Sync) -> Result<()> {
        let all = apps.len();
        let waiting = Mutex::new(VecDeque::from(apps));
        let done = Mutex::new(Vec::new());
        at_once(self.workers.min(all), || {
            while let Some(app) = self.next(&waiting) {
                let job = self.job(app, &operation);
                let mut done = done.lock().unwrap_or_else(PoisonError::into_inner);
                done.push(job);
                self.show_progress(done.len(), all);
            }
        });
        let mut done = done.into_inner().unwrap_or_else(PoisonError::into_inner);
        done.sort_unstable_by(|one, other| one.app.cmp(&other.app));
        self.show_results(&done);
        let waiting = waiting.into_inner().unwrap_or_else(PoisonError::into_inner);
        if interrupted().is_some() {
            return Err(not_done(self.command, waiting.iter()));
        }
        match done.iter().filter(|job| job.failure.is_some()).count() {
            0 => Ok(()),
            failures => Err(Error::new(format!("Encountered {failures} errors during parallel run"))),
        }
    }

    /// The next app whose turn it is; none once a signal asked us to end.
    fn next(&self, waiting: &Mutex<VecDeque<App>>) -> Option<App> {
        if interrupted().is_some() {
            return None;
        }
        let app = waiting.lock().unwrap_or_else(PoisonError::into_inner).pop_front()?;
        self.env.output().info1(&format!("Running command against {app}"));
        Some(app)
    }

    fn job(&self, app: App, operation: &impl Fn(&Env, &App) -> Result<()>) -> Done {
        let env = self.env.with_output(self.env.output().labelled(app.as_str()));
        let started = Instant::now();
        let failure = operation(&env, &app).err();
        Done { app, took: started.elapsed(), failure }
    }

    fn show_progress(&self, done: usize, all: usize) {
        let output = self.env.output();
        if output.stdout_is_terminal() && !output.is_quiet() {
            output.verbose(&format!("{done} of {all} apps done"));
        }
    }

    fn show_results(&self, done: &[Done]) {
        let output = self.env.output();
        for Done { app, failure, .. } in done {
            if let Some(error) = failure {
                output.warn(&format!("Error running {} against {app}: {error}", self.command));
                output.debug(error.command());
            }
        }
        if output.is_quiet() {
            return;
        }
        output.info2(&format!("{} results", self.command));
        let width = done.iter().map(|job| job.app.as_str().len()).max().unwrap_or_default().max("app".len());
        output.verbose(&format!("{:width$}  {:6}  seconds", "app", "result"));
        for Done { app, took, failure } in done {
            let result = if failure.is_some() { "failed" } else { "done" };
            output.verbose(&format!("{app:width$}  {result:6}  {}", took.as_secs()));
        }
    }
}

/// Does one app's work after the other's, with what is known of each. An app that fails does not keep the others
/// from their turn.
pub(crate) fn one_after_the_other<T>(
    env: &Env,
    command: &str,
    jobs: Vec<(App, T)>,
    work: impl Fn(&App, T) -> Result<()>,
) -> Result<()> {
    let mut failures = 0;
    let mut waiting = VecDeque::from(jobs);
    while let Some((app, known)) = waiting.pop_front() {
        if let Err(error) = work(&app, known) {
            env.output().warn(&format!("Error running {command} against app {app}: {error}"));
            env.output().debug(error.command());
            failures += 1;
        }
        if interrupted().is_some() {
            return Err(not_done(command, waiting.iter().map(|(app, _)| app)));
        }
    }
    if failures == 0 { Ok(()) } else { Err(Error::new(format!("{command} command returned {failures} errors"))) }
}

fn not_done<'a>(command: &str, waiting: impl Iterator<Item = &'a App>) -> Error {
    let left: Vec<String> = waiting.map(App::to_string).collect();
    let left =
        if left.is_empty() { "no app was left out".to_owned() } else { format!("not done: {}", left.join(", ")) };
    Error::new(format!("{command} was interrupted, {left}"))
}
