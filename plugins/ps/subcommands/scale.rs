//! `dokku ps:scale`, started by Dokku's shell: shows or changes how many instances of each process type run.
fn main() -> std::process::ExitCode {
    common::run(ps::commands::scale::main)
}
