//! `dokku ps:signal`, started by Dokku's shell: sends a signal to what runs of an app.
fn main() -> std::process::ExitCode {
    common::run(ps::commands::signal::main)
}
