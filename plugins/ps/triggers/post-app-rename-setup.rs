//! `post-app-rename-setup`, fired by `apps:rename` for the app's settings.
fn main() -> std::process::ExitCode {
    common::run(ps::triggers::post_app_rename_setup)
}
