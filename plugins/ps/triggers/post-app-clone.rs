//! `post-app-clone`, fired by `apps:clone` once the clone is there.
fn main() -> std::process::ExitCode {
    common::run(ps::triggers::post_app_clone)
}
