//! docker-local: instances are started and stopped one by one, through the host's own script and in the
//! host's own files, so that everything else on the host finds what it expects.

use super::retirement::{self, Withdrawn};
use super::surroundings::{Surroundings, usable_script};
use super::{Unfinished, hooks};
use crate::formation::Quantity;
use crate::image_kind::ImageKind;
use crate::listing::instances::is_named_upcoming;
use crate::plan::Step;
use crate::settings;
use crate::status::{instance_files, names_container};
use common::{
    App, AppLock, Container, Context, Docker, Env, Error, Instance, Process, ProcessType, Result, Triggers, at_once,
    in_spite_of_signals,
};
use std::path::PathBuf;
use std::sync::{Mutex, PoisonError};
use std::time::Instant;

/// How many lines of a failed instance's output are shown.
const LAST_LINES: u32 = 20;

/// Why instances could not be started.
#[derive(Debug)]
pub struct NotStarted {
    /// What went wrong.
    pub error: Error,
    /// Whether nothing is left of those that were.
    pub is_undone: bool,
}

impl From<Error> for NotStarted {
    /// Nothing was started yet.
    fn from(error: Error) -> Self {
        Self { error, is_undone: true }
    }
}

/// The driver of one app.
pub struct DockerLocal<'a> {
    env: &'a Env,
    app: &'a App,
    docker: Docker<'a>,
    script: PathBuf,
    surroundings: Surroundings,
    unfinished: Unfinished<'a>,
}

impl<'a> DockerLocal<'a> {
    /// The driver of `app`, or the reason why the host must deploy whole types instead.
    ///
    /// # Errors
    /// When the host's plugins or Docker do not answer.
    pub fn find(env: &'a Env, app: &'a App) -> Result<std::result::Result<Self, String>> {
        let script = match usable_script(env)? {
            Ok(script) => script,
            Err(reason) => return Ok(Err(reason)),
        };
        let surroundings = Surroundings::find(env, app)?;
        let unfinished = Unfinished::new(env, app)?;
        Ok(Ok(Self { env, app, docker: Docker::new(env)?, script, surroundings, unfinished }))
    }

    /// The image of the release, by name and tag.
    pub fn image(&self) -> &str {
        &self.surroundings.image
    }

    /// Starts instances, as many at once as the host would, and waits until each is checked and serves. A
    /// container that one of them had before is retired by the host's script.
    ///
    /// # Errors
    /// When one fails: all that were started here are gone then, and so is what the failed one left.
    pub fn start(
        &self,
        process_type: &ProcessType,
        count: Quantity,
        instances: &[&Instance],
        image: &str,
    ) -> std::result::Result<(), NotStarted> {
        let workers = Triggers::new(self.env)
            .ask("app-json-process-deploy-parallelism", &[self.app.as_str(), process_type.as_str()])?;
        let workers = workers.parse().unwrap_or(1_usize).clamp(1, instances.len().max(1));
        let (kind, variables) = self.surroundings.of_instance(self.env, self.app, process_type, image)?;
        let waiting = Mutex::new(instances.iter().copied());
        let started = Mutex::new(Vec::new());
        let failed = Mutex::new(None);
        at_once(workers, || {
            while let Some(instance) = next(&waiting, &failed) {
                match self.start_one(instance, count, (image, kind), &variables) {
                    Ok(()) => started.lock().unwrap_or_else(PoisonError::into_inner).push(instance),
                    Err(error) => {
                        failed.lock().unwrap_or_else(PoisonError::into_inner).get_or_insert(error);
                    }
                }
            }
        });
        let started = started.into_inner().unwrap_or_else(PoisonError::into_inner);
        let failed = failed.into_inner().unwrap_or_else(PoisonError::into_inner);
        let interrupted =
            || Error::new(format!("interrupted before all of {process_type} of {} were started", self.app));
        match failed.or_else(|| (started.len() < instances.len()).then(interrupted)) {
            None => Ok(()),
            Some(error) => Err(match in_spite_of_signals(|| self.discard(&started, instances)) {
                Ok(()) => NotStarted { error, is_undone: true },
                Err(left) => NotStarted { error: left.context(format!("{error}; cleaning up")), is_undone: false },
            }),
        }
    }

    fn start_one(
        &self,
        instance: &Instance,
        count: Quantity,
        (image, kind): (&str, ImageKind),
        variables: &[(&str, String)],
    ) -> Result<()> {
        let tag = &self.surroundings.tag;
        let (process_type, index) = (instance.process_type.as_str(), instance.index.to_string());
        let arguments = [self.app.as_str(), kind.as_str(), image, tag, process_type, &count.to_string(), &index];
        let script = Process::new(&self.script).args(arguments).leading_a_group();
        let mut script = script.waited_for(format!("{instance} of {} to start", self.app));
        for (name, value) in variables {
            script = script.var(*name, value);
        }
        self.progress(&format!("{instance}: starting"));
        let began = Instant::now();
        let answer = script.stream(self.env.output())?;
        if answer.succeeded() {
            self.progress(&format!("{instance}: serves ({} s)", began.elapsed().as_secs()));
            return Ok(());
        }
        self.progress(&format!("{instance}: failed"));
        self.tell_last_lines(instance);
        Err(Error::new(format!("{instance} of {} could not be started ({})", self.app, answer.status_text())))
    }

    /// A line on a terminal alone.
    fn progress(&self, text: &str) {
        let output = self.env.output();
        if output.stdout_is_terminal() && !output.is_quiet() {
            output.verbose(text);
        }
    }

    /// The host's health check has shown the whole output of a container that failed, unless it was told
    /// to be quiet.
    fn tell_last_lines(&self, instance: &Instance) {
        if !self.env.output().is_quiet() {
            return;
        }
        for container in self.upcoming(&[instance]).unwrap_or_default() {
            let lines = in_spite_of_signals(|| self.docker.last_lines(&container.id, LAST_LINES));
            lines.unwrap_or_default().lines().for_each(|line| self.env.output().warn(line));
        }
    }

    /// The containers that were made for these instances and have not taken their place. One that a file names has,
    /// whatever its name: the hook that gives it its own may have failed.
    fn upcoming(&self, instances: &[&Instance]) -> Result<Vec<Container>> {
        let names: Vec<String> =
            instances.iter().map(|instance| format!("{}.{instance}.upcoming-", self.app)).collect();
        self.unnamed(|container| names.iter().any(|name| container.name.starts_with(name)))
    }

    /// The app's containers of such a kind that no file names.
    fn unnamed(&self, is_such: impl Fn(&Container) -> bool) -> Result<Vec<Container>> {
        let files = instance_files(self.env, self.app)?;
        let is_named = |id: &str| files.iter().any(|file| names_container(&file.container, id));
        let containers = self.docker.containers()?.into_iter();
        let of_app = containers.filter(|container| container.app == self.app.as_str() && is_such(container));
        Ok(of_app.filter(|container| !is_named(&container.id)).collect())
    }

    /// Removes what was started for a change that failed, and what is left of what could not be.
    ///
    /// # Errors
    /// When a file or a container cannot be removed.
    pub fn discard(&self, started: &[&Instance], all: &[&Instance]) -> Result<()> {
        let files = instance_files(self.env, self.app)?.into_iter();
        let of_started = files.filter(|file| file.instance.as_ref().is_some_and(|found| started.contains(&found)));
        let mut containers: Vec<String> = of_started.map(|file| file.container).collect();
        for instance in started {
            retirement::remove_files(self.env, self.app, instance)?;
        }
        containers.extend(self.upcoming(all)?.into_iter().map(|container| container.id));
        containers.retain(|id| !id.is_empty());
        self.docker.remove(&containers)
    }

    /// Removes what a failed deploy of a type, or a change of it that was killed, has left: containers that were made
    /// for it and that no file names.
    ///
    /// # Errors
    /// When a file cannot be read, or a container cannot be removed.
    pub fn discard_unnamed(&self, process_type: &ProcessType) -> Result<()> {
        let prefix = format!("{}.{process_type}.", self.app);
        let left =
            self.unnamed(|container| container.name.starts_with(&prefix) && is_named_upcoming(&container.name))?;
        self.docker.remove(&left.into_iter().map(|container| container.id).collect::<Vec<_>>())
    }

    /// Whether hooks are owed for a type since a change of it that was interrupted.
    pub fn owes_hooks(&self, process_type: &ProcessType) -> bool {
        self.unfinished.is_marked(process_type)
    }

    /// Before the first instance of a type comes or goes: until its hooks have been fired, they are owed.
    ///
    /// # Errors
    /// When that cannot be written down.
    pub fn owe_hooks(&self, process_type: &ProcessType) -> Result<()> {
        self.unfinished.mark(process_type)
    }

    /// Nothing of a type has come or gone after all.
    ///
    /// # Errors
    /// When the mark cannot be removed.
    pub fn owe_no_hooks(&self, process_type: &ProcessType) -> Result<()> {
        self.unfinished.clear(process_type)
    }

    /// Stops containers that do not serve and are not wanted any more. Docker may be starting one of them again and
    /// again, and gives nobody its name while it waits to do so. What fails here is left to `ps:retire`.
    pub fn halt(&self, containers: &[String]) {
        let _registered = self.docker.stop(containers, 0);
    }

    /// Tells the host's plugins what has come or is about to go of a type. Once they know, the change counts as done:
    /// a mark that cannot be removed costs no more than telling them again.
    ///
    /// # Errors
    /// When a hook fails; then hooks are still owed.
    pub fn fire_hooks(&self, process_type: &ProcessType) -> Result<()> {
        hooks::fire(self.env, self.app, process_type, &self.surroundings)?;
        if let Err(error) = self.unfinished.clear(process_type) {
            self.env.output().warn(&format!("The change is done; the mark of its beginning stays: {error}"));
        }
        Ok(())
    }

    /// Takes instances out of the app, highest index first: each is registered for retirement, so that
    /// nothing is forgotten whatever happens next, gives up its name, and loses its files. It still runs. No
    /// signal ends this half way.
    ///
    /// # Errors
    /// When a container cannot be registered or renamed, or a file cannot be removed; all are back then.
    pub fn withdraw(&self, steps: &[&Step]) -> Result<Vec<Withdrawn>> {
        in_spite_of_signals(|| {
            let down = steps.iter().filter(|step| step.is_down).filter_map(|step| step.container.clone());
            self.halt(&down.collect::<Vec<_>>());
            let there = |step: &&Step| Withdrawn::of(self.env, self.app, &step.instance, step.container.as_deref());
            let withdrawn = steps.iter().map(there).collect::<Result<Vec<_>>>()?;
            let take_out =
                |one: &Withdrawn| one.take_out(self.env, self.app, &self.docker, &self.surroundings.wait_to_retire);
            if let Err(error) = withdrawn.iter().try_for_each(take_out) {
                self.bring_back(&withdrawn).context(|| format!("{error}; bringing back what was taken out"))?;
                return Err(error);
            }
            Ok(withdrawn)
        })
    }

    /// Brings back instances that were taken out: they go on as if nothing had been. What fails for one keeps nothing
    /// else from being brought back.
    ///
    /// # Errors
    /// When something of them could not be: each of these failures.
    pub fn bring_back(&self, withdrawn: &[Withdrawn]) -> Result<()> {
        let failures = withdrawn.iter().flat_map(|one| one.bring_back(self.env, self.app, &self.docker));
        all_of(failures)
    }

    /// Has the host's proxy made anew from the app's files: it was told of instances that have gone again.
    pub fn rebuild_proxy(&self) {
        if let Err(error) = Triggers::new(self.env).fire("proxy-build-config", &[self.app.as_str()]) {
            self.env.output().warn(&format!("The proxy of {} could not be rebuilt: {error}", self.app));
        }
    }

    /// Retires containers that the proxy no longer knows: SIGTERM now, and a hard stop after the wait, in
    /// the background. No signal ends this half way. The change that they go with is done by now, so what fails here is
    /// a warning: they are registered, and `ps:retire` ends them all the same.
    pub fn retire(&self, containers: &[String], lock: &AppLock) {
        if containers.is_empty() {
            return;
        }
        let retired = in_spite_of_signals(|| {
            retirement::ask_to_end(&self.docker, containers);
            let timeout = settings::computed(self.env, self.app, "stop-timeout-seconds")?;
            retirement::stop_in_background(self.env, lock, containers, &self.surroundings.wait_to_retire, &timeout)
        });
        if let Err(error) = retired {
            let output = self.env.output();
            output.warn(&format!("The change is done; old containers of {} are left to ps:retire: {error}", self.app));
        }
    }

    /// Registers containers that nothing accounts for, and retires them. One that still waits to take its
    /// place has never served and is removed at once.
    ///
    /// # Errors
    /// When one cannot be removed or registered.
    pub fn retire_strays(&self, strays: &[(String, String)], lock: &AppLock) -> Result<()> {
        let (waiting, served): (Vec<_>, Vec<_>) = strays.iter().partition(|(name, _)| is_named_upcoming(name));
        let ids = |of: Vec<&(String, String)>| of.into_iter().map(|(_, id)| id.clone()).collect::<Vec<_>>();
        let (waiting, served) = (ids(waiting), ids(served));
        self.docker.remove(&waiting)?;
        retirement::register(self.env, self.app, &served, &self.surroundings.wait_to_retire)?;
        self.retire(&served, lock);
        Ok(())
    }
}

fn next<'i>(
    waiting: &Mutex<impl Iterator<Item = &'i Instance>>,
    failed: &Mutex<Option<Error>>,
) -> Option<&'i Instance> {
    if failed.lock().unwrap_or_else(PoisonError::into_inner).is_some() || common::interrupted().is_some() {
        return None;
    }
    waiting.lock().unwrap_or_else(PoisonError::into_inner).next()
}

/// One error that tells each of these; none when there is none.
pub(crate) fn all_of(failures: impl Iterator<Item = Error>) -> Result<()> {
    let told: Vec<String> = failures.map(|failure| failure.to_string()).collect();
    if told.is_empty() { Ok(()) } else { Err(Error::new(told.join("\n"))) }
}
