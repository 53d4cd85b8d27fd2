//! `dokku ps:start`, started by Dokku's shell: runs an app now and after the next boot.
fn main() -> std::process::ExitCode {
    common::run(ps::commands::start::main)
}
