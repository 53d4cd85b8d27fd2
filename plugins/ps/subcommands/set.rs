//! `dokku ps:set`, started by Dokku's shell: sets or clears a property.
fn main() -> std::process::ExitCode {
    common::run(ps::commands::set::main)
}
