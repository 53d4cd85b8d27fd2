//! `dokku ps:inspect`, started by Dokku's shell: shows an app's containers as the scheduler knows them.
fn main() -> std::process::ExitCode {
    common::run(ps::commands::inspect::main)
}
