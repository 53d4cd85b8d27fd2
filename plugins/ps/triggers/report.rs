//! `report`, fired by `dokku report`.
fn main() -> std::process::ExitCode {
    common::run(ps::triggers::report)
}
