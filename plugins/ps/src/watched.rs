//! What `ps:watch` keeps of an app: how its instances were, what was tried, what was given up.

use crate::PLUGIN;
use common::atomic::{self, Owner};
use common::{App, Context, Env, Result, file};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::path::PathBuf;

/// So many of the last acts are kept.
const ACTS: usize = 10;

/// What is kept of one app.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub(crate) struct Watched {
    /// How each instance was when it was told last: `web.1`, `running`.
    pub(crate) told: BTreeMap<String, String>,
    /// What was tried in vain, or not long ago: `missing worker.1`.
    pub(crate) tries: BTreeMap<String, Tries>,
    /// The last acts, the newest last.
    pub(crate) acts: Vec<Done>,
}

/// What was tried to mend one thing.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub(crate) struct Tries {
    /// How often.
    pub(crate) made: u32,
    /// How often since then it could not even be tried.
    pub(crate) hindered: u32,
    /// When last, in seconds since 1970.
    pub(crate) last: i64,
    /// Whether nobody has looked since what came of it.
    pub(crate) unseen: bool,
    /// The container that came of it.
    pub(crate) container: Option<String>,
    /// Why it failed; empty when it did not.
    pub(crate) failure: String,
    /// That it was given up.
    pub(crate) given_up: Option<GivenUp>,
}

/// When something was given up, and the last that was heard of it.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub(crate) struct GivenUp {
    /// In seconds since 1970.
    pub(crate) at: i64,
    /// The last lines of the container.
    pub(crate) lines: Vec<String>,
}

/// Something that was done.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub(crate) struct Done {
    /// When, in seconds since 1970.
    pub(crate) at: i64,
    /// In words.
    pub(crate) what: String,
}

impl Tries {
    /// How often it was begun in vain.
    pub(crate) fn all(&self) -> u32 {
        self.made.saturating_add(self.hindered)
    }
}

impl Watched {
    /// Keeps that something was done.
    pub(crate) fn note(&mut self, at: i64, what: String) {
        self.acts.push(Done { at, what });
        self.acts.drain(..self.acts.len().saturating_sub(ACTS));
    }

    /// What was given up, by instance.
    pub(crate) fn given_up(&self) -> impl Iterator<Item = (&str, &Tries, &GivenUp)> {
        self.tries.iter().filter_map(|(key, tries)| Some((key.split_once(' ')?.1, tries, tries.given_up.as_ref()?)))
    }
}

/// The file `data/ps/APP/watch`.
#[derive(Debug)]
pub(crate) struct WatchedFile<'a> {
    env: &'a Env,
    path: PathBuf,
}

impl<'a> WatchedFile<'a> {
    /// That of `app`.
    pub(crate) fn new(env: &'a Env, app: &App) -> Result<Self> {
        Ok(Self { env, path: env.data_directory(PLUGIN)?.join(app.as_str()).join("watch") })
    }

    /// What is in it. What cannot be understood is as good as nothing: then all begins anew.
    pub(crate) fn read(&self) -> Result<Watched> {
        let text = file::read_text(&self.path)?.unwrap_or_default();
        Ok(serde_json::from_str(&text).unwrap_or_default())
    }

    /// Keeps this; nothing is no file. Nothing is kept of an app that has no folder: it was destroyed meanwhile, or has
    /// another name.
    pub(crate) fn write(&self, watched: &Watched) -> Result<()> {
        if *watched == Watched::default() {
            return atomic::remove(&self.path);
        }
        if !self.path.parent().is_some_and(file::is_folder) {
            return Ok(());
        }
        let owner = Owner::of_files(self.env)?;
        let text = serde_json::to_string(watched).context(|| "writing what was watched")?;
        atomic::write(&self.path, text.as_bytes(), 0o644, owner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::scene::host;

    #[test]
    fn what_is_kept_is_read_again_and_rubbish_is_nothing() {
        let folder = tempfile::tempdir().unwrap();
        let env = host(folder.path());
        let kept = WatchedFile::new(&env, &"shop".parse().unwrap()).unwrap();
        assert_eq!(kept.read().unwrap(), Watched::default());
        let mut watched = Watched::default();
        let given_up = Some(GivenUp { at: 7, lines: vec!["\u{1b}[2J".to_owned()] });
        watched.tries.insert("missing worker.1".to_owned(), Tries { made: 5, given_up, ..Tries::default() });
        for at in 0..12 {
            watched.note(at, "x".to_owned());
        }
        assert_eq!(watched.acts.iter().map(|act| act.at).collect::<Vec<_>>(), (2..12).collect::<Vec<_>>());
        kept.write(&watched).unwrap();
        assert!(!folder.path().join("data").exists(), "nothing is made of an app that has gone");
        std::fs::create_dir_all(folder.path().join("data/ps/shop")).unwrap();
        kept.write(&watched).unwrap();
        assert_eq!(kept.read().unwrap(), watched);
        assert_eq!(
            watched.given_up().map(|(name, tries, _)| (name, tries.made)).collect::<Vec<_>>(),
            [("worker.1", 5)]
        );
        let path = folder.path().join("data/ps/shop/watch");
        for rubbish in ["", "{", "[]", "{\"told\": 1}", "\u{0}"] {
            std::fs::write(&path, rubbish).unwrap();
            assert_eq!(kept.read().unwrap(), Watched::default(), "{rubbish:?}");
        }
        kept.write(&Watched::default()).unwrap();
        assert!(!path.exists());
    }
}
