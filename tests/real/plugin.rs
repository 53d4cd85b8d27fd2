//! The plugin under test in the host's place, with scripts that write down what is sent to it.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::PathBuf;

use ps_tests::executables::triggers;
use ps_tests::plugin_tree;
use ps_tests::process::no_start;
pub(crate) use ps_tests::real_host::{
    content, copy, install_sh, installs, is_ours, kept, live, ours, put_back, remember, same, stock,
};

use crate::host::lib;

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
