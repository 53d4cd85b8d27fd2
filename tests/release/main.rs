//! A release and what rules it, without Docker: `DOKKU_SCALE` from the source to the scale, the checks before a
//! release, what `post-deploy` puts right, restart policies, what a
//! type has of its own, and the commands of earlier versions.
//!
//! A deploy is played by its hooks, in the order in which a host fires them.

mod checks;
mod command;
mod earlier;
mod extract;
mod from_image;
mod import;
mod made_from;
mod of_types;
mod post_deploy;
mod restart_policy;
mod scale_file;
mod written_scale;

use std::fs;
use std::io::ErrorKind;

use ps_tests::{Answer, Host, Outcome, host};

/// A Procfile with two types.
const PROCFILE: &str = "web: /demo web\nworker: /demo worker\n";

/// Two containers' ids.
const FIRST: &str = "1111111111111111111111111111111111111111111111111111111111111111";
const SECOND: &str = "2222222222222222222222222222222222222222222222222222222222222222";

/// An app that is deployed, with a type `web` at 1.
fn shop() -> Host {
    host().app("shop")
}

/// The app's source has these two files; an empty one is not there.
fn source(host: Host, procfile: &str, dokku_scale: &str) -> Host {
    for (name, content) in [("Procfile", procfile), ("DOKKU_SCALE", dokku_scale)] {
        let path = format!("work/{name}");
        if !content.is_empty() {
            host.sandbox().write(&path, content);
        } else if fs::exists(host.sandbox().path(&path)).unwrap() {
            fs::remove_file(host.sandbox().path(&path)).unwrap();
        }
    }
    host
}

fn extract(host: &Host) -> Outcome {
    let source = host.sandbox().expand("@ROOT@/work");
    host.run("core-post-extract", ["shop", &source])
}

fn check(host: &Host) -> Outcome {
    host.run("pre-release-builder", ["dockerfile", "shop", "dokku/shop:latest"])
}

/// What the first release that goes by a DOKKU_SCALE says.
const SCALE_FILE_RULES: &str = " !     The file DOKKU_SCALE in the source of shop sets its scale from now on, and ps:scale does \
                                not; to have it ignored: dokku ps:set shop scale-file none\n";

/// A release, which may say that a DOKKU_SCALE is new.
fn release(host: &Host) -> Outcome {
    host.run("post-release-builder", ["dockerfile", "shop", "dokku/shop:latest"]).stderr_may_be(SCALE_FILE_RULES)
}

/// Takes a source to the point where it is released, as a host without app.json does.
fn release_source(host: Host, procfile: &str, dokku_scale: &str) -> Host {
    let host = source(host, procfile, dokku_scale);
    extract(&host).succeeds();
    check(&host).succeeds().changes_no_file();
    release(&host).succeeds();
    host
}

/// Deploys a source whole.
fn deploy_source(host: Host, procfile: &str, dokku_scale: &str) -> Host {
    let host = release_source(host, procfile, dokku_scale);
    host.run("core-post-deploy", ["shop", "", "", "latest"]).succeeds();
    host
}

/// The content of a file of the sandbox, hidden ones too; `None` when it is not there.
fn content(host: &Host, path: &str) -> Option<String> {
    match fs::read_to_string(host.sandbox().path(path)) {
        Ok(text) => Some(text),
        Err(error) if error.kind() == ErrorKind::NotFound => None,
        Err(error) => panic!("{path}: {error}"),
    }
}

/// What the app's property says; `None` when it is not set.
fn property(host: &Host, name: &str) -> Option<String> {
    content(host, &format!("lib/config/ps/shop/{name}"))
}

/// The names of the files in the app's data folder, hidden ones too, without the one that every test has.
fn data_files(host: &Host) -> Vec<String> {
    let entries = fs::read_dir(host.sandbox().path("lib/data/ps/shop")).expect("the app's data folder");
    let mut names: Vec<String> =
        entries.map(|entry| entry.unwrap().file_name().to_str().expect("a name of ours").to_owned()).collect();
    names.retain(|name| name != "keep");
    names.sort();
    names
}

/// The host of `host` has docker-local, and a Docker that writes each of its calls down. It lists `running` as
/// containers that run; `body` says what else it does, before that.
fn with_docker(host: Host, running: &[&str], body: &str) -> Host {
    let listed: String = running.iter().map(|id| format!("printf '%s\\trunning\\n' {id}; ")).collect();
    let host = host.docker_local().docker(&format!(
        "printf '%s\\n' \"$*\" >>\"$CONFORMANCE_ROOT/docker-calls\"\n\
         {body}\n\
         case \"$1 $2\" in 'container ls') {listed} ;; esac\nexit 0"
    ));
    host.sandbox().answer("scheduler-docker-local", "scheduler-deploy", &[Answer::default()]);
    host
}

/// The calls of that Docker that begin so, in order.
fn docker_calls(host: &Host, beginning: &str) -> Vec<String> {
    let calls = content(host, "docker-calls").unwrap_or_default();
    calls.lines().filter(|call| call.starts_with(beginning)).map(str::to_owned).collect()
}

/// The calls of that Docker that change something, or try to.
fn changes_by_docker(host: &Host) -> Vec<String> {
    docker_calls(host, "")
        .into_iter()
        .filter(|call| !call.starts_with("container ls ") && !call.starts_with("container inspect "))
        .collect()
}
