//! `dokku ps:retire`, started by Dokku's shell: removes containers and images that have done their time.
fn main() -> std::process::ExitCode {
    common::run(ps::commands::retire::main)
}
