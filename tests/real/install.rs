//! install.sh on the host, as users run it.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::process::Command;

use ps_tests::docker::print;
use ps_tests::executables::executables;
use ps_tests::{plugin_tree, repository};

use crate::host::{App, lib, succeeds};
use crate::plugin::{self, content, install_sh, installs, kept, live, same};

/// The host answers with the plugin that is in place.
pub(crate) fn is_at_work(app: &App) {
    for words in [&["help"][..], &["ps:help"], &["ps"]] {
        assert_eq!(succeeds(words).matches("Manage app processes").count(), 1, "dokku {words:?}");
    }
    assert_eq!(app.report("--deployed"), "false");
    let list = succeeds(&["plugin:list"]);
    let ps: Vec<&str> = list.lines().filter(|line| line.split_whitespace().next() == Some("ps")).collect();
    assert!(ps.len() == 1 && ps[0].contains("enabled"), "{list}");
}

/// What install.sh leaves beside the plugins: the stock plugin alone, or nothing.
pub(crate) fn leaves(names: &[&str]) {
    let entries = fs::read_dir(lib("ps-plugin")).into_iter().flatten().flatten();
    let found: Vec<String> = entries.filter_map(|entry| entry.file_name().into_string().ok()).collect();
    assert_eq!(found, names, "what lies in {}", lib("ps-plugin").display());
}

pub(crate) fn it_takes_the_place_of_the_stock_plugin_and_twice_is_once(app: &App) {
    plugin::stock();
    let stock = content(&live());
    let tree = plugin_tree();
    let words = ["--tree", &tree.display().to_string()];
    for _ in 0..2 {
        let said = installs(&words);
        assert!(said.stdout.contains("The ps plugin is installed and answers"), "{said}");
        same(&live(), &tree);
        assert_eq!(content(&kept()), stock, "the stock plugin is kept as it was");
        for place in executables().keys() {
            let mode = fs::metadata(live().join(place)).expect("an executable").permissions().mode();
            assert_eq!(mode & 0o111, 0o111, "{place} is executable");
        }
        leaves(&["stock"]);
        is_at_work(app);
    }
    assert!(succeeds(&["ps:help"]).contains("ps:reconcile"), "it is ours that answers");
}

/// Some of what is put where shells and `man` look: in the tree, and where it goes.
pub(crate) const SHARED: [(&str, &str); 3] = [
    ("completion/dokku-ps.bash", "/usr/share/bash-completion/completions/dokku"),
    ("completion/_dokku", "/usr/share/zsh/vendor-completions/_dokku"),
    ("man/dokku-ps.1", "/usr/share/man/man1/dokku-ps.1"),
];

pub(crate) fn a_shell_completes_through_the_dokku_of_the_host(app: &App) {
    for (source, place) in SHARED {
        let read = |path: &Path| fs::read(path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
        assert!(read(Path::new(place)) == read(&plugin_tree().join(source)), "{place} is what the tree has");
    }
    let script = "COMP_WORDBREAKS=$' \t\n:='; source /usr/share/bash-completion/completions/dokku\n\
                  COMP_LINE=$1 COMP_POINT=${#1} COMPREPLY=(); _dokku_ps dokku; printf '%s\\n' \"${COMPREPLY[@]}\"";
    let completed = |line: &str| {
        let printed = print(Command::new("bash").args(["-c", script, "bash", line]), line.to_owned(), b"");
        assert!(printed.status == 0 && printed.stderr.is_empty(), "{printed}");
        printed.stdout
    };
    let name = &app.name;
    assert_eq!(completed("dokku ps:sc"), "scale\n");
    assert!(completed("dokku ps:report ").lines().any(|found| found == name), "{name} is an app");
    // What Dokku would hear as its own is what somebody types.
    assert_eq!(completed(&format!("dokku ps:scale --app {name} --trace w")), "web=\n");
    assert_eq!(completed(&format!("dokku --quiet ps:set {name} --force restor")), "restore\n");
    assert_eq!(completed("dokku ps:scale no-such-app "), "\n");
}

pub(crate) fn a_failing_install_trigger_changes_nothing(app: &App) {
    let folder = tempfile::tempdir().expect("a folder");
    let broken = folder.path().join("tree");
    plugin::copy(&plugin_tree(), &broken);
    fs::remove_file(broken.join("install")).expect("the trigger");
    fs::write(broken.join("install"), "#!/bin/sh\necho this host is not for me >&2\nexit 3\n").expect("a trigger");
    fs::set_permissions(broken.join("install"), fs::Permissions::from_mode(0o755)).expect("its mode");
    // Neither the stock plugin goes nor, where it is in place already, ours.
    for (put, kept) in [(plugin::stock as fn(), &[][..]), (plugin::ours, &["stock"])] {
        put();
        let before = content(&live());
        let printed = install_sh(&["--tree", &broken.display().to_string()]);
        assert_eq!(printed.status, 1, "{printed}");
        let said = printed.both();
        assert!(said.contains("install trigger failed with status 3") && said.contains("not for me"), "{printed}");
        assert!(content(&live()) == before, "the plugin that was in place is back: {printed}");
        leaves(kept);
        is_at_work(app);
    }
}

pub(crate) fn uninstall_brings_the_stock_plugin_back(app: &App) {
    plugin::stock();
    let stock = content(&live());
    plugin::ours();
    for said in ["The stock ps plugin is back", "The stock ps plugin is in place already"] {
        let printed = installs(&["--uninstall"]);
        assert!(printed.stdout.contains(said), "{printed}");
        assert!(content(&live()) == stock, "every file of the stock plugin is as it was");
        assert!(!SHARED.iter().any(|(_, place)| Path::new(place).exists()), "completion and manual pages are gone");
        leaves(&[]);
        is_at_work(app);
    }
    assert!(!succeeds(&["ps:help"]).contains("ps:reconcile"), "it is the stock plugin that answers");
}

/// From a clone of this repository as it lies here, which needs no network. It is built there, as on a user's host.
pub(crate) fn the_repository_installs_as_a_plugin(app: &App) {
    plugin::stock();
    let folder = tempfile::tempdir().expect("a folder");
    let clone = folder.path().join("dokku-ps");
    a_repository_of_what_lies_here(&clone);
    let _uninstalled = Uninstalled;
    let mut install = Command::new("dokku");
    install.args(["plugin:install", &format!("file://{}", clone.display()), "--name", Uninstalled::NAME]);
    // A build that is quick to make is as good here.
    let target = repository().join("target").display().to_string();
    install.env("PS_PROFILE", "dev").env("CARGO_PROFILE_DEV_DEBUG", "0").env("CARGO_TARGET_DIR", target);
    let printed = print(&mut install, "dokku plugin:install".to_owned(), b"");
    assert_eq!(printed.status, 0, "{printed}");
    assert!(plugin::is_ours(&live()), "{printed}");
    is_at_work(app);
    // Any other plugin that is installed fires the trigger again, which finds that all is done.
    let again = print(Command::new("dokku").arg("plugin:install"), "dokku plugin:install".to_owned(), b"");
    assert!(again.status == 0 && !again.stdout.contains("Building"), "{again}");
    // The repository is needed no more.
    drop(Uninstalled);
    assert!(plugin::is_ours(&live()));
    is_at_work(app);
}

struct Uninstalled;

impl Uninstalled {
    const NAME: &str = "ps-installer";
}

impl Drop for Uninstalled {
    fn drop(&mut self) {
        if lib("plugins/available").join(Self::NAME).exists() {
            let done = Command::new("dokku").args(["plugin:uninstall", Self::NAME]).output();
            println!("plugin:uninstall: {:?}", done.map(|done| done.status));
        }
    }
}

fn a_repository_of_what_lies_here(clone: &Path) {
    let script = "set -e; mkdir \"$1\"; cd \"$0\"; \
                  tar --exclude=./target --exclude=./.git --exclude=./tests/conformance -c . | tar -C \"$1\" -x; cd \"$1\"; \
                  git -c init.defaultBranch=main init --quiet; git add --all; \
                  git -c user.name=tests -c user.email=tests@localhost commit --quiet --message all";
    let mut command = Command::new("bash");
    command.args(["-c", script]).arg(repository()).arg(clone);
    let made = print(&mut command, "git".to_owned(), b"");
    assert_eq!(made.status, 0, "{made}");
}
