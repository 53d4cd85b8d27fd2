//! Docker, as far as it is read, and a few changes. It is read over the Engine's socket where `DOCKER_BIN` is Docker's own
//! program and that would ask a socket of this host; otherwise by the program that `DOCKER_BIN` names, with the same
//! results. The program makes the changes. Events come over the socket alone, by which one waits for them without
//! another program beside it.
//!
//! Every read has a deadline, and a list is read at once however many containers there are. A Docker that cannot answer is an error with its own words,
//! never an empty answer.

mod address;
mod change;
mod connection;
mod containers;
mod engine;
mod events;
#[cfg(test)]
mod hostile_tests;
mod image;
mod inside;
mod listed;
mod printed;
mod processes;
mod several;
mod state;
mod stats;
mod time;
mod told;

pub use containers::{Asked, Container, ContainerDetails};
pub use events::{ContainerEvent, ContainerEvents};
pub use image::ImageConfig;
pub use processes::{ContainerInside, ContainerProcess};
pub use state::ContainerState;
pub use stats::ContainerStats;
pub use time::{now_since_epoch, seconds_since_epoch};

use self::engine::Engine;
use crate::env::DockerFound;
use crate::{Answer, Env, Error, Process, Result};
use std::path::Path;
use std::time::Duration;

/// How long a read may take, unless `DOKKU_DOCKER_TIMEOUT` says otherwise (seconds).
const PATIENCE: Duration = Duration::from_secs(30);

/// How long a Docker that works may take to show that it does.
const SIGN_OF_LIFE: Duration = Duration::from_secs(2);

/// How many lines of Docker's words an error quotes.
const QUOTED_LINES: usize = 20;

/// How many characters of each.
const QUOTED_LENGTH: usize = 500;

/// The Docker of this host.
///
/// ```
/// use dokku_plugin::{Docker, Env, Result};
///
/// /// How many containers of an app run.
/// fn running(env: &Env) -> Result<usize> {
///     let app = env.arg(1)?.parse()?;
///     let containers = Docker::new(env)?.containers_of(&app, &[])?;
///     Ok(containers.iter().filter(|container| container.belongs_to(&app) && container.state.is_alive()).count())
/// }
///
/// // A program in the place of Docker's, which has no containers.
/// let env = Env::new([("DOCKER_BIN".into(), "true".into())].into(), vec!["hook".into(), "shop".into()]);
/// assert_eq!(running(&env)?, 0);
/// assert!(Docker::new(&env)?.containers()?.is_empty());
/// # Ok::<(), dokku_plugin::Error>(())
/// ```
#[derive(Debug)]
pub struct Docker<'a> {
    env: &'a Env,
    program: &'a Path,
    /// Where it can be asked without its program.
    engine: Option<Engine>,
}

impl<'a> Docker<'a> {
    /// The program that `DOCKER_BIN` names (`docker` when it is not set), found in `PATH`.
    ///
    /// # Errors
    /// When there is no such program.
    pub fn new(env: &'a Env) -> Result<Self> {
        let found = env.docker(|| {
            let name = env.var("DOCKER_BIN").unwrap_or("docker");
            let program = which::which(name)
                .map_err(|error| Error::new(format!("Docker's program {name} (DOCKER_BIN) was not found: {error}")))?;
            let socket = address::socket_of(env, &program);
            Ok(DockerFound { program, socket })
        })?;
        Ok(Self { env, program: &found.program, engine: found.socket.clone().map(Engine::at) })
    }

    /// Asks for one container, which only a daemon that works can name (its version is told also by one that hangs).
    /// It has two seconds, or what `DOKKU_DOCKER_TIMEOUT` says.
    ///
    /// # Errors
    /// When there is no such program; when it fails, with its own words; when it does not answer in time.
    #[doc(hidden)] // for ps, which runs the containers
    pub fn check_that_it_answers(env: &'a Env) -> Result<()> {
        let docker = Self::new(env)?;
        let patience = told_patience(env).unwrap_or(SIGN_OF_LIFE);
        if let Some(engine) = &docker.engine {
            return told::answers(engine, patience);
        }
        Self::text(&docker.read(&["container", "ls", "--quiet", "--last", "1"]).deadline(patience)).map(drop)
    }

    fn patience(&self) -> Duration {
        told_patience(self.env).unwrap_or(PATIENCE)
    }

    fn read(&self, arguments: &[&str]) -> Process {
        Process::new(self.program).args(arguments).deadline(self.patience())
    }

    fn text(read: &Process) -> Result<String> {
        let answer = read.capture()?;
        if !answer.succeeded() {
            return Err(failure(read, &answer));
        }
        valid_text(read, answer.stdout)
    }
}

/// How long Docker is to be waited for, where somebody has said so.
fn told_patience(env: &Env) -> Option<Duration> {
    env.var("DOKKU_DOCKER_TIMEOUT").and_then(|seconds| seconds.parse().ok()).map(Duration::from_secs)
}

fn valid_text(read: &Process, bytes: Vec<u8>) -> Result<String> {
    String::from_utf8(bytes)
        .map_err(|_| Error::new("Docker answered with what is not valid UTF-8").with_command(read.command()))
}

/// The error for a line that Docker would not answer with.
fn rubbish(read: &Process, expected: &str, line: &str) -> Error {
    let line: String = line.chars().take(60).collect();
    Error::new(format!("Docker answered with what is no {expected}: {line:?}")).with_command(read.command())
}

/// Docker's failure in its own words, the last of them when there are many.
fn failure(read: &Process, answer: &Answer) -> Error {
    let words = String::from_utf8_lossy(&answer.stderr);
    let words = last_lines(words.trim());
    let status = answer.status_text();
    let error = match words.strip_prefix(NO_DAEMON) {
        Some(at) => Error::new(format!("Docker does not answer ({})", at.split(". ").next().unwrap_or_default())),
        None if words.is_empty() => Error::new(format!("Docker failed ({status})")),
        None => Error::new(words.strip_prefix(REFUSED).unwrap_or(&words)).context("Docker"),
    };
    error.with_command(format!("{}: {status}", read.command()))
}

/// How Docker's program begins when nothing answers it, and when what answers refuses.
const NO_DAEMON: &str = "Cannot connect to the Docker daemon at ";
const REFUSED: &str = "Error response from daemon: ";

fn last_lines(words: &str) -> String {
    let lines: Vec<&str> = words.lines().collect();
    let left_out = lines.len().saturating_sub(QUOTED_LINES);
    let cut = |line: &&str| line.chars().take(QUOTED_LENGTH).collect::<String>();
    let last = lines.iter().skip(left_out).map(cut).collect::<Vec<_>>().join("\n");
    if left_out > 0 { format!("({left_out} lines before these)\n{last}") } else { last }
}

/// Whether each line of Docker's words about a failure is about one of these troubles, in lower case.
fn fails_only_with(stderr: &[u8], troubles: &[&str]) -> bool {
    let words = String::from_utf8_lossy(stderr).to_lowercase();
    let mut lines = words.lines().filter(|line| !line.trim().is_empty()).peekable();
    lines.peek().is_some() && lines.all(|line| troubles.iter().any(|trouble| line.contains(trouble)))
}

/// Whether this can be a container's full id. What a file of an app holds is checked with it too.
fn is_id(text: &str) -> bool {
    text.len() >= 12 && text.bytes().all(|byte| byte.is_ascii_hexdigit())
}

fn is_word(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_lowercase())
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;
    use crate::script::write_script;

    pub(crate) fn fake(script: &str) -> (tempfile::TempDir, Env) {
        fake_within("60", script)
    }

    /// A Docker that is waited for so many seconds.
    pub(crate) fn fake_within(seconds: &str, script: &str) -> (tempfile::TempDir, Env) {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("docker");
        write_script(&path, script, "755");
        let variables = [("DOCKER_BIN".into(), path.into()), ("DOKKU_DOCKER_TIMEOUT".into(), seconds.into())].into();
        (folder, Env::new(variables, Vec::new()))
    }

    pub(crate) const ID: &str = "3e5ab9b9e5ac3e5ab9b9e5ac3e5ab9b9e5ac3e5ab9b9e5ac3e5ab9b9e5acabcd";

    #[test]
    fn states_are_docker_s_words() {
        let (_folder, env) = fake(&format!("printf '{ID}\\trunning\\n'"));
        let states = Docker::new(&env).unwrap().states().unwrap();
        assert_eq!(states.get(ID).map(|container| container.state.as_str()), Some("running"));
    }

    #[test]
    fn states_come_with_whose_container_it_is() {
        let (_folder, env) = fake(&format!("printf '{ID}\\texited\\t\"shop\"\\tother/db,shop.web.1\\n'"));
        let states = Docker::new(&env).unwrap().states().unwrap();
        let found = states.get(ID).unwrap();
        assert_eq!((found.state.as_str(), found.app.as_str(), found.name.as_str()), ("exited", "shop", "shop.web.1"));
    }

    #[test]
    fn a_docker_that_fails_is_quoted() {
        let (_folder, env) = fake("echo 'Cannot connect to the Docker daemon' >&2; exit 1");
        let error = Docker::new(&env).unwrap().states().unwrap_err();
        assert_eq!(error.message(), "Docker: Cannot connect to the Docker daemon");
        assert!(error.command().contains("container ls") && error.command().ends_with(": exit status 1"), "{error:?}");
        let nobody = "Cannot connect to the Docker daemon at unix:///run/no.sock. Is the docker daemon running?";
        let refused = "Error response from daemon: No such container: web";
        for (words, told) in [
            (nobody, "Docker does not answer (unix:///run/no.sock)"),
            (refused, "Docker: No such container: web"),
            ("", "Docker failed (exit status 1)"),
        ] {
            let (_folder, env) = fake(&format!("echo '{words}' >&2; exit 1"));
            assert_eq!(Docker::new(&env).unwrap().states().unwrap_err().message(), told);
        }
    }

    #[test]
    fn of_many_words_the_last_are_quoted() {
        let (_folder, env) = fake("seq 1 1000 >&2; exit 1");
        let message = Docker::new(&env).unwrap().states().unwrap_err().message().to_owned();
        let lines: Vec<&str> = message.lines().collect();
        assert_eq!(lines[0], "Docker: (980 lines before these)");
        assert_eq!((lines.len(), lines[1], lines[20]), (21, "981", "1000"));
        let (_folder, env) = fake("seq 1 20 >&2; exit 1");
        assert!(Docker::new(&env).unwrap().states().unwrap_err().message().starts_with("Docker: 1\n2\n"));
    }

    #[test]
    fn a_timeout_of_any_size_is_waited_for() {
        for seconds in ["18446744073709551615", "9223372036854775807", "99999999999999999999", "-1", "soon"] {
            let (_folder, env) = fake_within(seconds, "exit 0");
            let docker = Docker::new(&env).unwrap();
            assert!(docker.states().unwrap().is_empty(), "{seconds}");
            docker.stop(&[ID.to_owned()], u64::MAX).unwrap();
            assert_eq!(docker.inside(&[(ID, None)]).len(), 1);
            Docker::check_that_it_answers(&env).unwrap();
        }
    }

    #[test]
    fn a_docker_that_does_not_work_is_found_out() {
        let (_folder, env) = fake("echo 'Cannot connect' >&2; exit 1");
        let error = Docker::check_that_it_answers(&env).unwrap_err();
        assert_eq!(error.message(), "Docker: Cannot connect");
        let (_folder, env) = fake_within("", "exec sleep 60");
        let error = Docker::check_that_it_answers(&env).unwrap_err();
        assert_eq!(error.message(), "docker did not answer within 2 seconds");
        assert!(error.command().ends_with("container ls --quiet --last 1"), "{error:?}");
    }

    #[test]
    fn no_name_is_a_flag_of_docker_s() {
        // Says which words it takes for flags, as Docker does: those before the first `--`.
        let flags =
            "for word; do case $word in --) break;; --bad) exec >&2; echo a flag; exit 1;; esac; done; echo done";
        let (_folder, env) = fake(flags);
        let docker = Docker::new(&env).unwrap();
        let bad = "--bad".to_owned();
        docker.set_restart_policy(std::slice::from_ref(&bad), "no").unwrap();
        docker.send_signal(std::slice::from_ref(&bad), "TERM").unwrap();
        docker.rename(&bad, "x").unwrap();
        docker.stop(std::slice::from_ref(&bad), 1).unwrap();
        docker.remove(std::slice::from_ref(&bad)).unwrap();
        docker.last_lines(&bad, 1).unwrap();
        docker.image_id(&bad).unwrap();
        let told = [
            docker.image_config(&bad).unwrap_err(),
            docker.details(&[&bad]).unwrap_err(),
            docker.stats(&[&bad]).unwrap_err(),
            docker.file_in_image(&bad, "/x").unwrap_err(),
            docker.inside(&[(&bad, None)]).remove(0).processes.err().unwrap_or_else(|| Error::new("")),
        ];
        assert!(told.iter().all(|error| !error.message().contains("a flag")), "{told:?}");
    }

    #[test]
    fn rubbish_is_not_taken_for_an_answer() {
        for rubbish in ["hello", "<html>", "3e5a\\trunning", &format!("{ID}\\tRunning now")] {
            let (_folder, env) = fake(&format!("printf '{rubbish}\\n'"));
            assert!(Docker::new(&env).unwrap().states().is_err(), "{rubbish}");
        }
    }

    #[test]
    fn a_docker_that_hangs_is_not_waited_for() {
        let (_folder, env) = fake_within("1", "exec sleep 60");
        let error = Docker::new(&env).unwrap().states().unwrap_err();
        assert!(error.message().contains("did not answer within 1 seconds"), "{error}");
    }

    #[test]
    fn a_docker_that_is_not_there_is_named() {
        let variables = [("DOCKER_BIN".into(), "/nonexistent/docker".into())].into();
        let error = Docker::new(&Env::new(variables, Vec::new())).unwrap_err();
        assert!(error.message().contains("/nonexistent/docker"), "{error}");
    }
}
