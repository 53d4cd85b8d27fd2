//! What of an app was stopped by hand, type by type or instance by instance. It stays so over a boot, a restore and
//! `ps:reconcile`, until it is started or deployed.
//!
//! An app that was stopped whole has the property `restore`, as with the stock plugin.

use crate::PLUGIN;
use crate::targets::Selection;
use common::atomic::{self, Owner};
use common::{App, Env, Result, file};
use std::path::PathBuf;

/// The file `data/ps/APP/stopped`: a line a type or an instance, `worker` or `web.2`.
#[derive(Debug)]
pub(crate) struct Stopped<'a> {
    env: &'a Env,
    path: PathBuf,
}

impl<'a> Stopped<'a> {
    /// That of `app`.
    pub(crate) fn new(env: &'a Env, app: &App) -> Result<Self> {
        Ok(Self { env, path: env.data_directory(PLUGIN)?.join(app.as_str()).join("stopped") })
    }

    /// What is in it. A line that names nothing is passed over.
    pub(crate) fn read(&self) -> Result<Selection> {
        let text = file::read_text(&self.path)?.unwrap_or_default();
        let (mut types, mut instances) = (Vec::new(), Vec::new());
        for line in text.lines() {
            match (line.parse(), line.parse()) {
                (Ok(process_type), _) => types.push(process_type),
                (_, Ok(instance)) => instances.push(instance),
                _ => {}
            }
        }
        Ok(Selection::new(types, instances))
    }

    /// Keeps what is stopped from now on; nothing is no file.
    pub(crate) fn write(&self, stopped: &Selection) -> Result<()> {
        if stopped.is_empty() {
            return atomic::remove(&self.path);
        }
        if self.read()? == *stopped {
            return Ok(());
        }
        let owner = Owner::of_files(self.env)?;
        if let Some(folder) = self.path.parent() {
            atomic::create_directory(folder, owner)?;
        }
        let lines: String = stopped.names().map(|name| name + "\n").collect();
        atomic::write(&self.path, lines.as_bytes(), 0o644, owner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::scene::host;

    #[test]
    fn what_is_stopped_is_kept_until_nothing_is() {
        let folder = tempfile::tempdir().unwrap();
        let env = host(folder.path());
        let stopped = Stopped::new(&env, &"shop".parse().unwrap()).unwrap();
        assert!(stopped.read().unwrap().is_empty());
        stopped.write(&Selection::default()).unwrap();
        let some = Selection::new(["worker".parse().unwrap()], ["web.2".parse().unwrap()]);
        stopped.write(&some).unwrap();
        let path = folder.path().join("data/ps/shop/stopped");
        assert_eq!(std::fs::read_to_string(&path).unwrap(), "worker\nweb.2\n");
        std::fs::write(&path, "worker\nweb.2\n\n../x\nweb.0\n").unwrap();
        assert_eq!(stopped.read().unwrap(), some);
        stopped.write(&Selection::default()).unwrap();
        assert!(!path.exists());
    }
}
