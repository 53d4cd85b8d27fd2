//! Builds the plugin with cargo, as it is shipped.

use crate::options::Options;
use crate::step::go_on;
use crate::tree::{Built, Source};
use common::{Env, Error, Process, Result, is_executable};
use std::path::{Path, PathBuf};
use std::time::Duration;

/// How long the manual pages may take.
const PAGES: Duration = Duration::from_mins(1);

/// The target of this machine.
pub(crate) fn target_of_this_machine() -> String {
    format!("{}-unknown-linux-musl", std::env::consts::ARCH)
}

/// The tree that was named, or one that is built now for this machine.
///
/// # Errors
/// When there is nothing to build from, or the build fails.
pub(crate) fn tree(env: &Env, options: &Options) -> Result<Source> {
    match &options.tree {
        Some(tree) => Ok(Source::Tree(tree.clone())),
        None => for_target(env, options, &target_of_this_machine()).map(Source::Built),
    }
}

/// Builds the plugin for a target.
///
/// # Errors
/// When there are no sources, or the build fails.
pub(crate) fn for_target(env: &Env, options: &Options, target: &str) -> Result<Built> {
    let no_sources = || Error::new("There are no sources here to build: name a plugin tree with --tree");
    let source = options.source.clone().ok_or_else(no_sources)?;
    let cargo = Cargo { env, source: &source };
    let ours = target_of_this_machine();
    if target == ours {
        // This program is built for this machine already.
        cargo.build(&["ps", "ps-manual"], target)?;
    } else {
        cargo.build(&["ps", "ps-installer"], target)?;
        cargo.build(&["ps-manual"], &ours)?;
    }
    let own = cargo.output_folder(&ours)?;
    let pages = Process::new(own.join("ps-manual")).args([own.join("man")]).leading_a_group().deadline(PAGES);
    let made = pages.stream(env.output())?;
    go_on()?;
    if !made.succeeded() {
        return Err(Error::new("The manual pages could not be made"));
    }
    Ok(Built { folder: cargo.output_folder(target)?, pages: own, source })
}

struct Cargo<'e> {
    env: &'e Env,
    source: &'e Path,
}

impl Cargo<'_> {
    fn profile(&self) -> &str {
        self.env.var("PS_PROFILE").unwrap_or("dist")
    }

    fn target_folder(&self) -> Result<PathBuf> {
        let named = self.env.var("CARGO_TARGET_DIR").map(Path::new);
        match named {
            Some(named) => Ok(self.env.working_directory()?.join(named)),
            None => Ok(self.source.join("target")),
        }
    }

    /// Where cargo leaves the executables: the folder of profile dev is called debug.
    fn output_folder(&self, target: &str) -> Result<PathBuf> {
        let profile = if self.profile() == "dev" { "debug" } else { self.profile() };
        Ok(self.target_folder()?.join(target).join(profile))
    }

    fn build(&self, packages: &[&str], target: &str) -> Result<()> {
        let (output, profile) = (self.env.output(), self.profile());
        output.info1(&format!("Building (profile {profile}): {}; this takes minutes", packages.join(", ")));
        let words = ["build", "--locked", "--profile", profile];
        let packages = packages.iter().flat_map(|package| ["-p", package]);
        let cargo = Process::new("cargo").args(words).args(packages).args(["--target", target]);
        // cargo takes toolchain and settings from the folder it runs in.
        let cargo = cargo.var("CARGO_TARGET_DIR", self.target_folder()?).in_folder(self.source);
        let answer = cargo.leading_a_group().waited_for("the build").stream(output)?;
        go_on()?;
        if answer.succeeded() { Ok(()) } else { Err(build_failed(self.env)) }
    }
}

fn build_failed(env: &Env) -> Error {
    let hint = "There is no C compiler; cargo links with cc (on Debian: apt-get install gcc)\n";
    let hint = if program(env, "cc").is_none() { hint } else { "" };
    Error::new(format!("{hint}The build failed"))
}

/// Where a program is: a path, or a name in `PATH`.
pub(crate) fn program(env: &Env, name: &str) -> Option<PathBuf> {
    if name.contains('/') {
        return Some(PathBuf::from(name)).filter(|path| is_executable(path));
    }
    let folders = env.var("PATH").unwrap_or_default().split(':');
    folders.map(|folder| Path::new(folder).join(name)).find(|path| is_executable(path))
}
