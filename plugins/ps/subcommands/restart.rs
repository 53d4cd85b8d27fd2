//! `dokku ps:restart`, started by Dokku's shell: deploys an app's release again.
fn main() -> std::process::ExitCode {
    common::run(ps::commands::restart::main)
}
