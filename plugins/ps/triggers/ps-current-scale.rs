//! `ps-current-scale`, fired by schedulers and proxies that must know the scale.
fn main() -> std::process::ExitCode {
    common::run(ps::triggers::ps_current_scale)
}
