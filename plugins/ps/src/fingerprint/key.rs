//! The host's key: random bytes that the dokku user alone can read, made when they are first needed.

use crate::PLUGIN;
use common::atomic::{self, Owner};
use common::{Env, Error, Result, file};
use std::path::Path;

/// As long as the hash that it keys.
const LENGTH: usize = 32;

/// The key of a host.
pub(super) type Key = [u8; LENGTH];

/// The key, which is made now if there is none. All processes that make one at the same time get the same.
pub(super) fn key(env: &Env) -> Result<Key> {
    let path = env.data_directory(PLUGIN)?.join(".fingerprint-key");
    let mut held = file::read(&path)?;
    if held.is_none() {
        make(env, &path)?;
        held = file::read(&path)?;
    }
    let bytes = held.unwrap_or_default();
    let length = bytes.len();
    bytes.try_into().map_err(|_| {
        Error::new(format!(
            "The key of the fingerprints, {}, is broken: it has {length} bytes instead of {LENGTH}. Remove it and a new \
             one is made; what runs by then counts as changed until it is deployed again",
            path.display()
        ))
    })
}

/// Makes a key where there is none. It is there whole or not at all, and the first of several makers wins.
fn make(env: &Env, path: &Path) -> Result<()> {
    let owner = Owner::of_files(env)?;
    if let Some(folder) = path.parent() {
        atomic::create_directory(folder, owner)?;
    }
    atomic::create(path, &file::random::<LENGTH>()?, 0o600, owner).map(drop)
}

#[cfg(test)]
mod tests {
    use super::super::tests::Host;
    use super::*;
    use std::os::unix::fs::PermissionsExt;
    use std::sync::Barrier;

    #[test]
    fn the_key_is_made_once_and_its_owner_alone_can_read_it() {
        let host = Host::new();
        let first = key(host.env()).unwrap();
        assert_ne!(first, [0; LENGTH]);
        assert_eq!(key(host.env()).unwrap(), first);
        assert_ne!(key(Host::new().env()).unwrap(), first);
        let path = host.path("data/ps/.fingerprint-key");
        assert_eq!(path.metadata().unwrap().permissions().mode() & 0o7777, 0o600);
        assert_eq!(file::entries(path.parent().unwrap()).unwrap(), [path]);
    }

    #[test]
    fn makers_at_the_same_time_get_the_same_key() {
        for _ in 0..20 {
            let host = Host::new();
            let start = Barrier::new(8);
            let keys: Vec<Key> = std::thread::scope(|scope| {
                let make = || {
                    start.wait();
                    key(host.env()).unwrap()
                };
                let makers: Vec<_> = (0..8).map(|_| scope.spawn(make)).collect();
                makers.into_iter().map(|maker| maker.join().unwrap()).collect()
            });
            assert!(keys.iter().all(|other| *other == keys[0]));
            assert_eq!(key(host.env()).unwrap(), keys[0]);
            assert_eq!(file::entries(&host.path("data/ps")).unwrap().len(), 1);
        }
    }

    #[test]
    fn a_broken_key_is_told_and_not_replaced() {
        let host = Host::new();
        for broken in ["", "short", "longer than thirty-two bytes can ever be"] {
            host.write("data/ps/.fingerprint-key", broken);
            let error = key(host.env()).unwrap_err();
            assert!(error.message().contains("data/ps/.fingerprint-key, is broken"), "{error}");
            assert!(broken.is_empty() || !error.message().contains(broken), "{error}");
            assert_eq!(host.read("data/ps/.fingerprint-key"), broken.as_bytes());
        }
    }
}
