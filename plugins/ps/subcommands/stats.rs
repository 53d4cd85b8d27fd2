//! `dokku ps:stats`, started by Dokku's shell: tells what the instances of an app use.
fn main() -> std::process::ExitCode {
    common::run(ps::commands::stats::main)
}
