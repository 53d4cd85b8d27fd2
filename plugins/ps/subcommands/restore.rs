//! `dokku ps:restore`, started by Dokku's shell: starts what should run, after a boot.
fn main() -> std::process::ExitCode {
    common::run(ps::commands::restore::main)
}
