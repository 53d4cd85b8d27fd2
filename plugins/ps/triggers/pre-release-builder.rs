//! `pre-release-builder`, fired by builders before a release is made.
fn main() -> std::process::ExitCode {
    common::run(ps::triggers::pre_release_builder)
}
