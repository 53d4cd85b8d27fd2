//! `dokku ps:stop`, started by Dokku's shell: stops an app until it is started or deployed.
fn main() -> std::process::ExitCode {
    common::run(ps::commands::stop::main)
}
