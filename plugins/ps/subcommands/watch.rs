//! `dokku ps:watch`, started by Dokku's shell: keeps what runs of all apps at what should run.
fn main() -> std::process::ExitCode {
    common::run(ps::commands::watch::main)
}
