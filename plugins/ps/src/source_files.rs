//! Files that a source brings and that stay on the host: the Procfile, and DOKKU_SCALE.
//!
//! A deploy puts the new file beside that of the release as `Procfile.$DOKKU_PID`, or the mark
//! `Procfile.$DOKKU_PID.missing` when the new source has none, and it takes the release's place once
//! the deploy has succeeded. Everything that runs within the deploy sees the new one. DOKKU_SCALE goes
//! the same way under hidden names; its mark is only made where the release has one.

use crate::PLUGIN;
use crate::formation::Request;
use crate::settings::{MaxInstances, SCALE_FILE};
use common::atomic::{self, Owner};
use common::procfile::expand;
use common::{App, Context, Env, ProcessType, Procfile, Result, file};
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

/// The port of a web process when the host says none.
const DEFAULT_PORT: u16 = 5000;

/// A command of the Procfile with its variables expanded: from the app's config, else PORT from `port` (5000
/// when that is empty or none) and PS from the type, else its default, else empty.
pub(crate) fn expanded(
    command: &str,
    config: &BTreeMap<String, String>,
    process_type: &ProcessType,
    port: &str,
) -> String {
    let port: u16 = port.parse().unwrap_or(DEFAULT_PORT);
    expand(command, |name| match config.get(name) {
        Some(value) => Some(value.clone()),
        None if name == "PORT" => Some(port.to_string()),
        None if name == "PS" => Some(process_type.to_string()),
        None => None,
    })
}

/// One file of an app's source, on the host.
#[derive(Debug)]
pub(crate) struct SourceFile<'a> {
    env: &'a Env,
    folder: PathBuf,
    name: &'static str,
    /// What goes before the name while a deploy is in progress.
    prefix: &'static str,
}

impl<'a> SourceFile<'a> {
    /// The Procfile of `app`.
    pub(crate) fn procfile(env: &'a Env, app: &App) -> Result<Self> {
        Ok(Self { env, folder: env.data_directory(PLUGIN)?.join(app.as_str()), name: "Procfile", prefix: "" })
    }

    /// The `DOKKU_SCALE` of `app`.
    pub(crate) fn dokku_scale(env: &'a Env, app: &App) -> Result<Self> {
        Ok(Self { name: "DOKKU_SCALE", prefix: ".", ..Self::procfile(env, app)? })
    }

    /// The file of the release.
    pub(crate) fn released(&self) -> PathBuf {
        self.folder.join(self.name)
    }

    fn in_progress(&self) -> Option<PathBuf> {
        let pid = self.env.dokku_pid().ok()?;
        Some(self.folder.join(format!("{}{}.{pid}", self.prefix, self.name)))
    }

    fn missing_mark(&self) -> Option<PathBuf> {
        let pid = self.env.dokku_pid().ok()?;
        Some(self.folder.join(format!("{}{}.{pid}.missing", self.prefix, self.name)))
    }

    /// The file that holds now: of the deploy in progress, else of the release. `None` when there is
    /// none.
    pub(crate) fn current(&self) -> Option<PathBuf> {
        if self.is_being_removed() {
            return None;
        }
        self.in_progress()
            .filter(|path| file::exists(path))
            .or_else(|| Some(self.released()).filter(|path| file::exists(path)))
    }

    /// Whether the deploy in progress has a source without this file.
    pub(crate) fn is_being_removed(&self) -> bool {
        self.missing_mark().is_some_and(|mark| file::exists(&mark))
    }

    /// Starts a deploy whose source has this file, or none.
    pub(crate) fn begin(&self, text: Option<&[u8]>) -> Result<()> {
        let (pid, owner) = (self.env.dokku_pid()?, Owner::of_files(self.env)?);
        atomic::create_directory(&self.folder, owner)?;
        let path = self.folder.join(format!("{}{}.{pid}", self.prefix, self.name));
        match text {
            Some(text) => atomic::write(&path, text, 0o644, owner),
            None => atomic::write(&path.with_added_extension("missing"), b"", 0o600, owner),
        }
    }

    /// Removes what deploys that did not end have left.
    pub(crate) fn drop_stale(&self) -> Result<()> {
        let start = format!("{}{}.", self.prefix, self.name);
        for path in file::entries(&self.folder)? {
            if path.file_name().is_some_and(|name| name.as_encoded_bytes().starts_with(start.as_bytes())) {
                atomic::remove(&path)?;
            }
        }
        Ok(())
    }

    /// Ends a deploy that has succeeded: what it brought takes the release's place.
    pub(crate) fn finish(&self) -> Result<()> {
        if let Some(path) = self.in_progress().filter(|path| file::exists(path)) {
            return atomic::rename(&path, &self.released());
        }
        if let Some(mark) = self.missing_mark().filter(|mark| file::exists(mark)) {
            atomic::remove(&self.released())?;
            atomic::remove(&mark)?;
        }
        Ok(())
    }

    /// Drops the file that holds now: it has no say.
    pub(crate) fn discard(&self) -> Result<()> {
        self.drop_stale()?;
        atomic::remove(&self.released())
    }
}

/// The Procfile of an app that holds now, parsed.
pub(crate) fn current_procfile(env: &Env, app: &App) -> Result<Option<Procfile>> {
    parsed_procfile(SourceFile::procfile(env, app)?.current().as_deref())
}

/// The Procfile that this file holds, if there is one.
pub(crate) fn parsed_procfile(path: Option<&Path>) -> Result<Option<Procfile>> {
    text_of(path)?.map(|text| text.parse().context(|| "Invalid Procfile")).transpose()
}

/// The text of a file. What is not UTF-8 in it is nothing that matters to us.
fn text_of(path: Option<&Path>) -> Result<Option<String>> {
    let bytes = path.map_or(Ok(None), file::read)?;
    Ok(bytes.map(|bytes| String::from_utf8_lossy(&bytes).into_owned()))
}

/// Whether an app heeds no DOKKU_SCALE, whatever its source and its release have.
pub(crate) fn ignores_dokku_scale(env: &Env, app: &App) -> Result<bool> {
    Ok(SCALE_FILE.of(env, app)? == "none")
}

/// What the DOKKU_SCALE of an app that holds now asks for.
pub(crate) fn current_dokku_scale(env: &Env, app: &App) -> Result<Option<Vec<Request>>> {
    if ignores_dokku_scale(env, app)? {
        return Ok(None);
    }
    let text = text_of(SourceFile::dokku_scale(env, app)?.current().as_deref())?;
    text.map(|text| parse_dokku_scale(env, app, &text).context(|| "Invalid DOKKU_SCALE")).transpose()
}

/// What a DOKKU_SCALE asks for.
pub(crate) fn parse_dokku_scale(env: &Env, app: &App, text: &str) -> Result<Vec<Request>> {
    let most = MaxInstances::of(env, app)?;
    Request::parse_file(text, |request| most.check(request))
}
