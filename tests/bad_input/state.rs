//! Apps that were stopped by hand, and what may change that.

use crate::{headline, shop};

#[test]
fn a_start_after_a_stop_holds_over_the_next_boot() {
    shop()
        .property("restore", "false")
        .answers("scheduler-app-status", "1 true")
        .command("start", ["shop"])
        .succeeds()
        .stderr(" !     App shop already running\n")
        .leaves("lib/config/ps/shop/restore", "true")
        .changes_only(&["lib/config/ps/shop/restore"]);
}

#[test]
fn a_start_writes_nothing_where_nothing_was_stopped() {
    let host = || shop().answers("scheduler-app-status", "1 true");
    let already = " !     App shop already running\n";
    host().command("start", ["shop"]).succeeds().stderr(already).changes_no_file();
    host().property("restore", "true").command("start", ["shop"]).succeeds().stderr(already).changes_no_file();
}

#[test]
fn the_scale_of_a_stopped_app_is_saved_and_nothing_is_started() {
    shop()
        .property("restore", "false")
        .command("scale", ["shop", "web=2"])
        .succeeds()
        .stdout(&headline("web=2"))
        .stderr_contains("stopped")
        .fires_nothing()
        .leaves("lib/config/ps/shop/scale", "web=2\n")
        .changes_only(&["lib/config/ps/shop/scale"]);
}

#[test]
fn an_app_that_does_not_run_but_was_not_stopped_is_deployed() {
    shop()
        .answers("scheduler-app-status", "0 false")
        .command("scale", ["shop", "web=2"])
        .succeeds()
        .stdout(&headline("web=2"))
        .deploys("web")
        .leaves("lib/config/ps/shop/scale", "web=2\n");
}

#[test]
fn an_app_whose_formation_is_in_app_json_cannot_be_scaled_by_hand() {
    shop()
        .property("can-scale", "false")
        .command("scale", ["shop", "web=2"])
        .refuses("App shop contains an app.json file with a formations key and cannot be manually scaled");
}

#[test]
fn an_environment_without_the_app_root() {
    shop().without("DOKKU_ROOT").command("report", ["shop"]).refuses("").stderr(" !     DOKKU_ROOT not set!\n");
}

#[test]
fn an_environment_without_the_library_root() {
    shop()
        .without("DOKKU_LIB_ROOT")
        .command("scale", ["shop", "web=2"])
        .refuses("DOKKU_LIB_ROOT not set!")
        .any_stdout();
}
