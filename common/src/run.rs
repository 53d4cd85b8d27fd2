//! The body of every `main`: run, and say once what went wrong.

use crate::{Env, Result, interrupted, timings};
use std::mem::ManuallyDrop;
use std::process::ExitCode;

/// Runs an executable of a plugin and turns its result into an exit status.
///
/// The error's message is printed here and nowhere else. The status is the error's, or 128 and the
/// signal's number when a signal ended the work, as a shell would report it.
///
/// ```
/// fn greet(env: &dokku_plugin::Env) -> dokku_plugin::Result<()> {
///     env.output().print("hello\n")
/// }
///
/// fn main() -> std::process::ExitCode {
///     dokku_plugin::run(greet)
/// }
/// ```
pub fn run(main: fn(&Env) -> Result<()>) -> ExitCode {
    // What ends anyway need not be taken apart first.
    let env = ManuallyDrop::new(Env::from_process());
    let done = main(&env);
    timings::tell(env.output());
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            if !error.message().is_empty() {
                env.output().warn(error.message().trim_end_matches('\n'));
                if !error.command().is_empty() {
                    env.output().debug(error.command());
                }
                if env.output().stderr_is_terminal() && !error.hint().is_empty() {
                    env.output().warn(error.hint());
                }
            }
            ExitCode::from(interrupted().and_then(|signal| u8::try_from(128 + signal).ok()).unwrap_or(error.status()))
        }
    }
}
