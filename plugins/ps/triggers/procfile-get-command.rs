//! `procfile-get-command`, fired by schedulers for the command of each new container.
fn main() -> std::process::ExitCode {
    common::run(ps::triggers::procfile_get_command)
}
