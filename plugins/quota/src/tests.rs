//! Each command and each trigger, called as Dokku calls it, on a host of its own.
#![allow(clippy::disallowed_methods, reason = "tests set the scene with plain files")]

use super::*;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;

struct Host(tempfile::TempDir);

impl Host {
    /// A host with the app shop.
    fn new() -> Self {
        let host = Self(tempfile::tempdir().unwrap());
        std::fs::create_dir_all(host.0.path().join("home/shop")).unwrap();
        host
    }

    /// Another plugin, which answers a trigger with this text.
    fn answers(self, trigger: &str, text: &str) -> Self {
        let hook = self.0.path().join("lib/plugins/enabled/other").join(trigger);
        std::fs::create_dir_all(hook.parent().unwrap()).unwrap();
        std::fs::write(&hook, format!("#!/bin/sh\ncat <<'END'\n{text}\nEND\n")).unwrap();
        std::fs::set_permissions(&hook, std::fs::Permissions::from_mode(0o755)).unwrap();
        self
    }

    /// Calls an executable of the plugin with these words.
    fn call(&self, line: &str) -> Result<()> {
        let words: Vec<&str> = line.split(' ').collect();
        called(&Env::of_test_host(self.0.path(), &words))
    }

    fn refuses(&self, line: &str) -> String {
        self.call(line).expect_err(line).message().to_owned()
    }

    fn quotas(&self, app: &str) -> Vec<(String, Quantity)> {
        let env = Env::of_test_host(self.0.path(), &[]);
        quotas(&env, &app.parse().unwrap()).unwrap().into_iter().collect()
    }
}

#[test]
fn every_definition_holds() {
    HELP.debug_assert();
}

#[test]
fn every_name_that_is_installed_is_known() {
    let build = std::fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("build")).unwrap();
    let names = build.split_once("names=(").unwrap().1.split_once(')').unwrap().0;
    assert!(names.split_whitespace().count() > 5, "{names}");
    for name in names.split_whitespace() {
        let known =
            Host::new().call(name).err().is_none_or(|error| !error.message().contains("no command and no trigger"));
        assert!(known, "{name}");
    }
    assert!(Host::new().refuses("/plugins/quota/post-everything").contains("no trigger \"post-everything\""));
}

#[test]
fn a_quota_is_set_and_taken_back() {
    let host = Host::new();
    host.call("set quota:set shop worker=3 web=2").unwrap();
    assert_eq!(host.quotas("shop"), [("web".to_owned(), 2), ("worker".to_owned(), 3)]);
    host.call("report quota:report shop").unwrap();
    host.call("report quota:report").unwrap();
    host.call("set quota:set shop worker=").unwrap();
    assert_eq!(host.quotas("shop"), [("web".to_owned(), 2)]);
}

#[test]
fn what_is_no_quota_sets_nothing() {
    let host = Host::new();
    assert!(host.refuses("set quota:set shop web=2 worker").contains("TYPE=MAX"));
    assert!(host.refuses("set quota:set shop web=2 worker=-1").contains("no quantity"));
    assert!(host.refuses("set quota:set shop web=2 ../x=1").contains("process type"));
    assert!(host.refuses("set quota:set shoe web=2").contains("does not exist"));
    assert_eq!(host.call("set quota:set shop").unwrap_err().status(), 2);
    assert!(host.quotas("shop").is_empty());
}

#[test]
fn more_than_the_quota_is_refused_and_less_never() {
    let host = Host::new();
    host.call("ps-pre-scale shop worker=1:9").unwrap();
    host.call("set quota:set shop worker=3").unwrap();
    for fine in ["worker=1:3", "worker=9:5", "web=1:9", "worker=9:5 web=1:9"] {
        host.call(&format!("ps-pre-scale shop {fine}")).expect(fine);
    }
    assert_eq!(
        host.refuses("ps-pre-scale shop web=1:2 worker=3:4"),
        "shop may have 3 of worker, not 4: it is its quota"
    );
}

#[test]
fn a_release_keeps_to_the_quota() {
    let release = |scale: &str, file: &str| {
        let host = Host::new().answers("ps-current-scale", scale).answers("app-json-get-content", file);
        host.call("set quota:set shop worker=3").unwrap();
        host.call("pre-release-builder dockerfile shop dokku/shop:latest")
    };
    release("web=9\nworker=3", "").unwrap();
    // What app.json says takes the place of what is saved.
    release("worker=4", r#"{"formation": {"worker": {"quantity": 2}}}"#).unwrap();
    release("worker=4", r#"{"formation": {"web": {"quantity": 9}}}"#).unwrap();
    release("", r#"{"formation": null}"#).unwrap();
    assert!(release("web=1\nworker=4", "{}").is_err());
    assert!(release("worker=1", r#"{"formation": {"worker": {"quantity": 4}}}"#).is_err());
    assert!(release("worker=1", r#"{"formation": {"worker": {"quantity": 99999999999}}}"#).is_err());
    assert!(release("worker=1", "[").is_err());
}

#[test]
fn the_quota_goes_with_the_app() {
    let host = Host::new();
    host.call("install").unwrap();
    host.call("set quota:set shop worker=3").unwrap();
    host.call("post-app-clone-setup shop clone").unwrap();
    host.call("post-app-rename-setup shop store").unwrap();
    assert_eq!((host.quotas("clone").len(), host.quotas("store").len(), host.quotas("shop").len()), (1, 1, 0));
    host.call("post-delete clone").unwrap();
    assert!(host.quotas("clone").is_empty());
}
