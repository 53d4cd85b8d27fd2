//! `post-delete`, fired when an app has been destroyed.
fn main() -> std::process::ExitCode {
    common::run(ps::triggers::post_delete)
}
