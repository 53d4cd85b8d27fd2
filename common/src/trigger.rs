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
use crate::{Answer, Context, Env, Error, Process, Result};
use rustix::fs::{Access, access};
use std::path::{Path, PathBuf};
use std::time::Duration;

/// A plugin that has a hook of the asked name.
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
pub fn is_executable(path: &Path) -> bool {
    access(path, Access::EXEC_OK).is_ok()
}

/// With these the host builds and deploys, and prints what it does all the time. We see that only where we pass it on.
const TELL_THEMSELVES: [&str; 3] = ["deploy", "receive-app", "release-and-deploy"];

/// Fires triggers and asks them.
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

    /// As [`Triggers::implementers`], of the plugins whose name is `wanted`: no others are looked at.
    ///
    /// # Errors
    /// As [`Triggers::implementers`].
    pub fn implementers_among(&self, hook: &str, wanted: impl Fn(&str) -> bool) -> Result<Vec<Implementer>> {
        let hooks = self.hooks(hook, wanted)?.into_iter();
        Ok(hooks.filter(Implementer::is_executable).collect())
    }

    /// Whether someone answers a trigger, and nobody but these of the host's own plugins. All of those that do have to be
    /// named: where the others are known, they are not looked at.
    ///
    /// # Errors
    /// As [`Triggers::implementers`].
    pub fn only_answered_by(&self, hook: &str, plugins: &[&str]) -> Result<bool> {
        let looked_at = |name: &str| plugins.contains(&name) || !self.env.knows_hooks_of(name);
        let implementers = self.implementers_among(hook, looked_at)?;
        Ok(!implementers.is_empty() && implementers.iter().all(|plugin| plugins.contains(&plugin.name.as_str())))
    }

    /// The enabled plugins of a `wanted` name with a file of that name, executable or not.
    fn hooks(&self, hook: &str, wanted: impl Fn(&str) -> bool) -> Result<Vec<Implementer>> {
        let plugins = self.env.enabled_plugins()?.iter().filter(|(name, _)| wanted(name));
        let hooks = plugins.map(|(name, folder)| Implementer { name: name.clone(), hook: folder.join(hook) });
        Ok(hooks.filter(|found| found.hook.is_file()).collect())
    }

    /// Whether another plugin than the host's own has a file of that name, executable or not, be it a link that leads
    /// nowhere; `20_events` is no other. For a trigger that none of the host's own has but that one.
    ///
    /// # Errors
    /// As [`Triggers::implementers`].
    pub(crate) fn is_named_by_another(&self, hook: &str) -> Result<bool> {
        let mut plugins = self.env.enabled_plugins()?.iter();
        let is_other = |name: &str| name != "20_events" && !self.env.knows_hooks_of(name);
        Ok(plugins.any(|(name, folder)| is_other(name) && crate::file::exists(&folder.join(hook))))
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
    pub fn fire_for(&self, hook: &str, arguments: &[&str], wanted: impl Fn(&Implementer) -> bool) -> Result<()> {
        self.dispatch(hook, arguments, Show::Both, wanted).and_then(|done| done.into_result(hook, arguments)).map(drop)
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
                return Err(Error::new(format!(
                    "interrupted by signal {signal} before the trigger {hook} of {}",
                    implementer.name
                )));
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
            }
            .context(|| format!("trigger {hook} ({})", shown(&implementer.hook)))?;
            done.stdout.extend_from_slice(&answer.stdout);
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

#[derive(Default)]
struct Dispatched {
    stdout: Vec<u8>,
    failed: Option<(Implementer, Answer)>,
}

impl Dispatched {
    fn into_result(self, hook: &str, arguments: &[&str]) -> Result<Vec<u8>> {
        match self.failed {
            None => Ok(self.stdout),
            Some((implementer, answer)) => Err(Error::new(format!(
                "{} failed in plugin {} with {}",
                [&[hook], arguments].concat().join(" ").trim_end(),
                implementer.name,
                answer.status_text()
            ))),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::script::write_script;
    use std::path::Path;

    struct Host {
        folder: tempfile::TempDir,
    }

    impl Host {
        fn new() -> Self {
            let host = Self { folder: tempfile::tempdir().unwrap() };
            std::fs::create_dir(host.folder.path().join("enabled")).unwrap();
            host
        }

        fn hook(self, plugin: &str, hook: &str, script: &str, mode: &str) -> Self {
            let folder = self.folder.path().join("enabled").join(plugin);
            std::fs::create_dir_all(&folder).unwrap();
            write_script(&folder.join(hook), script, mode);
            self
        }

        fn config(self, plugin: &str, keys: &str, config: &str) -> Self {
            let available: &Path = &self.folder.path().join("available").join(plugin);
            std::fs::create_dir_all(available).unwrap();
            std::fs::write(
                available.join("plugin.toml"),
                format!("[plugin]\ndescription = \"x\"\n[plugin.config]\n{keys}"),
            )
            .unwrap();
            std::fs::write(self.folder.path().join("config.toml"), config).unwrap();
            self
        }

        fn env(&self, more: &[(&str, &str)]) -> Env {
            let mut variables: std::collections::BTreeMap<_, _> =
                more.iter().map(|(name, value)| ((*name).into(), (*value).into())).collect();
            variables.insert("PLUGIN_PATH".into(), self.folder.path().into());
            Env::new(variables, Vec::new())
        }
    }

    #[test]
    fn hooks_run_in_the_order_of_their_plugins_names_and_get_the_arguments() {
        let host = Host::new()
            .hook("b", "ask", "echo \"b $1 $2\"", "755")
            .hook("a", "ask", "echo \"a $1 $2\"", "755")
            .hook("Z", "ask", "echo \"Z $#\"", "755")
            .hook("a", "other", "echo no", "755");
        let answer = Triggers::new(&host.env(&[])).ask("ask", &["x y", ""]).unwrap();
        assert_eq!(answer, "Z 2\na x y \nb x y");
    }

    #[test]
    fn the_first_hook_that_fails_ends_the_trigger() {
        let host = Host::new().hook("a", "go", "exit 7", "755").hook("b", "go", "echo never", "755");
        let error = Triggers::new(&host.env(&[])).ask("go", &["shop"]).unwrap_err();
        assert_eq!((error.status(), error.message()), (1, "go shop failed in plugin a with exit status 7"));
        assert_eq!(Triggers::new(&host.env(&[])).ask_quietly("go", &[]).unwrap(), None);
    }

    #[test]
    fn a_trigger_that_nobody_implements_succeeds_with_an_empty_answer() {
        let host = Host::new().hook("a", "go", "exit 7", "644");
        assert_eq!(Triggers::new(&host.env(&[])).ask("none", &[]).unwrap(), "");
        assert_eq!(Triggers::new(&host.env(&[])).ask("go", &[]).unwrap(), "");
    }

    #[test]
    fn a_plugin_s_settings_reach_its_hook_and_the_later_ones() {
        let host = Host::new()
            .config(
                "a-x",
                "log-level = \"\"\nhome = \"\"\nforced = \"\"\n",
                "[a-x]\nlog-level = \"debug\"\nhome = \"$HOME/x\"\nforced = \"file\"\n",
            )
            .hook("a-x", "go", "echo \"$CONFIG_LOG_LEVEL $CONFIG_HOME $CONFIG_FORCED\"", "755")
            .hook("b", "go", "echo \"b $CONFIG_LOG_LEVEL\"", "755");
        let env = host.env(&[("HOME", "/h"), ("A_X_FORCED", "variable")]);
        assert_eq!(Triggers::new(&env).ask("go", &[]).unwrap(), "debug /h/x variable\nb debug");
    }
}
