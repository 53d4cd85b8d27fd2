//! The sources of the plugin, for the tests that hold their shape.

use std::fs;
use std::path::{Path, PathBuf};

use crate::repository;

/// The Rust files below a directory of the repository, sorted.
pub fn rust_files(directory: &str) -> Vec<PathBuf> {
    let mut files = Vec::new();
    collect(&repository().join(directory), &mut files);
    files.sort();
    files
}

/// The text of a source.
pub fn text(path: &Path) -> String {
    fs::read_to_string(path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

/// What the plugin knows of the host's own plugins.
pub fn host_plugins() -> String {
    text(&repository().join("common/src/host_plugins.rs"))
}

/// The names of the host's own plugins, as the plugin knows them: each on a line of its own there.
pub fn host_plugin_names() -> Vec<String> {
    let text = host_plugins();
    let name = |line: &str| line.trim().strip_prefix('"')?.strip_suffix("\",").map(str::to_owned);
    let names: Vec<String> = text.lines().filter_map(name).collect();
    assert!(!names.is_empty(), "no plugin is named in common/src/host_plugins.rs");
    names
}

fn collect(directory: &Path, files: &mut Vec<PathBuf>) {
    let entries = fs::read_dir(directory).unwrap_or_else(|error| panic!("{}: {error}", directory.display()));
    for entry in entries {
        let path = entry.expect("an entry").path();
        if path.is_dir() {
            collect(&path, files);
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            files.push(path);
        }
    }
}
