//! `post-release-builder`, fired by builders once a release is made, before it is deployed.
fn main() -> std::process::ExitCode {
    common::run(ps::triggers::post_release_builder)
}
