//! `docker-args-process-deploy`, fired by schedulers for the arguments of each new container.
fn main() -> std::process::ExitCode {
    common::run(ps::triggers::docker_args_process_deploy)
}
