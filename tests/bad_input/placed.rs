//! What others can put where we write: links under the names that we use, and folders that are links. Nothing is
//! written through them.

use std::fs;
use std::os::unix::fs::{PermissionsExt, symlink};

use ps_tests::{Host, Outcome};

use crate::shop;

const SECRET: &str = "KEY='the secret of another app'\n";
/// The file of another app that links lead to.
const TARGET: &str = "lib/config/other/ENV";

/// The shop, and another app with a secret.
fn beside_another() -> Host {
    shop().file(TARGET, SECRET)
}

/// A link at a path of the sandbox that leads to another.
fn link(host: Host, path: &str, to: &str) -> Host {
    let at = host.sandbox().path(path);
    fs::create_dir_all(at.parent().unwrap()).unwrap();
    symlink(host.sandbox().path(to), at).unwrap();
    host
}

/// The other app's file is as it was, and nobody has been told what is in it.
fn untouched(host: &Host, outcome: Outcome) {
    outcome.any_stdout().any_stderr().does_not_say("the secret");
    let path = host.sandbox().path(TARGET);
    assert_eq!(fs::read_to_string(&path).unwrap(), SECRET);
    assert_eq!(path.metadata().unwrap().permissions().mode() & 0o7777, 0o600);
}

fn extract(host: &Host) -> Outcome {
    let source = host.sandbox().expand("@ROOT@/work");
    host.run("core-post-extract", ["shop", &source])
}

#[test]
fn a_source_cannot_lead_a_write_out_of_it() {
    for name in [".Procfile.new", "Procfile"] {
        let host =
            beside_another().property("procfile-path", "deploy/Procfile").file("work/deploy/Procfile", "web: x\n");
        let host = link(host, &format!("work/{name}"), TARGET);
        let outcome = extract(&host).succeeds();
        untouched(&host, outcome);
        let written = host.sandbox().path("work/Procfile");
        assert!(written.symlink_metadata().unwrap().is_file(), "{name}");
        assert_eq!(fs::read_to_string(written).unwrap(), "web: x\n");
    }
}

#[test]
fn an_install_as_root_follows_no_link() {
    let host = beside_another()
        .file("lib/config/docker-options/shop/_default_.deploy", "--restart=always\n")
        .file("home/shop/DOKKU_SCALE", "web=2\n");
    fs::remove_file(host.sandbox().path("lib/config/ps/shop/scale")).unwrap();
    let links =
        ["lib/config/ps/shop/.restart-policy.new", "lib/config/ps/shop/.scale.new", "home/shop/.DOKKU_SCALE.new"];
    let host = links.iter().fold(host, |host, path| link(host, path, TARGET));
    let host = link(host, "lib/config/ps/shop/restart-policy", TARGET);
    let outcome = host.run("install", Vec::<String>::new()).succeeds();
    let outcome =
        outcome.leaves("lib/config/ps/shop/restart-policy", "always").leaves("lib/config/ps/shop/scale", "web=2\n");
    untouched(&host, outcome);
}

#[test]
fn an_install_as_root_reads_through_no_link() {
    let host = link(beside_another(), "home/shop/DOKKU_SCALE", TARGET);
    let host = link(host, "lib/config/docker-options/shop/_default_.deploy", TARGET);
    fs::remove_file(host.sandbox().path("lib/config/ps/shop/scale")).unwrap();
    let outcome = host.run("install", Vec::<String>::new()).fails(1);
    untouched(&host, outcome);
    assert!(!host.sandbox().path("lib/config/ps/shop/scale").exists());
}

#[test]
fn a_property_that_is_a_link_is_replaced_and_not_written_through() {
    let host = link(beside_another(), "lib/config/ps/shop/restart-policy", TARGET);
    let outcome = host.command("set", ["shop", "restart-policy", "always"]).succeeds();
    untouched(&host, outcome.leaves("lib/config/ps/shop/restart-policy", "always"));
}

#[test]
fn an_app_s_folder_that_is_a_link_is_none() {
    let host = link(shop(), "home/evil", "home/shop").file("lib/config/common/evil/deployed", "true");
    for (command, args) in [
        ("scale", vec!["evil", "web=2"]),
        ("scale", vec!["evil"]),
        ("stop", vec!["evil"]),
        ("set", vec!["evil", "restore", "false"]),
    ] {
        host.command(command, args).refuses("symbolic link").fires_nothing();
    }
    assert!(!host.sandbox().path("lib/config/ps/evil").exists());
}

#[test]
fn a_folder_of_ours_that_is_a_link_is_not_written_into() {
    for (folder, elsewhere) in [("lib/config/ps/shop", "lib/config/other"), ("lib/config/ps", "lib/config/other")] {
        let host = beside_another();
        fs::remove_dir_all(host.sandbox().path(folder)).unwrap();
        let host = link(host, folder, elsewhere);
        let outcome = host.command("set", ["shop", "restart-policy", "always"]).fails(1);
        untouched(&host, outcome.stderr_contains("symbolic link"));
        let outcome = host.command("scale", ["--skip-deploy", "shop", "web=2"]).fails(1);
        untouched(&host, outcome.stderr_contains("symbolic link"));
        assert_eq!(fs::read_dir(host.sandbox().path(elsewhere)).unwrap().count(), 1, "{folder}");
    }
    let host = beside_another().file("work/Procfile", "web: x\n");
    fs::remove_dir_all(host.sandbox().path("lib/data/ps/shop")).unwrap();
    let host = link(host, "lib/data/ps/shop", "lib/config/other");
    let outcome = extract(&host).fails(1);
    untouched(&host, outcome.stderr_contains("symbolic link"));
    assert_eq!(fs::read_dir(host.sandbox().path("lib/config/other")).unwrap().count(), 1);
}

#[test]
fn a_procfile_of_a_release_that_is_a_link_is_replaced() {
    let host = link(beside_another().file("work/Procfile", "web: x\n"), "lib/data/ps/shop/Procfile.4242", TARGET);
    let outcome = extract(&host).succeeds();
    untouched(&host, outcome);
    let outcome = host.run("core-post-deploy", ["shop", "", "", "latest"]).succeeds();
    untouched(&host, outcome.leaves("lib/data/ps/shop/Procfile", "web: x\n"));
}
