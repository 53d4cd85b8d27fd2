//! The plugin on a real Dokku: the host's own plugins, nginx and containers.
//!
//! Swaps the plugin `ps` of the host that it finds, makes and destroys apps, sets and unsets properties of the host,
//! and restarts dockerd. So it runs only when asked: `tests/run --real-host` sets `PS_REAL=1`. Needs root, `PS_PLUGIN`,
//! a Dokku with nginx, and a Docker with the image `bb:latest` (busybox). At the end, and when it is interrupted, the host
//! has the plugin that it had; what a run that was killed has left, the next one mends.
//!
//! Tests share one plugin, one Docker and one host, so those that change these run alone. A deploy takes twenty seconds
//! and two processors, so a test is a row of checks on one app, each of which begins with what the one before has left.

mod addresses;
mod answers;
mod apps;
mod deploys;
mod expanded;
mod files;
mod host;
mod host_answers;
mod install;
mod killed;
mod life;
mod package;
mod part;
mod plugin;
mod quota;
mod restore;
mod scaling;
mod walk;
mod watch;

use std::panic::catch_unwind;
use std::process::{ExitCode, exit};
use std::thread;
use std::time::Instant;

use host::{App, PREFIX};
use ps_tests::real_host::destroy_all;
use ps_tests::suite::{self, Test};
use signal_hook::consts::{SIGHUP, SIGINT, SIGTERM};
use signal_hook::iterator::Signals;

/// A row of checks, and how the app for them is made.
macro_rules! on_one_app {
    ($made:path => $($check:path),+ $(,)?) => {
        on_one_app($made, vec![$((said(stringify!($check)), $check as fn(&App))),+])
    };
}

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
    package::take_away();
    plugin::remember();
    destroy_all(PREFIX);
    quota::uninstall();
    put_back_on_a_signal();
    let result = suite::run_in_turn(&lists.each_ref().map(|(tests, threads)| (tests.as_slice(), *threads)));
    destroy_all(PREFIX);
    package::take_away();
    let put_back = suite::outcome(|| {
        plugin::put_back();
        Ok(())
    });
    if let Err(why) = put_back {
        println!("FAIL the plugin that the host had could not be put back by install.sh\n{why}");
        return ExitCode::FAILURE;
    }
    result
}

/// Those that swap the plugin, install.sh's own first.
fn that_swap() -> Vec<Test<'static>> {
    vec![
        on_one_app![App::created =>
            install::it_takes_the_place_of_the_stock_plugin_and_twice_is_once,
            install::a_shell_completes_through_the_dokku_of_the_host,
            install::a_failing_install_trigger_changes_nothing,
            install::uninstall_brings_the_stock_plugin_back,
            install::the_repository_installs_as_a_plugin,
        ],
        on_one_app![App::created =>
            package::it_comes_beside_the_package_dokku_and_keeps_the_stock_plugin,
            package::an_upgrade_of_dokku_leaves_ours_in_place,
            package::a_newer_version_takes_the_place_and_one_that_fails_does_not,
            package::a_postinst_that_is_killed_is_mended_by_dpkg,
            package::remove_brings_the_stock_plugin_back_and_purge_leaves_nothing,
            package::it_takes_over_what_install_sh_has_installed,
        ],
        on_one_app![without_packages => walk::a_user_installs_scales_breaks_mends_and_goes_back],
        on_one_app![with_ours =>
            answers::every_trigger_of_the_stock_plugin_is_there,
            answers::what_the_host_sends_is_answered,
            expanded::a_command_is_expanded_with_the_config_of_the_host,
            answers::they_are_as_stock,
            scaling::containers_of_the_stock_plugin_are_scaled_without_touching_them,
        ],
    ]
}

/// Those that need ours in place and touch nothing but their own apps; the long ones first.
fn that_share() -> Vec<Test<'static>> {
    vec![
        on_one_app![with_ours =>
            life::a_deploy_runs_what_the_procfile_says,
            life::a_restart_policy_reaches_running_containers,
            scaling::workers_go_and_nothing_else_is_touched,
            scaling::webs_come_and_go_and_no_request_is_lost,
            life::a_restart_replaces_what_it_names,
            life::a_stopped_app_stays_stopped_until_it_is_started,
            life::what_has_died_is_missed_and_brought_back,
            part::what_is_started_without_checks_never_runs_twice,
            life::a_rebuild_makes_a_new_image,
        ],
        on_one_app![with_ours =>
            deploys::a_formation_in_app_json_rules,
            deploys::a_dokku_scale_in_the_source_rules,
            deploys::a_source_without_either_gives_the_scale_back_to_the_user,
            apps::a_clone_runs_and_is_renamed_and_destroyed,
        ],
        on_one_app![with_ours =>
            files::what_a_command_sets_for_an_app_is_pending_where_a_new_container_would_differ,
            files::a_type_that_grows_is_made_anew_with_all_that_was_set,
            files::what_proxies_read_from_labels_is_pending_for_web,
        ],
        on_one_app![with_ours =>
            deploys::a_first_deploy_with_checks_in_the_source_runs,
            deploys::a_failing_release_leaves_the_old_containers,
            deploys::what_is_wrong_in_the_source_is_found_before_anything_is_released,
            deploys::a_web_that_dies_leaves_the_old_containers,
            deploys::with_checks_a_new_instance_is_checked_and_no_request_is_lost,
            part::a_restarted_web_is_the_only_one_touched_and_no_request_is_lost,
            deploys::checks_are_made_where_the_host_makes_them,
        ],
    ]
}

/// Those that touch what all apps have: settings of the host, and dockerd.
fn that_touch_all() -> Vec<Test<'static>> {
    vec![
        on_one_app![with_ours =>
            files::what_a_command_sets_for_the_host_is_pending_where_a_new_container_would_differ,
            files::the_scheduler_is_the_one_that_the_host_selects,
            host_answers::the_host_s_own_plugins_have_the_hooks_that_are_known,
            host_answers::the_host_says_what_is_read_from_its_files,
            restore::a_restart_of_dockerd_is_survived,
            restore::a_stopped_app_is_started_as_it_was,
            addresses::a_changed_address_is_seen_and_mended_before_a_stranger_answers,
            killed::what_is_killed_at_any_moment_is_mended_by_reconcile,
        ],
        on_one_app![with_ours => quota::a_plugin_of_an_author_keeps_apps_to_it],
        on_one_app![with_ours =>
            watch::what_is_removed_comes_back,
            watch::a_changed_address_is_healed,
            watch::apps_that_exchange_their_addresses_answer_for_themselves,
            watch::all_are_served_again_after_a_restart_of_dockerd,
            watch::what_a_failed_deploy_has_left_goes,
        ],
    ]
}

fn without_packages() -> App {
    package::take_away();
    App::new()
}

fn with_ours() -> App {
    package::take_away();
    plugin::ours();
    App::new()
}

/// What it shows, and how.
type Check = (String, fn(&App));

/// One test of several checks. It ends with the first that fails, which it names; each says how long it took.
fn on_one_app(made: fn() -> App, checks: Vec<Check>) -> Test<'static> {
    let names: Vec<&str> = checks.iter().map(|(name, _)| name.as_str()).collect();
    let name = names.join("\n     ");
    let run = move || {
        let mut app = None;
        timed("an app is created", || app = Some(made()))?;
        let app = app.ok_or("there is no app")?;
        for (number, (name, check)) in checks.iter().enumerate() {
            let left = checks.len() - number - 1;
            timed(name, || check(&app)).map_err(|why| format!("-> {name} ({left} after it were not tried)\n{why}"))?;
        }
        timed("it is destroyed", || drop(app))
    };
    Test { name, run: Box::new(run) }
}

/// `life: a restart replaces what it names`
fn said(path: &str) -> String {
    path.replace("::", ": ").replace('_', " ")
}

/// Says how long it took, however it ends.
fn timed(what: &str, run: impl FnOnce()) -> Result<(), String> {
    let began = Instant::now();
    let result = suite::outcome(|| {
        run();
        Ok(())
    });
    println!("{:4} s  {what}", began.elapsed().as_secs());
    result
}

/// Ctrl-C does not leave another plugin on the host.
fn put_back_on_a_signal() {
    let mut signals = Signals::new([SIGHUP, SIGINT, SIGTERM]).expect("signals");
    thread::spawn(move || {
        if let Some(signal) = signals.forever().next() {
            println!("Interrupted; putting back what the host had");
            destroy_all(PREFIX);
            drop(catch_unwind(package::take_away));
            quota::uninstall();
            drop(catch_unwind(plugin::put_back));
            exit(128 + signal);
        }
    });
}
