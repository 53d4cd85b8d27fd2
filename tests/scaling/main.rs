//! Scaling that touches nothing but what it must, on the stand-in host with real containers.
//!
//! Needs a Docker that answers, `PS_PLUGIN` and `PS_DEMO`; `tests/run` sees to all three and sets
//! `PS_DOCKER=1`. Without it nothing runs, and the suite says how many tests that were.

mod failing;
mod fallback;
mod hooks;
mod interrupted;
mod killed;
mod late;
mod load;
mod locked;
mod owners;
mod part;
mod pending;
mod reconcile;
mod requests;
mod shop;
mod started;
mod times;
mod untouched;

use std::process::ExitCode;

use ps_tests::functions;
use ps_tests::suite::{self, Test};

/// Each test deploys, starts and stops containers of its own; more at once would only wait for each other.
const THREADS: usize = 3;

fn main() -> ExitCode {
    // The long ones first, so that none of them runs alone at the end.
    let mut tests = functions![load::no_request_is_lost_when_web_grows_and_shrinks];
    tests.extend((0..killed::PARTS).map(|part| {
        let name = format!("killed::a_scale_that_is_killed_is_mended, part {}", part + 1);
        Test::function(&name, move || killed::a_scale_that_is_killed_is_mended(part))
    }));
    tests.extend(functions![
        interrupted::a_signal_leaves_what_was_there_before,
        interrupted::a_signal_during_the_hooks_leaves_what_was_there_before,
        failing::a_hook_that_fails_leaves_what_was_there_before,
        failing::a_deploy_that_fails_half_way_is_made_known_by_a_reconcile,
        reconcile::a_container_that_docker_starts_again_and_again_is_replaced_and_ends,
        reconcile::a_deploy_that_takes_no_lock_is_waited_for,
        reconcile::what_is_paused_is_left_alone,
        pending::a_container_without_a_label_is_judged_by_its_times,
        untouched::more_workers_leave_those_there_are,
        untouched::fewer_workers_take_the_highest,
        untouched::a_name_that_the_host_gave_this_second_is_in_no_way,
        untouched::more_and_fewer_webs_leave_those_that_stay,
        untouched::a_missing_index_is_filled,
        untouched::the_same_command_mends_what_is_missing,
        untouched::a_type_grows_from_zero_and_shrinks_to_zero,
        untouched::the_strategy_recreate_replaces_all,
        untouched::a_scale_that_is_only_saved_touches_nothing,
        hooks::a_worker_builds_no_proxy_and_writes_no_cron_table,
        hooks::a_web_builds_the_proxy_once,
        hooks::all_hooks_when_the_property_says_so,
        hooks::only_what_is_made_is_named,
        hooks::a_plugin_may_refuse_a_scale,
        hooks::plugins_hear_of_a_scale_that_succeeded_and_of_no_other,
        requests::relative_quantities,
        requests::a_guard_holds_or_changes_nothing,
        requests::a_dry_run_prints_the_plan_and_changes_nothing,
        requests::two_relative_changes_at_once_both_count,
        failing::an_instance_that_dies_at_start_leaves_what_was_there_before,
        failing::what_was_done_before_the_failure_stays,
        pending::a_changed_config_is_pending_and_recreates_a_type_that_grows,
        pending::a_changed_config_does_not_keep_a_type_from_shrinking,
        pending::other_changes_are_told_apart,
        fallback::a_host_without_the_script_deploys,
        fallback::another_scheduler_deploys,
        reconcile::what_is_missing_is_started_and_what_is_stray_retired,
        reconcile::a_stray_that_does_not_listen_is_stopped_after_the_wait,
        reconcile::with_nothing_to_do_it_asks_and_does_nothing,
        reconcile::all_apps_one_after_the_other,
        reconcile::an_unhealthy_instance_is_replaced,
        owners::another_app_s_container_is_not_scaled_down,
        owners::another_app_s_container_is_not_retired_for_a_new_one,
        owners::another_app_s_container_gets_no_policy_and_is_not_retired_with_a_type,
        late::a_restart_that_is_killed_is_mended,
        late::a_start_that_is_killed_is_mended,
        late::a_changed_address_is_seen_and_mended,
        late::an_error_after_the_hooks_does_not_undo_the_change,
        late::what_a_file_names_serves_whatever_it_is_called,
        late::a_change_begins_with_what_a_dead_one_has_left,
        late::all_of_a_stopped_app_ends,
        part::a_restarted_instance_is_the_only_one_that_is_touched,
        part::what_is_stopped_by_hand_stays_so_until_it_is_started,
        part::an_app_that_a_boot_is_to_leave_alone_is_changed_as_any_other,
        part::a_web_that_is_stopped_leaves_the_proxy_and_comes_back,
        part::a_stopped_app_is_started_as_it_was_unless_something_has_changed,
        part::only_what_is_down_is_started,
        part::rolling_goes_one_by_one_and_stops_where_it_fails,
        part::what_is_started_without_checks_never_runs_twice,
        part::the_old_one_runs_again_where_no_other_comes_up,
        part::what_runs_in_no_place_ends_before_another_is_started,
        part::what_is_queued_for_removal_is_not_started_again,
        part::of_a_stopped_app_only_the_part_comes_up_that_is_restarted,
        times::what_does_not_listen_is_killed_after_the_time_of_its_type,
        locked::a_scale_waits_for_the_holder_and_names_it,
        locked::a_lock_by_hand_is_no_lock,
    ]);
    suite::run_with_docker(&tests, THREADS)
}
