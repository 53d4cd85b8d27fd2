//! `ps:watch` on the stand-in host with real containers: what it heals, what it leaves alone, and what it tells.
//!
//! Needs a Docker that answers, `PS_PLUGIN` and `PS_DEMO`; `tests/run` sees to all three and sets
//! `PS_DOCKER=1`. Without it nothing runs, and the suite says how many tests that were.

mod address;
mod alone;
mod crashed;
mod ended;
mod healed;
mod leftover;
mod listener;
#[path = "../scaling/shop.rs"]
#[allow(dead_code, reason = "the suite scaling uses all of it")]
mod shop;
#[path = "../scaling/started.rs"]
#[allow(dead_code, reason = "the suite scaling uses all of it")]
mod started;
mod stream;
mod watcher;

use std::process::ExitCode;

use ps_tests::functions;
use ps_tests::suite;

/// Each test waits most of its time.
const THREADS: usize = 6;

fn main() -> ExitCode {
    let tests = functions![
        crashed::what_does_not_come_up_is_given_up_until_somebody_starts_it,
        ended::what_a_killed_one_has_left_is_mended,
        alone::what_it_must_not_touch_is_left_alone,
        leftover::what_heal_names_goes_and_nothing_else,
        stream::what_happens_while_docker_is_not_heard_is_seen,
        ended::it_ends_in_order_when_it_is_told_to,
        ended::one_that_is_killed_goes_on_where_it_was,
        healed::a_removed_instance_comes_back_and_all_is_told,
        address::a_changed_address_is_told_to_the_proxy,
        stream::without_a_socket_it_looks_and_says_so,
    ];
    // Every ps:watch of the machine stands aside meanwhile.
    let alone = functions![listener::it_stands_aside_while_another_heals];
    suite::run_in_turn_with_docker(&[(&tests, THREADS), (&alone, 1)])
}
