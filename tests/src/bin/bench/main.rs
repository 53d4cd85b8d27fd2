//! `bench hooks` and `bench watch`: what the plugin costs. `tests/bench` builds what they need and runs this.

mod engine;
mod hooks;
mod watch;

use std::process::ExitCode;

fn main() -> ExitCode {
    let words: Vec<String> = std::env::args().skip(1).collect();
    match words.iter().map(String::as_str).collect::<Vec<_>>().as_slice() {
        ["hooks"] => hooks::hooks(),
        ["watch"] => watch::watch(10),
        ["watch", minutes] if minutes.parse().is_ok_and(|minutes: u64| minutes > 0) => {
            watch::watch(minutes.parse().unwrap_or(10));
        }
        _ => {
            eprintln!("usage: tests/bench hooks|watch [MINUTES]");
            return ExitCode::from(2);
        }
    }
    ExitCode::SUCCESS
}
