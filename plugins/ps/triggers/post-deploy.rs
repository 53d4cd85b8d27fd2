//! `post-deploy`, fired by schedulers once a deploy has succeeded, after `core-post-deploy`.
fn main() -> std::process::ExitCode {
    common::run(ps::triggers::post_deploy)
}
