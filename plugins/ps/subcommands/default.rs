//! `dokku ps`, started by Dokku's shell: shows what an app runs; without an app, the commands of this plugin.
fn main() -> std::process::ExitCode {
    common::run(ps::commands::default::main)
}
