//! What one source says: its values by label, and the files that hold them.

use super::key::Key;
use common::{Context, Error, Result, file};
use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;
use std::collections::BTreeMap;
use std::io::ErrorKind;
use std::path::{Path, PathBuf};
use std::time::SystemTime;

/// Goes before everything that is hashed. Another way of hashing must have another one.
const DOMAIN: &[u8] = b"dokku ps fingerprint 1";

/// What one source says. The values may be secrets, so it cannot be printed.
pub(super) struct Material {
    source: String,
    values: BTreeMap<String, Vec<u8>>,
    /// Where the values come from, whether it is there or not.
    files: Vec<PathBuf>,
}

impl Material {
    /// A source of this name that says nothing yet.
    pub(super) fn new(source: &str) -> Self {
        Self { source: source.to_owned(), values: BTreeMap::new(), files: Vec::new() }
    }

    /// The name of the source.
    pub(super) fn into_source(self) -> String {
        self.source
    }

    /// Adds a value. An empty one is none, as it is to the host.
    pub(super) fn add(&mut self, label: &str, value: &[u8]) {
        if !value.is_empty() {
            self.values.insert(label.to_owned(), value.to_vec());
        }
    }

    /// Names a file, or a folder of settings, that decides what the source says.
    pub(super) fn comes_from(&mut self, path: &Path) {
        self.files.push(path.to_owned());
    }

    /// The bytes of a file that decides what the source says; `None` when it is missing.
    pub(super) fn read(&mut self, path: &Path) -> Result<Option<Vec<u8>>> {
        self.comes_from(path);
        file::read(path)
    }

    /// Adds the content of a file.
    pub(super) fn add_file(&mut self, label: &str, path: &Path) -> Result<()> {
        let content = self.read(path)?.unwrap_or_default();
        self.add(label, without_line_end(&content));
        Ok(())
    }

    /// Adds the content of each file in a folder, and in those below it, whose name is `wanted`. Hidden files are
    /// those of writers at work.
    pub(super) fn add_folder(&mut self, label: &str, folder: &Path, wanted: impl Fn(&str) -> bool) -> Result<()> {
        self.add_wanted(label, folder, &wanted)
    }

    fn add_wanted(&mut self, label: &str, folder: &Path, wanted: &dyn Fn(&str) -> bool) -> Result<()> {
        self.comes_from(folder);
        for path in file::entries(folder)? {
            let Some(name) = path.file_name().map(|name| name.to_string_lossy().into_owned()) else { continue };
            if name.starts_with('.') || !wanted(&name) {
                continue;
            }
            let label = format!("{label}/{name}");
            if path.symlink_metadata().is_ok_and(|about| about.is_dir()) {
                self.add_wanted(&label, &path, wanted)?;
            } else if path.is_file() {
                self.add_file(&label, &path)?;
            }
        }
        Ok(())
    }

    /// The keyed hash of what the source says, in hexadecimal. Every part has its length before it, so what
    /// is said in one way cannot look like something else that is said in another.
    pub(super) fn hash(&self, key: &Key) -> Result<String> {
        let mut hash = Hmac::<Sha256>::new_from_slice(key).map_err(|error| Error::new(error.to_string()))?;
        let mut part = |bytes: &[u8]| {
            hash.update(&(bytes.len() as u64).to_be_bytes());
            hash.update(bytes);
        };
        part(DOMAIN);
        part(self.source.as_bytes());
        for (label, value) in &self.values {
            part(label.as_bytes());
            part(value);
        }
        let mut text = String::with_capacity(64);
        for byte in hash.finalize().into_bytes() {
            text.extend([byte >> 4, byte & 15].map(|digit| char::from_digit(digit.into(), 16).unwrap_or_default()));
        }
        Ok(text)
    }

    /// Whether one of its files was written to after `time`.
    pub(super) fn is_newer_than(&self, time: SystemTime) -> Result<bool> {
        for path in &self.files {
            match path.metadata().and_then(|about| about.modified()) {
                Ok(modified) if modified > time => return Ok(true),
                Err(error) if error.kind() != ErrorKind::NotFound => {
                    return Err(error).context(|| format!("reading the time of {}", path.display()));
                }
                _ => {}
            }
        }
        Ok(false)
    }
}

/// A newline at the end, which only a hand with an editor leaves, is no part of a property.
fn without_line_end(bytes: &[u8]) -> &[u8] {
    let is_line_end = |byte: &u8| matches!(byte, b'\n' | b'\r');
    let length = bytes.iter().rposition(|byte| !is_line_end(byte)).map_or(0, |last| last + 1);
    bytes.get(..length).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    const KEY: Key = [7; 32];

    fn material(source: &str, values: &[(&str, &str)]) -> Material {
        let mut material = Material::new(source);
        for (label, value) in values {
            material.add(label, value.as_bytes());
        }
        material
    }

    fn hash(source: &str, values: &[(&str, &str)]) -> String {
        material(source, values).hash(&KEY).unwrap()
    }

    #[test]
    fn two_ways_to_cut_the_same_text_have_two_hashes() {
        let hashes = [
            hash("config", &[("AB", "C")]),
            hash("config", &[("A", "BC")]),
            hash("config", &[("A", "B"), ("C", "D")]),
            hash("config", &[("A", "BCD")]),
            hash("config", &[]),
            hash("network", &[]),
            hash("network", &[("AB", "C")]),
        ];
        for (position, one) in hashes.iter().enumerate() {
            assert_eq!(one.len(), 64);
            assert!(!hashes[..position].contains(one), "{position}");
        }
    }

    #[test]
    fn order_does_not_matter_and_the_key_does() {
        let values = [("A", "1"), ("B", "2")];
        let turned = [("B", "2"), ("A", "1")];
        assert_eq!(hash("config", &values), hash("config", &turned));
        assert_ne!(material("config", &values).hash(&[8; 32]).unwrap(), hash("config", &values));
    }

    #[test]
    fn the_hash_is_that_of_any_other_program() {
        // printf '\0\0\0\0\0\0\0\026dokku ps fingerprint 1\0\0\0\0\0\0\0\005image\0\0\0\0\0\0\0\002id\0\0\0\0\0\0\0\003abc' |
        //   openssl dgst -sha256 -mac HMAC -macopt hexkey:0707…
        assert_eq!(hash("image", &[("id", "abc")]), "d33a15072006f141ee9dbb0ae5918e2193514cf7c7f774ac7897a479fbbc1e5f");
    }

    #[test]
    fn line_ends_go_from_the_end_alone() {
        assert_eq!(without_line_end(b"a\nb\r\n\n"), b"a\nb");
        assert_eq!(without_line_end(b"\n"), b"");
        assert_eq!(without_line_end(b""), b"");
    }
}
