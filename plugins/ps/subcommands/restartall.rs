//! `dokku ps:restartall`, started by Dokku's shell: `ps:restart --all` under its earlier name.
fn main() -> std::process::ExitCode {
    common::run(ps::commands::earlier::restartall)
}
