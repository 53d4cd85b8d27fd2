//! `dokku ps:startall`, started by Dokku's shell: `ps:start --all` under its earlier name.
fn main() -> std::process::ExitCode {
    common::run(ps::commands::earlier::startall)
}
