//! `dokku ps:rebuild`, started by Dokku's shell: builds an app's source again and deploys it.
fn main() -> std::process::ExitCode {
    common::run(ps::commands::rebuild::main)
}
