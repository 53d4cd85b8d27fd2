//! The plugin on the stand-in host, with real containers.
//!
//! Needs a Docker that answers, `PS_PLUGIN` and `PS_DEMO`; `tests/run` sees to all three and sets
//! `PS_DOCKER=1`. Without it nothing runs, and the suite says how many tests that were.

mod documented;
mod dokku_scale;
mod earlier;
mod failures;
mod life;
mod reports;
mod scaling;

use std::process::ExitCode;

use ps_tests::{functions, suite};

fn main() -> ExitCode {
    // The longest first, so that it is not waited for at the end.
    let tests = functions![
        documented::each_command_line_prints_what_is_shown,
        life::a_deploy_starts_one_web_that_answers,
        life::stop_and_start,
        life::a_restart_replaces_every_container,
        life::a_restart_of_one_type_leaves_the_others,
        life::a_rebuild_makes_a_new_image,
        life::a_restore_brings_back_what_was_killed,
        life::a_restore_of_all_leaves_a_stopped_app_stopped,
        life::a_reboot_is_survived,
        life::retire_removes_what_is_due_and_nothing_else,
        life::a_clone_runs_with_the_same_quantities,
        life::a_renamed_app_runs_under_its_new_name,
        life::a_destroyed_app_leaves_nothing,
        life::all_apps_in_parallel,
        life::the_functions_for_plugins,
        scaling::a_stopped_app_is_scaled_for_its_next_start,
        scaling::a_scale_waits_for_a_deploy,
        reports::the_report_says_what_runs,
        reports::the_report_as_json,
        reports::a_report_of_many_apps_asks_docker_once,
        reports::inspect_shows_the_containers,
        failures::a_container_that_is_gone_is_missing,
        failures::a_failing_deploy_leaves_the_old_containers,
        failures::an_invalid_procfile_stops_the_deploy_and_nothing_else,
        failures::a_docker_that_does_not_run_is_no_missing_container,
        dokku_scale::a_dokku_scale_in_the_source_rules_until_it_is_gone,
        dokku_scale::a_formation_in_app_json_wins_over_a_dokku_scale,
        dokku_scale::a_dokku_scale_or_a_formation_that_cannot_be_stops_the_deploy_and_nothing_else,
        dokku_scale::a_type_that_leaves_the_procfile_is_retired_by_the_deploy,
        dokku_scale::a_restart_policy_reaches_running_containers_at_once,
        dokku_scale::a_restart_policy_of_a_type_reaches_that_type_at_once,
        dokku_scale::a_restart_policy_of_the_host_reaches_the_apps_without_one,
        dokku_scale::a_deploy_that_leaves_a_type_short_says_so_and_succeeds,
        dokku_scale::types_that_are_still_to_be_deployed_are_not_told_as_short,
        earlier::each_command_that_the_seed_page_lists_does_what_the_page_says,
        earlier::each_example_of_the_seed_page_prints_what_the_page_says,
        earlier::all_apps_are_stopped_and_started_by_the_earlier_commands,
    ];
    suite::run_with_docker(&tests, suite::processors())
}
