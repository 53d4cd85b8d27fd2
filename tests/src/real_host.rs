//! The Dokku of this machine: where its things are, and which `ps` plugin it has. Another one takes its place by
//! install.sh, as users do it.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use crate::docker::{Printed, print};
use crate::process::wait_until;
use crate::{plugin_tree, repository};

/// How long something may take until it is as it should be.
pub const PATIENCE: Duration = Duration::from_mins(3);

/// A path of the host's library.
pub fn lib(relative: &str) -> PathBuf {
    Path::new("/var/lib/dokku").join(relative)
}

/// A path below the apps' folders.
pub fn home(relative: &str) -> PathBuf {
    Path::new("/home/dokku").join(relative)
}

/// Why this machine has no host for the suite; `None` when it has.
pub fn missing() -> Option<String> {
    let found = |program: &str| Command::new(program).arg("version").stdin(Stdio::null()).output();
    match found("dokku") {
        Err(error) => return Some(format!("dokku cannot be run ({error}): is it on the PATH?")),
        Ok(done) if !done.status.success() => {
            return Some(format!("dokku version fails: {}", String::from_utf8_lossy(&done.stderr).trim()));
        }
        Ok(_) => {}
    }
    if !lib("core-plugins/available/ps/plugin.toml").is_file() {
        return Some(format!("{} has no plugin ps", lib("core-plugins/available").display()));
    }
    if !rustix::process::geteuid().is_root() {
        return Some("plugins are swapped by root".to_owned());
    }
    if !found("docker").is_ok_and(|done| done.status.success()) {
        return Some("no Docker answers".to_owned());
    }
    let image = print(Command::new("docker").args(["image", "inspect", "bb:latest"]), String::new(), b"");
    (image.status != 0).then(|| "Docker has no image bb:latest (busybox), from which the apps are built".to_owned())
}

/// `dokku WORDS…`
pub fn dokku(words: &[&str]) -> Printed {
    print(Command::new("dokku").args(words), format!("dokku {}", words.join(" ")), b"")
}

/// Where the plugin lies that the host runs.
pub fn live() -> PathBuf {
    lib("core-plugins/available/ps")
}

/// Where install.sh keeps the stock plugin.
pub fn kept() -> PathBuf {
    lib("ps-plugin/stock")
}

/// A copy of the plugin that the host had before the suite, for as long as it has not been put back.
fn remembered() -> PathBuf {
    lib(".ps-tests/before")
}

/// Whether this is a tree of ours: it says of itself that it replaces the stock plugin.
pub fn is_ours(tree: &Path) -> bool {
    fs::read_to_string(tree.join("plugin.toml")).is_ok_and(|text| text.contains("[replacement]"))
}

/// The names and contents of all files in a tree.
pub fn content(tree: &Path) -> BTreeMap<PathBuf, Vec<u8>> {
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
pub fn same(one: &Path, other: &Path) {
    let (one_holds, other_holds) = (content(one), content(other));
    let names = one_holds.keys().chain(other_holds.keys());
    let differing: Vec<_> = names.filter(|name| one_holds.get(*name) != other_holds.get(*name)).collect();
    assert!(differing.is_empty(), "{} and {} differ in {differing:?}", one.display(), other.display());
}

/// `./install.sh WORDS…`. While somebody else deploys on this host it refuses: then it is tried again.
pub fn install_sh(words: &[&str]) -> Printed {
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
pub fn installs(words: &[&str]) -> Printed {
    let printed = install_sh(words);
    assert_eq!(printed.status, 0, "{printed}");
    printed
}

/// The host runs the plugin under test. The first of several tests sees to it, the others wait.
pub fn ours() {
    static ONE: Mutex<()> = Mutex::new(());
    let _one = ONE.lock().unwrap_or_else(PoisonError::into_inner);
    let tree = plugin_tree();
    if !is_ours(&live()) || content(&live()) != content(&tree) {
        installs(&["--tree", &tree.display().to_string()]);
        same(&live(), &tree);
    }
}

/// The host runs the stock plugin.
pub fn stock() {
    if is_ours(&live()) {
        installs(&["--uninstall"]);
    }
    assert!(!is_ours(&live()), "the stock plugin must be in place");
}

/// Keeps a copy of the plugin that the host has. What a killed run has kept is what it had.
pub fn remember() {
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

/// The host has the plugin that it had when it was remembered; the stock plugin, if that was one of ours from before
/// there was an installer, which install.sh does not take.
pub fn put_back() {
    let before = remembered();
    let too_old = is_ours(&before) && !before.join("installer").is_file();
    if is_ours(&before) && !too_old {
        installs(&["--tree", &before.display().to_string()]);
    } else {
        stock();
    }
    let differs = !too_old && content(&live()) != content(&before);
    if differs {
        // install.sh has failed at what it is for: then the host gets its copy, and the run has failed.
        let aside = lib(".ps-tests/broken");
        drop(fs::remove_dir_all(&aside));
        fs::rename(live(), &aside).expect("the plugin's place");
        copy(&before, &live());
    }
    fs::remove_dir_all(lib(".ps-tests")).expect("the copy goes");
    assert!(!differs, "install.sh did not bring back the plugin that the host had; it was put back by hand");
}

/// A copy with owners, modes and links.
pub fn copy(from: &Path, to: &Path) {
    let mut command = Command::new("cp");
    command.arg("-a").arg(from).arg(to);
    let copied = print(&mut command, format!("cp -a {} {}", from.display(), to.display()), b"");
    assert_eq!(copied.status, 0, "{copied}");
}

/// Destroys an app if it is there, with all that it has left in Docker.
pub fn destroy(name: &str) {
    if home(name).is_dir() {
        let done = Command::new("dokku").args(["apps:destroy", "--force", name]).stdin(Stdio::null()).output();
        if !done.as_ref().is_ok_and(|done| done.status.success()) {
            println!("{name} could not be destroyed: {done:?}");
        }
    }
    let filter = format!("label=com.dokku.app-name={name}");
    let said = |program: &str, words: &[&str]| {
        let done = Command::new(program).args(words).stdin(Stdio::null()).output();
        done.map(|done| String::from_utf8_lossy(&done.stdout).into_owned()).unwrap_or_default()
    };
    let quietly = |words: &[&str]| said("docker", words);
    // The host keeps what was mounted on its list, and the folder that Docker has made for it.
    let folder = lib(&format!("data/storage/{name}"));
    for line in said("dokku", &["storage:list-entries"]).lines().filter(|line| line.ends_with(&format!("/{name}"))) {
        said("dokku", &["storage:destroy", line.split_whitespace().next().unwrap_or_default(), "--force"]);
    }
    drop(fs::remove_dir(folder));
    for container in quietly(&["container", "ls", "--all", "--quiet", "--filter", &filter]).lines() {
        quietly(&["container", "rm", "--force", container]);
    }
    for image in quietly(&["image", "ls", "--quiet", "--filter", &filter]).lines() {
        quietly(&["image", "rm", "--force", image]);
    }
}

/// Destroys the apps whose names begin so: what a run that was killed has left.
pub fn destroy_all(prefix: &str) {
    let entries = fs::read_dir(home("")).into_iter().flatten().flatten();
    let names = entries.filter_map(|entry| entry.file_name().into_string().ok());
    names.filter(|name| name.starts_with(prefix)).for_each(|name| destroy(&name));
}
