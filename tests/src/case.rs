//! The recorded cases: what the stock plugin did, and whether this one does the same.

use std::collections::{BTreeMap, BTreeSet};
use std::fs::{self, File};
use std::mem;
use std::path::{Path, PathBuf};

use serde::Deserialize;
use serde::de::DeserializeOwned;
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
    presets: Vec<String>,
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

/// What several cases find before them and are answered, under one name.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
struct Preset {
    before: BTreeMap<String, String>,
    answers: Answers,
}

impl Case {
    /// All cases in the JSON files of `directory`/cases, with what the presets that they name add to them.
    pub fn read_all(directory: &Path) -> Vec<Self> {
        let presets = read_json(&directory.join("presets.json"));
        let directory = directory.join("cases");
        let entries = fs::read_dir(&directory).unwrap_or_else(|error| panic!("{}: {error}", directory.display()));
        let mut files: Vec<PathBuf> = entries.map(|entry| entry.expect("an entry").path()).collect();
        files.retain(|file| file.extension().is_some_and(|extension| extension == "json"));
        files.sort();
        let mut cases: Vec<Self> = files.iter().flat_map(|file| read_json::<Vec<Self>>(file)).collect();
        apply(&presets, &mut cases).unwrap_or_else(|error| panic!("{error}"));
        cases
    }

    /// Adds what the case does not say itself; what it says of a file or a trigger stands.
    fn add(&mut self, preset: &Preset) {
        for (path, content) in &preset.before {
            self.before.entry(path.clone()).or_insert_with(|| content.clone());
        }
        for (trigger, answers) in &preset.answers {
            self.answers.entry(trigger.clone()).or_insert_with(|| answers.clone());
        }
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

/// Gives each case what its presets add: the case's own word first, then that of the last preset it names. An unknown
/// preset is an error, and so is one that no case names.
fn apply(presets: &BTreeMap<String, Preset>, cases: &mut [Case]) -> Result<(), String> {
    let mut unused: BTreeSet<&str> = presets.keys().map(String::as_str).collect();
    for case in cases {
        for name in mem::take(&mut case.presets).iter().rev() {
            let preset = presets.get(name).ok_or_else(|| format!("{}: there is no preset {name}", case.name))?;
            unused.remove(name.as_str());
            case.add(preset);
        }
    }
    if unused.is_empty() { Ok(()) } else { Err(format!("no case names these presets: {unused:?}")) }
}

fn read_json<T: DeserializeOwned>(file: &Path) -> T {
    let text = fs::read(file).unwrap_or_else(|error| panic!("{}: {error}", file.display()));
    serde_json::from_slice(&text).unwrap_or_else(|error| panic!("{}: {error}", file.display()))
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
    use serde_json::json;

    #[test]
    fn labels_of_ours_go_and_nothing_else() {
        let text =
            "--a --label=com.dokku.ps.x=1,y:2 --label=b --label=com.dokku.ps.z=3\n--restart=no --label=com.dokku.ps.";
        assert_eq!(without_our_labels(text), "--a --label=b\n--restart=no");
        assert_eq!(without_our_labels("--label=com.dokku.pst=1 x"), "--label=com.dokku.pst=1 x");
    }

    /// A case that says `said` besides, with the presets `shop` and `grown`.
    fn applied(said: Value) -> Result<Case, String> {
        let mut case = json!({"name": "a case", "run": "subcommands/scale", "expect": {"exit": 0}});
        case.as_object_mut().unwrap().append(&mut said.as_object().unwrap().clone());
        let mut cases = [serde_json::from_value(case).unwrap()];
        let presets = json!({
            "shop": {"before": {"HEAD": "", "scale": "web=1"}, "answers": {"deploy": [{"exit": 1}]}},
            "grown": {"before": {"scale": "web=9"}, "answers": {"deploy": [{"args": ["a"]}, {"args": ["b"]}]}},
        });
        apply(&serde_json::from_value(presets).unwrap(), &mut cases).map(|()| {
            let [case] = cases;
            case
        })
    }

    #[test]
    fn a_later_preset_stands_before_an_earlier_one_and_the_case_before_both() {
        let case = applied(json!({"presets": ["shop", "grown"]})).unwrap();
        assert_eq!(json!(case.before), json!({"HEAD": "", "scale": "web=9"}));
        let args: Vec<&[String]> = case.answers["deploy"].iter().map(|answer| answer.args.as_slice()).collect();
        assert_eq!(args, [["a"], ["b"]]);
        let own = json!({"presets": ["grown", "shop"], "before": {"scale": ""}, "answers": {"deploy": []}});
        let case = applied(own).unwrap();
        assert_eq!(json!(case.before), json!({"HEAD": "", "scale": ""}));
        assert!(case.answers["deploy"].is_empty());
    }

    #[test]
    fn a_preset_that_is_not_there_or_that_nobody_names_is_an_error() {
        let unknown = applied(json!({"presets": ["shop", "shrunk"]})).unwrap_err();
        assert_eq!(unknown, "a case: there is no preset shrunk");
        let unused = applied(json!({"presets": ["shop"]})).unwrap_err();
        assert_eq!(unused, "no case names these presets: {\"grown\"}");
    }
}
