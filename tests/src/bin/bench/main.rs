//! What the plugin costs: its hooks, its listings, its changes on a real Dokku, and `ps:watch`. `tests/bench` builds what
//! is needed and runs this.

#![allow(clippy::cast_precision_loss)] // What is counted here is small.

mod engine;
mod files;
mod hooks;
mod listing;
mod plot;
mod real;
mod real_apps;
mod real_containers;
mod run;
mod table;
mod watch;

use std::path::PathBuf;
use std::process::{ExitCode, exit};
use std::thread;

use signal_hook::consts::{SIGHUP, SIGINT, SIGTERM};
use signal_hook::iterator::Signals;

/// The words behind the name of a benchmark.
#[derive(Default)]
struct Options {
    number: Option<u64>,
    against: Option<PathBuf>,
    only: Option<String>,
    plots: bool,
}

fn main() -> ExitCode {
    let mut words = std::env::args().skip(1);
    let (name, options) = (words.next().unwrap_or_default(), options(words));
    match (name.as_str(), options) {
        ("hooks", Some(Options { number: None, against: None, only: None, plots })) => hooks::hooks(plots),
        ("listing", Some(Options { number: None, against, only: None, plots })) => {
            listing::listing(against.as_deref(), plots);
        }
        ("real", Some(Options { number, against: None, only, plots })) => {
            return real::real(number.unwrap_or(10), only.as_deref(), plots);
        }
        ("watch", Some(Options { number, against: None, only: None, plots })) => {
            watch::watch(number.unwrap_or(10), plots);
        }
        _ => {
            eprintln!(
                "usage: tests/bench hooks | listing [--against DIR] | real [APPS] [--only WORDS] | watch [MINUTES]; [--plots]"
            );
            return ExitCode::from(2);
        }
    }
    ExitCode::SUCCESS
}

fn options(mut words: impl Iterator<Item = String>) -> Option<Options> {
    let mut options = Options::default();
    while let Some(word) = words.next() {
        match word.as_str() {
            "--plots" => options.plots = true,
            "--against" => options.against = Some(words.next()?.into()),
            "--only" => options.only = Some(words.next()?),
            number => options.number = Some(number.parse().ok().filter(|number| *number > 0)?),
        }
    }
    Some(options)
}

/// Ctrl-C leaves nothing behind.
fn on_a_signal(put_back: impl FnOnce() + Send + 'static) {
    let mut signals = Signals::new([SIGHUP, SIGINT, SIGTERM]).expect("signals");
    thread::spawn(move || {
        if let Some(signal) = signals.forever().next() {
            eprintln!("Interrupted; putting back what was there");
            put_back();
            exit(128 + signal);
        }
    });
}
