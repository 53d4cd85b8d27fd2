//! Docker, as far as it is read: through the program that `DOCKER_BIN` names.
//!
//! Every read has a deadline, and asks once however many containers there are. A Docker that cannot
//! answer is an error with its own words, never an empty answer.

use crate::{Answer, Context, Env, Error, Process, Result};
use serde::Deserialize;
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::time::Duration;

/// How long a read may take, unless `DOKKU_DOCKER_TIMEOUT` says otherwise (seconds).
const PATIENCE: Duration = Duration::from_secs(30);

/// The Docker of this host.
#[derive(Debug)]
pub struct Docker<'a> {
    env: &'a Env,
    program: PathBuf,
}

/// The word that Docker has for a container's state, such as `running` or `exited`.
pub type ContainerState = String;

/// What an image says of the containers that are made from it.
#[derive(Clone, Debug, Default, Deserialize, PartialEq, Eq)]
#[serde(rename_all = "PascalCase", default)]
pub struct ImageConfig {
    /// The folder in which its command runs; empty when none is set.
    pub working_dir: String,
    /// Its labels.
    pub labels: Option<BTreeMap<String, String>>,
    /// Its variables, each `NAME=value`.
    pub env: Option<Vec<String>>,
}

impl<'a> Docker<'a> {
    /// The program that `DOCKER_BIN` names (`docker` when it is not set), found in `PATH`.
    ///
    /// # Errors
    /// When there is no such program.
    pub fn new(env: &'a Env) -> Result<Self> {
        let name = env.var("DOCKER_BIN").unwrap_or("docker");
        let program = which::which(name)
            .map_err(|error| Error::new(format!("Docker's program {name} (DOCKER_BIN) was not found: {error}")))?;
        Ok(Self { env, program })
    }

    /// The state of every container of this host by its full id, in one call.
    ///
    /// # Errors
    /// With Docker's own message when it fails; when it does not answer in time; when its answer is
    /// not a list of containers.
    pub fn states(&self) -> Result<BTreeMap<String, ContainerState>> {
        let read = self.read(&["container", "ls", "--all", "--no-trunc", "--format", "{{.ID}}\t{{.State}}"]);
        let listed = Self::text(&read)?;
        listed
            .lines()
            .map(|line| match line.split_once('\t') {
                Some((id, state)) if is_id(id) && is_word(state) => Ok((id.to_owned(), state.to_owned())),
                _ => Err(Error::new(format!(
                    "{} answered with what is no list of containers: {:?}",
                    read.command(),
                    shortened(line)
                ))),
            })
            .collect()
    }

    /// The configuration of an image.
    ///
    /// # Errors
    /// As [`Docker::states`]; also when there is no such image.
    pub fn image_config(&self, image: &str) -> Result<ImageConfig> {
        let read = self.read(&["image", "inspect", "--format", "{{json .Config}}", image]);
        let answer = Self::text(&read)?;
        serde_json::from_str(&answer)
            .context(|| format!("{} answered with what is no image's configuration", read.command()))
    }

    /// Copies a file out of an image to `to`, through a container that is made for it and never runs.
    /// `false` when the image has no such file.
    ///
    /// # Errors
    /// As [`Docker::states`], for the making of the container.
    pub fn copy_from_image(&self, image: &str, path: &str, to: &Path) -> Result<bool> {
        let labels = self.env.var("DOKKU_GLOBAL_RUN_ARGS").unwrap_or_default().split_whitespace();
        let create: Vec<&str> = ["container", "create"].into_iter().chain(labels).chain([image, "/bin/true"]).collect();
        let container = Self::text(&self.read(&create))?;
        let container = container.trim();
        let source = format!("{container}:{path}");
        let copied = self.read(&["container", "cp", "--follow-link", &source]).args([to]).capture();
        let removed = Self::text(&self.read(&["container", "rm", "--force", container]));
        let copied = copied?;
        removed?;
        if copied.succeeded() {
            return Ok(true);
        }
        let words = String::from_utf8_lossy(&copied.stderr);
        if words.contains("Could not find the file") || words.contains("No such file or directory") {
            return Ok(false);
        }
        Err(failure(&self.read(&["container", "cp", &source]), &copied))
    }

    fn read(&self, arguments: &[&str]) -> Process {
        let patience = self
            .env
            .var("DOKKU_DOCKER_TIMEOUT")
            .and_then(|seconds| seconds.parse().ok())
            .map_or(PATIENCE, Duration::from_secs);
        Process::new(&self.program).args(arguments).deadline(patience)
    }

    fn text(read: &Process) -> Result<String> {
        let answer = read.capture()?;
        if !answer.succeeded() {
            return Err(failure(read, &answer));
        }
        String::from_utf8(answer.stdout)
            .map_err(|_| Error::new(format!("{} answered with what is not valid UTF-8", read.command())))
    }
}

/// Docker's failure with its own words.
fn failure(read: &Process, answer: &Answer) -> Error {
    let words = String::from_utf8_lossy(&answer.stderr);
    Error::new(format!("{} failed with {}: {}", read.command(), answer.status_text(), words.trim()))
}

/// Whether this can be a container's full id. What a file of an app holds is checked with it too.
fn is_id(text: &str) -> bool {
    text.len() >= 12 && text.bytes().all(|byte| byte.is_ascii_hexdigit())
}

fn is_word(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_lowercase())
}

fn shortened(line: &str) -> String {
    line.chars().take(60).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::os::unix::fs::PermissionsExt;

    fn fake(script: &str) -> (tempfile::TempDir, Env) {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("docker");
        std::fs::write(&path, format!("#!/bin/sh\n{script}\n")).unwrap();
        std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o755)).unwrap();
        let variables = [("DOCKER_BIN".into(), path.into()), ("DOKKU_DOCKER_TIMEOUT".into(), "1".into())].into();
        (folder, Env::new(variables, Vec::new()))
    }

    const ID: &str = "3e5ab9b9e5ac3e5ab9b9e5ac3e5ab9b9e5ac3e5ab9b9e5ac3e5ab9b9e5acabcd";

    #[test]
    fn states_are_docker_s_words() {
        let (_folder, env) = fake(&format!("printf '{ID}\\trunning\\n'"));
        let states = Docker::new(&env).unwrap().states().unwrap();
        assert_eq!(states.get(ID).map(String::as_str), Some("running"));
    }

    #[test]
    fn a_docker_that_fails_is_quoted() {
        let (_folder, env) = fake("echo 'Cannot connect to the Docker daemon' >&2; exit 1");
        let error = Docker::new(&env).unwrap().states().unwrap_err();
        assert!(error.message().contains("Cannot connect to the Docker daemon"), "{error}");
        assert!(error.message().contains("container ls"), "{error}");
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
        let (_folder, env) = fake("exec sleep 60");
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
