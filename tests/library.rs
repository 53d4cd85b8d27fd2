//! The crate `dokku-plugin`, as plugins depend on it: what is public stays as its version promises, and is shown by an
//! example. And what an author begins with builds.
//!
//! `common/api.txt` holds what is public in the version that its first line names, the last that was tagged. What has
//! changed since wants a higher version in common/Cargo.toml: before 1.0.0 the number in the middle where something is
//! gone or is another, the last where something is new; from then on the first and the one in the middle.
//! `PS_API=accept` writes the file: once, when a version is tagged.

use std::collections::BTreeSet;
use std::fs;
use std::path::PathBuf;
use std::process::Command;
use std::sync::OnceLock;
use std::time::Duration;

use ps_tests::process::run;
use ps_tests::repository;
use ps_tests::sources::{rust_files, text};
use serde_json::Value;

const PACKAGE: &str = "dokku-plugin";
const API: &str = "common/api.txt";

/// What rustdoc writes of the crate's public items, as JSON. The form is unstable, which only this variable allows.
fn documented() -> &'static PathBuf {
    static WRITTEN: OnceLock<PathBuf> = OnceLock::new();
    WRITTEN.get_or_init(|| {
        let target = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join("library");
        let mut cargo = Command::new(std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
        cargo.args(["rustdoc", "--locked", "--package", PACKAGE, "--lib", "--target-dir"]).arg(&target);
        cargo.args(["--", "-Zunstable-options", "--output-format", "json"]).env("RUSTC_BOOTSTRAP", "1");
        let done = run(cargo.current_dir(repository()), b"", Duration::from_mins(10));
        assert_eq!(done.status, 0, "cargo rustdoc: {}", String::from_utf8_lossy(&done.stderr));
        target.join("doc/dokku_plugin.json")
    })
}

/// Three numbers.
type Version = [u32; 3];

fn version_of(text: &str) -> Version {
    let numbers: Option<Vec<u32>> = text.trim().split('.').map(|number| number.parse().ok()).collect();
    numbers.and_then(|numbers| numbers.try_into().ok()).unwrap_or_else(|| panic!("{text:?} is not of three numbers"))
}

/// The version of the crate, as its manifest says.
fn version() -> Version {
    let manifest = text(&repository().join("common/Cargo.toml"));
    let manifest: toml::Table = manifest.parse().expect("common/Cargo.toml");
    version_of(manifest["package"]["version"].as_str().expect("a version of its own"))
}

/// The public items, a line each.
fn items() -> BTreeSet<String> {
    let api = public_api::Builder::from_rustdoc_json(documented())
        .omit_blanket_impls(true)
        .omit_auto_trait_impls(true)
        .build()
        .expect("the public items");
    api.items().map(ToString::to_string).collect()
}

/// The lowest version that may follow one, where lines are gone or new.
fn lowest(before: Version, is_gone: bool, is_new: bool) -> Version {
    match (before, is_gone, is_new) {
        (_, false, false) => before,
        ([0, middle, _], true, _) => [0, middle + 1, 0],
        ([0, middle, last], false, true) => [0, middle, last + 1],
        ([first, ..], true, _) => [first + 1, 0, 0],
        ([first, middle, _], false, true) => [first, middle + 1, 0],
    }
}

#[test]
fn what_is_gone_wants_a_higher_version_than_what_is_new() {
    assert_eq!(lowest([0, 1, 2], false, false), [0, 1, 2]);
    assert_eq!(lowest([0, 1, 2], false, true), [0, 1, 3]);
    assert_eq!(lowest([0, 1, 2], true, true), [0, 2, 0]);
    assert_eq!(lowest([1, 1, 2], false, true), [1, 2, 0]);
    assert_eq!(lowest([1, 1, 2], true, false), [2, 0, 0]);
}

#[test]
fn what_is_public_is_as_its_version_promises() {
    let (path, items, [first, middle, last]) = (repository().join(API), items(), version());
    if std::env::var_os("PS_API").is_some_and(|value| value == "accept") {
        let lines: String = items.iter().map(|item| format!("{item}\n")).collect();
        fs::write(&path, format!("{PACKAGE} {first}.{middle}.{last}\n{lines}")).expect("the list");
    }
    let listed = text(&path);
    let (head, listed) = listed.split_once('\n').expect("a list of lines");
    let before = version_of(head.strip_prefix(PACKAGE).expect("the name and the version"));
    let listed: BTreeSet<String> = listed.lines().map(str::to_owned).collect();
    let gone: Vec<&String> = listed.difference(&items).collect();
    let new: Vec<&String> = items.difference(&listed).collect();
    let lowest = lowest(before, !gone.is_empty(), !new.is_empty());
    assert!(
        [first, middle, last] >= lowest,
        "what is public is no longer that of {before:?}: raise the version in common/Cargo.toml to {lowest:?} and say why in \
         common/CHANGELOG.md, or make it as it was\ngone: {gone:#?}\nnew: {new:#?}"
    );
}

#[test]
fn each_version_is_in_the_changelog() {
    let [first, middle, last] = version();
    let heading = format!("## {first}.{middle}.{last}");
    let changelog = text(&repository().join("common/CHANGELOG.md"));
    assert!(changelog.lines().any(|line| line.starts_with(&heading)), "common/CHANGELOG.md has no {heading}");
}

/// The code of the examples in a text of rustdoc's that run.
fn examples(docs: &str) -> String {
    let mut examples = String::new();
    for block in docs.split("```").skip(1).step_by(2) {
        let (kind, code) = block.split_once('\n').unwrap_or_default();
        if kind.is_empty() {
            examples.push_str(code);
        }
    }
    examples
}

#[test]
fn an_example_that_does_not_run_is_none() {
    assert_eq!(examples("Reads.\n\n```\nread();\n```\nor\n```no_run\nwrite();\n```\n"), "read();\n");
    assert_eq!(examples("Reads.\n\n```text\nread();\n```"), "");
}

/// What is public and no example shows: of a method neither its own nor that of the type it belongs to, of a type (whose
/// text clap may show to users) not that of another item either.
fn without_example(crate_json: &Value) -> Vec<String> {
    let index = crate_json["index"].as_object().expect("the items");
    let docs = |item: &Value| examples(item["docs"].as_str().unwrap_or_default());
    let name = |item: &Value| item["name"].as_str().unwrap_or_default().to_owned();
    let item = |id: &Value| &index[&id.to_string()];
    let ids = |value: &Value| value.as_array().cloned().unwrap_or_default();
    let mut missing = Vec::new();
    let of_all: String = index.values().map(docs).collect();
    let named = |name: &str| of_all.split(|letter: char| !letter.is_alphanumeric()).any(|word| word == name);
    for about in index.values().filter(|about| about["crate_id"] == 0) {
        let (inner, shown) = (&about["inner"], docs(about));
        for kind in ["function", "constant", "type_alias", "macro"] {
            // Methods are seen with their types.
            let is_free = about["visibility"] == "public" && !inner[kind].is_null();
            if is_free && shown.is_empty() && !is_member(index, about) {
                missing.push(name(about));
            }
        }
        let Some(kind) = ["struct", "enum", "trait"].into_iter().find(|kind| !inner[*kind].is_null()) else { continue };
        let mut members: Vec<&Value> = Vec::new();
        for implementation in ids(&inner[kind]["impls"]) {
            let implementation = item(&implementation);
            if implementation["inner"]["impl"]["trait"].is_null() {
                members.extend(ids(&implementation["inner"]["impl"]["items"]).iter().map(item));
            }
        }
        if kind == "trait" {
            members.extend(ids(&inner[kind]["items"]).iter().map(item));
        }
        let all = members.iter().map(|member| docs(member)).collect::<String>() + &shown;
        if all.is_empty() && !named(&name(about)) {
            missing.push(name(about));
        }
        let public = |member: &&&Value| kind == "trait" || member["visibility"] == "public";
        for member in members.iter().filter(public) {
            let called = name(member);
            let is_called = [format!(".{called}("), format!("::{called}")].iter().any(|call| all.contains(call));
            if docs(member).is_empty() && !is_called {
                missing.push(format!("{}::{called}", name(about)));
            }
        }
    }
    missing.sort();
    missing
}

/// Whether an item belongs to an implementation or a trait.
fn is_member(index: &serde_json::Map<String, Value>, about: &Value) -> bool {
    index.values().any(|other| {
        let inner = &other["inner"];
        let lists = [&inner["impl"]["items"], &inner["trait"]["items"]];
        lists.into_iter().flat_map(|list| list.as_array().into_iter().flatten()).any(|id| *id == about["id"])
    })
}

#[test]
fn every_public_item_has_an_example_that_runs() {
    let json: Value = serde_json::from_str(&text(documented())).expect("what rustdoc writes");
    let missing = without_example(&json);
    assert!(missing.is_empty(), "public, and shown by no example:\n{}", missing.join("\n"));
}

#[test]
fn what_is_hidden_says_why() {
    let mut offenders = Vec::new();
    let mut hidden = 0;
    for path in rust_files("common/src") {
        for (number, line) in (1..).zip(text(&path).lines()) {
            if line.trim_start().starts_with("#[doc(hidden)]") {
                hidden += 1;
                if !line.contains("#[doc(hidden)] // ") {
                    offenders.push(format!("{}:{number}", path.display()));
                }
            }
        }
    }
    assert!(hidden > 0, "nothing is hidden");
    assert!(offenders.is_empty(), "hidden without a reason behind it:\n{}", offenders.join("\n"));
}

#[test]
fn a_new_plugin_builds_and_passes_its_tests() {
    let folder = tempfile::tempdir().expect("a folder");
    let (script, plugin) = (repository().join("tests/host/new-plugin"), folder.path().join("night-shift"));
    let make = |name: &str| run(Command::new(&script).arg(name).arg(&plugin), b"", Duration::from_mins(1));
    for bad in ["", "Night", "night/shift", "../x", "night-", "-x", "9lives", "a\"b"] {
        assert_eq!(make(bad).status, 2, "{bad}");
    }
    assert_eq!(make("night-shift").status, 0);
    assert_eq!(make("night-shift").status, 1, "it is there already");
    let mut cargo = Command::new(std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
    cargo.args(["test", "--quiet"]).env("CARGO_TARGET_DIR", PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join("library"));
    let done = run(cargo.current_dir(&plugin), b"", Duration::from_mins(10));
    let said = String::from_utf8_lossy(&done.stdout);
    assert!(done.status == 0 && said.contains("test result: ok"), "{said}{}", String::from_utf8_lossy(&done.stderr));
    let main = text(&plugin.join("src/main.rs"));
    assert!(main.contains("\"night-shift:set\"") && !main.contains("quota:set"), "{main}");
}
