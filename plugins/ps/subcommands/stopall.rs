//! `dokku ps:stopall`, started by Dokku's shell: `ps:stop --all` under its earlier name.
fn main() -> std::process::ExitCode {
    common::run(ps::commands::earlier::stopall)
}
