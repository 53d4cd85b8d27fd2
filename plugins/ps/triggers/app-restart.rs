//! `app-restart`, fired by plugins that want an app restarted.
fn main() -> std::process::ExitCode {
    common::run(ps::triggers::app_restart)
}
