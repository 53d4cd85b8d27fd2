//! `core-post-extract`, fired by builds once the source is unpacked.
fn main() -> std::process::ExitCode {
    common::run(ps::triggers::core_post_extract)
}
