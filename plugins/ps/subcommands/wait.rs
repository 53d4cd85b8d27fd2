//! `dokku ps:wait`, started by Dokku's shell: waits until an app runs and is healthy.
fn main() -> std::process::ExitCode {
    common::run(ps::commands::wait::main)
}
