//! `dokku ps`, `ps:help` and `help`, started by Dokku's shell for commands that are no subcommand.
fn main() -> std::process::ExitCode {
    common::run(ps::commands::help::main)
}
