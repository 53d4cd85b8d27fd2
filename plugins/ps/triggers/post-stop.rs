//! `post-stop`, fired by `ps:stop` once an app is stopped.
fn main() -> std::process::ExitCode {
    common::run(ps::triggers::post_stop)
}
