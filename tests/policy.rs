//! What the workspace may depend on, and what must be documented.

use std::collections::{BTreeMap, BTreeSet};
use std::process::Command;
use std::sync::OnceLock;
use std::time::Duration;

use ps_tests::executables::{subcommands, triggers};
use ps_tests::process::run;
use ps_tests::repository;
use ps_tests::sources::{rust_files, text};
use serde_json::Value;

/// What one may link into a static executable and pass on under the MIT licence.
const LICENCES: [&str; 10] = [
    "0BSD",
    "Apache-2.0",
    "Apache-2.0 WITH LLVM-exception",
    "BSD-2-Clause",
    "BSD-3-Clause",
    "ISC",
    "MIT",
    "Unicode-3.0",
    "Unlicense",
    "Zlib",
];
/// Crates that speak to a network. None of them is needed to build or to run the plugin.
const NETWORK_CLIENTS: [&str; 9] =
    ["attohttpc", "curl", "curl-sys", "git2", "hyper", "minreq", "reqwest", "tokio", "ureq"];
/// The target that is shipped: what other systems would need is never built.
const TARGET: &str = "x86_64-unknown-linux-musl";

fn metadata() -> &'static Value {
    static METADATA: OnceLock<Value> = OnceLock::new();
    METADATA.get_or_init(|| {
        let mut cargo = Command::new(std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
        cargo.args(["metadata", "--locked", "--format-version", "1", "--filter-platform", TARGET]);
        let done = run(cargo.current_dir(repository()), b"", Duration::from_mins(5));
        assert_eq!(done.status, 0, "cargo metadata: {}", String::from_utf8_lossy(&done.stderr));
        serde_json::from_slice(&done.stdout).expect("the metadata")
    })
}

fn list<'a>(value: &'a Value, key: &str) -> &'a [Value] {
    value[key].as_array().unwrap_or_else(|| panic!("{key} is not a list")).as_slice()
}

fn word<'a>(value: &'a Value, key: &str) -> &'a str {
    value[key].as_str().unwrap_or_default()
}

fn nothing_in(offenders: &[String], what: &str) {
    assert!(offenders.is_empty(), "{what}:\n{}", offenders.join("\n"));
}

/// The packages that `ps` is made of, with itself; `normal` leaves out what only builds or tests it.
fn packages_of_ps(normal: bool) -> Vec<&'static Value> {
    let by_id: BTreeMap<&str, &Value> =
        list(metadata(), "packages").iter().map(|package| (word(package, "id"), package)).collect();
    let nodes: BTreeMap<&str, &Value> =
        list(&metadata()["resolve"], "nodes").iter().map(|node| (word(node, "id"), node)).collect();
    let start = by_id.iter().find(|(_, package)| word(package, "name") == "ps").expect("the package ps").0;
    let mut found = BTreeSet::new();
    let mut open = vec![*start];
    while let Some(id) = open.pop() {
        if !found.insert(id) {
            continue;
        }
        for dependency in list(nodes[id], "deps") {
            let kinds = list(dependency, "dep_kinds");
            let wanted = |kind: &Value| kind["kind"].is_null() || (!normal && word(kind, "kind") == "build");
            if kinds.iter().any(wanted) {
                open.push(word(dependency, "pkg"));
            }
        }
    }
    assert!(found.len() > 1, "ps depends on nothing");
    found.into_iter().map(|id| by_id[id]).collect()
}

/// Whether a licence expression leaves us a choice that is on the list. What is no expression is refused.
fn is_allowed(expression: &str) -> bool {
    let spaced = expression.replace('(', " ( ").replace(')', " ) ").replace('/', " OR ");
    let words: Vec<&str> = spaced.split_whitespace().collect();
    matches!(alternatives(&words), Some((true, [])))
}

/// Whether it is allowed, and the words behind it.
type Parsed<'w> = Option<(bool, &'w [&'w str])>;

fn alternatives<'w>(words: &'w [&'w str]) -> Parsed<'w> {
    let (mut allowed, mut rest) = conjunction(words)?;
    while let ["OR", after @ ..] = rest {
        let (other, left) = conjunction(after)?;
        (allowed, rest) = (allowed || other, left);
    }
    Some((allowed, rest))
}

fn conjunction<'w>(words: &'w [&'w str]) -> Parsed<'w> {
    let (mut allowed, mut rest) = licence(words)?;
    while let ["AND", after @ ..] = rest {
        let (other, left) = licence(after)?;
        (allowed, rest) = (allowed && other, left);
    }
    Some((allowed, rest))
}

fn licence<'w>(words: &'w [&'w str]) -> Parsed<'w> {
    match words {
        [] | ["AND" | "OR" | "WITH" | ")", ..] => None,
        ["(", inner @ ..] => match alternatives(inner)? {
            (allowed, [")", rest @ ..]) => Some((allowed, rest)),
            _ => None,
        },
        [name, "WITH", exception, rest @ ..] => {
            Some((LICENCES.contains(&format!("{name} WITH {exception}").as_str()), rest))
        }
        [name, rest @ ..] => Some((LICENCES.contains(name), rest)),
    }
}

#[test]
fn a_licence_expression_is_read_as_it_is_meant() {
    for good in [
        "MIT",
        "MIT OR GPL-3.0",
        "GPL-3.0 OR MIT",
        "MIT/Apache-2.0",
        "(MIT OR Apache-2.0) AND Unicode-3.0",
        "Apache-2.0 WITH LLVM-exception OR Apache-2.0 OR MIT",
        "GPL-3.0 AND MIT OR ISC",
    ] {
        assert!(is_allowed(good), "{good}");
    }
    for bad in
        ["", "GPL-3.0", "MIT AND GPL-3.0", "(MIT", "MIT)", "MIT OR", "GPL-3.0 WITH LLVM-exception", "MIT Apache-2.0"]
    {
        assert!(!is_allowed(bad), "{bad}");
    }
}

#[test]
fn every_dependency_has_a_licence_on_the_list() {
    let offends = |package: &&Value| !is_allowed(word(package, "license"));
    let offenders: Vec<String> = list(metadata(), "packages")
        .iter()
        .filter(offends)
        .map(|package| format!("{} {}: {:?}", word(package, "name"), word(package, "version"), package["license"]))
        .collect();
    nothing_in(&offenders, "licences that are not on the list");
}

#[test]
fn the_plugin_holds_no_crate_twice() {
    let mut versions: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
    for package in packages_of_ps(true) {
        versions.entry(word(package, "name")).or_default().push(word(package, "version"));
    }
    let offenders: Vec<String> = versions
        .iter()
        .filter(|(_, versions)| versions.len() > 1)
        .map(|(name, versions)| format!("{name}: {}", versions.join(", ")))
        .collect();
    nothing_in(&offenders, "crates in more than one version");
}

#[test]
fn every_crate_is_from_the_registry_or_the_workspace() {
    let members: BTreeSet<&str> =
        list(metadata(), "workspace_members").iter().map(|id| id.as_str().unwrap_or_default()).collect();
    let mut offenders = Vec::new();
    for package in list(metadata(), "packages") {
        let ours = members.contains(word(package, "id"));
        let from_registry = word(package, "source").starts_with("registry+");
        if ours == from_registry {
            offenders.push(format!("{}: {}", word(package, "name"), package["source"]));
        }
        // Null is the registry that cargo uses by itself.
        for dependency in list(package, "dependencies") {
            if ours && !dependency["registry"].is_null() {
                offenders.push(format!("{}: {}", word(dependency, "name"), dependency["registry"]));
            }
        }
    }
    nothing_in(&offenders, "crates from elsewhere");
}

#[test]
fn nothing_that_builds_or_runs_the_plugin_speaks_to_a_network() {
    let offenders: Vec<String> = packages_of_ps(false)
        .into_iter()
        .map(|package| word(package, "name").to_owned())
        .filter(|name| NETWORK_CLIENTS.contains(&name.as_str()))
        .collect();
    nothing_in(&offenders, "network clients");
}

/// What is promised as the minimal Rust is what everything is tested with.
#[test]
fn the_minimal_rust_is_the_pinned_one() {
    let pinned = text(&repository().join("rust-toolchain.toml"));
    let pinned: toml::Table = pinned.parse().expect("rust-toolchain.toml");
    let pinned = pinned["toolchain"]["channel"].as_str().expect("a channel");
    let members = list(metadata(), "packages").iter().filter(|package| package["source"].is_null());
    let offends = |package: &&Value| word(package, "rust_version") != pinned;
    let offenders: Vec<String> = members
        .filter(offends)
        .map(|package| format!("{}: {}", word(package, "name"), package["rust_version"]))
        .collect();
    nothing_in(&offenders, &format!("members whose rust-version is not {pinned}"));
}

/// The headings of a document, without their marks.
fn headings(document: &str) -> Vec<String> {
    let path = repository().join(document);
    let lines = text(&path);
    lines
        .lines()
        .filter(|line| line.starts_with('#'))
        .map(|line| line.replace(['#', '`'], "").trim().to_owned())
        .collect()
}

fn missing_in(document: &str, names: &[String]) -> Vec<String> {
    let headings = headings(document);
    let has = |name: &String| headings.iter().any(|heading| heading.split([' ', ',']).any(|word| word == name));
    names.iter().filter(|name| !has(name)).cloned().collect()
}

#[test]
fn every_hook_is_documented() {
    nothing_in(&missing_in("docs/hooks.md", &triggers()), "hooks without a heading in docs/hooks.md");
}

#[test]
fn every_command_is_documented() {
    let commands: Vec<String> = subcommands().iter().map(|name| format!("ps:{name}")).collect();
    nothing_in(&missing_in("docs/commands.md", &commands), "commands without a heading in docs/commands.md");
}

/// The repository can be installed as a plugin, and `dokku help` runs everything of this name in or below a plugin.
#[test]
fn nothing_in_the_repository_is_called_commands() {
    let mut found = Vec::new();
    let mut folders = vec![repository()];
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(&folder).unwrap_or_else(|error| panic!("{}: {error}", folder.display())) {
            let path = entry.expect("an entry").path();
            let name = path.file_name().and_then(|name| name.to_str()).unwrap_or_default();
            if name == "commands" {
                found.push(path.display().to_string());
            }
            // What git keeps, and what was built, is no part of a clone.
            if path.is_dir() && !path.is_symlink() && name != ".git" && name != "target" {
                folders.push(path);
            }
        }
    }
    nothing_in(&found, "dokku help would run");
}

/// The table of the host's files.
const TABLE: &str = "plugins/ps/src/host_files.rs";

/// The lines of a source that lead to a file of the host, with what is wrong with them. Only our own properties and
/// data may be reached by their plugin's name.
fn ways_to_the_host(source: &str) -> Vec<String> {
    const WAYS: [&str; 6] = [
        "dokku_lib_root",
        "dokku_root",
        "PLUGIN_AVAILABLE_PATH",
        "PLUGIN_CORE_AVAILABLE_PATH",
        ".root(env)",
        ".root(self.env)",
    ];
    let shipped = source.split("#[cfg(test)]").next().unwrap_or_default();
    // Calls are compared without the breaks that a formatter makes in them.
    let words = shipped.split_whitespace().collect::<Vec<_>>().join(" ");
    let mut found: Vec<String> = WAYS.iter().filter(|way| words.contains(*way)).map(|way| (*way).to_owned()).collect();
    for (call, ours) in [("Properties::new(", "PLUGIN"), ("data_directory(", "PLUGIN")] {
        for (position, _) in words.match_indices(call) {
            let arguments = words[position + call.len()..].split(')').next().unwrap_or_default();
            let plugin = arguments.trim_end_matches([' ', ',']).rsplit([' ', ',']).next().unwrap_or_default();
            let local = words[..position].ends_with("fn ") || call == "data_directory(" && arguments.starts_with("env");
            if !local && plugin != ours && plugin != format!("crate::{ours}") {
                found.push(format!("{call}{arguments})"));
            }
        }
    }
    found
}

#[test]
fn a_way_to_the_host_is_seen() {
    for way in [
        "Properties::new(env, \"docker-options\")",
        "Properties::new(\n    self.env,\n    plugin,\n)",
        "Properties::new(env, super::PLUGIN)",
        "self.env.data_directory(\"storage-registry\")?",
        "env.dokku_lib_root()?.join(\"config\")",
        "app.root(env)?.join(\"ENV\")",
    ] {
        assert_eq!(ways_to_the_host(way).len(), 1, "{way}");
    }
    for ours in [
        "Properties::new(env, PLUGIN)",
        "Properties::new(self.env, crate::PLUGIN)",
        "env.data_directory(PLUGIN)?",
        "fn data_directory(env: &Env, app: &App)",
        "data_directory(env, &app)?",
        "x\n#[cfg(test)]\nmod tests { Properties::new(env, \"a\") }",
    ] {
        assert!(ways_to_the_host(ours).is_empty(), "{ours}");
    }
}

#[test]
fn one_table_names_the_host_s_files() {
    let table = repository().join(TABLE);
    assert!(!ways_to_the_host(&text(&table)).is_empty(), "the table leads nowhere");
    let mut offenders = Vec::new();
    for path in rust_files("plugins/ps") {
        let is_test = path.file_name().is_some_and(|name| name.to_string_lossy().ends_with("tests.rs"));
        if path != table && !is_test {
            let shown = path.strip_prefix(repository()).unwrap_or(&path).display().to_string();
            offenders.extend(ways_to_the_host(&text(&path)).into_iter().map(|way| format!("{shown}: {way}")));
        }
    }
    nothing_in(&offenders, &format!("files of the host that are named outside of {TABLE}"));
}

/// The modules of the plugin, from the ground up: each may use those below its own floor and no other.
const FLOORS: &[&[&str]] = &[
    &["each_app", "formation", "host_files", "plan", "restart_policy", "scene", "signal", "targets"],
    &["app_json", "config", "host_answers", "scheduler", "settings", "stopped", "watched"],
    &["image_kind", "source_files", "watch"],
    &["fingerprint", "saved"],
    &["docker_local"],
    &["change", "listing", "report"],
    &["commands", "triggers"],
];

/// The modules that a file names behind `crate::`.
fn modules_named(source: &str) -> BTreeSet<&str> {
    let is_of_a_name = |letter: char| letter.is_alphanumeric() || letter == '_';
    let behind = source.split("crate::").skip(1);
    let modules = behind.map(|rest| rest.split(|letter| !is_of_a_name(letter)).next().unwrap_or_default());
    modules.filter(|name| name.starts_with(|letter: char| letter.is_lowercase())).collect()
}

#[test]
fn a_module_uses_only_what_is_on_a_lower_floor() {
    let floor = |module: &str| FLOORS.iter().position(|floor| floor.contains(&module));
    let mut wrong = Vec::new();
    for file in rust_files("plugins/ps/src") {
        let inside =
            file.strip_prefix(repository().join("plugins/ps/src")).expect("a path below src").display().to_string();
        let module = inside.split('/').next().unwrap_or_default().trim_end_matches(".rs");
        let module = module.trim_end_matches("_tests");
        // `command/` is the module `commands`; the random test of all words belongs to no floor.
        let module = if module == "command" { "commands" } else { module };
        if matches!(module, "lib" | "any_words") {
            continue;
        }
        let Some(own) = floor(module) else {
            wrong.push(format!("{inside}: {module} is on no floor"));
            continue;
        };
        for used in modules_named(&text(&file)) {
            match floor(used) {
                _ if used == module => {}
                Some(other) if other < own => {}
                _ => wrong.push(format!("{inside} uses {used}")),
            }
        }
    }
    nothing_in(&wrong, "not on a lower floor");
}

#[test]
fn the_modules_that_a_file_uses_are_seen() {
    let source = "use crate::plan::{self, Step};\nuse crate::PLUGIN;\nfn f() { crate::settings::g() }";
    assert_eq!(modules_named(source).into_iter().collect::<Vec<_>>(), ["plan", "settings"]);
}

#[test]
fn each_random_test_says_its_seed() {
    let files = ["common/src", "plugins/ps/src", "tests"].into_iter().flat_map(rust_files);
    let sources: Vec<(String, String)> = files
        .filter(|file| !file.starts_with(repository().join("tests/seeded")))
        .map(|file| (file.display().to_string(), text(&file)))
        .collect();
    // In two parts, so that this file is not one of them.
    let number = |source: &str, of: [&str; 2]| source.matches(&of.concat()).count();
    let seeded = |source: &str| number(source, ["proptest_config(", "seeded::cases("]);
    let wrong = sources.iter().filter(|(_, source)| {
        number(source, ["proptest", "! {"]) != seeded(source) || number(source, ["Random", "State"]) > 0
    });
    nothing_in(&wrong.map(|(file, _)| file.clone()).collect::<Vec<_>>(), "random tests without a seed");
    assert!(sources.iter().any(|(_, source)| seeded(source) > 0), "no random test is found");
}
