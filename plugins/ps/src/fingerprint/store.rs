//! The fingerprints of an app's containers: `data/ps/APP/fingerprints/CONTAINER`, a file each.

use super::Fingerprint;
use crate::PLUGIN;
use common::atomic::{self, Owner};
use common::{App, Env, Error, Result, file};
use std::path::PathBuf;

/// The store of one app's fingerprints. A container is named by the id that docker-local's file of it holds.
#[derive(Debug)]
pub(crate) struct Fingerprints<'a> {
    env: &'a Env,
    folder: PathBuf,
}

impl<'a> Fingerprints<'a> {
    /// The fingerprints of `app`.
    pub(crate) fn new(env: &'a Env, app: &'a App) -> Result<Self> {
        Ok(Self { env, folder: env.data_directory(PLUGIN)?.join(app.as_str()).join("fingerprints") })
    }

    /// The fingerprint of a container; `None` when none was recorded.
    pub(crate) fn of(&self, container: &str) -> Result<Option<Fingerprint>> {
        let path = self.path(container)?;
        let Some(bytes) = file::read(&path)? else { return Ok(None) };
        let broken = |error| Error::new(format!("{} is no fingerprint of a container: {error}", path.display()));
        serde_json::from_slice(&bytes).map(Fingerprint).map(Some).map_err(broken)
    }

    /// Records what a container was made from.
    pub(crate) fn record(&self, container: &str, fingerprint: &Fingerprint) -> Result<()> {
        let (path, owner) = (self.path(container)?, Owner::of_files(self.env)?);
        let mut bytes = serde_json::to_vec(&fingerprint.0)?;
        bytes.push(b'\n');
        atomic::create_directory(&self.folder, owner)?;
        atomic::write(&path, &bytes, 0o600, owner)
    }

    /// Removes the fingerprints of all containers but these.
    pub(crate) fn forget_others(&self, containers: &[&str]) -> Result<()> {
        for path in file::entries(&self.folder)? {
            let name = path.file_name().and_then(|name| name.to_str()).unwrap_or_default();
            // A hidden file is that of a writer at work, or one that was killed.
            let container = name.strip_prefix('.').and_then(|rest| rest.strip_suffix(".new")).unwrap_or(name);
            if !containers.contains(&container) && !file::is_folder(&path) {
                atomic::remove(&path)?;
            }
        }
        Ok(())
    }

    /// Removes all of them.
    pub(crate) fn drop_all(&self) -> Result<()> {
        atomic::remove_directory(&self.folder)
    }

    fn path(&self, container: &str) -> Result<PathBuf> {
        let is_digit = |byte: u8| matches!(byte, b'0'..=b'9' | b'a'..=b'f');
        if (12..=64).contains(&container.len()) && container.bytes().all(is_digit) {
            return Ok(self.folder.join(container));
        }
        Err(Error::new(format!("{container:?} is not the id of a container")))
    }
}

#[cfg(test)]
mod tests {
    use super::super::tests::Host;
    use super::*;
    use std::os::unix::fs::PermissionsExt;

    fn fingerprint(host: &Host) -> Fingerprint {
        host.current("web", "sha256:abc")
    }

    #[test]
    fn a_fingerprint_is_read_as_it_was_recorded() {
        let host = Host::new();
        let store = Fingerprints::new(host.env(), host.app()).unwrap();
        let container = "0123456789abcdef".repeat(4);
        assert_eq!(store.of(&container).unwrap(), None);
        store.record(&container, &fingerprint(&host)).unwrap();
        assert_eq!(store.of(&container).unwrap(), Some(fingerprint(&host)));
        let path = host.path(&format!("data/ps/shop/fingerprints/{container}"));
        assert_eq!(path.metadata().unwrap().permissions().mode() & 0o7777, 0o600);
        store.drop_all().unwrap();
        store.drop_all().unwrap();
        assert_eq!(store.of(&container).unwrap(), None);
    }

    #[test]
    fn containers_that_have_gone_are_forgotten() {
        let host = Host::new();
        let store = Fingerprints::new(host.env(), host.app()).unwrap();
        store.forget_others(&[]).unwrap();
        for container in ["aaaaaaaaaaaa", "bbbbbbbbbbbb"] {
            store.record(container, &fingerprint(&host)).unwrap();
        }
        host.write("data/ps/shop/fingerprints/.cccccccccccc.new", "half");
        store.forget_others(&["bbbbbbbbbbbb"]).unwrap();
        let left = file::entries(&host.path("data/ps/shop/fingerprints")).unwrap();
        assert_eq!(left, [host.path("data/ps/shop/fingerprints/bbbbbbbbbbbb")]);
    }

    #[test]
    fn what_is_no_id_of_a_container_never_becomes_a_path() {
        let host = Host::new();
        let store = Fingerprints::new(host.env(), host.app()).unwrap();
        for bad in ["", "abc", "../../../key", "..aaaaaaaaaaaaa", "AAAAAAAAAAAA", "aaaaaaaaaaaa\n", &"a".repeat(65)] {
            assert!(store.of(bad).is_err(), "{bad:?}");
            assert!(store.record(bad, &fingerprint(&host)).is_err(), "{bad:?}");
        }
        assert!(!host.path("data/ps/shop/fingerprints").exists());
    }

    #[test]
    fn a_broken_fingerprint_is_named() {
        let host = Host::new();
        host.write("data/ps/shop/fingerprints/aaaaaaaaaaaa", "{\"image\":");
        let error = Fingerprints::new(host.env(), host.app()).unwrap().of("aaaaaaaaaaaa").unwrap_err();
        assert!(error.message().contains("fingerprints/aaaaaaaaaaaa is no fingerprint"), "{error}");
    }
}
