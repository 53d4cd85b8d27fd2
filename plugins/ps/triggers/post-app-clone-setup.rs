//! `post-app-clone-setup`, fired by `apps:clone` for the clone's settings.
fn main() -> std::process::ExitCode {
    common::run(ps::triggers::post_app_clone_setup)
}
