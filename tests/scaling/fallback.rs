//! Where single instances cannot be started, the trigger `deploy` is the way, and all still holds.

use std::fs;

use ps_tests::docker::Dokku;

use crate::shop::{Shop, kept, lines_with, new};

/// The host's script that starts one container.
const SCRIPT: &str = "scheduler-deploy-process-container";

pub(crate) fn a_host_without_the_script_deploys() {
    let shop = Shop::with_more_types(&["web=1", "worker=2"]);
    let before = shop.runs(&["web.1", "worker.1", "worker.2"]);
    // As after an update of the host that has its script elsewhere: only the host's own hooks know where.
    let plugin = shop.dokku.path("lib/core-plugins/available/scheduler-docker-local");
    fs::rename(plugin.join("bin").join(SCRIPT), plugin.join("bin/start-one")).expect("the host's script");
    let hooks = fs::read_to_string(plugin.join("hooks")).expect("the host's hooks");
    assert!(hooks.contains(SCRIPT), "the hooks must use the script");
    fs::write(plugin.join("hooks"), hooks.replace(SCRIPT, "start-one")).expect("the host's hooks");

    shop.watch();
    let scaled = shop.scales(&["worker=3"]);
    assert_eq!(lines_with(&scaled.both(), &["script"]).len(), 1, "the reason, once: {scaled}");
    assert_eq!(shop.fired("deploy"), 1, "{:#?}", shop.events());
    let up = shop.runs(&["web.1", "worker.1", "worker.2", "worker.3"]);
    kept(&before, &up, &["web.1"]);
    new(&before, &up, &["worker.1", "worker.2", "worker.3"]);
    assert_eq!(shop.scale(), ["web=1", "worker=3"]);

    // Nothing has to be started to have fewer.
    shop.scales(&["worker=1"]);
    let down = shop.runs(&["web.1", "worker.1"]);
    kept(&up, &down, &["web.1"]);
    assert_eq!(shop.scale(), ["web=1", "worker=1"]);

    // A deploy that fails gives the old quantity back here too.
    let shop = shop.checked("5");
    shop.ends(1, &["bad=1"]);
    assert_eq!(shop.scale(), ["web=1", "worker=1"]);
    kept(&down, &shop.runs(&["web.1", "worker.1"]), &["web.1", "worker.1"]);
}

pub(crate) fn another_scheduler_deploys() {
    let dokku = Dokku::new();
    let app = dokku.app();
    let shop = Shop { dokku, app };
    let note = "[ \"$1\" = fake ] || exit 0\necho \"${0##*/} $*\" >>\"$LOG\"\n";
    let deploy = format!(
        "{note}[ ! -e \"$LOG.fails\" ] || {{ echo 'no room' >&2; exit 1; }}\n\
         plugn trigger core-post-deploy \"$2\" '' '' \"$3\"\nplugn trigger post-deploy \"$2\" '' '' \"$3\"",
    );
    let status = "[ \"$1\" = fake ] || exit 0\necho '1 true'";
    let hooks = [("scheduler-deploy", deploy.as_str()), ("scheduler-app-status", status), ("scheduler-stop", note)];
    shop.plugin("fake", &hooks);
    shop.dokku.succeeds(&["scheduler:set", &shop.app, "selected", "fake"]);
    let source = shop.dokku.source().display().to_string();
    shop.dokku.succeeds(&["deploy-folder", &shop.app, &source]);
    assert_eq!(shop.heard("fake").len(), 1, "the first deploy");

    shop.watch();
    let scaled = shop.scales(&["worker=2"]);
    let deploys = shop.heard("fake");
    assert_eq!(deploys.len(), 1, "{deploys:#?}");
    assert!(deploys[0].starts_with(&format!("scheduler-deploy fake {} ", shop.app)), "{deploys:#?}");
    assert!(deploys[0].ends_with(" worker"), "only the type that changed: {deploys:#?}");
    assert_eq!(shop.fired("deploy"), 1, "{:#?}", shop.events());
    assert!(scaled.stderr.matches("fake").count() <= 1, "a reason is told once: {scaled}");
    assert_eq!(shop.scale(), ["web=1", "worker=2"]);
    assert_eq!(shop.dokku.containers(&shop.app), [], "nothing may run on this Docker");

    // Its saved scale stands for what runs: the same again is nothing.
    shop.scales(&["worker=2"]);
    assert_eq!(shop.heard("fake"), [""; 0]);
    shop.scales(&["worker+2", "web-1"]);
    assert_eq!(shop.heard("fake").len(), 2, "one deploy for each type");
    assert_eq!(shop.scale(), ["worker=4"]);

    fs::write(shop.dokku.path("fake.log.fails"), "").expect("the mark to fail");
    let failed = shop.ends(1, &["worker=9"]);
    assert!(failed.both().contains("no room"), "{failed}");
    assert_eq!(shop.scale(), ["worker=4"], "the old quantity is back");
}
