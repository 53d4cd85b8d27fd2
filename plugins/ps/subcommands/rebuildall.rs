//! `dokku ps:rebuildall`, started by Dokku's shell: `ps:rebuild --all` under its earlier name.
fn main() -> std::process::ExitCode {
    common::run(ps::commands::earlier::rebuildall)
}
