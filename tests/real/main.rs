//! The plugin on a real Dokku: the host's own plugins, nginx and containers.
//!
//! Swaps the plugin `ps` of the host that it finds, makes and destroys apps, sets and unsets properties of the host,
//! and restarts dockerd. So it runs only when asked: `tests/run --real-host` sets `PS_REAL=1`. Needs root, `PS_PLUGIN`,
//! a Dokku with nginx, and a Docker with the image `bb:latest` (busybox). At the end, and when it is interrupted, the host
//! has the plugin that it had; what a run that was killed has left, the next one mends.
//!
//! Tests share one plugin, one Docker and one host, so those that change these run alone.

#![allow(
    clippy::disallowed_methods,
    clippy::disallowed_macros,
    clippy::indexing_slicing,
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic
)]

mod addresses;
mod answers;
mod apps;
mod deploys;
mod files;
mod host;
mod install;
mod killed;
mod life;
mod plugin;
mod restore;
mod scaling;

use std::panic::catch_unwind;
use std::process::{ExitCode, exit};
use std::thread;
use std::time::Instant;

use ps_tests::functions;
use ps_tests::suite::{self, Test};
use signal_hook::consts::{SIGHUP, SIGINT, SIGTERM};
use signal_hook::iterator::Signals;

fn main() -> ExitCode {
    let lists = [(that_swap(), 1), (that_share(), suite::processors()), (that_touch_all(), 1)];
    let count: usize = lists.iter().map(|(tests, _)| tests.len()).sum();
    if std::env::var_os("PS_REAL").is_none_or(|value| value != "1") {
        println!("left out: {count} tests on a real Dokku, since PS_REAL is not 1 (tests/run --real-host sets it)");
        println!("0 passed, 0 failed, {count} left out");
        return ExitCode::SUCCESS;
    }
    if let Some(why) = host::missing() {
        println!("There is no Dokku to test on: {why}");
        return ExitCode::FAILURE;
    }
    println!(
        "This swaps the plugin ps of the Dokku on this machine, makes and destroys apps, changes and gives back settings \
         of the host, and restarts dockerd. At the end the plugin is the one that was there."
    );
    plugin::remember();
    host::destroy_all();
    put_back_on_a_signal();
    let lists = lists.map(|(tests, threads)| (tests.into_iter().map(timed).collect::<Vec<_>>(), threads));
    let result = suite::run_in_turn(&lists.each_ref().map(|(tests, threads)| (tests.as_slice(), *threads)));
    host::destroy_all();
    if catch_unwind(plugin::put_back).is_err() {
        println!("FAIL the plugin that the host had could not be put back by install.sh");
        return ExitCode::FAILURE;
    }
    result
}

/// Those that swap the plugin, install.sh's own first.
fn that_swap() -> Vec<Test<'static>> {
    functions![
        install::it_takes_the_place_of_the_stock_plugin_and_twice_is_once,
        install::a_failing_install_trigger_changes_nothing,
        install::uninstall_brings_the_stock_plugin_back,
        install::the_repository_installs_as_a_plugin,
        answers::every_trigger_of_the_stock_plugin_is_there,
        answers::what_the_host_sends_is_answered,
        answers::they_are_as_stock,
        answers::an_app_that_is_not_deployed_is_as_stock,
        files::a_command_is_expanded_with_the_config_of_the_host,
        scaling::containers_of_the_stock_plugin_are_scaled_without_touching_them,
    ]
}

/// Those that need ours in place and touch nothing but their own apps; the long ones first.
fn that_share() -> Vec<Test<'static>> {
    functions![
        files::what_a_command_sets_for_an_app_is_pending_where_a_new_container_would_differ,
        apps::a_clone_runs_and_is_renamed_and_destroyed,
        deploys::a_formation_in_app_json_rules,
        deploys::a_failing_release_leaves_the_old_containers,
        deploys::a_dokku_scale_in_the_source_rules_until_it_is_gone,
        life::a_restart_replaces_what_it_names,
        life::a_stopped_app_stays_stopped_until_it_is_started,
        life::a_set_config_reaches_every_container,
        life::a_deploy_runs_what_the_procfile_says,
        life::a_rebuild_makes_a_new_image,
        deploys::a_web_that_dies_leaves_the_old_containers,
        files::a_type_that_grows_is_made_anew_with_all_that_was_set,
        files::what_proxies_read_from_labels_is_pending_for_web,
        scaling::webs_come_and_go_and_no_request_is_lost,
        scaling::with_checks_a_new_instance_is_checked_and_no_request_is_lost,
        scaling::workers_come_and_go_and_nothing_else_is_touched,
        files::checks_are_made_where_the_host_makes_them,
        life::a_restart_policy_reaches_running_containers,
    ]
}

/// Those that touch what all apps have: settings of the host, and dockerd.
fn that_touch_all() -> Vec<Test<'static>> {
    functions![
        files::what_a_command_sets_for_the_host_is_pending_where_a_new_container_would_differ,
        files::the_scheduler_is_the_one_that_the_host_selects,
        addresses::a_changed_address_is_seen_and_mended_before_another_app_answers,
        killed::what_is_killed_at_any_moment_is_mended_by_reconcile,
        restore::a_restart_of_dockerd_is_survived,
    ]
}

/// Says how long a test took, however it ends.
fn timed(test: Test<'static>) -> Test<'static> {
    struct Said<'a>(&'a str, Instant);
    impl Drop for Said<'_> {
        fn drop(&mut self) {
            println!("{:4} s  {}", self.1.elapsed().as_secs(), self.0);
        }
    }
    let name = test.name.clone();
    let run = move || {
        let _said = Said(&name, Instant::now());
        (test.run)()
    };
    Test { name: test.name, run: Box::new(run) }
}

/// Ctrl-C does not leave another plugin on the host.
fn put_back_on_a_signal() {
    let mut signals = Signals::new([SIGHUP, SIGINT, SIGTERM]).expect("signals");
    thread::spawn(move || {
        if let Some(signal) = signals.forever().next() {
            println!("Interrupted; putting back what the host had");
            host::destroy_all();
            drop(catch_unwind(plugin::put_back));
            exit(128 + signal);
        }
    });
}
