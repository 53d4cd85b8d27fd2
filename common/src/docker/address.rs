//! Where Docker listens, if it does so on a socket of this host.

use crate::file::{open_for_reading, read_of_the_system};
use crate::{Env, Error, Result};
use serde::Deserialize;
use std::io::Read;
use std::path::{Path, PathBuf};

/// Where Docker listens unless it was told otherwise.
pub(super) const SOCKET: &str = "/var/run/docker.sock";

/// The context that stands for no other Docker.
const DEFAULT: &str = "default";

/// How an executable file begins that is no script.
const ELF: [u8; 4] = *b"\x7fELF";

/// What a user has chosen by `docker context use`.
#[derive(Deserialize)]
struct Settings {
    #[serde(rename = "currentContext")]
    context: Option<String>,
}

/// The socket of which `DOCKER_HOST` and Docker's contexts make the program `docker` ask.
///
/// # Errors
/// When they name another kind of Docker, or `DOCKER_BIN` another program in its place.
pub(super) fn socket(env: &Env) -> Result<PathBuf> {
    let only = |name: &str, value: &str| {
        Error::new(format!("Docker's Engine is read through a Unix socket alone, and {name} is {value}"))
    };
    if let Some(program) = env.var("DOCKER_BIN").filter(|program| !is_named_docker(Path::new(program))) {
        return Err(only("DOCKER_BIN", program));
    }
    if let Some(host) = env.var("DOCKER_HOST").map(str::trim).filter(|host| !host.is_empty()) {
        let socket = host.strip_prefix("unix://").map(PathBuf::from);
        return socket.filter(|path| path.is_absolute()).ok_or_else(|| only("DOCKER_HOST", host));
    }
    match context(env) {
        Some(context) => Err(only("Docker's context", &context)),
        None => Ok(PathBuf::from(SOCKET)),
    }
}

/// The same where nothing but Docker's own program would be asked in its place: a script may do anything, and podman has
/// one that is called docker.
pub(super) fn socket_of(env: &Env, program: &Path) -> Option<PathBuf> {
    let socket = socket(env).ok()?;
    // By what it is called where it lies.
    let resolved = if program.is_symlink() { Some(program.canonicalize().ok()?) } else { None };
    let program = resolved.as_deref().unwrap_or(program);
    let mut beginning = [0; ELF.len()];
    open_for_reading(program).ok()?.read_exact(&mut beginning).ok()?;
    (is_named_docker(program) && beginning == ELF).then_some(socket)
}

fn is_named_docker(program: &Path) -> bool {
    program.file_name().is_some_and(|name| name == "docker")
}

/// The Docker that a user has chosen in the place of this host's. One who has no settings, or none that can be read, has
/// chosen none.
fn context(env: &Env) -> Option<String> {
    let is_another = |context: &String| !context.is_empty() && context != DEFAULT;
    if let Some(context) = env.var("DOCKER_CONTEXT").filter(|context| !context.is_empty()) {
        return Some(context.to_owned()).filter(is_another);
    }
    let folder = env.var("DOCKER_CONFIG").map(PathBuf::from);
    let folder = folder.or_else(|| env.var("HOME").map(|home| Path::new(home).join(".docker")))?;
    let settings = folder.join("config.json");
    let bytes = read_of_the_system(&settings).ok()??;
    serde_json::from_slice::<Settings>(&bytes).ok()?.context.filter(is_another)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::script::write_script;

    fn env(variables: &[(&str, &str)]) -> Env {
        Env::new(variables.iter().map(|(name, value)| ((*name).into(), (*value).into())).collect(), Vec::new())
    }

    #[test]
    fn docker_host_names_a_socket_or_is_refused() {
        let named = |name: &str, value: &str| socket(&env(&[(name, value)])).map(|path| path.display().to_string());
        for (name, value, wanted) in [
            ("DOCKER_HOST", "", SOCKET),
            ("DOCKER_HOST", "unix:///run/user/1000/docker.sock", "/run/user/1000/docker.sock"),
            ("DOCKER_BIN", "docker", SOCKET),
            ("DOCKER_BIN", "/usr/local/bin/docker", SOCKET),
            ("DOCKER_CONTEXT", "default", SOCKET),
        ] {
            assert_eq!(named(name, value).unwrap(), wanted, "{value}");
        }
        for (name, value) in [
            ("DOCKER_HOST", "tcp://10.0.0.1:2375"),
            ("DOCKER_HOST", "ssh://me@there"),
            ("DOCKER_HOST", "unix://"),
            ("DOCKER_HOST", "unix://docker.sock"),
            ("DOCKER_HOST", "/var/run/docker.sock"),
            ("DOCKER_BIN", "/usr/bin/podman"),
            ("DOCKER_BIN", ".."),
        ] {
            let wanted = format!("Docker's Engine is read through a Unix socket alone, and {name} is {value}");
            assert_eq!(named(name, value).unwrap_err().message(), wanted);
        }
    }

    #[test]
    fn a_context_is_another_docker() {
        let folder = tempfile::tempdir().unwrap();
        let home = folder.path().to_str().unwrap();
        let settings = folder.path().join("config.json");
        let chosen = |content: &str, more: &[(&str, &str)]| {
            std::fs::write(&settings, content).unwrap();
            socket(&env(&[&[("DOCKER_CONFIG", home)], more].concat())).is_err()
        };
        assert!(chosen(r#"{"auths":{},"currentContext":"there"}"#, &[]));
        assert!(chosen("{}", &[("DOCKER_CONTEXT", "there")]));
        for content in ["", "{}", "rubbish", r#"{"currentContext":""}"#, r#"{"currentContext":"default"}"#] {
            assert!(!chosen(content, &[]), "{content}");
        }
        // What a variable says comes first.
        let settings = r#"{"currentContext":"there"}"#;
        assert!(!chosen(settings, &[("DOCKER_CONTEXT", "default")]));
        assert!(!chosen(settings, &[("DOCKER_HOST", "unix:///x"), ("DOCKER_CONTEXT", "there")]));
        let in_home = folder.path().join(".docker");
        std::fs::create_dir(&in_home).unwrap();
        std::fs::write(in_home.join("config.json"), settings).unwrap();
        assert!(socket(&env(&[("HOME", home)])).is_err());
    }

    #[test]
    fn the_socket_is_asked_in_the_place_of_docker_s_own_program_alone() {
        let folder = tempfile::tempdir().unwrap();
        let place = |name: &str| folder.path().join(name);
        let asked = |name: &str| socket_of(&env(&[]), &place(name)).is_some();
        std::fs::write(place("docker"), [&ELF[..], b"..."].concat()).unwrap();
        assert!(asked("docker") && !asked("missing"));
        std::os::unix::fs::symlink(place("docker"), place("d")).unwrap();
        assert!(asked("d"), "by what it is called where it lies");
        std::fs::rename(place("docker"), place("podman")).unwrap();
        std::os::unix::fs::symlink(place("podman"), place("docker")).unwrap();
        assert!(!asked("docker"), "another program under its name");
        std::fs::remove_file(place("docker")).unwrap();
        write_script(&place("docker"), "exec podman \"$@\"", "755");
        assert!(!asked("docker"), "a script");
        std::fs::write(place("docker"), &ELF[..3]).unwrap();
        assert!(!asked("docker"));
    }
}
