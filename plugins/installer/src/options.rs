//! What the installer is asked to do.

use common::{Env, Error, Result};
use std::path::{Path, PathBuf};

const USAGE: &str = include_str!("../usage.txt");

/// What is to be done.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Mode {
    /// Ours takes the place of the plugin that is there.
    Install,
    /// The stock plugin comes back.
    Uninstall,
    /// The plugin tree goes into this folder.
    Into(PathBuf),
    /// A Debian package goes into this folder.
    Package(PathBuf),
    /// A script of the Debian package was called so: its name, and its arguments.
    Script(Vec<String>),
}

/// The command line.
#[derive(Debug)]
pub(crate) struct Options {
    pub(crate) mode: Mode,
    /// A plugin tree that is built already.
    pub(crate) tree: Option<PathBuf>,
    /// The checkout of the sources.
    pub(crate) source: Option<PathBuf>,
    pub(crate) no_watch: bool,
}

/// Reads the command line; `None` when it asks for help, which is printed.
///
/// # Errors
/// Status 2 for what is no option, lacks its value, or excludes another.
pub(crate) fn parse(env: &Env) -> Result<Option<Options>> {
    let here = env.working_directory()?;
    let mut options = Options { mode: Mode::Install, tree: None, source: None, no_watch: false };
    let mut words = env.args_from(1)?.into_iter().peekable();
    while let Some(word) = words.next() {
        let mut value = || {
            let value = words.next_if(|value| !value.is_empty());
            value.map(|value| resolved(&here.join(value))).ok_or_else(|| bad_usage(&format!("{word} needs a value")))
        };
        match word {
            "--tree" => options.tree = Some(value()?),
            "--source" => options.source = Some(value()?),
            "--into" => options.set_mode(Mode::Into(value()?))?,
            "--package" => {
                let folder = words.next_if(|value| !value.starts_with("--")).unwrap_or(".");
                options.set_mode(Mode::Package(resolved(&here.join(folder))))?;
            }
            "--uninstall" => options.set_mode(Mode::Uninstall)?,
            "--script" => options.set_mode(Mode::Script(words.by_ref().map(str::to_owned).collect()))?,
            "--no-watch" => options.no_watch = true,
            // Of the sandbox alone.
            "--yes" => {}
            "--demo" => drop(value()?),
            "--help" => {
                env.output().print(USAGE)?;
                return Ok(None);
            }
            _ => return Err(bad_usage(&format!("Unknown option: {word}"))),
        }
    }
    Ok(Some(options))
}

impl Options {
    fn set_mode(&mut self, mode: Mode) -> Result<()> {
        if self.mode != Mode::Install {
            return Err(bad_usage("--into, --package, --uninstall and --sandbox exclude each other"));
        }
        self.mode = mode;
        Ok(())
    }
}

fn bad_usage(what: &str) -> Error {
    Error::new(format!("{what}; --help says what there is")).with_status(2)
}

/// Where a path leads, through links as far as it exists.
fn resolved(path: &Path) -> PathBuf {
    if let Ok(found) = path.canonicalize() {
        return found;
    }
    match (path.parent(), path.file_name()) {
        (Some(folder), Some(name)) => resolved(folder).join(name),
        _ => path.to_path_buf(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeMap;

    fn parsed(words: &[&str]) -> Result<Option<Options>> {
        let words = std::iter::once("installer").chain(words.iter().copied());
        parse(&Env::new(BTreeMap::new(), words.map(Into::into).collect()))
    }

    #[test]
    fn the_package_s_folder_may_be_left_out() {
        let mode = |words: &[&str]| parsed(words).unwrap().unwrap().mode;
        let here = std::env::current_dir().unwrap();
        assert_eq!(mode(&["--package"]), Mode::Package(here.canonicalize().unwrap()));
        assert_eq!(mode(&["--package", "--tree", "/"]), Mode::Package(here.canonicalize().unwrap()));
        assert_eq!(mode(&["--package", "/nowhere/at/all"]), Mode::Package("/nowhere/at/all".into()));
    }

    #[test]
    fn a_script_keeps_all_its_words() {
        let mode = parsed(&["--tree", "/", "--script", "prerm", "upgrade", "--into"]).unwrap().unwrap().mode;
        assert_eq!(mode, Mode::Script(["prerm", "upgrade", "--into"].map(str::to_owned).to_vec()));
    }

    #[test]
    fn what_is_wrong_is_told_with_status_2() {
        for words in [&["--into"][..], &["--tree", ""], &["x"], &["--into", "a", "--uninstall"], &["--package", "--x"]]
        {
            assert_eq!(parsed(words).unwrap_err().status(), 2, "{words:?}");
        }
    }
}
