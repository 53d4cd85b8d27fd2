//! docker-local: instances are made and ended one by one, through the host's own script and in the host's own files, so
//! that everything else on the host finds what it expects.

use super::hooks;
use super::leaving::{self, Hidden};
use super::leftovers;
use super::mark::Marks;
use super::nginx::Lost;
use super::open::{Among, Made, Outside, all_of};
use super::resting;
use super::stop_containers::stop_containers;
use super::surroundings::{Surroundings, checks_are_disabled};
use crate::docker_local::{InstanceFile, instance_files, is_named_upcoming};
use crate::image_kind::ImageKind;
use crate::plan::Step;
use crate::settings::{StopTimeouts, seconds_or};
use common::{
    App, AppLock, Docker, Env, Error, ErrorKind, Instance, Process, ProcessType, Quantity, Result, Triggers, at_once,
    in_spite_of_signals, interrupted,
};
use std::collections::BTreeMap;
use std::sync::{Mutex, PoisonError};

/// How many lines of a failed instance's output are shown.
const LAST_LINES: u32 = 20;

/// A container of an app that nothing accounts for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Stray {
    /// Its name.
    pub(crate) name: String,
    /// Its id.
    pub(crate) container: String,
    /// The type that it runs; `web` where nobody knows.
    pub(crate) process_type: ProcessType,
}

/// The containers of one app, changed under its lock.
pub(super) struct OnDocker<'a> {
    env: &'a Env,
    app: &'a App,
    lock: &'a AppLock,
    surroundings: &'a Surroundings,
    docker: Docker<'a>,
    marks: Marks<'a>,
}

impl<'a> OnDocker<'a> {
    /// Those of `app`; new ones are made as `surroundings` say.
    pub(super) fn new(env: &'a Env, app: &'a App, surroundings: &'a Surroundings, lock: &'a AppLock) -> Result<Self> {
        Ok(Self { env, app, lock, surroundings, docker: Docker::new(env)?, marks: Marks::new(env, app)? })
    }

    /// Ends containers that nothing accounts for. One that still waits to take its place has never served and is
    /// removed at once.
    pub(super) fn end_strays(&self, strays: &[Stray]) -> Result<()> {
        let (waiting, served): (Vec<_>, Vec<_>) = strays.iter().partition(|stray| is_named_upcoming(&stray.name));
        let ids = |of: &[&Stray]| of.iter().map(|stray| stray.container.clone()).collect::<Vec<_>>();
        self.docker.remove(&ids(&waiting))?;
        leaving::register(self.env, self.app, &ids(&served), &self.surroundings.wait_to_retire)?;
        let mut types: BTreeMap<&ProcessType, Vec<String>> = BTreeMap::new();
        for stray in served {
            types.entry(&stray.process_type).or_default().push(stray.container.clone());
        }
        types.into_iter().try_for_each(|(process_type, containers)| self.end(process_type, &containers))
    }

    fn make_one(
        &self,
        instance: &Instance,
        count: Quantity,
        (image, kind): (&str, ImageKind),
        variables: &[(&str, String)],
    ) -> Result<()> {
        let tag = &self.surroundings.tag;
        let (process_type, index) = (instance.process_type.as_str(), instance.index.to_string());
        let arguments = [self.app.as_str(), kind.as_str(), image, tag, process_type, &count.to_string(), &index];
        let script = Process::new(&self.surroundings.script).args(arguments).leading_a_group();
        let mut script = script.waited_for(format!("{instance} of {} to start", self.app));
        for (name, value) in variables {
            script = script.var(*name, value);
        }
        let answer = script.stream(self.env.output())?;
        if answer.succeeded() {
            return Ok(());
        }
        let error = Error::new(format!("{instance} of {} could not be started ({})", self.app, answer.status_text()));
        if interrupted().is_some() {
            return Err(error.with_kind(ErrorKind::Interrupted));
        }
        self.tell_last_lines(instance);
        Err(error)
    }

    /// Tells of an instance that serves, the how manyth it is of its type; on a terminal with a bar.
    fn tell_of(&self, instance: &Instance, serving: usize, count: Quantity) {
        let output = self.env.output();
        if output.is_quiet() {
            return;
        }
        let told = format!("{instance} serves ({serving} of {count})");
        if output.stdout_is_terminal() {
            output.verbose(&format!("[{}] {told}", bar(serving, count)));
        } else {
            output.verbose(&told);
        }
    }

    /// The host's health check has shown the whole output of a container that failed, unless it was told
    /// to be quiet.
    fn tell_last_lines(&self, instance: &Instance) {
        if !self.env.output().is_quiet() {
            return;
        }
        for container in leaving::upcoming(self.env, self.app, std::slice::from_ref(instance)).unwrap_or_default() {
            self.tell_last_lines_of(&container);
        }
    }

    fn tell_last_lines_of(&self, container: &str) {
        let lines = in_spite_of_signals(|| self.docker.last_lines(container, LAST_LINES));
        lines.unwrap_or_default().lines().for_each(|line| self.env.output().warn(line));
    }

    /// Whether an instance has another container than it had: the host's script may fail after it has given the place
    /// away. In doubt it has not.
    fn has_another_container(&self, instance: &Instance, before: &[InstanceFile]) -> bool {
        let of = |files: &[InstanceFile]| files.iter().find(|file| file.instance.as_ref() == Some(instance)).cloned();
        instance_files(self.env, self.app).is_ok_and(|after| of(&after) != of(before))
    }

    /// As many at once as the host would make.
    fn make_all(&self, process_type: &ProcessType, instances: &[Instance], among: Among, image: &str) -> Result<Made> {
        let workers = Triggers::new(self.env)
            .ask("app-json-process-deploy-parallelism", &[self.app.as_str(), process_type.as_str()])?;
        let workers = workers.parse().unwrap_or(1_usize).clamp(1, instances.len().max(1));
        let (kind, variables) = self.surroundings.of_instance(self.env, self.app, process_type, image)?;
        let before = instance_files(self.env, self.app)?;
        let lost = Lost::among(self.env, self.app, instances, &before)?;
        let waiting = Mutex::new(instances.iter());
        let done = Mutex::new(Made::default());
        at_once(workers, || {
            while let Some(instance) = next(&waiting, &done) {
                let result = self.make_one(instance, among.quantity, (image, kind), &variables);
                let mut done = done.lock().unwrap_or_else(PoisonError::into_inner);
                if result.is_ok() || self.has_another_container(instance, &before) {
                    done.made.push(instance.clone());
                }
                if result.is_ok() {
                    self.tell_of(instance, among.serving.saturating_add(done.made.len()), among.quantity);
                }
                if let Err(error) = result {
                    done.failure.get_or_insert(error);
                }
            }
        });
        let mut done = done.into_inner().unwrap_or_else(PoisonError::into_inner);
        if done.failure.is_none() && done.made.len() < instances.len() {
            let interrupted = format!("interrupted before all of {process_type} of {} were started", self.app);
            done.failure = Some(Error::new(interrupted).with_kind(ErrorKind::Interrupted));
        }
        lost.are_replaced(self.env, self.app, &done.made);
        Ok(done)
    }
}

impl Outside for OnDocker<'_> {
    type Hidden = Hidden;

    fn is_marked(&self, process_type: &ProcessType) -> bool {
        self.marks.is_marked(process_type)
    }

    fn mark(&self, process_type: &ProcessType) -> Result<()> {
        self.marks.mark(process_type)
    }

    fn unmark(&self, process_type: &ProcessType) -> Result<()> {
        self.marks.clear(process_type)
    }

    fn clear_left(&self, process_type: &ProcessType) -> Result<()> {
        leftovers::clear_left(self.env, self.app, process_type, Some(self.lock))
    }

    fn make(&self, process_type: &ProcessType, instances: &[Instance], among: Among, image: &str) -> Made {
        self.make_all(process_type, instances, among, image).unwrap_or_else(Made::from)
    }

    fn remove(&self, made: &[Instance], asked: &[Instance]) -> Result<()> {
        let mut containers = leaving::upcoming(self.env, self.app, asked)?;
        let mut failures = Vec::new();
        for InstanceFile { instance, container } in instance_files(self.env, self.app)? {
            let Some(instance) = instance.filter(|instance| made.contains(instance)) else { continue };
            // A container stays as long as a file names it.
            match leaving::remove_files(self.env, self.app, &instance) {
                Ok(()) => containers.extend(Some(container).filter(|id| !id.is_empty())),
                Err(error) => failures.push(error),
            }
        }
        failures.extend(self.docker.remove(&containers).err());
        all_of(failures.into_iter())
    }

    fn is_never_twice(&self, process_type: &ProcessType) -> Result<bool> {
        checks_are_disabled(self.env, self.app, process_type)
    }

    fn rest(&self, step: &Step) -> Result<()> {
        resting::end(self.env, self.app, &[step])
    }

    fn wake(&self, step: &Step) -> Result<()> {
        self.env.output().warn(&format!("{} of {} is started again", step.instance, self.app));
        resting::wake(self.env, self.app, &[step])
    }

    fn comes_up(&self, instance: &Instance) -> Result<()> {
        let files = instance_files(self.env, self.app)?;
        let file = files.into_iter().find(|file| file.instance.as_ref() == Some(instance));
        let container = file.map(|file| file.container).unwrap_or_default();
        let Err(error) = resting::stays_up(&self.docker, &container) else { return Ok(()) };
        self.tell_last_lines_of(&container);
        Err(error.context(format!("{instance} of {} could not be started", self.app)))
    }

    fn look(&self, step: &Step) -> Result<Hidden> {
        Hidden::of(self.env, self.app, step)
    }

    fn hide(&self, hidden: &Hidden) -> Result<()> {
        hidden.take_out(self.env, self.app, &self.docker, &self.surroundings.wait_to_retire)
    }

    fn show(&self, hidden: &Hidden) -> Result<()> {
        hidden.bring_back(self.env, self.app, &self.docker)
    }

    fn tell(&self, process_type: &ProcessType) -> Result<()> {
        hooks::fire(self.env, self.app, &self.docker, process_type, self.surroundings)
    }

    fn rebuild_proxy(&self) -> Result<()> {
        Triggers::new(self.env).fire("proxy-build-config", &[self.app.as_str()])
    }

    fn halt(&self, down: &[String]) {
        drop(self.docker.stop(down, 0));
    }

    /// SIGTERM now, and a hard stop after the wait, in the background; of a type of which another must not run
    /// meanwhile all of it now. No signal ends this half way.
    fn end(&self, process_type: &ProcessType, leaving: &[String]) -> Result<()> {
        if leaving.is_empty() {
            return Ok(());
        }
        in_spite_of_signals(|| {
            let (timeouts, wait) = (StopTimeouts::of(self.env, self.app), &self.surroundings.wait_to_retire);
            if let (Ok(timeouts), true) = (&timeouts, self.is_never_twice(process_type)?) {
                let leaving = leaving.iter().map(|id| (id.as_str(), process_type.as_str()));
                return stop_containers(&self.docker, timeouts, leaving);
            }
            leaving::ask_to_end(&self.docker, leaving);
            let timeout = timeouts?.of_type(process_type.as_str());
            leaving::stop_in_background(self.env, leaving, seconds_or(wait, 60), timeout)
        })
    }

    fn warn(&self, text: &str) {
        self.env.output().warn(&format!("{}: {text}", self.app));
    }
}

/// `[######------]` as far as it has come.
fn bar(serving: usize, count: Quantity) -> String {
    const WIDTH: usize = 24;
    let all = usize::try_from(count).unwrap_or(usize::MAX).max(1);
    let full = serving.saturating_mul(WIDTH).checked_div(all).unwrap_or_default().min(WIDTH);
    "#".repeat(full) + &"-".repeat(WIDTH - full)
}

fn next<'i>(waiting: &Mutex<impl Iterator<Item = &'i Instance>>, done: &Mutex<Made>) -> Option<&'i Instance> {
    let has_failed = done.lock().unwrap_or_else(PoisonError::into_inner).failure.is_some();
    if has_failed || interrupted().is_some() {
        return None;
    }
    waiting.lock().unwrap_or_else(PoisonError::into_inner).next()
}
