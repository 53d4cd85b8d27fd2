//! `dokku ps:report`, started by Dokku's shell: shows what is set and what runs.
fn main() -> std::process::ExitCode {
    common::run(ps::commands::report::main)
}
