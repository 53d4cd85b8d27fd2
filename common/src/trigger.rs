//! Triggers: plugn's dispatch, in process.
//!
//! `plugn trigger HOOK ARGS…` runs the executable HOOK of every enabled plugin that has one, in the
//! order of the plugins' names, and stops at the first that fails. Doing it here saves two process
//! starts a trigger and two a plugin, and it runs the same executables in the same way, so that what
//! listens (as `20_events` does) still hears everything.

use crate::file::shown;
use crate::output::Stream;
use crate::signals::must_end;
use crate::trigger_config::TriggerConfig;
use crate::{Answer, Context, Env, Error, ErrorKind, Process, Result};
use rustix::fs::{Access, access};
use std::path::{Path, PathBuf};
use std::time::Duration;

/// A plugin that has a hook of the asked name.
///
/// ```
/// use dokku_plugin::{Env, Triggers};
/// let folder = tempfile::tempdir()?;
/// let env = Env::of_test_host(folder.path(), &[]);
/// for implementer in Triggers::new(&env).implementers("post-deploy")? {
///     println!("{} ({}): {}", implementer.name, implementer.is_core(), implementer.hook.display());
/// }
/// # Ok::<(), dokku_plugin::Error>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Implementer {
    /// The plugin's name: its folder's.
    pub name: String,
    /// The executable.
    pub hook: PathBuf,
}

impl Implementer {
    /// Whether it is one of the host's own plugins, by where its folder really is.
    pub fn is_core(&self) -> bool {
        let folder = self.hook.canonicalize().unwrap_or_default();
        folder.components().any(|part| part.as_os_str() == "core-plugins")
    }

    fn is_executable(&self) -> bool {
        is_executable(&self.hook)
    }
}

/// Whether this process may execute a file.
#[doc(hidden)] // for ps, which looks at the host's scripts
pub fn is_executable(path: &Path) -> bool {
    access(path, Access::EXEC_OK).is_ok()
}

/// With these the host builds and deploys, and prints what it does all the time. We see that only where we pass it on.
const TELL_THEMSELVES: [&str; 3] = ["deploy", "receive-app", "release-and-deploy"];

/// Fires triggers and asks them.
///
/// ```
/// use dokku_plugin::{Env, Triggers};
/// use std::time::Duration;
///
/// let folder = tempfile::tempdir()?;
/// let env = Env::of_test_host(folder.path(), &[]);
/// let triggers = Triggers::new(&env);
/// // Nobody implements any on this one.
/// triggers.fire("proxy-build-config", &["shop"])?;
/// assert_eq!(triggers.ask("ps-current-scale", &["shop"])?, "");
/// assert_eq!(triggers.ask_raw("ps-current-scale", &["shop"])?, "");
/// assert_eq!(triggers.ask_quietly("config-get", &["shop", "COLOUR"])?.as_deref(), Some(""));
/// let patient = Triggers::new(&env).var("QUOTA_REASON", "night").deadline(Duration::from_secs(30));
/// patient.fire("quota-exceeded", &["shop"])?;
/// assert!(triggers.implementers("quota-exceeded")?.is_empty());
/// # Ok::<(), dokku_plugin::Error>(())
/// ```
#[derive(Debug)]
pub struct Triggers<'a> {
    env: &'a Env,
    variables: Vec<(&'a str, &'a str)>,
    deadline: Option<Duration>,
}

/// What happens to a hook's output.
#[derive(Clone, Copy)]
enum Show {
    /// Both streams go where ours go.
    Both,
    /// Standard output is the answer.
    Errors,
    /// Both are kept.
    Nothing,
    /// Standard output goes where ours goes; what the hook says of a failure is kept.
    Reasons,
}

impl<'a> Triggers<'a> {
    /// The triggers of this host.
    pub fn new(env: &'a Env) -> Self {
        Self { env, variables: Vec::new(), deadline: None }
    }

    /// With a variable for every hook that is run.
    #[must_use]
    pub fn var(mut self, name: &'a str, value: &'a str) -> Self {
        self.variables.push((name, value));
        self
    }

    /// With a time after which a hook that has not ended is killed, with all that it has started; then the trigger
    /// fails.
    #[must_use]
    pub fn deadline(mut self, time: Duration) -> Self {
        self.deadline = Some(time);
        self
    }

    /// The enabled plugins with an executable of that name, in the order in which they run.
    ///
    /// # Errors
    /// When `$PLUGIN_PATH/enabled` cannot be read.
    pub fn implementers(&self, hook: &str) -> Result<Vec<Implementer>> {
        self.implementers_among(hook, |_| true)
    }

    fn implementers_among(&self, hook: &str, wanted: impl Fn(&str) -> bool) -> Result<Vec<Implementer>> {
        Ok(self.hooks(hook, wanted)?.into_iter().filter(Implementer::is_executable).collect())
    }

    /// The implementers but these of the host's own. All of the host's own that have the hook are to be named: where they
    /// are known, the others are not looked at.
    ///
    /// # Errors
    /// As [`Triggers::implementers`].
    #[doc(hidden)] // for ps, which knows what the host's plugins answer
    pub fn implementers_beside(&self, plugins: &[&str], hook: &str) -> Result<Vec<Implementer>> {
        self.implementers_among(hook, |name| !plugins.contains(&name) && !self.env.knows_hooks_of(name))
    }

    /// Whether one of these of the host's own plugins answers a trigger, and nobody else: see
    /// [`Triggers::implementers_beside`].
    ///
    /// # Errors
    /// As [`Triggers::implementers`].
    #[doc(hidden)] // for ps, which knows what the host's plugins answer
    pub fn only_answered_by(&self, plugins: &[&str], hook: &str) -> Result<bool> {
        let others = self.implementers_beside(plugins, hook)?;
        Ok(others.is_empty() && !self.implementers_among(hook, |name| plugins.contains(&name))?.is_empty())
    }

    /// The enabled plugins of a `wanted` name with a file of that name, executable or not.
    fn hooks(&self, hook: &str, wanted: impl Fn(&str) -> bool) -> Result<Vec<Implementer>> {
        let mut hooks = Vec::new();
        for name in self.env.enabled_plugins()?.iter().filter(|name| wanted(name)) {
            let path = self.env.hook_of(name, hook)?;
            if path.is_file() {
                hooks.push(Implementer { name: name.clone(), hook: path });
            }
        }
        Ok(hooks)
    }

    /// Whether another plugin than the host's own has a file of that name, executable or not, be it a link that leads
    /// nowhere; `20_events` is no other. For a trigger that none of the host's own has but that one.
    ///
    /// # Errors
    /// As [`Triggers::implementers`].
    pub(crate) fn is_named_by_another(&self, hook: &str) -> Result<bool> {
        for name in self.env.enabled_plugins()?.iter().filter(|name| *name != "20_events") {
            if !self.env.knows_hooks_of(name) && crate::file::exists(&self.env.hook_of(name, hook)?) {
                return Ok(true);
            }
        }
        Ok(false)
    }

    /// Fires a trigger; its output goes where ours goes. While a hook runs, a line every 30 seconds says so, but not
    /// of a build or a deploy, which prints what it does.
    ///
    /// # Errors
    /// When a hook fails: the message names it and its status; what it had to say it has said.
    pub fn fire(&self, hook: &str, arguments: &[&str]) -> Result<()> {
        self.fire_for(hook, arguments, |_| true)
    }

    /// Fires a trigger for those plugins alone that `wanted` names.
    ///
    /// # Errors
    /// As [`Triggers::fire`].
    #[doc(hidden)] // for ps, which leaves out some of the host's plugins
    pub fn fire_for(&self, hook: &str, arguments: &[&str], wanted: impl Fn(&Implementer) -> bool) -> Result<()> {
        self.dispatch(hook, arguments, Show::Both, wanted).and_then(|done| done.into_result(hook, arguments)).map(drop)
    }

    /// Fires a trigger with which a hook may refuse what is to be done: as [`Triggers::fire`], but the last line that a hook
    /// which fails has said on standard error is why it refuses.
    ///
    /// # Errors
    /// When a hook fails: `refused by plugin quota: at most 3`, or as [`Triggers::fire`] where it has not said why.
    #[doc(hidden)] // for ps, whose changes others may refuse
    pub fn fire_to_be_allowed(&self, hook: &str, arguments: &[&str]) -> Result<()> {
        let done = self.dispatch(hook, arguments, Show::Reasons, |_| true)?;
        let Some((plugin, answer)) = &done.failed else { return Ok(()) };
        let said = String::from_utf8_lossy(&answer.stderr);
        let mut lines: Vec<&str> = said.lines().collect();
        // What a signal has ended has not come to its reason.
        let why = if answer.was_killed() { None } else { reason_among(&lines).map(|at| lines.remove(at)) };
        for line in lines {
            self.env.output().pass_on(Stream::Err, line);
        }
        let why = why.map(|line| line.trim_start().trim_start_matches('!').trim());
        let refused = why.map(|why| Error::new(format!("refused by plugin {}: {why}", plugin.name)));
        refused.map_or_else(|| done.into_result(hook, arguments).map(drop), Err)
    }

    /// Fires a trigger whose hooks say themselves why they fail: the error then is `told` and no more. One that cannot be run,
    /// or that a signal ends, has said nothing.
    ///
    /// # Errors
    /// As [`Triggers::fire`].
    #[doc(hidden)] // for ps, which has the host deploy
    pub fn fire_saying(&self, hook: &str, arguments: &[&str], told: &str) -> Result<()> {
        let done = self.dispatch(hook, arguments, Show::Both, |_| true)?;
        let has_said = done.failed.as_ref().is_some_and(|(_, answer)| !answer.was_killed());
        done.into_result(hook, arguments).map(drop).map_err(|error| {
            let command = format!("{}: {}", error.message(), error.command());
            if has_said { Error::new(told).with_command(command) } else { error }
        })
    }

    /// Asks a trigger: what all its hooks print on standard output, without blanks around it.
    ///
    /// # Errors
    /// When a hook fails, or the answer is not UTF-8.
    pub fn ask(&self, hook: &str, arguments: &[&str]) -> Result<String> {
        let answer = self.ask_raw(hook, arguments)?;
        Ok(answer.trim().to_owned())
    }

    /// Asks a trigger: what all its hooks print, as it is.
    ///
    /// # Errors
    /// As [`Triggers::ask`].
    pub fn ask_raw(&self, hook: &str, arguments: &[&str]) -> Result<String> {
        let answer = self.dispatch(hook, arguments, Show::Errors, |_| true)?.into_result(hook, arguments)?;
        String::from_utf8(answer)
            .map_err(|_| Error::new(format!("The trigger {hook} answered something that is not valid UTF-8")))
    }

    /// Asks a trigger whose failure is an answer too, as a variable that is not set: what its hooks
    /// print, without blanks around it, or `None` when one fails. Nothing is shown.
    ///
    /// # Errors
    /// When a hook cannot be run at all, or a signal ended it.
    pub fn ask_quietly(&self, hook: &str, arguments: &[&str]) -> Result<Option<String>> {
        let done = self.dispatch(hook, arguments, Show::Nothing, |_| true)?;
        // A signal is no answer: neither one that ended the hook nor one that asks us to end.
        let by_a_signal = done.failed.as_ref().is_some_and(|(_, answer)| answer.was_killed());
        if by_a_signal || must_end().is_some() {
            return done
                .into_result(hook, arguments)
                .and_then(|_| Err(Error::new(format!("interrupted during {hook}"))));
        }
        Ok(done.failed.is_none().then(|| String::from_utf8_lossy(&done.stdout).trim().to_owned()))
    }

    fn dispatch(
        &self,
        hook: &str,
        arguments: &[&str],
        show: Show,
        wanted: impl Fn(&Implementer) -> bool,
    ) -> Result<Dispatched> {
        let mut config = TriggerConfig::new(self.env);
        let mut done = Dispatched::default();
        for implementer in self.hooks(hook, |_| true)?.into_iter().filter(wanted) {
            let plugin = &implementer.name;
            if !implementer.is_executable() {
                let skipped = format!("Trigger '{hook}' is not executable, skipping plugin ({plugin})");
                self.env.output().pass_on(Stream::Err, &skipped);
                continue;
            }
            if let Some(signal) = must_end() {
                let name = &implementer.name;
                let error = Error::new(format!("interrupted by signal {signal} before the trigger {hook} of {name}"));
                return Err(error.with_kind(ErrorKind::Interrupted));
            }
            self.env.output().debug(&format!("trigger {hook} {} ({})", arguments.join(" "), implementer.name));
            // In a group of its own, so that a signal ends all of it, whatever it waits for.
            let process = Process::new(&implementer.hook).args(arguments).leading_a_group_off_a_terminal();
            let mut process = self.told_of(process, hook, arguments, plugin);
            if let Some(time) = self.deadline {
                process = process.deadline(time);
            }
            for (name, value) in config.of_plugin(&implementer.name) {
                process = process.var(name, value);
            }
            for (name, value) in &self.variables {
                process = process.var(*name, *value);
            }
            let answer = match show {
                Show::Both => process.stream(self.env.output()),
                Show::Errors => process.capture_stdout(self.env.output()),
                Show::Nothing => process.capture(),
                Show::Reasons => process.capture_stderr(self.env.output()),
            }
            .context(|| format!("trigger {hook} ({})", shown(&implementer.hook)))?;
            done.stdout.extend_from_slice(&answer.stdout);
            if answer.succeeded() && matches!(show, Show::Reasons) {
                let said = String::from_utf8_lossy(&answer.stderr);
                said.lines().for_each(|line| self.env.output().pass_on(Stream::Err, line));
            }
            if !answer.succeeded() {
                done.failed = Some((implementer, answer));
                break;
            }
        }
        Ok(done)
    }

    /// Says what is waited for, unless the hook's own output says it.
    fn told_of(&self, process: Process, hook: &str, arguments: &[&str], plugin: &str) -> Process {
        if TELL_THEMSELVES.contains(&hook) && !self.env.output().is_labelled() {
            return process;
        }
        let waited_for = [&[hook], arguments].concat().join(" ");
        process.waited_for(format!("{} in plugin {plugin}", waited_for.trim_end()))
    }
}

/// Which of these lines is why a hook refuses: the last that looks like an error of the host's, or the last that no shell has
/// printed as it traced itself.
fn reason_among(lines: &[&str]) -> Option<usize> {
    let says = |line: &str| !line.trim_start().trim_start_matches('!').trim().is_empty();
    let last = |is_meant: &dyn Fn(&str) -> bool| lines.iter().rposition(|line| says(line) && is_meant(line));
    last(&|line| line.trim_start().starts_with('!')).or_else(|| last(&|line| !line.starts_with('+')))
}

#[derive(Default)]
struct Dispatched {
    stdout: Vec<u8>,
    failed: Option<(Implementer, Answer)>,
}

impl Dispatched {
    fn into_result(self, hook: &str, arguments: &[&str]) -> Result<Vec<u8>> {
        match self.failed {
            None => Ok(self.stdout),
            Some((Implementer { name, .. }, answer)) => {
                let status = answer.status_text();
                let error = Error::new(format!("The hook {hook} of the plugin {name} failed ({status})"));
                let by_our_signal = answer.was_killed() && must_end().is_some();
                let kind = if by_our_signal { ErrorKind::Interrupted } else { ErrorKind::Failed };
                Err(error.with_kind(kind).with_command([&[hook], arguments].concat().join(" ")))
            }
        }
    }
}

#[cfg(test)]
#[path = "trigger_tests.rs"]
mod tests;
