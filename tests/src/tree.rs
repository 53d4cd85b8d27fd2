//! What a run may change: the files below the app root, the library root and the checked-out source.

use std::collections::BTreeMap;
use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;

use serde_json::{Value, json};

/// What a test lays out to be read has less; what is not to be read may have any number of bytes.
const LARGEST: u64 = 64 * 1024 * 1024;

/// path -> `[octal mode, content]`, or `"directory"` for an empty directory (its path ends in `/`).
pub type Tree = BTreeMap<String, Value>;

/// The files below `root` that are compared: no hidden ones, no locks of the host, no generated
/// `DOKKU_SCALE`, no empty `scale.old`; the lines of a scale sorted, since their order means nothing.
pub fn read(root: &Path) -> Tree {
    let mut found = Tree::new();
    for top in ["home", "lib/config", "lib/data", "work"] {
        if root.join(top).is_dir() {
            walk(root, top, &mut found);
        }
    }
    found
}

/// What `after` has that `before` had not, or had otherwise; null for what is gone.
pub fn changes(before: &Tree, after: &Tree) -> Tree {
    let mut changed = Tree::new();
    for path in before.keys().chain(after.keys()) {
        if before.get(path) != after.get(path) {
            changed.insert(path.clone(), after.get(path).cloned().unwrap_or(Value::Null));
        }
    }
    changed
}

/// Bytes as text; what is not UTF-8 becomes `\xNN`.
pub fn text(bytes: &[u8]) -> String {
    use std::fmt::Write as _;
    let mut text = String::with_capacity(bytes.len());
    for chunk in bytes.utf8_chunks() {
        text.push_str(chunk.valid());
        for byte in chunk.invalid() {
            let _ = write!(text, "\\x{byte:02x}");
        }
    }
    text
}

fn walk(root: &Path, directory: &str, found: &mut Tree) {
    let entries = match fs::read_dir(root.join(directory)) {
        Ok(entries) => entries,
        // A test may take away the right to read it; then it can only stay as it is.
        Err(error) => {
            found.insert(format!("{directory}/"), json!(error.to_string()));
            return;
        }
    };
    let mut empty = true;
    for entry in entries {
        let entry = entry.expect("an entry of the sandbox");
        let name = text(entry.file_name().as_encoded_bytes());
        let path = format!("{directory}/{name}");
        // As Python's os.walk: a link to a directory is listed as one and not entered.
        if entry.path().is_dir() {
            if name.starts_with('.') || path == "lib/data/apps" {
                continue;
            }
            empty = false;
            if !entry.path().is_symlink() {
                walk(root, &path, found);
            }
            continue;
        }
        empty = false;
        if name.starts_with('.') || name == "DOKKU_SCALE" {
            continue;
        }
        if let Some(file) = file(&entry.path(), &name) {
            found.insert(path, file);
        }
    }
    if empty {
        found.insert(format!("{directory}/"), json!("directory"));
    }
}

fn file(path: &Path, name: &str) -> Option<Value> {
    let about = fs::symlink_metadata(path).ok()?;
    if about.is_symlink() {
        return Some(json!(["a link", fs::read_link(path).unwrap_or_default()]));
    }
    if !about.is_file() || about.len() > LARGEST {
        return Some(json!(["no file to be read", format!("{:?}, {} bytes", about.file_type(), about.len())]));
    }
    let content = fs::read(path).unwrap_or_else(|error| error.to_string().into_bytes());
    let mut content = text(&content);
    if name == "scale.old" && content.is_empty() {
        return None;
    }
    if name == "scale" || name == "scale.old" {
        let mut lines: Vec<_> = content.split_inclusive('\n').collect();
        lines.sort_unstable();
        content = lines.concat();
    }
    let mode = fs::metadata(path).map_or(0, |data| data.permissions().mode() & 0o7777);
    Some(json!([format!("{mode:o}"), content]))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bytes_that_are_no_text_are_shown_as_escapes() {
        assert_eq!(text(b"a\xffb\xc3\xa9"), "a\\xffb\u{e9}");
    }

    #[test]
    fn a_removed_file_is_a_change_to_null() {
        let before = Tree::from([("home/a".to_owned(), json!(["644", ""]))]);
        assert_eq!(changes(&before, &Tree::new()), Tree::from([("home/a".to_owned(), Value::Null)]));
    }
}
