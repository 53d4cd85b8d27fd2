//! Executables for tests.

use std::path::Path;

/// Writes a shell script. Another process writes it: a file that this one had open for writing cannot be run while
/// a child that another test starts at that moment still holds the descriptor.
pub(crate) fn write_script(path: &Path, body: &str, mode: &str) {
    let text = format!("#!/bin/sh\n{body}\n");
    duct::cmd!("install", "-m", mode, "/dev/stdin", path).stdin_bytes(text).run().unwrap();
}
