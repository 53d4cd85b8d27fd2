//! Which `ps` plugin the host has, and how another one takes its place: by install.sh, as users do it.

use std::collections::BTreeMap;
use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::{Mutex, PoisonError};

use ps_tests::docker::{Printed, print};
use ps_tests::executables::triggers;
use ps_tests::process::{no_start, wait_until};
use ps_tests::{plugin_tree, repository};

use crate::host::{PATIENCE, lib};

/// Where the plugin lies that the host runs.
pub(crate) fn live() -> PathBuf {
    lib("core-plugins/available/ps")
}

/// Where install.sh keeps the stock plugin.
pub(crate) fn kept() -> PathBuf {
    lib("ps-plugin/stock")
}

/// A copy of the plugin that the host had before the suite, for as long as the suite has not put it back.
fn remembered() -> PathBuf {
    lib(".ps-tests/before")
}

/// Whether this is a tree of ours: it says of itself that it replaces the stock plugin.
pub(crate) fn is_ours(tree: &Path) -> bool {
    fs::read_to_string(tree.join("plugin.toml")).is_ok_and(|text| text.contains("[replacement]"))
}

/// The names and contents of all files in a tree.
pub(crate) fn content(tree: &Path) -> BTreeMap<PathBuf, Vec<u8>> {
    let mut found = BTreeMap::new();
    let mut folders = vec![tree.to_path_buf()];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(&folder).unwrap_or_else(|error| panic!("{}: {error}", folder.display())) {
            let path = entry.expect("an entry").path();
            if path.is_dir() && !path.is_symlink() {
                folders.push(path);
            } else {
                let name = path.strip_prefix(tree).expect("it lies in the tree").to_path_buf();
                found.insert(name, fs::read(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display())));
            }
        }
    }
    found
}

/// Two trees hold the same files.
pub(crate) fn same(one: &Path, other: &Path) {
    let (one_holds, other_holds) = (content(one), content(other));
    let names = one_holds.keys().chain(other_holds.keys());
    let differing: Vec<_> = names.filter(|name| one_holds.get(*name) != other_holds.get(*name)).collect();
    assert!(differing.is_empty(), "{} and {} differ in {differing:?}", one.display(), other.display());
}

/// `./install.sh WORDS…`. While somebody else deploys on this host it refuses: then it is tried again.
pub(crate) fn install_sh(words: &[&str]) -> Printed {
    let mut last = None;
    wait_until("no app is being deployed", PATIENCE, || {
        let mut command = Command::new(repository().join("install.sh"));
        let printed = print(command.args(words), format!("./install.sh {}", words.join(" ")), b"");
        let refused = printed.status == 1 && printed.stderr.contains("is being deployed; try again");
        last = Some(printed);
        !refused
    });
    last.expect("install.sh was run")
}

/// `./install.sh WORDS…`, which must succeed.
pub(crate) fn installs(words: &[&str]) -> Printed {
    let printed = install_sh(words);
    assert_eq!(printed.status, 0, "{printed}");
    printed
}

/// The host runs the plugin under test. The first of several tests sees to it, the others wait.
pub(crate) fn ours() {
    static ONE: Mutex<()> = Mutex::new(());
    let _one = ONE.lock().unwrap_or_else(PoisonError::into_inner);
    let tree = plugin_tree();
    if !is_ours(&live()) || content(&live()) != content(&tree) {
        installs(&["--tree", &tree.display().to_string()]);
        same(&live(), &tree);
    }
}

/// The host runs the stock plugin.
pub(crate) fn stock() {
    if is_ours(&live()) {
        installs(&["--uninstall"]);
    }
    assert!(!is_ours(&live()), "the stock plugin must be in place");
}

/// The triggers that a host has sent to the plugin under test: it is in place, but each of its triggers is a script that
/// writes down how it is called and how it ends.
pub(crate) struct Listening(PathBuf);

impl Listening {
    pub(crate) fn new() -> Self {
        let folder = lib(".ps-tests/listening");
        drop(fs::remove_dir_all(&folder));
        fs::create_dir_all(&folder).expect("a folder");
        let (tree, own) = (folder.join("tree"), folder.join("own"));
        copy(&plugin_tree(), &tree);
        copy(&plugin_tree(), &own);
        let log = folder.join("log");
        let closed = no_start();
        // Root and the dokku user write to it.
        for (path, mode) in [(&folder, 0o755), (&own, 0o755), (&log, 0o666)] {
            if path == &log {
                fs::write(path, "").expect("the log");
            }
            fs::set_permissions(path, fs::Permissions::from_mode(mode)).expect("its mode");
        }
        for name in triggers() {
            let (own, log, place) = (own.join(&name), log.display(), tree.join(&name));
            let script = format!(
                "#!/bin/sh\n{} \"$@\"\nstatus=$?\necho \"{name} $status $*\" >>{log}\nexit $status\n",
                own.display()
            );
            fs::remove_file(&place).expect("the trigger");
            fs::write(&place, script).expect("a script");
            fs::set_permissions(&place, fs::Permissions::from_mode(0o755)).expect("its mode");
        }
        drop(closed);
        installs(&["--tree", &tree.display().to_string()]);
        Self(folder)
    }

    /// The calls so far, a line each: `post-create 0 shop`.
    pub(crate) fn heard(&self) -> Vec<String> {
        let log = fs::read_to_string(self.0.join("log")).expect("the log");
        log.lines().map(str::to_owned).collect()
    }
}

/// Keeps a copy of the plugin that the host has. What a killed run of this suite has kept is what it had.
pub(crate) fn remember() {
    let before = remembered();
    if before.join("plugin.toml").is_file() {
        println!("An earlier run has not put back the plugin that the host had; this one will");
        return;
    }
    let unfinished = before.with_extension("new");
    drop(fs::remove_dir_all(&unfinished));
    fs::create_dir_all(before.parent().expect("a folder")).expect("a folder for the copy");
    copy(&live(), &unfinished);
    fs::rename(&unfinished, &before).expect("the copy's name");
}

/// The host has the plugin that it had before the suite.
pub(crate) fn put_back() {
    let before = remembered();
    if is_ours(&before) {
        installs(&["--tree", &before.display().to_string()]);
    } else {
        stock();
    }
    let differs = content(&live()) != content(&before);
    if differs {
        // install.sh has failed at what it is for: then the host gets its copy, and the suite has failed.
        let aside = lib(".ps-tests/broken");
        drop(fs::remove_dir_all(&aside));
        fs::rename(live(), &aside).expect("the plugin's place");
        copy(&before, &live());
    }
    fs::remove_dir_all(lib(".ps-tests")).expect("the copy goes");
    assert!(!differs, "install.sh did not bring back the plugin that the host had; it was put back by hand");
}

/// A copy with owners, modes and links.
pub(crate) fn copy(from: &Path, to: &Path) {
    let mut command = Command::new("cp");
    command.arg("-a").arg(from).arg(to);
    let copied = print(&mut command, format!("cp -a {} {}", from.display(), to.display()), b"");
    assert_eq!(copied.status, 0, "{copied}");
}
