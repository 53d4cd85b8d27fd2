//! Whether the plugin that is in place works, and whether it is the package's.

use crate::host::Host;
use crate::step::{quietly, said};
use crate::tree::places;
use common::{Error, Process, Result, file, is_executable};
use std::time::Duration;

/// The name of the package.
pub(crate) const PACKAGE: &str = "dokku-ps";

const TRIGGER: Duration = Duration::from_mins(10);
const COMMAND: Duration = Duration::from_mins(2);

/// Fires the plugin's `install` trigger, as `dokku plugin:install` would: as root, with the environment of a command.
///
/// # Errors
/// When it fails; when a signal comes.
pub(crate) fn fire_install_trigger(host: &Host<'_>) -> Result<()> {
    let trigger = host.live.join("install");
    if !is_executable(&trigger) {
        return Ok(());
    }
    host.env.output().info1("Running the plugin's install trigger");
    let process = Process::new(trigger).var("DOKKU_PID", std::process::id().to_string()).deadline(TRIGGER);
    // The repository as a plugin has such a trigger, too, which starts us.
    let process = process.var("PS_INSTALL_RUNNING", "1");
    let process = host.variables.iter().fold(process, |process, (name, value)| process.var(name, value));
    let answer = quietly("The install trigger", process)?;
    // What it migrated, the user wants to know.
    host.env.output().print(&said(&answer))
}

/// Every executable of ours is there and may be executed.
///
/// # Errors
/// When one is not.
pub(crate) fn executables(host: &Host<'_>) -> Result<()> {
    for path in places().iter().map(|place| host.live.join(place)) {
        if !file::is_regular(&path) || file::mode(&path).is_none_or(|mode| mode & 0o111 == 0) {
            return Err(Error::new(format!("Self-check: {} is missing or not executable", path.display())));
        }
    }
    Ok(())
}

/// The host answers with the plugin that is in place.
///
/// # Errors
/// When it does not; when a signal comes.
pub(crate) fn commands(host: &Host<'_>) -> Result<()> {
    let help = dokku(host, &["ps:help"])?;
    let count = help.matches("Manage app processes").count();
    if count != 1 {
        return Err(Error::new(format!(
            "Self-check: dokku ps:help says 'Manage app processes' {count} times, not once\n{help}"
        )));
    }
    if let Some(app) = first_app(host)? {
        // What asks no scheduler: a Docker that is down says nothing of the plugin.
        dokku(host, &["ps:report", &app, "--ps-computed-restart-policy"])?;
    }
    Ok(())
}

fn dokku(host: &Host<'_>, words: &[&str]) -> Result<String> {
    let process = Process::new(&host.dokku).args(words).deadline(COMMAND);
    quietly(&format!("Self-check: dokku {}", words.join(" ")), process).map(|answer| said(&answer))
}

fn first_app(host: &Host<'_>) -> Result<Option<String>> {
    let names = file::entries(&host.apps)?.into_iter().filter(|path| path.is_dir());
    let names = names.filter_map(|path| path.file_name()?.to_str().map(str::to_owned));
    let begins = |letter: char| letter.is_ascii_lowercase() || letter.is_ascii_digit();
    Ok(names.into_iter().find(|name| {
        name.starts_with(begins) && name.chars().all(|letter| begins(letter) || matches!(letter, '.' | '_' | '-'))
    }))
}

/// # Errors
/// When the plugin of this host came by the package, which then is the one to change it.
pub(crate) fn refuse_when_packaged(host: &Host<'_>) -> Result<()> {
    let Ok(answer) = Process::new(&host.dpkg).args(["-s", PACKAGE]).var("LC_ALL", "C").capture() else { return Ok(()) };
    let text = String::from_utf8_lossy(&answer.stdout).into_owned();
    let status = text.lines().find_map(|line| line.strip_prefix("Status: ")).unwrap_or_default();
    if !answer.succeeded()
        || status.is_empty()
        || status.ends_with(" config-files")
        || status.ends_with(" not-installed")
    {
        return Ok(());
    }
    Err(Error::new(format!(
        "On this host the package {PACKAGE} looks after the plugin: install another version of it, or remove it first \
         (apt-get remove {PACKAGE})"
    )))
}
