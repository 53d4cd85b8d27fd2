//! `procfile-exists`, fired by schedulers and builders.
fn main() -> std::process::ExitCode {
    common::run(ps::triggers::procfile_exists)
}
