//! `post-create`, fired when an app has been created.
fn main() -> std::process::ExitCode {
    common::run(ps::triggers::post_create)
}
