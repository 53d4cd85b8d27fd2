//! The recorded cases: what the stock plugin did, and whether this one does the same.

use std::collections::BTreeMap;
use std::fs::{self, File};
use std::path::{Path, PathBuf};

use serde::Deserialize;
use serde_json::Value;

use crate::difference;
use crate::process::DEADLINE;
use crate::recorder::{self, Answers};
use crate::sandbox::{Call, Effects, Sandbox};
use crate::tree::Tree;

/// One recorded case; tests/conformance holds them.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Case {
    /// What it is called, `scale/get-one`.
    pub name: String,
    /// The executable, by its path in the plugin.
    pub run: String,
    /// Its arguments; `@ROOT@` stands for the sandbox.
    #[serde(default)]
    pub args: Vec<String>,
    #[serde(default)]
    env: BTreeMap<String, String>,
    #[serde(default)]
    stdin: String,
    #[serde(default)]
    dirs: Vec<String>,
    #[serde(default)]
    before: BTreeMap<String, String>,
    #[serde(default)]
    answers: Answers,
    #[serde(default)]
    locked: Vec<String>,
    #[serde(default)]
    any_order: bool,
    expect: Expected,
}

/// What the stock plugin did; see the README of the cases for what a null means.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Expected {
    exit: i32,
    stdout: Option<String>,
    stderr: Option<String>,
    files: Option<Tree>,
    triggers: Option<Vec<Vec<String>>>,
}

impl Case {
    /// All cases in the JSON files of a directory.
    pub fn read_all(directory: &Path) -> Vec<Self> {
        let entries = fs::read_dir(directory).unwrap_or_else(|error| panic!("{}: {error}", directory.display()));
        let mut files: Vec<PathBuf> = entries.map(|entry| entry.expect("an entry").path()).collect();
        files.retain(|file| file.extension().is_some_and(|extension| extension == "json"));
        files.sort();
        let read = |file: &PathBuf| -> Vec<Self> {
            let text = fs::read(file).expect("a file of cases");
            serde_json::from_slice(&text).unwrap_or_else(|error| panic!("{}: {error}", file.display()))
        };
        files.iter().flat_map(read).collect()
    }

    /// Plays the case against the installed plugin `tree`; an error says what is different.
    pub fn play(&self, tree: &Path) -> Result<(), String> {
        let mut answers = recorder::default_answers();
        answers.extend(self.answers.clone());
        let sandbox = Sandbox::new(tree, &answers);
        for directory in &self.dirs {
            sandbox.make_directory(directory);
        }
        for (path, content) in &self.before {
            sandbox.write(path, content);
        }
        let held: Vec<File> = self.locked.iter().map(|path| held_lock(&sandbox, path)).collect();
        if !sandbox.program(&self.run).is_file() {
            return Err(format!("  {}: no such executable", self.run));
        }
        let done = sandbox.run(&Call {
            program: self.run.clone(),
            args: self.args.iter().map(|arg| sandbox.expand(arg).into()).collect(),
            env: self.env.iter().map(|(name, value)| (name.clone(), Some(value.clone()))).collect(),
            stdin: self.stdin.clone().into_bytes(),
            deadline: DEADLINE,
        });
        drop(held);
        self.compare(&sandbox, &done)
    }

    fn compare(&self, sandbox: &Sandbox, done: &Effects) -> Result<(), String> {
        let mut stdout = without_our_labels(&sandbox.neutral(&done.finished.stdout));
        let mut stderr = sandbox.neutral(&done.finished.stderr);
        let mut triggers = done.effects();
        if self.any_order {
            stdout = with_sorted_lines(&stdout);
            stderr = with_sorted_lines(&stderr);
            triggers.sort();
        }
        let expected = &self.expect;
        let mut report = Vec::new();
        if stderr.contains("panicked") {
            report.push(format!("  it panicked: {stderr}"));
        }
        if expected.exit != done.finished.status {
            report.push(format!("  exit\n    -{}\n    +{}", expected.exit, done.finished.status));
        }
        if let Some(expected) = expected.stdout.as_ref().filter(|&expected| *expected != stdout) {
            report.push(format!("  stdout\n{}", difference::of_texts(expected, &stdout)));
        }
        match &expected.stderr {
            None if stderr.is_empty() => report.push("  stderr: expected a message, got none".to_owned()),
            Some(expected) if *expected != stderr => {
                report.push(format!("  stderr\n{}", difference::of_texts(expected, &stderr)));
            }
            _ => {}
        }
        if let Some(expected) = expected.triggers.as_ref().filter(|&expected| *expected != triggers) {
            report.push(format!("  triggers\n{}", difference::of_lists(expected, &triggers)));
        }
        if let Some(expected) = expected.files.as_ref().filter(|&expected| *expected != done.changed) {
            let pairs = |tree: &Tree| -> Vec<(String, Value)> { tree.clone().into_iter().collect() };
            report.push(format!("  files\n{}", difference::of_lists(&pairs(expected), &pairs(&done.changed))));
        }
        if report.is_empty() { Ok(()) } else { Err(report.join("\n")) }
    }
}

/// A file that this process holds with flock as long as the value lives.
pub fn held_lock(sandbox: &Sandbox, path: &str) -> File {
    if !sandbox.path(path).exists() {
        sandbox.write(path, "");
    }
    let file = File::options().read(true).write(true).open(sandbox.path(path)).expect("the lock's file");
    file.lock().expect("the lock");
    file
}

/// What a container of ours carries besides is no matter of the stock plugin's.
pub fn without_our_labels(text: &str) -> String {
    let mut parts = text.split(" --label=com.dokku.ps.");
    let first = parts.next().unwrap_or_default().to_owned();
    parts.fold(first, |kept, part| kept + part.find(char::is_whitespace).map_or("", |end| &part[end..]))
}

fn with_sorted_lines(text: &str) -> String {
    let mut lines: Vec<_> = text.split_inclusive('\n').collect();
    lines.sort_unstable();
    lines.concat()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn labels_of_ours_go_and_nothing_else() {
        let text =
            "--a --label=com.dokku.ps.x=1,y:2 --label=b --label=com.dokku.ps.z=3\n--restart=no --label=com.dokku.ps.";
        assert_eq!(without_our_labels(text), "--a --label=b\n--restart=no");
        assert_eq!(without_our_labels("--label=com.dokku.pst=1 x"), "--label=com.dokku.pst=1 x");
    }
}
