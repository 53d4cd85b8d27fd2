//! The plugin on the stand-in host, with real containers.
//!
//! Needs a Docker that answers, `PS_PLUGIN` and `PS_DEMO`; `tests/run` sees to all three and sets
//! `PS_DOCKER=1`. Without it nothing runs, and the suite says how many tests that were.

#![allow(
    clippy::disallowed_methods,
    clippy::disallowed_macros,
    clippy::indexing_slicing,
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic
)]

mod failures;
mod life;
mod reports;
mod scaling;

use std::process::ExitCode;

use ps_tests::{functions, suite};

fn main() -> ExitCode {
    let tests = functions![
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
        scaling::scaling_up_starts_what_is_missing,
        scaling::scaling_up_with_checks,
        scaling::scaling_down_stops_what_is_too_much,
        scaling::scaling_to_zero_stops_everything_of_a_type,
        scaling::a_scale_without_deploy_is_for_the_next_deploy,
        scaling::the_same_scale_again_does_nothing,
        scaling::a_stopped_app_is_scaled_for_its_next_start,
        scaling::two_scales_at_once_both_hold,
        scaling::a_scale_waits_for_a_deploy,
        reports::the_report_says_what_runs,
        reports::the_report_as_json,
        reports::a_report_of_many_apps_asks_docker_once,
        reports::inspect_shows_the_containers,
        failures::a_container_that_is_gone_is_missing,
        failures::a_failing_deploy_leaves_the_old_containers,
        failures::a_failing_scale_gives_the_old_quantity_back,
        failures::an_invalid_procfile_stops_the_deploy_and_nothing_else,
        failures::a_docker_that_does_not_run_is_no_missing_container,
    ];
    if std::env::var_os("PS_DOCKER").is_none_or(|value| value != "1") {
        println!("left out: {} tests with real containers, since PS_DOCKER is not 1 (tests/run sets it)", tests.len());
        println!("0 passed, 0 failed, {} left out", tests.len());
        return ExitCode::SUCCESS;
    }
    suite::run(&tests, suite::processors())
}
