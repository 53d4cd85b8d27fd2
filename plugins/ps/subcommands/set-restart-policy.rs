//! `dokku ps:set-restart-policy`, started by Dokku's shell: sets the restart policy of an app.
fn main() -> std::process::ExitCode {
    common::run(ps::commands::set::set_restart_policy)
}
