//! The one list of executables: the `[[bin]]` table of the plugin's Cargo.toml.

use std::collections::BTreeMap;
use std::fs;

use serde::Deserialize;

use crate::repository;

#[derive(Deserialize)]
struct Manifest {
    bin: Vec<Bin>,
}

#[derive(Deserialize)]
struct Bin {
    name: String,
    path: String,
}

/// Where each executable is installed (`subcommands/scale`, `post-stop`), and the target it is built as:
/// the source's path without `.rs` and without `triggers/`.
pub fn executables() -> BTreeMap<String, String> {
    let path = repository().join("plugins/ps/Cargo.toml");
    let text = fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    let manifest: Manifest = toml::from_str(&text).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    let place = |bin: Bin| {
        let source = bin.path.strip_suffix(".rs").unwrap_or_else(|| panic!("{} is not a source", bin.path));
        (source.strip_prefix("triggers/").unwrap_or(source).to_owned(), bin.name)
    };
    let count = manifest.bin.len();
    let places: BTreeMap<_, _> = manifest.bin.into_iter().map(place).collect();
    assert_eq!(places.len(), count, "two executables would be installed at one place");
    places
}

/// The names of the subcommands: `scale`.
pub fn subcommands() -> Vec<String> {
    let installed = executables();
    installed.keys().filter_map(|place| place.strip_prefix("subcommands/")).map(str::to_owned).collect()
}

/// The names of the triggers: `post-stop`.
pub fn triggers() -> Vec<String> {
    let installed = executables();
    installed.keys().filter(|place| !place.contains('/') && *place != "commands").cloned().collect()
}
