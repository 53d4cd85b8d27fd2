//! `dokku ps:reconcile`, started by Dokku's shell or a timer: brings what runs to what should run.
fn main() -> std::process::ExitCode {
    common::run(ps::commands::reconcile::main)
}
