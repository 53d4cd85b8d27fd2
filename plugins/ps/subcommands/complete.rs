//! `dokku ps:complete`, started by the completion of shells: what may stand where somebody types.
fn main() -> std::process::ExitCode {
    common::run(ps::commands::complete::main)
}
