//! `dokku ps:restart-policy`, started by Dokku's shell: shows the restart policy of an app.
fn main() -> std::process::ExitCode {
    common::run(ps::commands::earlier::restart_policy)
}
