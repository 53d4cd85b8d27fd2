//! The shape of what is installed, and of the sources it comes from.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::io::Write as _;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

use ps_tests::elf::why_not_static;
use ps_tests::executables::{executables, subcommands};
use ps_tests::sizes::{self, Sizes};
use ps_tests::sources::{rust_files, text};
use ps_tests::{host, plugin_tree, repository};

/// What an installed plugin holds besides the host's executables and manual pages.
const OTHER_FILES: [&str; 5] = ["completion/_dokku", "completion/dokku-ps.bash", "functions", INSTALLER, "plugin.toml"];
/// It is no part of the plugin, but comes with each tree, so that the tree can be installed where there is no Rust.
const INSTALLER: &str = "installer";
const MOST_OF_ONE: u64 = 1_500_000;
const MOST_OF_ALL: u64 = 25_000_000;
const MOST_LINES: usize = 350;

fn installed() -> BTreeSet<String> {
    let root = plugin_tree();
    let mut found = BTreeSet::new();
    let mut directories = vec![root.clone()];
    while let Some(directory) = directories.pop() {
        for entry in fs::read_dir(&directory).expect("a directory of the plugin") {
            let path = entry.expect("an entry").path();
            if path.is_dir() {
                directories.push(path);
            } else {
                found.insert(path.strip_prefix(&root).unwrap().display().to_string());
            }
        }
    }
    found
}

/// The manual page of each subcommand but the one that only shells call.
fn pages() -> BTreeMap<String, String> {
    let page = |name: &String| match name.as_str() {
        "default" => "man/dokku-ps.1".to_owned(),
        name => format!("man/dokku-ps-{name}.1"),
    };
    subcommands().into_iter().filter(|name| name != "complete").map(|name| (name.clone(), page(&name))).collect()
}

fn paths_of_executables() -> Vec<PathBuf> {
    executables().keys().map(String::as_str).chain([INSTALLER]).map(|place| plugin_tree().join(place)).collect()
}

fn short(path: &Path) -> String {
    path.strip_prefix(repository()).unwrap_or(path).display().to_string()
}

fn nothing_in(offenders: &[String], what: &str) {
    assert!(offenders.is_empty(), "{what}:\n{}", offenders.join("\n"));
}

#[test]
fn what_is_installed_is_what_is_listed() {
    let mut listed: BTreeSet<String> = executables().into_keys().collect();
    listed.extend(OTHER_FILES.map(str::to_owned));
    listed.extend(pages().into_values());
    let installed = installed();
    let missing: Vec<_> = listed.difference(&installed).collect();
    let surplus: Vec<_> = installed.difference(&listed).collect();
    assert!(missing.is_empty() && surplus.is_empty(), "missing: {missing:?}, not listed: {surplus:?}");
}

/// The flags that a text has at the beginnings of its lines.
fn flags(text: &str) -> BTreeSet<String> {
    let lines = text.lines().map(str::trim).filter(|line| line.starts_with('-'));
    // In a help the text stands behind two blanks, and may name flags too.
    let heads = lines.filter_map(|line| line.split("  ").next());
    let words = heads.flat_map(|head| head.split([' ', ',', '[', '=']));
    words.filter(|word| word.starts_with("--")).map(str::to_owned).collect()
}

#[test]
fn a_manual_page_has_the_flags_that_the_help_of_its_command_has() {
    // ps:report has no --help; those of all apps print the help of the command that they become.
    let otherwise = ["report", "rebuildall", "restartall", "startall", "stopall"];
    for (name, page) in pages().into_iter().filter(|(name, _)| !otherwise.contains(&name.as_str())) {
        let help = host().command(&name, ["--help"]).succeeds().into_stdout();
        let page = text(&plugin_tree().join(page)).replace("\\-", "-").replace("\\fB", "").replace("\\fR", "");
        assert!(!flags(&help).is_empty(), "{help}");
        assert_eq!(flags(&page), flags(&help), "{name}");
    }
}

#[test]
fn every_executable_may_be_executed_by_all() {
    let refused = |path: &PathBuf| fs::metadata(path).map_or(0, |data| data.permissions().mode()) & 0o555 != 0o555;
    let offenders: Vec<_> = paths_of_executables().into_iter().filter(refused).map(|path| short(&path)).collect();
    nothing_in(&offenders, "not executable");
}

#[test]
fn every_executable_is_static() {
    let reason = |path: PathBuf| why_not_static(&path).map(|reason| format!("{}: {reason}", short(&path)));
    let offenders: Vec<_> = paths_of_executables().into_iter().filter_map(reason).collect();
    nothing_in(&offenders, "not static");
}

/// The bytes of each executable; `None` when they are not those that are shipped, which `what` is left out for.
fn sizes_as_shipped(what: &str) -> Option<Sizes> {
    if std::env::var_os("PS_PROFILE").is_some_and(|profile| profile == "dev") {
        // Past the capture of the test harness, so that nobody takes it for a test that ran.
        let _ = writeln!(std::io::stderr(), "left out: {what}, since PS_PROFILE is dev");
        return None;
    }
    let size = |place: String| {
        let path = plugin_tree().join(&place);
        (place, fs::metadata(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display())).len())
    };
    Some(executables().into_keys().map(size).collect())
}

#[test]
fn the_executables_are_small() {
    let Some(sizes) = sizes_as_shipped("the sizes of the executables") else { return };
    let installer = fs::metadata(plugin_tree().join(INSTALLER)).expect("the installer").len();
    assert!(installer <= MOST_OF_ONE, "the installer has {installer} bytes, more than 1.5 MB");
    let large = sizes.iter().filter(|(_, size)| **size > MOST_OF_ONE);
    let offenders: Vec<_> = large.map(|(place, size)| format!("{place}: {size} bytes")).collect();
    nothing_in(&offenders, "larger than 1.5 MB");
    let sum: u64 = sizes.values().sum();
    assert!(sum <= MOST_OF_ALL, "all executables together have {sum} bytes, more than 25 MB");
    assert!(sum > 0, "there are no executables");
}

#[test]
fn no_executable_has_grown_unseen() {
    if std::env::consts::ARCH != "x86_64" {
        let _ =
            writeln!(std::io::stderr(), "left out: the growth of the executables, whose sizes are listed for x86_64");
        return;
    }
    let accepts = std::env::var_os("PS_ACCEPT_SIZES").is_some_and(|value| value == "1");
    let Some(found) = sizes_as_shipped("the growth of the executables") else {
        assert!(!accepts, "PS_ACCEPT_SIZES accepts the sizes of what is shipped, and PS_PROFILE is dev");
        return;
    };
    let list = repository().join("tests/sizes.tsv");
    if accepts {
        fs::write(&list, sizes::written(&found)).expect("the list of sizes");
    }
    let mut offenders = sizes::offenders(&sizes::listed(&text(&list)), &found);
    if !offenders.is_empty() {
        offenders.push("If that is meant, accept it by the command below, and say why in the commit:".to_owned());
        offenders
            .push("PS_ACCEPT_SIZES=1 PS_PLUGIN=TREE cargo test -p ps-tests --test installed_tree grown".to_owned());
    }
    nothing_in(&offenders, "not as tests/sizes.tsv lists them");
}

#[test]
fn every_main_is_one_line() {
    let mut files = vec![repository().join("plugins/ps/commands.rs")];
    files.extend(rust_files("plugins/ps/subcommands"));
    files.extend(rust_files("plugins/ps/triggers"));
    assert!(files.len() > 1, "there are no mains");
    let mut offenders = Vec::new();
    for file in files {
        let text = text(&file);
        let code: Vec<&str> = text
            .lines()
            .filter(|line| !line.trim().is_empty() && !line.starts_with("//!") && !line.starts_with("use "))
            .collect();
        let header = text.starts_with("//!");
        let one_line = matches!(code[..], [only] if only.starts_with("fn main()") && only.ends_with('}'));
        // rustfmt may break the braces over three lines, one of them the body.
        let three_lines = matches!(code[..], [first, body, last]
            if first.starts_with("fn main()") && first.ends_with('{') && body.starts_with("    ") && last == "}");
        if !header || !(one_line || three_lines) {
            offenders.push(short(&file));
        }
    }
    nothing_in(&offenders, "more than a header comment and a main of one line");
}

#[test]
fn every_source_of_a_main_is_listed() {
    let listed: BTreeSet<String> = executables().into_keys().collect();
    let mut unlisted = Vec::new();
    for (directory, prefix) in [("plugins/ps/subcommands", "subcommands/"), ("plugins/ps/triggers", "")] {
        for file in rust_files(directory) {
            let name = file.file_stem().unwrap().to_string_lossy().into_owned();
            if !listed.contains(&format!("{prefix}{name}")) {
                unlisted.push(short(&file));
            }
        }
    }
    nothing_in(&unlisted, "sources without an entry in the [[bin]] table");
}

#[test]
fn no_file_of_logic_is_long() {
    let files: Vec<_> = ["common/src", "plugins/ps/src", "plugins/installer/src"].map(rust_files).concat();
    assert!(!files.is_empty(), "there are no sources");
    let mut offenders = Vec::new();
    for file in files {
        // The examples in the documentation are no logic.
        let (mut lines, mut is_example) = (0, false);
        for line in text(&file).lines() {
            let fence = ["///", "//!"].iter().any(|mark| line.trim_start().starts_with(&format!("{mark} ```")));
            lines += usize::from(!is_example && !fence);
            is_example ^= fence;
        }
        if lines > MOST_LINES {
            offenders.push(format!("{}: {lines} lines", short(&file)));
        }
    }
    nothing_in(&offenders, "longer than 350 lines");
}

#[test]
fn only_common_and_the_tests_may_touch_the_outside_world() {
    let mut offenders = Vec::new();
    for file in rust_files("plugins") {
        for (number, line) in text(&file).lines().enumerate() {
            // Unit tests may set their scene with plain files.
            let of_tests = line.contains("cfg_attr(test, ") || file.ends_with("tests.rs");
            if line.contains("clippy::disallowed") && !of_tests {
                offenders.push(format!("{}:{}: {}", short(&file), number + 1, line.trim()));
            }
        }
    }
    nothing_in(&offenders, "rules of clippy.toml that are switched off");
}
