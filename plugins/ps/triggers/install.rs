//! `install`, fired as root when Dokku installs or updates plugins.
fn main() -> std::process::ExitCode {
    common::run(ps::triggers::install)
}
