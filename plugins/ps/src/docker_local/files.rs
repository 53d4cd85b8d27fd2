//! The files in which docker-local keeps what it runs of an app, and what it will remove.

use crate::host_files::{INSTANCE_FILES, app_folder, retirement_queue};
use common::{App, Env, Instance, Result, file};

/// A file `CONTAINER.<type>.<n>` of an app.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct InstanceFile {
    /// The instance; `None` for the file without a name that very old releases left.
    pub(crate) instance: Option<Instance>,
    /// The container's id; empty when the file is.
    pub(crate) container: String,
}

/// The files that name an app's instances on docker-local, sorted by name.
pub(crate) fn instance_files(env: &Env, app: &App) -> Result<Vec<InstanceFile>> {
    let mut files = Vec::new();
    for path in file::entries(&app_folder(env, app)?)? {
        let Some(name) = path.file_name().and_then(|name| name.to_str()) else { continue };
        let instance = match name.strip_prefix(INSTANCE_FILES[0]) {
            Some("") => None,
            Some(rest) => match rest.strip_prefix('.').map(str::parse) {
                Some(Ok(instance)) => Some(instance),
                _ => continue,
            },
            None => continue,
        };
        let container = file::read_text(&path)?.unwrap_or_default();
        let container = container.split_whitespace().next().unwrap_or_default().to_owned();
        files.push(InstanceFile { instance, container });
    }
    Ok(files)
}

/// The ids that files hold, maybe shortened.
pub(super) fn held(files: &[InstanceFile]) -> Vec<&str> {
    files.iter().map(|file| file.container.as_str()).filter(|held| !held.is_empty()).collect()
}

/// Whether what a file holds, maybe a shortened id, is the container with this full id.
pub(crate) fn names_container(held: &str, id: &str) -> bool {
    const SHORTEST: usize = 12;
    held == id || (held.len() >= SHORTEST && id.starts_with(held))
}

/// A container that docker-local will remove.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Queued {
    /// The app whose it was.
    pub(crate) app: String,
    /// Its id.
    pub(crate) container: String,
    /// From when on it may be removed, in seconds since 1970; `None` where that cannot be read.
    pub(crate) due: Option<i64>,
}

/// Each line `APP CONTAINER TIME` of what docker-local will remove. A line that is none is left to docker-local.
pub(crate) fn queue(env: &Env) -> Result<Vec<Queued>> {
    let bytes = file::read(&retirement_queue(env)?)?.unwrap_or_default();
    let queued = |line: &str| {
        let mut words = line.split_whitespace().map(str::to_owned);
        let (app, container) = (words.next()?, words.next()?);
        Some(Queued { app, container, due: words.next().and_then(|time| time.parse().ok()) })
    };
    Ok(String::from_utf8_lossy(&bytes).lines().filter_map(queued).collect())
}
