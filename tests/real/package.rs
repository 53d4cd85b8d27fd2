//! The Debian package on the host, beside a package `dokku` that is made of the host's own files, as dpkg has it there.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use ps_tests::docker::{Printed, print};
use ps_tests::process::{no_start, spawn, wait_until};
use ps_tests::{plugin_tree, repository};
use rustix::process::{Pid, Signal, kill_process};

use crate::host::{App, PATIENCE, lib, succeeds};
use crate::install::{SHARED, is_at_work, leaves};
use crate::plugin::{self, content, copy, install_sh, kept, live, same};

/// Our package.
const OURS: &str = "dokku-ps";
/// By these words the package `dokku` of the test says what it is.
const STAND_IN: &str = "made of the files of this host by a test";
/// The version that the plugin was tested with, and one that it was not.
const TESTED: &str = "0.38.27";
const LATER: &str = "0.38.99";
/// Where the installer of the package lies.
const INSTALLER: &str = "/usr/lib/dokku-ps/ps/installer";

fn folder() -> PathBuf {
    lib(".ps-tests/package")
}

fn program(name: &str, words: &[&str]) -> Printed {
    let mut command = Command::new(name);
    command.args(words).env("DEBIAN_FRONTEND", "noninteractive").env("LC_ALL", "C");
    // Compressing takes most of the time.
    command.env("DPKG_DEB_COMPRESSOR_TYPE", "none");
    print(&mut command, format!("{name} {}", words.join(" ")), b"")
}

fn dpkg(status: i32, words: &[&str]) -> Printed {
    let printed = program("dpkg", words);
    assert_eq!(printed.status, status, "{printed}");
    printed
}

fn shown(path: &Path) -> String {
    path.display().to_string()
}

/// What dpkg knows of a package: `install ok installed`; empty when it knows none.
fn state(package: &str) -> String {
    let printed = program("dpkg-query", &["--show", "--showformat", "${Status}", package]);
    let knows = printed.status == 0 && !printed.stdout.ends_with(" not-installed");
    if knows { printed.stdout } else { String::new() }
}

fn diversions() -> usize {
    let printed = program("dpkg-divert", &["--list", &format!("{}/*", shown(&live()))]);
    printed.stdout.lines().count()
}

/// A package `dokku` of this version, of the stock plugin and the file that says the version. It is made while the stock
/// plugin is in place.
fn package_of_dokku(version: &str) -> PathBuf {
    let (made, root) = (folder().join(format!("dokku-{version}.deb")), folder().join(format!("dokku-{version}")));
    let tree = root.join(live().strip_prefix("/").expect("a path below the root"));
    for folder in [root.join("DEBIAN"), tree.parent().expect("a folder").to_path_buf()] {
        fs::create_dir_all(folder).expect("a folder");
    }
    copy(&live(), &tree);
    fs::write(root.join("var/lib/dokku/STABLE_VERSION"), format!("{version}\n")).expect("the version");
    let control = format!(
        "Package: dokku\nVersion: {version}\nArchitecture: all\nMaintainer: tests <tests@localhost>\nDescription: {STAND_IN}\n"
    );
    fs::write(root.join("DEBIAN/control"), control).expect("the control file");
    let printed = program("dpkg-deb", &["--build", &shown(&root), &shown(&made)]);
    assert_eq!(printed.status, 0, "{printed}");
    made
}

/// Our package of this version, as `install.sh --package` makes it, with another `install` trigger if one is given.
fn package_of_ours(version: &str, trigger: Option<&str>) -> PathBuf {
    let tree = folder().join(format!("tree-{version}"));
    copy(&plugin_tree(), &tree);
    let toml = fs::read_to_string(tree.join("plugin.toml")).expect("plugin.toml");
    let has = toml.lines().find(|line| line.starts_with("version")).expect("a version").to_owned();
    fs::write(tree.join("plugin.toml"), toml.replace(&has, &format!("version = \"{version}\""))).expect("plugin.toml");
    if let Some(script) = trigger {
        let closed = no_start();
        fs::remove_file(tree.join("install")).expect("the trigger");
        fs::write(tree.join("install"), script).expect("a trigger");
        fs::set_permissions(tree.join("install"), fs::Permissions::from_mode(0o755)).expect("its mode");
        drop(closed);
    }
    // The package is made as it is shipped, but for its compression, which takes most of the time.
    let mut command = Command::new(repository().join("install.sh"));
    command.args(["--package", &shown(&folder()), "--tree", &shown(&tree)]).env("DPKG_DEB_COMPRESSOR_TYPE", "none");
    let made = print(&mut command, format!("./install.sh --package of {version}"), b"");
    assert_eq!(made.status, 0, "{made}");
    folder().join(package_name(version))
}

/// Our package of the first version, ready to be installed.
pub(crate) fn first() -> String {
    shown(&package_of_ours("0.1.0", None))
}

fn package_name(version: &str) -> String {
    format!("{OURS}_{version}_{}.deb", program("dpkg", &["--print-architecture"]).stdout.trim())
}

/// The host is one on which dokku was installed as a package, with its stock plugin, and nothing of ours.
pub(crate) fn dokku_is_a_package() {
    plugin::stock();
    drop(fs::remove_dir_all(folder()));
    fs::create_dir_all(folder()).expect("a folder");
    assert_eq!(state("dokku"), "", "a Dokku that came as a package is not the one that this test may change");
    fs::copy(lib("STABLE_VERSION"), remembered_version()).expect("the version");
    dpkg(0, &["--install", &shown(&package_of_dokku(TESTED))]);
}

fn remembered_version() -> PathBuf {
    lib(".ps-tests/STABLE_VERSION")
}

/// Takes away the packages of these tests: ours as dpkg removes it; the package `dokku` so that its files stay.
pub(crate) fn take_away() {
    let quietly = |words: &[&str]| {
        let done = Command::new("dpkg").args(words).stdin(Stdio::null()).output();
        if !done.as_ref().is_ok_and(|done| done.status.success()) {
            println!("dpkg {words:?}: {done:?}");
        }
    };
    if !state(OURS).is_empty() {
        quietly(&["--purge", OURS]);
    }
    if program("dpkg", &["--status", "dokku"]).stdout.contains(STAND_IN) {
        // It forgets that it has files, so that none is removed with it.
        fs::write("/var/lib/dpkg/info/dokku.list", "/.\n").expect("the list of its files");
        quietly(&["--purge", "dokku"]);
    }
    if remembered_version().exists() {
        drop(fs::rename(remembered_version(), lib("STABLE_VERSION")));
    }
}

fn is_ours_of(version: &str) {
    let tree = folder().join(format!("tree-{version}"));
    same(&live(), &tree);
    leaves(&["stock"]);
}

pub(crate) fn it_comes_beside_the_package_dokku_and_keeps_the_stock_plugin(app: &App) {
    dokku_is_a_package();
    let stock = content(&live());
    let printed = dpkg(0, &["--install", &first()]);
    assert!(printed.stdout.contains("The ps plugin is installed and answers"), "{printed}");
    assert!(!printed.both().contains("was tested with"), "{printed}");
    is_ours_of("0.1.0");
    assert_eq!(content(&kept()), stock, "the stock plugin is kept as it was");
    assert!(diversions() >= stock.len(), "dpkg goes on writing the stock plugin aside");
    is_at_work(app);
    assert!(succeeds(&["ps:help"]).contains("ps:reconcile"), "it is ours that answers");
    for words in [&["--tree", &shown(&plugin_tree())][..], &["--uninstall"]] {
        let refused = install_sh(words);
        assert!(refused.status == 1 && refused.stderr.contains("the package dokku-ps looks after"), "{refused}");
    }
    is_ours_of("0.1.0");
}

pub(crate) fn an_upgrade_of_dokku_leaves_ours_in_place(app: &App) {
    let stock = content(&kept());
    // Its files come from the tree that is kept now.
    let later = folder().join(format!("dokku-{LATER}"));
    copy(&folder().join(format!("dokku-{TESTED}")), &later);
    for (file, from, to) in [("DEBIAN/control", TESTED, LATER), ("var/lib/dokku/STABLE_VERSION", TESTED, LATER)] {
        let text = fs::read_to_string(later.join(file)).expect("a file of the package");
        fs::write(later.join(file), text.replace(from, to)).expect("a file of the package");
    }
    // Something in the stock plugin is new, which dpkg knows no diversion of.
    let new = later.join("var/lib/dokku/core-plugins/available/ps/new-in-stock");
    fs::write(&new, "new\n").expect("a new file");
    let package = folder().join(format!("dokku-{LATER}.deb"));
    program("dpkg-deb", &["--build", &shown(&later), &shown(&package)]);
    let printed = dpkg(0, &["--install", &shown(&package)]);
    let untested = format!("This host runs Dokku {LATER}, and the plugin was tested with {TESTED}");
    assert!(printed.both().contains(&untested), "{printed}");
    is_ours_of("0.1.0");
    assert_eq!(fs::read(kept().join("new-in-stock")).ok(), Some(b"new\n".to_vec()), "it belongs to the stock plugin");
    is_at_work(app);
    assert_eq!(state(OURS), "install ok installed");
    // And back: what the stock plugin has no more goes from where it is kept.
    dpkg(0, &["--install", &shown(&folder().join(format!("dokku-{TESTED}.deb")))]);
    is_ours_of("0.1.0");
    assert_eq!(content(&kept()), stock, "the stock plugin is as it was");
}

pub(crate) fn a_newer_version_takes_the_place_and_one_that_fails_does_not(app: &App) {
    dpkg(0, &["--install", &shown(&package_of_ours("0.2.0", None))]);
    is_ours_of("0.2.0");
    is_at_work(app);
    let broken = package_of_ours("0.3.0", Some("#!/bin/sh\necho this host is not for me >&2\nexit 3\n"));
    let printed = dpkg(1, &["--install", &shown(&broken)]);
    assert!(
        printed.both().contains("not for me") && printed.both().contains("Putting back what was there"),
        "{printed}"
    );
    is_ours_of("0.2.0");
    is_at_work(app);
    assert_eq!(state(OURS), "install ok half-configured");
    dpkg(0, &["--install", &shown(&package_of_ours("0.3.1", None))]);
    is_ours_of("0.3.1");
}

/// The processes of the installer that the package has.
fn installers() -> Vec<Pid> {
    let entries = fs::read_dir("/proc").expect("/proc").flatten();
    let runs = |folder: &PathBuf| {
        let line = fs::read(folder.join("cmdline")).unwrap_or_default();
        line.split(|byte| *byte == 0).next() == Some(INSTALLER.as_bytes())
    };
    let number = |folder: PathBuf| folder.file_name()?.to_str()?.parse().ok().and_then(Pid::from_raw);
    entries.map(|entry| entry.path()).filter(runs).filter_map(number).collect()
}

pub(crate) fn a_postinst_that_is_killed_is_mended_by_dpkg(app: &App) {
    let stock = content(&kept());
    // The first time its trigger hangs: then the trees are swapped, and nothing has been checked.
    let hangs = folder().join("hangs");
    let trigger = format!(
        "#!/bin/sh\n[ -e {0} ] && exit 0\necho $$ >{0}.new && mv {0}.new {0}\nexec sleep 1000\n",
        shown(&hangs)
    );
    let package = package_of_ours("0.4.0", Some(&trigger));
    let log = fs::File::create(folder().join("log")).expect("a log");
    let mut command = Command::new("dpkg");
    command.args(["--install", &shown(&package)]).stdin(Stdio::null());
    let mut child = spawn(command.stdout(log.try_clone().expect("the log")).stderr(log));
    wait_until("the install trigger hangs", PATIENCE, || hangs.exists());
    let found = installers();
    assert_eq!(found.len(), 1, "the installer of the package runs");
    kill_process(found[0], Signal::KILL).expect("it is killed");
    assert!(!child.wait().expect("dpkg ends").success(), "dpkg has seen that its script was killed");
    let sleeps = fs::read_to_string(&hangs).expect("its number").trim().parse().ok().and_then(Pid::from_raw);
    kill_process(sleeps.expect("a number"), Signal::KILL).expect("what hangs is killed");
    assert_eq!(state(OURS), "install ok half-configured");
    dpkg(0, &["--configure", "--pending"]);
    is_ours_of("0.4.0");
    assert_eq!(content(&kept()), stock, "the stock plugin is kept as it was");
    is_at_work(app);
}

pub(crate) fn remove_brings_the_stock_plugin_back_and_purge_leaves_nothing(app: &App) {
    let stock = content(&kept());
    succeeds(&["ps:set", &app.name, "restart-policy", "on-failure:7"]);
    succeeds(&["ps:scale", "--skip-deploy", &app.name, "web=3"]);
    dpkg(0, &["--remove", OURS]);
    assert!(content(&live()) == stock, "every file of the stock plugin is as it was");
    assert!(!SHARED.iter().any(|(_, place)| Path::new(place).exists()), "completion and manual pages are gone");
    leaves(&[]);
    assert_eq!((diversions(), state(OURS).as_str()), (0, "deinstall ok config-files"));
    is_at_work(app);
    assert!(!succeeds(&["ps:help"]).contains("ps:reconcile"), "it is the stock plugin that answers");
    // What belongs to the app stays, and is the stock plugin's.
    assert_eq!(app.report("--ps-restart-policy"), "on-failure:7");
    assert_eq!(app.scale(), ["web=3"]);
    dpkg(0, &["--purge", OURS]);
    let printed = program("dpkg", &["--verify", "dokku"]);
    assert_eq!((printed.status, printed.stdout.as_str()), (0, ""), "{printed}");
    for gone in ["data/ps/.fingerprint-key", "data/ps/.watch", "ps-plugin"] {
        assert!(!lib(gone).exists(), "{gone} is left");
    }
    assert!(!Path::new("/usr/lib/dokku-ps").exists());
    assert_eq!(state(OURS), "");
    assert_eq!(app.scale(), ["web=3"]);
}

pub(crate) fn it_takes_over_what_install_sh_has_installed(app: &App) {
    let stock = content(&live());
    plugin::ours();
    dpkg(0, &["--install", &shown(&folder().join(package_name("0.2.0")))]);
    is_ours_of("0.2.0");
    assert_eq!(content(&kept()), stock);
    is_at_work(app);
    dpkg(0, &["--purge", OURS]);
    assert!(content(&live()) == stock, "every file of the stock plugin is as it was");
    take_away();
    is_at_work(app);
}
