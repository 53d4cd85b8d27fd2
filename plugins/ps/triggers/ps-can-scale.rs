//! `ps-can-scale`, fired by app-json when a formation begins or ends to rule the scale.
fn main() -> std::process::ExitCode {
    common::run(ps::triggers::ps_can_scale)
}
