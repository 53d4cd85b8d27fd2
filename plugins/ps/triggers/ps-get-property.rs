//! `ps-get-property`, fired by plugins that must know a property of this one.
fn main() -> std::process::ExitCode {
    common::run(ps::triggers::ps_get_property)
}
