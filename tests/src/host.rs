//! A host in the words of Dokku: `host().app("shop").scale("web=1").run("subcommands/scale", ["ps:scale", "shop"])`.

use std::collections::BTreeMap;
use std::ffi::OsString;
use std::process::Command;
use std::sync::Arc;
use std::time::Duration;

use crate::outcome::Outcome;
use crate::process::DEADLINE;
use crate::recorder::{self, Answer};
use crate::sandbox::{Call, Sandbox};
use crate::{plugin_tree, process};

/// A sandbox host with the plugin under test, being set up.
#[derive(Debug)]
pub struct Host {
    sandbox: Arc<Sandbox>,
    app: String,
    env: BTreeMap<String, Option<String>>,
    stdin: Vec<u8>,
    deadline: Duration,
}

/// A host without apps.
pub fn host() -> Host {
    Host {
        sandbox: Arc::new(Sandbox::new(&plugin_tree(), &recorder::default_answers())),
        app: String::new(),
        env: BTreeMap::new(),
        stdin: Vec::new(),
        deadline: DEADLINE,
    }
}

impl Host {
    /// A deployed app; what follows is about this one.
    pub fn app(mut self, name: &str) -> Self {
        name.clone_into(&mut self.app);
        self.file(&format!("home/{name}/HEAD"), "")
            .file(&format!("lib/data/ps/{name}/keep"), "")
            .file(&format!("lib/config/common/{name}/deployed"), "true")
            .scale("web=1")
    }

    /// The app's quantities: `web=1 worker=2`.
    pub fn scale(self, quantities: &str) -> Self {
        let lines: String = quantities.split_whitespace().flat_map(|quantity| [quantity, "\n"]).collect();
        self.property("scale", &lines)
    }

    /// A property of the app.
    pub fn property(self, name: &str, value: &str) -> Self {
        let path = format!("lib/config/ps/{}/{name}", self.app);
        self.file(&path, value)
    }

    /// The Procfile of the app's release.
    pub fn procfile(self, content: impl AsRef<[u8]>) -> Self {
        let path = format!("lib/data/ps/{}/Procfile", self.app);
        self.file(&path, content)
    }

    /// The file that docker-local keeps for an instance: `container("web.1", "0123…\n")`.
    pub fn container(self, instance: &str, id: &str) -> Self {
        let path = format!("home/{}/CONTAINER.{instance}", self.app);
        self.file(&path, id)
    }

    /// Any file, relative to the sandbox.
    pub fn file(self, path: &str, content: impl AsRef<[u8]>) -> Self {
        self.sandbox.write(path, content);
        self
    }

    /// A directory; what was there is removed.
    pub fn directory(self, path: &str) -> Self {
        let _ = std::fs::remove_file(self.sandbox.path(path));
        self.sandbox.make_directory(path);
        self
    }

    /// The rest of the host prints `text` when `trigger` is fired, and succeeds.
    pub fn answers(self, trigger: &str, text: &str) -> Self {
        self.gives(trigger, &[Answer::text(text)])
    }

    /// The rest of the host gives the first of these answers that fits.
    pub fn gives(self, trigger: &str, answers: &[Answer]) -> Self {
        self.sandbox.answer("host", trigger, answers);
        self
    }

    /// Those who answer for docker-local have their own names, so that nobody else need be asked: the
    /// selected scheduler is in a file, and what runs is in the CONTAINER files and in Docker. Who asks
    /// the trigger all the same is told nonsense.
    pub fn docker_local(self) -> Self {
        self.answered_by("scheduler", "scheduler-detect", "docker-local").answered_by(
            "scheduler-docker-local",
            "scheduler-app-status",
            "99 mixed",
        )
    }

    /// Another plugin than `host` answers a trigger, under a name of its own.
    pub fn answered_by(self, plugin: &str, trigger: &str, text: &str) -> Self {
        self.sandbox.forget("host", trigger);
        self.sandbox.add_plugin(plugin);
        self.sandbox.answer(plugin, trigger, &[Answer::text(text)]);
        self
    }

    /// `DOCKER_BIN` is a shell script with this body.
    pub fn docker(self, body: &str) -> Self {
        self.sandbox.write_script("bin/docker", &format!("#!/bin/sh\n{body}\n"));
        self.env("DOCKER_BIN", "@ROOT@/bin/docker")
    }

    /// A variable of the environment; `@ROOT@` stands for the sandbox.
    pub fn env(mut self, name: &str, value: &str) -> Self {
        self.env.insert(name.to_owned(), Some(value.to_owned()));
        self
    }

    /// Takes a variable of the environment away.
    pub fn without(mut self, name: &str) -> Self {
        self.env.insert(name.to_owned(), None);
        self
    }

    /// What the executable reads.
    pub fn stdin(mut self, text: &str) -> Self {
        self.stdin = text.as_bytes().to_vec();
        self
    }

    /// How long a run may take.
    pub fn within(mut self, deadline: Duration) -> Self {
        self.deadline = deadline;
        self
    }

    /// The sandbox itself, for what has no word here.
    pub fn sandbox(&self) -> &Arc<Sandbox> {
        &self.sandbox
    }

    /// Runs an executable of the plugin.
    pub fn run<A: Into<OsString>>(&self, program: &str, args: impl IntoIterator<Item = A>) -> Outcome {
        let call = self.call(program, args);
        let effects = self.sandbox.run(&call);
        Outcome::new(&call, effects, Arc::clone(&self.sandbox))
    }

    /// Runs `ps:<name>` as the host does: the command word, then the arguments.
    pub fn command<A: Into<OsString>>(&self, name: &str, args: impl IntoIterator<Item = A>) -> Outcome {
        let words = std::iter::once(OsString::from(format!("ps:{name}")));
        self.run(&format!("subcommands/{name}"), words.chain(args.into_iter().map(Into::into)))
    }

    /// Runs another program with the environment of a plugin; `what` names it in a failure.
    pub fn run_command(&self, what: &str, command: &mut Command) -> Outcome {
        let call = self.call(what, std::iter::empty::<OsString>());
        let effects = self.sandbox.run_command(command, &call);
        Outcome::new(&call, effects, Arc::clone(&self.sandbox))
    }

    /// Starts a prepared command with the environment of a plugin and does not wait for it.
    pub fn spawn(&self, command: &mut Command) -> std::process::Child {
        self.sandbox.surround(command, &self.env);
        process::spawn(command)
    }

    fn call<A: Into<OsString>>(&self, program: &str, args: impl IntoIterator<Item = A>) -> Call {
        Call {
            program: program.to_owned(),
            args: args.into_iter().map(Into::into).collect(),
            env: self.env.clone(),
            stdin: self.stdin.clone(),
            deadline: self.deadline,
        }
    }
}
