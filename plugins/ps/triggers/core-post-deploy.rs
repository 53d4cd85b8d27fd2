//! `core-post-deploy`, fired by schedulers once a deploy has succeeded, before `post-deploy`.
fn main() -> std::process::ExitCode {
    common::run(ps::triggers::core_post_deploy)
}
