//! `post-app-rename`, fired by `apps:rename` once the app has its new name.
fn main() -> std::process::ExitCode {
    common::run(ps::triggers::post_app_rename)
}
