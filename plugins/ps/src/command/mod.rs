//! The bodies of the subcommands, one a file, named after it.

/// What one types, and what it does: the end of a command's help. A test holds each line against the command's definition.
macro_rules! examples {
    ($($line:literal => $what:literal),+ $(,)?) => {
        concat!("Examples:", $("\n  ", $line, "\n      ", $what),+)
    };
}

pub(crate) mod chosen;
pub mod complete;
pub mod default;
pub mod earlier;
pub mod help;
pub mod inspect;
pub(crate) mod listing;
pub mod manual;
pub mod rebuild;
pub mod reconcile;
pub mod report;
pub mod restart;
pub mod restore;
pub mod retire;
pub mod scale;
pub mod set;
pub mod signal;
pub mod start;
pub mod stats;
pub mod stop;
pub mod wait;
pub mod watch;

use crate::change::{Deed, Part};
use crate::each_app::EachApp;
use crate::scheduler::{DOCKER_LOCAL, scheduler_of};
use crate::targets::Selection;
use chosen::chosen;
use common::{App, Env, Error, Globals, Result, clap, interrupted, pause, when_asked_to_end};
use std::time::{Duration, Instant};

// Flags of a command that works on one app or on all. (No doc comment: clap would show it in the help.)
#[derive(Debug, clap::Args)]
pub(crate) struct Fleet {
    /// Run against every app
    #[arg(long)]
    all: bool,
    /// Number of apps to work on at once, -1 to match the CPU count
    #[arg(long, value_name = "N", default_value_t = 0, allow_negative_numbers = true)]
    parallel: i64,
}

// How long to wait for another command's lock on an app.
#[derive(Debug, clap::Args)]
pub(crate) struct Patience {
    /// Seconds to wait for another change of the app to end
    #[arg(long = "lock-timeout", value_name = "SECONDS", default_value_t = 60)]
    seconds: u64,
}

impl Patience {
    fn duration(&self) -> Duration {
        Duration::from_secs(self.seconds)
    }
}

// What a command takes that works on an app, or on all with `--all`, and takes nothing else.
#[derive(Debug, clap::Args)]
pub(crate) struct AppOrAll {
    #[command(flatten)]
    fleet: Fleet,
    #[command(flatten)]
    patience: Patience,
    #[command(flatten)]
    globals: Globals,
    /// The app
    #[arg(default_value = "", hide_default_value = true)]
    app: String,
}

// The command line of a command that takes an app and parts of it, or `--all`.
#[derive(Debug, clap::Args)]
pub(crate) struct TargetedArguments {
    #[command(flatten)]
    fleet: Fleet,
    /// Print what would be done, and do nothing
    #[arg(long)]
    dry_run: bool,
    #[command(flatten)]
    patience: Patience,
    #[command(flatten)]
    globals: Globals,
    /// The app
    #[arg(default_value = "", hide_default_value = true)]
    app: String,
    /// Only these process types and instances: web, 'worker-*', web.1
    #[arg(value_name = "TYPE[.N]")]
    targets: Vec<String>,
}

impl TargetedArguments {
    /// Does something to the app or the parts of it that were named, or to every app. `whole` does it to one app.
    fn run(
        &self,
        env: &Env,
        command: &str,
        deed: Deed,
        whole: impl Fn(&Env, &App, Duration) -> Result<()> + Sync,
    ) -> Result<()> {
        let of_app = |env: &Env, app: &App, selection: Selection| {
            let by_part = self.dry_run || deed == Deed::Roll || !selection.is_empty();
            if !by_part {
                return whole(env, app, self.patience.duration());
            }
            let part = Part::new(env, app, selection, deed)?;
            if self.dry_run { part.say() } else { part.carry_out(self.patience.duration()) }
        };
        if !self.fleet.all {
            let app = App::named_by_user(env, &self.app)?;
            let selection = chosen(env, &app, &self.targets)?;
            return of_app(env, &app, selection);
        }
        if !self.targets.is_empty() {
            return Err(Error::new(format!("Unable to {command} all apps when specifying a process name")));
        }
        all_or_one(&self.app)?;
        EachApp::new(env, command, self.fleet.parallel)?.run(|env, app| of_app(env, app, Selection::default()))
    }
}

// Whether a listing is looked at once or again and again.
#[derive(Debug, clap::Args)]
pub(crate) struct Again {
    /// Look again and again until interrupted
    #[arg(long)]
    watch: bool,
    /// Seconds from one look to the next, with --watch
    #[arg(long, value_name = "SECONDS", default_value_t = 2, requires = "watch")]
    #[arg(value_parser = clap::value_parser!(u64).range(1..))]
    interval: u64,
}

impl Again {
    /// Looks again and again; the first look is told that it is. Whoever ends it has seen enough: that is no failure, nor is
    /// the look in between.
    fn look(&self, look: impl Fn(bool) -> Result<()>) -> Result<()> {
        when_asked_to_end(|| {});
        let mut is_first = true;
        loop {
            let began = Instant::now();
            let looked = look(is_first);
            if interrupted().is_none() {
                looked?;
                pause(Duration::from_secs(self.interval).saturating_sub(began.elapsed()));
            }
            if interrupted().is_some() {
                return Ok(());
            }
            is_first = false;
        }
    }
}

/// Refuses an app that is named beside `--all`: it would be passed over.
fn all_or_one(app: &str) -> Result<()> {
    if app.is_empty() { Ok(()) } else { Err(Error::new("Name an app or use --all, not both")) }
}

/// Runs an operation against the app that the command line names, or against all.
fn run_for_app_or_all(
    env: &Env,
    command: &str,
    arguments: &AppOrAll,
    operation: impl Fn(&Env, &App, Duration) -> Result<()> + Sync,
) -> Result<()> {
    let patience = arguments.patience.duration();
    if arguments.fleet.all {
        all_or_one(&arguments.app)?;
        let each = EachApp::new(env, command, arguments.fleet.parallel)?;
        return each.run(|env, app| operation(env, app, patience));
    }
    operation(env, &App::named_by_user(env, &arguments.app)?, patience)
}

/// Refuses an app of which another scheduler than this host's Docker runs what there is.
fn on_docker_local(env: &Env, app: &App, command: &str) -> Result<()> {
    match scheduler_of(env, app)? {
        scheduler if scheduler == DOCKER_LOCAL => Ok(()),
        scheduler => {
            Err(Error::new(format!("{command} works on {DOCKER_LOCAL} alone, and {app} is run by {scheduler}")))
        }
    }
}
