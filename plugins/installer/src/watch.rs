//! `ps:watch` as a service of systemd. What fails here is a warning: the plugin works without the watch.

use crate::host::Host;
use crate::shared::is_ours;
use crate::step::{go_on, judged, quietly};
use crate::undo::Undo;
use common::{ErrorKind, Process, Result, atomic, file};
use std::path::PathBuf;
use std::time::Duration;

const SERVICE: &str = "dokku-ps-watch.service";
/// More than `TimeoutStopSec` of the unit.
const PATIENCE: Duration = Duration::from_mins(2);

/// What becomes of the service.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Watch {
    /// It is made and started.
    Starts,
    /// It is renewed, and started if it is enabled; where there is none, none is made.
    AsItIs,
    /// It goes.
    Goes,
}

/// Comes when the checks have passed: the watch never acts with a plugin that may have to go again. Until then the one of
/// the plugin before runs on.
///
/// # Errors
/// When a signal comes.
pub(crate) fn install(host: &Host<'_>, wanted: Watch) -> Result<()> {
    let output = host.env.output();
    let enabled = match wanted {
        Watch::AsItIs if !is_ours(&host.unit) => return Ok(()),
        Watch::AsItIs => file::exists(&link(host)),
        Watch::Starts | Watch::Goes => true,
    };
    if wanted == Watch::Goes {
        return remove(host);
    }
    if !runs_systemd(host) {
        let said = "systemd does not run here: let what keeps services running on this host run `dokku ps:watch`";
        output.info1(said);
        return Ok(());
    }
    if file::exists(&host.unit) && !is_ours(&host.unit) {
        let unit = host.unit.display();
        output.warn(&format!("{unit} is not of this plugin, and stays: nothing was done to have ps:watch run"));
        return Ok(());
    }
    if !enabled {
        output.info1("The service dokku-ps-watch stays disabled");
        return warned(host, write(host).and_then(|()| systemctl(host, &["daemon-reload"]))).map(drop);
    }
    output.info1("Starting ps:watch as the service dokku-ps-watch");
    if !warned(host, start(host))? {
        output.warn("ps:watch may not run. When the cause is gone: ./install.sh again, or --no-watch to do without it");
    }
    Ok(())
}

fn start(host: &Host<'_>) -> Result<()> {
    write(host)?;
    [&["daemon-reload"][..], &["enable", SERVICE], &["restart", SERVICE]]
        .iter()
        .try_for_each(|words| systemctl(host, words))
}

fn write(host: &Host<'_>) -> Result<()> {
    host.unit.parent().map_or(Ok(()), std::fs::create_dir_all)?;
    atomic::write(&host.unit, unit(host).as_bytes(), 0o644, None)
}

/// Stops it, ahead of the swap of the trees; it is started again when all is undone.
///
/// # Errors
/// When a signal comes.
pub(crate) fn stop<'h>(host: &'h Host<'h>, undo: &mut Undo<'h>) -> Result<()> {
    if !is_ours(&host.unit) || !runs_systemd(host) {
        return Ok(());
    }
    let asked =
        Process::new(&host.systemctl).args(["is-active", SERVICE]).deadline(PATIENCE).leading_a_group().capture();
    go_on()?;
    let state = asked.map(|answer| String::from_utf8_lossy(&answer.stdout).trim().to_owned()).unwrap_or_default();
    if !matches!(state.as_str(), "active" | "activating") {
        return Ok(());
    }
    host.env.output().info1("Stopping ps:watch");
    undo.with(format!("{} start {SERVICE}", host.systemctl), || {
        let start = Process::new(&host.systemctl).args(["start", SERVICE]).deadline(PATIENCE).capture()?;
        judged("systemctl start", start).map(drop)
    });
    warned(host, systemctl(host, &["stop", SERVICE])).map(drop)
}

/// Removes it.
///
/// # Errors
/// When a signal comes, or the unit cannot be removed.
pub(crate) fn remove(host: &Host<'_>) -> Result<()> {
    if !is_ours(&host.unit) {
        return Ok(());
    }
    host.env.output().info1("Removing the service dokku-ps-watch");
    if runs_systemd(host) && !warned(host, systemctl(host, &["disable", "--now", SERVICE]))? {
        host.env.output().warn("Should it still run: systemctl stop dokku-ps-watch");
    }
    atomic::remove(&host.unit)?;
    // Nobody else removes what `enable` has made where systemd does not run.
    atomic::remove(&link(host))?;
    if runs_systemd(host) {
        warned(host, systemctl(host, &["daemon-reload"]))?;
    }
    Ok(())
}

/// Whether it succeeded; why not, is a warning.
fn warned(host: &Host<'_>, done: Result<()>) -> Result<bool> {
    match done {
        Err(error) if error.kind() == ErrorKind::Interrupted => Err(error),
        Err(error) => {
            host.env.output().warn(error.message());
            Ok(false)
        }
        Ok(()) => Ok(true),
    }
}

fn systemctl(host: &Host<'_>, words: &[&str]) -> Result<()> {
    let process = Process::new(&host.systemctl).args(words).deadline(PATIENCE);
    quietly(&format!("systemctl {}", words.join(" ")), process).map(drop)
}

fn runs_systemd(host: &Host<'_>) -> bool {
    host.systemd.is_dir()
}

fn program(host: &Host<'_>) -> PathBuf {
    host.live.join("subcommands/watch")
}

fn link(host: &Host<'_>) -> PathBuf {
    host.unit.with_file_name("multi-user.target.wants").join(SERVICE)
}

fn unit(host: &Host<'_>) -> String {
    let program = program(host).display().to_string();
    let variables =
        host.variables.iter().map(|(name, value)| format!("Environment={}\n", quoted(&format!("{name}={value}"))));
    format!(
        "# Keeps ps:watch of Dokku running.\n\
         # It belongs to the ps plugin, whose install.sh replaces and removes it.\n\
         [Unit]\n\
         Description=Dokku: watches the instances of the apps and mends them (ps:watch)\n\
         # Nothing ties it to Docker: it lives through a restart of Docker, and does not start one that somebody stopped.\n\
         After=docker.service network.target\n\
         # Of a plugin that is gone nothing is tried again and again.\n\
         ConditionFileIsExecutable={condition}\n\
         \n\
         [Service]\n\
         Type=exec\n\
         User={user}\n\
         Group={group}\n\
         {variables}\
         ExecStart={start} ps:watch\n\
         SyslogIdentifier=dokku-ps-watch\n\
         Restart=always\n\
         RestartSec=5\n\
         # It passes the signal on itself: what it has started is finished or undone.\n\
         KillMode=mixed\n\
         TimeoutStopSec=90\n\
         # A child that is killed for its memory does not end the watch.\n\
         OOMPolicy=continue\n\
         \n\
         [Install]\n\
         WantedBy=multi-user.target\n",
        condition = program.replace('%', "%%"),
        user = host.user,
        group = host.group,
        variables = variables.collect::<String>(),
        start = quoted(&program),
    )
}

/// In quotes, so that systemd takes nothing of it for a blank, an escape or a specifier.
fn quoted(text: &str) -> String {
    let escaped = text.replace('\\', "\\\\").replace('"', "\\\"").replace('%', "%%").replace('\n', "\\n");
    format!("\"{escaped}\"")
}
