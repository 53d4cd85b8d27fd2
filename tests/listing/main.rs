//! `ps <app>` and `ps --all`: against a Docker that is a script, which counts its calls and answers from
//! files; and, with `PS_DOCKER=1`, against real containers.

mod all_apps;
mod calls;
mod fakes;
mod forms;
mod instances;
mod pending;
mod real;
mod restoring;
mod signal;
mod stats;
mod trouble;
mod wait;

use std::process::ExitCode;

use ps_tests::{functions, suite};

/// Many wait for a Docker that hangs.
const THREADS: usize = 4;

fn main() -> ExitCode {
    let mut tests = functions![
        instances::what_runs_is_listed_with_its_processes,
        instances::what_nothing_accounts_for_is_told_apart,
        instances::a_container_of_a_deploy_in_progress_is_upcoming,
        instances::another_app_s_container_is_missing_whatever_names_it,
        instances::only_a_deploy_of_this_host_makes_a_container_upcoming,
        instances::a_container_that_vanishes_meanwhile_is_missing,
        instances::an_exit_is_told_with_its_signal_and_its_reason,
        instances::the_exit_code_says_whether_all_is_as_desired,
        instances::without_the_flag_the_exit_code_is_zero,
        instances::one_type_alone,
        instances::an_unknown_type_is_refused_with_the_types_there_are,
        instances::an_app_that_was_never_deployed_is_a_warning,
        instances::another_scheduler_is_asked_by_its_trigger,
        instances::what_mends_an_app_is_told_below_it,
        instances::a_part_is_listed_and_counted_alone,
        instances::what_waits_to_be_removed_is_a_line,
        forms::without_an_app_the_commands_are_listed,
        forms::quiet_is_a_line_of_fields_an_instance,
        forms::json_is_a_document,
        forms::a_pipe_gets_neither_colours_nor_cut_lines,
        forms::flags_that_would_be_passed_over_are_refused,
        forms::what_makes_no_sense_is_refused,
        forms::timings_are_told_behind_a_listing,
        all_apps::fifty_apps_with_150_containers_take_two_calls,
        all_apps::all_apps_are_a_line_each_and_a_broken_one_hides_no_other,
        all_apps::all_apps_for_programs,
        all_apps::no_apps_at_all_are_a_warning,
        pending::what_the_label_says_is_compared_with_what_holds,
        pending::a_label_that_cannot_be_read_is_none,
        calls::an_app_without_containers_takes_one_call,
        calls::one_app_takes_two_calls_and_one_for_each_container_s_processes,
        calls::processes_that_cannot_be_read_are_a_note,
        calls::a_docker_that_fails_is_quoted,
        calls::a_docker_that_hangs_is_not_waited_for,
        restoring::an_app_that_runs_where_its_proxy_looks_for_it_stays_in_the_proxy,
        restoring::an_app_with_another_address_is_cleared,
        restoring::a_stop_after_which_something_runs_has_failed,
        restoring::a_stopped_app_of_which_something_runs_is_told,
        restoring::an_app_that_a_boot_is_to_leave_alone_runs,
        restoring::a_stopped_app_with_what_a_deploy_has_left_is_stopped,
        restoring::a_stale_address_is_listed_in_every_form,
        restoring::all_are_cleared_at_once_when_none_could_be_shown_healthy,
        restoring::fifty_running_apps_with_150_containers_take_two_calls_and_no_trigger,
        restoring::an_app_with_an_unfinished_change_is_not_taken_for_one_that_runs,
        restoring::a_restore_that_fails_leaves_a_mark_and_one_that_succeeds_does_not,
        restoring::one_app_that_fails_keeps_no_other_from_its_turn,
        signal::it_reaches_what_is_chosen_and_nothing_else,
        signal::the_last_word_is_the_signal_whatever_types_are_called,
        signal::what_does_not_run_gets_none,
        signal::another_app_s_container_gets_none_whatever_names_it,
        signal::a_dry_run_sends_nothing,
        signal::quiet_says_nothing,
        signal::it_waits_for_no_lock,
        signal::what_makes_no_sense_is_refused,
        signal::a_failure_is_docker_s,
        wait::it_returns_at_once_when_all_is_as_it_should_be,
        wait::it_names_what_is_missing_or_not_healthy,
        wait::it_returns_once_the_last_instance_is_healthy,
        wait::it_looks_at_the_types_that_it_is_told,
        wait::a_stopped_app_will_not_come_up,
        wait::an_app_that_a_boot_is_to_leave_alone_is_waited_for_as_long_as_all_of_it_runs,
        wait::a_type_that_was_stopped_is_missed_by_who_names_it,
        wait::an_app_that_has_not_been_deployed_may_come,
        wait::it_waits_for_no_lock,
        wait::another_scheduler_is_asked_by_its_trigger,
        wait::a_signal_ends_it,
        wait::what_makes_no_sense_is_refused,
        stats::each_instance_is_told_against_its_limits,
        stats::programs_and_scripts_get_numbers,
        stats::one_call_measures_all,
        stats::one_that_goes_meanwhile_hides_no_other,
        stats::what_is_chosen_is_told_alone,
        stats::all_apps_are_told_together,
        stats::it_goes_on_until_nobody_reads,
        stats::a_signal_ends_it,
        stats::on_a_terminal_it_is_drawn_in_place,
        stats::what_makes_no_sense_is_refused,
        trouble::one_answer_that_makes_no_sense_is_the_trouble_of_its_app_alone,
        trouble::a_queue_that_cannot_be_read_hides_nothing_and_clears_no_proxy,
        trouble::a_property_that_is_a_link_is_the_trouble_of_its_app_alone,
        trouble::twenty_thousand_types_take_no_longer_than_reading_them,
    ];
    let real = functions![
        real::the_real_processes_are_listed,
        real::what_was_killed_and_what_was_removed_is_seen,
        real::a_signal_reaches_one_instance_alone,
        real::what_a_signal_has_ended_comes_back_with_a_reconcile,
        real::a_wait_ends_once_the_last_instance_is_healthy,
        real::what_is_used_is_told_with_its_limits,
        real::the_engine_and_its_program_tell_the_same,
    ];
    if std::env::var_os("PS_DOCKER").is_some_and(|value| value == "1") {
        tests.extend(real);
    } else {
        for test in real {
            println!("skipped {}: PS_DOCKER is not 1 (tests/run sets it)", test.name);
        }
    }
    suite::run(&tests, THREADS)
}
