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
