//! The Procfiles that an app has on the host: of its release, and of a deploy in progress.
//!
//! A deploy puts the new Procfile beside that of the release as `Procfile.$DOKKU_PID`, or the mark
//! `Procfile.$DOKKU_PID.missing` when the new source has none, and it takes the release's place once
//! the deploy has succeeded. Everything that runs within the deploy sees the new one.

use crate::PLUGIN;
use common::atomic::{self, Owner};
use common::{App, Context, Env, Procfile, Result};
use std::path::PathBuf;

/// The Procfiles of one app.
#[derive(Debug)]
pub struct Procfiles<'a> {
    env: &'a Env,
    folder: PathBuf,
}

impl<'a> Procfiles<'a> {
    /// The Procfiles of `app`.
    ///
    /// # Errors
    /// When the host's folders are not known.
    pub fn new(env: &'a Env, app: &App) -> Result<Self> {
        Ok(Self { env, folder: env.data_directory(PLUGIN)?.join(app.as_str()) })
    }

    fn released(&self) -> PathBuf {
        self.folder.join("Procfile")
    }

    fn in_progress(&self) -> Option<PathBuf> {
        self.env.dokku_pid().ok().map(|pid| self.folder.join(format!("Procfile.{pid}")))
    }

    fn missing_mark(&self) -> Option<PathBuf> {
        self.env.dokku_pid().ok().map(|pid| self.folder.join(format!("Procfile.{pid}.missing")))
    }

    /// The Procfile that holds now: of the deploy in progress, else of the release. `None` when there
    /// is none.
    pub fn current(&self) -> Option<PathBuf> {
        if self.missing_mark().is_some_and(|mark| mark.exists()) {
            return None;
        }
        self.in_progress().filter(|path| path.exists()).or_else(|| Some(self.released()).filter(|path| path.exists()))
    }

    /// The Procfile that holds now, parsed.
    ///
    /// # Errors
    /// When it cannot be read, or has a line that is not in its grammar.
    pub fn read_current(&self) -> Result<Option<Procfile>> {
        let Some(path) = self.current() else { return Ok(None) };
        let Some(text) = atomic::read_text(&path)? else { return Ok(None) };
        text.parse().map(Some).context(|| "Invalid Procfile")
    }

    /// Starts a deploy whose source has this Procfile, or none.
    ///
    /// # Errors
    /// When the file cannot be written.
    pub fn begin(&self, text: Option<&str>) -> Result<()> {
        let pid = self.env.dokku_pid()?;
        let owner = Owner::of_files(self.env)?;
        atomic::create_directory(&self.folder, owner)?;
        match text {
            Some(text) => atomic::write(&self.folder.join(format!("Procfile.{pid}")), text.as_bytes(), 0o644, owner),
            None => atomic::write(&self.folder.join(format!("Procfile.{pid}.missing")), b"", 0o600, owner),
        }
    }

    /// Removes what deploys that did not end have left.
    ///
    /// # Errors
    /// When a file cannot be removed.
    pub fn drop_stale(&self) -> Result<()> {
        for path in atomic::entries(&self.folder)? {
            if path.file_name().is_some_and(|name| name.as_encoded_bytes().starts_with(b"Procfile.")) {
                atomic::remove(&path)?;
            }
        }
        Ok(())
    }

    /// Ends a deploy that has succeeded: what it brought takes the release's place.
    ///
    /// # Errors
    /// When a file cannot be renamed or removed.
    pub fn finish(&self) -> Result<()> {
        if let Some(path) = self.in_progress().filter(|path| path.exists()) {
            return atomic::rename(&path, &self.released());
        }
        if let Some(mark) = self.missing_mark().filter(|mark| mark.exists()) {
            atomic::remove(&self.released())?;
            atomic::remove(&mark)?;
        }
        Ok(())
    }

    /// A place beside the Procfiles for one that is on its way out of an image.
    pub fn scratch(&self) -> PathBuf {
        self.folder.join(".Procfile.from-image")
    }

    /// The folder that holds them.
    pub fn folder(&self) -> &std::path::Path {
        &self.folder
    }
}
