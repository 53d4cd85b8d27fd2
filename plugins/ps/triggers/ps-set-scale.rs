//! `ps-set-scale`, fired by app-json with the formation of an app.json.
fn main() -> std::process::ExitCode {
    common::run(ps::triggers::ps_set_scale)
}
