//! Whatever others have put in the place of our files and folders: what is outside stays as it is and is not told, and
//! nothing is waited for.

use crate::{atomic, file};
use proptest::prelude::*;
use rustix::fs::{CWD, FileType, Mode, mknodat};
use std::collections::BTreeMap;
use std::fs;
use std::os::unix::fs::{MetadataExt, symlink};
use std::os::unix::net::UnixListener;
use std::path::{Path, PathBuf};

/// The places in an app's folder, and above it, where something can be put.
const PLACES: [&str; 6] =
    ["ours", "ours/app", "ours/app/scale", "ours/app/.scale.new", "ours/app/sub", "ours/app/sub/x"];

/// What is put there.
#[derive(Clone, Copy, Debug)]
enum Put {
    Nothing,
    File,
    Folder,
    Pipe,
    Socket,
    LinkToSecret,
    LinkToFolder,
    LinkToNothing,
    LinkToItself,
    LinkUp,
    LinkToZeros,
    HardLink,
}

fn any_put() -> impl Strategy<Value = Put> {
    use Put::{
        File, Folder, HardLink, LinkToFolder, LinkToItself, LinkToNothing, LinkToSecret, LinkToZeros, LinkUp, Nothing,
        Pipe, Socket,
    };
    prop_oneof![
        4 => Just(Folder),
        1 => Just(Nothing),
        1 => Just(File),
        1 => Just(Pipe),
        1 => Just(Socket),
        1 => Just(LinkToSecret),
        1 => Just(LinkToFolder),
        1 => Just(LinkToNothing),
        1 => Just(LinkToItself),
        1 => Just(LinkUp),
        1 => Just(LinkToZeros),
        1 => Just(HardLink),
    ]
}

impl Put {
    /// Puts it there; where something above it is no folder of ours, nothing is put.
    fn at(self, path: &Path, outside: &Path) {
        if !path.parent().is_some_and(file::is_folder) {
            return;
        }
        let done = match self {
            Self::Nothing => Ok(()),
            Self::File => fs::write(path, "web=1\n"),
            Self::Folder => fs::create_dir(path),
            Self::Pipe => mknodat(CWD, path, FileType::Fifo, Mode::from_raw_mode(0o644), 0).map_err(Into::into),
            Self::Socket => UnixListener::bind(path).map(drop),
            Self::LinkToSecret => symlink(outside.join("secret"), path),
            Self::LinkToFolder => symlink(outside, path),
            Self::LinkToNothing => symlink(outside.join("none"), path),
            Self::LinkToItself => symlink(path, path),
            Self::LinkUp => symlink("../..", path),
            Self::LinkToZeros => symlink("/dev/zero", path),
            Self::HardLink => fs::hard_link(outside.join("secret"), path),
        };
        done.unwrap();
    }
}

/// What is outside: content, mode and owner by path.
fn outside(folder: &Path) -> BTreeMap<PathBuf, (Vec<u8>, u32, u32)> {
    let entries = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    entries
        .map(|path| {
            let about = path.symlink_metadata().unwrap();
            let content = if about.is_file() { fs::read(&path).unwrap() } else { Vec::new() };
            (path, (content, about.mode(), about.uid()))
        })
        .collect()
}

proptest! {
    #![proptest_config(seeded::cases(2_000))]

    #[test]
    fn what_is_outside_stays_as_it_is(puts in proptest::collection::vec(any_put(), PLACES.len())) {
        let host = tempfile::tempdir().unwrap();
        let (away, at) = (host.path().join("outside"), |name: &str| host.path().join(name));
        fs::create_dir(&away).unwrap();
        fs::write(away.join("secret"), "hidden").unwrap();
        fs::create_dir(away.join("app")).unwrap();
        for (place, put) in PLACES.iter().zip(&puts) {
            put.at(&at(place), &away);
        }
        let before = outside(&away);
        let mut told = Vec::new();
        for place in PLACES {
            let path = at(place);
            told.push(file::read(&path).map(Option::unwrap_or_default));
            told.push(file::read_inside(host.path().join("ours").as_path(), place.trim_start_matches("ours/")).map(Option::unwrap_or_default));
            told.push(file::open_lock(&path, 0o644).map(|_| Vec::new()).map_err(Into::into));
            told.push(atomic::create_directory(&path, None).map(|()| Vec::new()));
            told.push(atomic::own_directory(&path, None).map(|()| Vec::new()));
            told.push(atomic::write(&path, b"web=2\n", 0o666, None).map(|()| Vec::new()));
            told.push(atomic::create(&path, b"web=3\n", 0o666, None).map(|_| Vec::new()));
            told.push(atomic::copy_directory(&path, &at("copy"), None).map(|()| Vec::new()));
            told.push(atomic::rename(&path, &at("ours/app/scale")).map(|()| Vec::new()));
            told.push(atomic::remove(&path).map(|()| Vec::new()));
        }
        told.push(atomic::remove_directory(&at("ours")).map(|()| Vec::new()));
        prop_assert_eq!(outside(&away), before);
        for answer in told {
            // A second name of the very file is the file.
            let hidden = answer.as_ref().is_ok_and(|bytes| bytes == b"hidden");
            prop_assert!(!hidden || puts.iter().any(|put| matches!(put, Put::HardLink)));
            if let Err(error) = answer {
                prop_assert!(!error.message().contains("hidden"), "{}", error);
            }
        }
    }
}
