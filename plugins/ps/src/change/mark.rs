//! Which types of an app are being changed: a mark on disk from before the first instance comes or goes until the
//! hooks that must know of it have run.
//!
//! Whoever is killed in between leaves instances that no proxy knows, or the other way round, while their number
//! is right. The mark tells the next change of the type, or `ps:reconcile`, that hooks are owed.

use crate::PLUGIN;
use common::atomic::{self, Owner};
use common::{App, Env, ProcessType, Result, file};
use std::path::PathBuf;

/// The marks of one app: `data/ps/APP/unfinished/type.TYPE`, empty files.
#[derive(Debug)]
pub(crate) struct Marks<'a> {
    env: &'a Env,
    folder: PathBuf,
}

impl<'a> Marks<'a> {
    /// The marks of `app`.
    pub(crate) fn new(env: &'a Env, app: &App) -> Result<Self> {
        Ok(Self { env, folder: env.data_directory(PLUGIN)?.join(app.as_str()).join("unfinished") })
    }

    /// Whether a change of this type was begun and not finished.
    pub(crate) fn is_marked(&self, process_type: &ProcessType) -> bool {
        file::exists(&self.path(process_type))
    }

    /// Whether a change of any type was.
    pub(crate) fn are_any(&self) -> bool {
        file::entries(&self.folder).is_ok_and(|marks| !marks.is_empty())
    }

    /// Marks a type.
    pub(crate) fn mark(&self, process_type: &ProcessType) -> Result<()> {
        let owner = Owner::of_files(self.env)?;
        // Neither of the two may be a link to another app's.
        for folder in self.folder.parent().into_iter().chain([self.folder.as_path()]) {
            atomic::create_directory(folder, owner)?;
        }
        atomic::write(&self.path(process_type), b"", 0o600, owner)
    }

    /// Does what these types owe until it is done: who is killed on the way, or fails, leaves their marks. One that was
    /// there before is of another change, and stays.
    pub(super) fn owing<'t, T>(
        &self,
        types: impl IntoIterator<Item = &'t ProcessType>,
        work: impl FnOnce() -> Result<T>,
    ) -> Result<T> {
        let fresh: Vec<&ProcessType> = types.into_iter().filter(|process_type| !self.is_marked(process_type)).collect();
        fresh.iter().try_for_each(|process_type| self.mark(process_type))?;
        let done = work()?;
        // One that stays costs no more than to tell what is known.
        for process_type in fresh {
            drop(self.clear(process_type));
        }
        Ok(done)
    }

    /// Removes the mark of a type.
    pub(crate) fn clear(&self, process_type: &ProcessType) -> Result<()> {
        atomic::remove(&self.path(process_type))
    }

    /// Removes all marks.
    pub(crate) fn drop_all(&self) -> Result<()> {
        atomic::remove_directory(&self.folder)
    }

    fn path(&self, process_type: &ProcessType) -> PathBuf {
        self.folder.join(format!("type.{process_type}"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::scene::host;

    #[test]
    fn a_mark_stays_until_it_is_cleared() {
        let folder = tempfile::tempdir().unwrap();
        let env = host(folder.path());
        let app: App = "shop".parse().unwrap();
        let (web, worker) = (ProcessType::web(), "worker".parse().unwrap());
        let marks = Marks::new(&env, &app).unwrap();
        marks.clear(&web).unwrap();
        marks.mark(&web).unwrap();
        marks.mark(&web).unwrap();
        assert!(marks.is_marked(&web) && !marks.is_marked(&worker));
        marks.clear(&web).unwrap();
        assert!(!marks.is_marked(&web));
        marks.mark(&worker).unwrap();
        marks.drop_all().unwrap();
        assert!(!marks.is_marked(&worker));
    }
}
