//! The installer of the `ps` plugin: into a folder, in the place of the stock plugin of a Dokku host, or as a Debian
//! package. `install.sh` starts it, and the scripts of the package do.
//!
//! On a host every change has an undo, noted when the change is made. Whatever ends the work before the last check has
//! passed (a failed step, a signal), the undos run backwards. A signal is only noted, and looked at between two steps, so
//! no step is cut in half. After a kill -9 the next run mends what is left (see `keep`). The service of `ps:watch` is no
//! part of this: it is started when all has succeeded, and removed likewise.

#![cfg_attr(test, allow(clippy::disallowed_methods, reason = "tests set the scene with plain files"))]

mod build;
mod checks;
mod diversions;
mod folder;
mod host;
mod install;
mod keep;
mod links;
mod options;
mod package;
mod scripts;
mod shared;
mod step;
mod tree;
mod undo;
mod watch;

use common::{Env, Result};
use options::Mode;
use std::process::ExitCode;

fn main() -> ExitCode {
    common::run(work)
}

fn work(env: &Env) -> Result<()> {
    // From here on a signal is heard between two steps.
    common::when_asked_to_end(|| ());
    let Some(options) = options::parse(env)? else { return Ok(()) };
    match &options.mode {
        Mode::Install => install::by_hand(env, &options),
        Mode::Uninstall => install::uninstall_by_hand(env),
        Mode::Into(folder) => folder::put_into(env, &options, folder),
        Mode::Package(folder) => package::make(env, &options, folder),
        Mode::Script(script) => scripts::run(env, &options, script),
    }
}
