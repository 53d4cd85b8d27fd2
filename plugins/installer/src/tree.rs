//! What a plugin tree holds, and whose it is.

use common::atomic::{self, Owner};
use common::{Error, Result, file};
use std::path::{Path, PathBuf};

/// The one list of executables.
const MANIFEST: &str = include_str!("../../ps/Cargo.toml");

/// This program itself, which comes with each tree: so a tree can be installed where there is no Rust.
pub(crate) const INSTALLER: &str = "installer";

/// Each executable: the target that it is built as, and its place in a tree.
pub(crate) fn executables() -> Vec<(String, String)> {
    let tables = MANIFEST.split("[[bin]]").skip(1);
    tables
        .filter_map(|table| {
            let value = |key: &str| {
                let value = table.lines().find_map(|line| line.strip_prefix(key)?.trim_start().strip_prefix('='));
                Some(value?.trim().trim_matches('"'))
            };
            let source = value("path")?.trim_end_matches(".rs");
            let place = source.strip_prefix("triggers/").unwrap_or(source);
            Some((value("name")?.to_owned(), place.to_owned()))
        })
        .collect()
}

/// The places of the executables, with the installer's.
pub(crate) fn places() -> Vec<String> {
    let places = executables().into_iter().map(|(_, place)| place);
    places.chain([INSTALLER.to_owned()]).collect()
}

/// The manual pages. Each command has one but the one that only shells call; that of `ps` is the overview.
pub(crate) fn pages() -> Vec<String> {
    let executables = executables();
    let commands = executables.iter().filter_map(|(_, place)| place.strip_prefix("subcommands/"));
    let pages = commands.filter(|command| *command != "complete").map(|command| match command {
        "default" => "man/dokku-ps.1".to_owned(),
        command => format!("man/dokku-ps-{command}.1"),
    });
    pages.collect()
}

/// What a tree holds besides executables.
pub(crate) fn texts() -> Vec<String> {
    let texts = ["plugin.toml", "functions", "completion/dokku-ps.bash", "completion/_dokku"];
    texts.into_iter().map(str::to_owned).chain(pages()).collect()
}

/// Whether a folder holds a tree of ours: it says so itself.
pub(crate) fn is_ours(tree: &Path) -> bool {
    said_by(tree).is_some_and(|text| text.lines().any(|line| line.split_whitespace().next() == Some("[replacement]")))
}

/// Whether a folder holds a plugin that is not ours.
pub(crate) fn is_stock(tree: &Path) -> bool {
    said_by(tree).is_some() && !is_ours(tree)
}

/// Whether a folder holds a plugin.
pub(crate) fn is_plugin(tree: &Path) -> bool {
    said_by(tree).is_some()
}

/// The version that a tree says it has.
///
/// # Errors
/// When it says none.
pub(crate) fn version(tree: &Path) -> Result<String> {
    let text = said_by(tree).unwrap_or_default();
    let version = text.lines().find_map(|line| line.strip_prefix("version")?.trim_start().strip_prefix('='));
    let version = version.map(|version| version.trim().trim_matches('"').to_owned());
    version.ok_or_else(|| Error::new(format!("{} says no version", tree.join("plugin.toml").display())))
}

fn said_by(tree: &Path) -> Option<String> {
    file::read_text(&tree.join("plugin.toml")).ok().flatten()
}

/// What cargo has built.
pub(crate) struct Built {
    /// Where the executables are, by the names of their targets.
    pub(crate) folder: PathBuf,
    /// The folder with the folder `man`.
    pub(crate) pages: PathBuf,
    /// The checkout of the sources.
    pub(crate) source: PathBuf,
}

/// Where the files of a tree are taken from.
pub(crate) enum Source {
    /// A tree.
    Tree(PathBuf),
    /// What was built from the sources.
    Built(Built),
}

impl Source {
    fn of_executable(&self, target: &str, place: &str) -> PathBuf {
        match self {
            Self::Tree(tree) => tree.join(place),
            Self::Built(built) => built.folder.join(target),
        }
    }

    fn of_text(&self, place: &str) -> PathBuf {
        match self {
            Self::Tree(tree) => tree.join(place),
            Self::Built(built) if place.starts_with("man/") => built.pages.join(place),
            Self::Built(built) => built.source.join("plugins/ps").join(place),
        }
    }

    /// Copies the tree into the new folder `into`: what the lists name, nothing else.
    ///
    /// # Errors
    /// When a file is missing or cannot be copied; when it is no tree of ours.
    pub(crate) fn assemble(&self, into: &Path, owner: Option<Owner>) -> Result<()> {
        atomic::create_directory(into, owner)?;
        let installer = ("ps-installer".to_owned(), INSTALLER.to_owned());
        for (target, place) in executables().into_iter().chain([installer]) {
            put(&self.of_executable(&target, &place), &into.join(&place), 0o755, owner)?;
        }
        for place in texts() {
            put(&self.of_text(&place), &into.join(&place), 0o644, owner)?;
        }
        if is_ours(into) {
            return Ok(());
        }
        let toml = self.of_text("plugin.toml");
        Err(Error::new(format!("{} has no table [replacement]: not a tree of this plugin", toml.display())))
    }
}

fn put(from: &Path, to: &Path, mode: u32, owner: Option<Owner>) -> Result<()> {
    if !file::exists(from) {
        return Err(Error::new(format!("{} is missing", from.display())));
    }
    if let Some(folder) = to.parent() {
        atomic::create_directory(folder, owner)?;
    }
    atomic::copy(from, to, mode, owner)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_list_is_that_of_the_manifest() {
        let manifest: toml::Table = toml::from_str(MANIFEST).unwrap();
        let listed = manifest.get("bin").unwrap().as_array().unwrap();
        let of = |table: &toml::Value, key: &str| table.get(key).unwrap().as_str().unwrap().to_owned();
        let listed: Vec<(String, String)> = listed
            .iter()
            .map(|table| (of(table, "name"), of(table, "path").replace("triggers/", "").replace(".rs", "")))
            .collect();
        assert_eq!(executables(), listed);
        assert!(pages().contains(&"man/dokku-ps.1".to_owned()) && !pages().contains(&"man/dokku-ps-complete.1".into()));
    }

    #[test]
    fn a_tree_says_whose_it_is() {
        let folder = tempfile::tempdir().unwrap();
        assert!(!is_plugin(folder.path()) && !is_ours(folder.path()) && !is_stock(folder.path()));
        std::fs::write(folder.path().join("plugin.toml"), "[plugin]\nversion = \"0.38.27\"\n").unwrap();
        assert!(is_stock(folder.path()) && !is_ours(folder.path()));
        assert_eq!(version(folder.path()).unwrap(), "0.38.27");
        std::fs::write(folder.path().join("plugin.toml"), "[plugin]\n[replacement]\n").unwrap();
        assert!(is_ours(folder.path()) && !is_stock(folder.path()));
        assert!(version(folder.path()).unwrap_err().message().ends_with("says no version"));
    }
}
