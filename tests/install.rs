//! Install, self-check, rollback and uninstall: the cases of the script `tests/install-cases`.

use std::process::Command;
use std::time::Duration;

use ps_tests::process::run;
use ps_tests::{plugin_tree, repository};

/// Some cases build, and a build may take minutes.
const DEADLINE: Duration = Duration::from_mins(30);

#[test]
fn every_case_of_the_installer_passes() {
    let mut script = Command::new(repository().join("tests/install-cases"));
    let done = run(script.arg(plugin_tree()).current_dir(repository()), b"", DEADLINE);
    let stdout = String::from_utf8_lossy(&done.stdout);
    println!("{stdout}{}", String::from_utf8_lossy(&done.stderr));
    let passed = stdout.lines().filter(|line| line.starts_with("ok ")).count();
    let failed = stdout.lines().filter(|line| line.starts_with("not ok ")).count();
    assert_eq!((done.status, failed), (0, 0), "cases of the installer failed");
    assert!(passed > 0, "no case of the installer ran");
    let last = stdout.lines().last().unwrap_or_default();
    assert_eq!(last, format!("{passed} passed, 0 failed"), "the script must count what it ran");
}
