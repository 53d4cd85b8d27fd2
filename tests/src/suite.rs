//! A list of tests that says how many ran and how many were left out: for the suites whose tests are
//! data, or need something that may not be there.

use std::cell::RefCell;
use std::num::NonZero;
use std::panic::{self, AssertUnwindSafe, catch_unwind};
use std::process::ExitCode;
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;
use std::time::{Duration, Instant};

/// Of a test that takes longer it is said how long it took.
const LONG: Duration = Duration::from_secs(15);

/// One test of a [`Suite`].
pub struct Test<'a> {
    /// What it shows, as a sentence or a path.
    pub name: String,
    /// Fails by a panic or by an error that says why.
    pub run: Box<dyn Fn() -> Result<(), String> + Send + Sync + 'a>,
}

impl<'a> Test<'a> {
    /// A test that fails by a panic.
    pub fn function(name: &str, run: impl Fn() + Send + Sync + 'a) -> Self {
        let run = move || {
            run();
            Ok(())
        };
        Self { name: name.replace("::", ": ").replace('_', " "), run: Box::new(run) }
    }
}

/// The functions of a suite, each under its own name.
#[macro_export]
macro_rules! functions {
    ($($function:path),+ $(,)?) => {
        vec![$($crate::suite::Test::function(stringify!($function), $function)),+]
    };
}

/// Runs `tests` on `threads` threads, all those whose name contains an argument of the command line, and
/// prints each failure and at last `N passed, N failed`. A suite of which nothing ran has failed.
pub fn run(tests: &[Test<'_>], threads: usize) -> ExitCode {
    run_in_turn(&[(tests, threads)])
}

/// As [`run`], of lists of tests one after the other, each on so many threads.
pub fn run_in_turn(lists: &[(&[Test<'_>], usize)]) -> ExitCode {
    // A failure is told once, beside the name of its test.
    panic::set_hook(Box::new(|panic| {
        LOCATION.set(panic.location().map(ToString::to_string).unwrap_or_default());
    }));
    let (mut ran, mut failed) = (0, 0);
    for (tests, threads) in lists {
        let (ran_of_these, failed_of_these) = run_list(tests, *threads);
        ran += ran_of_these;
        failed += failed_of_these;
    }
    println!("{} passed, {failed} failed", ran - failed);
    if failed == 0 && ran > 0 { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}

/// How many ran, and how many of them failed.
fn run_list(tests: &[Test<'_>], threads: usize) -> (usize, usize) {
    let wanted: Vec<String> = std::env::args().skip(1).filter(|arg| !arg.starts_with('-')).collect();
    let chosen: Vec<&Test<'_>> = tests
        .iter()
        .filter(|test| wanted.is_empty() || wanted.iter().any(|part| test.name.contains(part.as_str())))
        .collect();
    let next = AtomicUsize::new(0);
    let failed = Mutex::new(0_usize);
    thread::scope(|scope| {
        for _ in 0..threads.clamp(1, chosen.len().max(1)) {
            scope.spawn(|| {
                while let Some(test) = chosen.get(next.fetch_add(1, Ordering::Relaxed)) {
                    let began = Instant::now();
                    let outcome = outcome(&test.run);
                    if began.elapsed() > LONG {
                        println!("{:4} s  {}", began.elapsed().as_secs(), test.name.lines().next().unwrap_or_default());
                    }
                    let Err(reason) = outcome else { continue };
                    let mut failed = failed.lock().unwrap();
                    *failed += 1;
                    println!("FAIL {}\n{reason}", test.name);
                }
            });
        }
    });
    (chosen.len(), failed.into_inner().unwrap())
}

/// What a test ends with; a panic is an error that says where.
pub fn outcome(run: impl FnOnce() -> Result<(), String>) -> Result<(), String> {
    catch_unwind(AssertUnwindSafe(run)).unwrap_or_else(|panic| Err(message(panic.as_ref())))
}

/// As [`run`], for tests that need a Docker that answers: without `PS_DOCKER=1`, which `tests/run` sets, none of
/// them runs, and that is said.
pub fn run_with_docker(tests: &[Test<'_>], threads: usize) -> ExitCode {
    run_in_turn_with_docker(&[(tests, threads)])
}

/// As [`run_in_turn`], for tests that need a Docker.
pub fn run_in_turn_with_docker(lists: &[(&[Test<'_>], usize)]) -> ExitCode {
    if std::env::var_os("PS_DOCKER").is_some_and(|value| value == "1") {
        return run_in_turn(lists);
    }
    let tests: usize = lists.iter().map(|(tests, _)| tests.len()).sum();
    println!("left out: {tests} tests with real containers, since PS_DOCKER is not 1 (tests/run sets it)");
    println!("0 passed, 0 failed, {tests} left out");
    ExitCode::SUCCESS
}

/// As many threads as there are processors.
pub fn processors() -> usize {
    thread::available_parallelism().map_or(2, NonZero::get)
}

thread_local! {
    /// Where this thread panicked last.
    static LOCATION: RefCell<String> = const { RefCell::new(String::new()) };
}

fn message(panic: &(dyn std::any::Any + Send)) -> String {
    let text = panic.downcast_ref::<String>().map(String::as_str).or_else(|| panic.downcast_ref::<&str>().copied());
    let place = LOCATION.take();
    [place.as_str()]
        .into_iter()
        .chain(text.unwrap_or("it panicked").lines())
        .flat_map(|line| ["  ", line, "\n"])
        .collect()
}
