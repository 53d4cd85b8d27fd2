//! What a change of scale does not need keeps its container and its uptime.

use std::fs;
use std::time::SystemTime;

use ps_tests::docker::docker;

use crate::shop::{Shop, kept, new};

pub(crate) fn more_workers_leave_those_there_are() {
    let shop = Shop::with(&["web=2", "worker=4"]);
    let before = shop.runs(&["web.1", "web.2", "worker.1", "worker.2", "worker.3", "worker.4"]);
    shop.scales(&["worker=5"]);
    let after = shop.runs(&["web.1", "web.2", "worker.1", "worker.2", "worker.3", "worker.4", "worker.5"]);
    kept(&before, &after, &["web.1", "web.2", "worker.1", "worker.2", "worker.3", "worker.4"]);
    new(&before, &after, &["worker.5"]);
    assert_eq!(shop.scale(), ["web=2", "worker=5"]);
}

pub(crate) fn fewer_workers_take_the_highest() {
    let shop = Shop::with(&["web=1", "worker=5"]);
    let before = shop.runs(&["web.1", "worker.1", "worker.2", "worker.3", "worker.4", "worker.5"]);
    shop.scales(&["worker=3"]);
    let after = shop.runs(&["web.1", "worker.1", "worker.2", "worker.3"]);
    kept(&before, &after, &["web.1", "worker.1", "worker.2", "worker.3"]);
    shop.dokku.has_files(&shop.app, "IP.", &["web.1", "worker.1", "worker.2", "worker.3"]);
    assert_eq!(shop.scale(), ["web=1", "worker=3"]);
}

pub(crate) fn a_name_that_the_host_gave_this_second_is_in_no_way() {
    let shop = Shop::with(&["web=1", "worker=2"]);
    let before = shop.runs(&["web.1", "worker.1", "worker.2"]);
    // What the host's own deploy calls a container that it replaces: NAME.<seconds since 1970>.
    let now = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).expect("a time after 1970").as_secs();
    let (image, label) = (format!("dokku/{}:latest", shop.app), format!("--label=com.dokku.app-name={}", shop.app));
    for second in now..now + 30 {
        let name = format!("--name={}.worker.2.{second}", shop.app);
        docker(&["container", "create", &name, &label, &image, "/demo", "worker"]);
    }
    shop.scales(&["worker=1"]);
    kept(&before, &shop.runs(&["web.1", "worker.1"]), &["web.1", "worker.1"]);
}

pub(crate) fn more_and_fewer_webs_leave_those_that_stay() {
    let shop = Shop::with(&["web=1", "worker=1"]).checked("1");
    let before = shop.runs(&["web.1", "worker.1"]);
    shop.scales(&["web=2"]);
    let more = shop.runs(&["web.1", "web.2", "worker.1"]);
    kept(&before, &more, &["web.1", "worker.1"]);
    new(&before, &more, &["web.2"]);
    shop.dokku.has_files(&shop.app, "PORT.", &["web.1", "web.2"]);
    shop.dokku.answers(&shop.app, &["web.1", "web.2"]);
    assert_eq!(shop.servers().len(), 2);
    shop.scales(&["web=1"]);
    let fewer = shop.runs(&["web.1", "worker.1"]);
    kept(&before, &fewer, &["web.1", "worker.1"]);
    shop.dokku.has_files(&shop.app, "PORT.", &["web.1"]);
    assert_eq!(shop.servers().len(), 1);
}

pub(crate) fn a_missing_index_is_filled() {
    let shop = Shop::with(&["web=1", "worker=3"]);
    let before = shop.runs(&["web.1", "worker.1", "worker.2", "worker.3"]);
    docker(&["container", "rm", "--force", &before["worker.2"].id]);
    fs::remove_file(shop.home().join("CONTAINER.worker.2")).expect("its file");
    shop.scales(&["worker=3"]);
    let filled = shop.runs(&["web.1", "worker.1", "worker.2", "worker.3"]);
    kept(&before, &filled, &["web.1", "worker.1", "worker.3"]);
    new(&before, &filled, &["worker.2"]);
    // A file that names a container which is gone is as good as none, and the type may grow at the same time.
    docker(&["container", "rm", "--force", &filled["worker.1"].id]);
    shop.scales(&["worker=4"]);
    let grown = shop.runs(&["web.1", "worker.1", "worker.2", "worker.3", "worker.4"]);
    kept(&filled, &grown, &["web.1", "worker.2", "worker.3"]);
    new(&filled, &grown, &["worker.1", "worker.4"]);
}

pub(crate) fn the_same_command_mends_what_is_missing() {
    // A container that ended is there, with its file, and does not run.
    let shop = Shop::with(&["web=1", "worker=2"]);
    let before = shop.runs(&["web.1", "worker.1", "worker.2"]);
    docker(&["container", "update", "--restart=no", &before["worker.1"].id]);
    docker(&["container", "kill", &before["worker.1"].id]);
    shop.scales(&["worker=2"]);
    let after = shop.runs(&["web.1", "worker.1", "worker.2"]);
    kept(&before, &after, &["web.1", "worker.2"]);
}

pub(crate) fn a_type_grows_from_zero_and_shrinks_to_zero() {
    // There is no sibling to compare with, and none to leave alone; the other types are.
    let shop = Shop::with_more_types(&["web=1", "worker=1"]);
    let before = shop.runs(&["web.1", "worker.1"]);
    shop.scales(&["beat=2"]);
    let more = shop.runs(&["beat.1", "beat.2", "web.1", "worker.1"]);
    kept(&before, &more, &["web.1", "worker.1"]);
    shop.scales(&["beat=0", "worker=0"]);
    kept(&before, &shop.runs(&["web.1"]), &["web.1"]);
    assert_eq!(shop.scale(), ["web=1"]);
}

pub(crate) fn the_strategy_recreate_replaces_all() {
    let shop = Shop::with(&["web=1", "worker=2"]);
    let before = shop.runs(&["web.1", "worker.1", "worker.2"]);
    shop.scales(&["--strategy", "recreate", "worker=3"]);
    let flag = shop.runs(&["web.1", "worker.1", "worker.2", "worker.3"]);
    kept(&before, &flag, &["web.1"]);
    new(&before, &flag, &["worker.1", "worker.2", "worker.3"]);

    shop.dokku.succeeds(&["ps:set", &shop.app, "scale-strategy", "recreate"]);
    shop.scales(&["worker=2"]);
    let property = shop.runs(&["web.1", "worker.1", "worker.2"]);
    kept(&flag, &property, &["web.1"]);
    new(&flag, &property, &["worker.1", "worker.2"]);

    // The flag wins over the property.
    shop.scales(&["--strategy", "incremental", "worker=3"]);
    let incremental = shop.runs(&["web.1", "worker.1", "worker.2", "worker.3"]);
    kept(&property, &incremental, &["web.1", "worker.1", "worker.2"]);

    let state = shop.state();
    let refused = shop.dokku.run(&["ps:scale", "--strategy", "guess", &shop.app, "worker=4"]);
    assert!(matches!(refused.status, 1 | 2) && refused.stderr.contains("guess"), "{refused}");
    shop.is_still(&state, "a strategy that there is not");
}

pub(crate) fn a_scale_that_is_only_saved_touches_nothing() {
    let shop = Shop::with(&["web=1", "worker=2"]);
    let before = shop.runs(&["web.1", "worker.1", "worker.2"]);
    shop.watch();
    shop.scales(&["--skip-deploy", "worker=3"]);
    assert_eq!(shop.scale(), ["web=1", "worker=3"]);
    kept(&before, &shop.runs(&["web.1", "worker.1", "worker.2"]), &["web.1", "worker.1", "worker.2"]);
    for trigger in ["deploy", "core-post-deploy", "post-deploy", "scheduler-deploy"] {
        assert_eq!(shop.fired(trigger), 0, "{trigger} in {:#?}", shop.events());
    }
    // What is saved and does not run is started by the next change, even if that asks for the same number.
    shop.scales(&["worker=3"]);
    let after = shop.runs(&["web.1", "worker.1", "worker.2", "worker.3"]);
    kept(&before, &after, &["web.1", "worker.1", "worker.2"]);

    shop.dokku.succeeds(&["ps:stop", &shop.app]);
    let scaled = shop.scales(&["worker=4"]);
    assert!(scaled.stderr.contains("stopped"), "{scaled}");
    assert_eq!(shop.scale(), ["web=1", "worker=4"]);
    shop.dokku.runs_nothing(&shop.app);
}
