//! The recorder: shell scripts that stand for the rest of the host.
//!
//! Each notes its call, one line with tabs between the arguments, and gives the first answer whose
//! arguments are a prefix of its own. The line is made in a file of the process's own first, so that two
//! hooks at once cannot mix their lines.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use serde::Deserialize;

/// The triggers that change something: they are compared, in order. Others may be fired at will.
pub const EFFECTS: [&str; 14] = [
    "config-unset",
    "deploy",
    "post-stop",
    "pre-restore",
    "pre-start",
    "proxy-build-config",
    "proxy-clear-config",
    "receive-app",
    "release-and-deploy",
    "scheduler-inspect",
    "scheduler-pre-restore",
    "scheduler-retire",
    "scheduler-run-retire",
    "scheduler-stop",
];

/// What the host answers to one trigger.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Answer {
    /// The answer is for calls that begin with these arguments.
    pub args: Vec<String>,
    /// Printed as it is.
    pub stdout: String,
    /// Printed as it is.
    pub stderr: String,
    /// Files it writes, relative to the sandbox.
    pub writes: BTreeMap<String, String>,
    /// Its exit status.
    pub exit: i32,
}

impl Answer {
    /// An answer that prints `text` and succeeds.
    pub fn text(text: &str) -> Self {
        Self { stdout: text.to_owned(), ..Self::default() }
    }

    /// An answer that fails with `exit`.
    pub fn failure(exit: i32) -> Self {
        Self { exit, ..Self::default() }
    }

    /// Gives this answer only to calls that begin with `args`.
    pub fn to(mut self, args: &[&str]) -> Self {
        self.args = args.iter().map(|&arg| arg.to_owned()).collect();
        self
    }

    /// Prints `text` on stderr besides.
    pub fn saying(mut self, text: &str) -> Self {
        text.clone_into(&mut self.stderr);
        self
    }

    fn as_shell(&self) -> String {
        let mut body = Vec::new();
        if !self.stdout.is_empty() {
            body.push(format!("printf '%s' {}", quote(&self.stdout)));
        }
        if !self.stderr.is_empty() {
            body.push(format!("printf '%s' {} >&2", quote(&self.stderr)));
        }
        for (path, content) in &self.writes {
            body.push(format!("printf '%s' {} >\"$CONFORMANCE_ROOT\"/{}", quote(content), quote(path)));
        }
        body.push(format!("exit {}", self.exit));
        if self.args.is_empty() {
            return body.join("\n") + "\n";
        }
        let tests: Vec<_> =
            self.args.iter().enumerate().map(|(i, arg)| format!("[ \"${{{}}}\" = {} ]", i + 1, quote(arg))).collect();
        format!("if {}; then {}; fi\n", tests.join(" && "), body.join("; "))
    }
}

/// Answers by the name of the trigger.
pub type Answers = BTreeMap<String, Vec<Answer>>;

/// What a host answers where a case says nothing: an app on docker-local that was never deployed, and
/// success for everything that changes something.
pub fn default_answers() -> Answers {
    let mut answers: Answers = EFFECTS.iter().map(|&name| (name.to_owned(), vec![Answer::default()])).collect();
    for (name, answer) in [
        ("scheduler-detect", Answer::text("docker-local")),
        ("scheduler-app-status", Answer::text("0 false")),
        ("scheduler-is-deployed", Answer::failure(1)),
        ("deployed-app-image-tag", Answer::default()),
        ("config-export", Answer::default()),
        ("config-migrate-env", Answer::default()),
        ("config-get", Answer::failure(1)),
        ("config-get-global", Answer::failure(1)),
        ("git-get-property", Answer::default()),
    ] {
        answers.insert(name.to_owned(), vec![answer]);
    }
    answers
}

/// The script that stands for one trigger.
pub fn script(name: &str, answers: &[Answer]) -> String {
    let mut script = format!(
        "#!/bin/sh\n\
         printf '%s' {} >>\"$CONFORMANCE_LOG.$$\"\n\
         for a in \"$@\"; do printf '\\t%s' \"$a\" >>\"$CONFORMANCE_LOG.$$\"; done\n\
         printf '\\n' >>\"$CONFORMANCE_LOG.$$\"\n\
         cat \"$CONFORMANCE_LOG.$$\" >>\"$CONFORMANCE_LOG\"\n\
         rm -f \"$CONFORMANCE_LOG.$$\"\n",
        quote(name)
    );
    for answer in answers {
        let _ = write!(script, "{}", answer.as_shell());
    }
    script + "exit 0\n"
}

/// `text` as one word of a shell.
pub fn quote(text: &str) -> String {
    format!("'{}'", text.replace('\'', r"'\''"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_quote_in_an_answer_stays_a_quote() {
        assert_eq!(quote("it's"), r"'it'\''s'");
    }

    #[test]
    fn an_answer_for_some_arguments_is_given_to_those_alone() {
        let answer = Answer::failure(3).to(&["shop", "latest"]);
        assert_eq!(answer.as_shell(), "if [ \"${1}\" = 'shop' ] && [ \"${2}\" = 'latest' ]; then exit 3; fi\n");
    }
}
