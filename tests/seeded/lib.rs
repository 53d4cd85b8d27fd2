//! Random tests that can be repeated: each says the seed that decides it, and `PS_SEED` gives it back.
#![allow(clippy::disallowed_methods, clippy::disallowed_macros, reason = "for tests alone, which print what they find")]
#![allow(clippy::panic, reason = "a test fails by a panic")]

use std::hash::{BuildHasher, RandomState};
use std::iter;
use std::sync::OnceLock;

use proptest::strategy::{Strategy, ValueTree};
use proptest::test_runner::{Config, RngSeed, TestRunner};

/// So many cases of a property test. A test that fails shows what it has said: its seed.
pub fn cases(cases: u32) -> Config {
    // Nothing is written into the sources: the seed is enough.
    Config { cases, rng_seed: RngSeed::Fixed(seed()), failure_persistence: None, ..Config::default() }
}

/// Numbers from 0 to below 1, for what is tried at any moment.
pub fn numbers() -> impl Iterator<Item = f64> {
    let mut runner = TestRunner::new(cases(1));
    iter::from_fn(move || (0.0..1.0_f64).new_tree(&mut runner).ok().map(|number| number.current()))
}

/// One seed for all tests of a process: `PS_SEED`, or another one each time.
fn seed() -> u64 {
    static SEED: OnceLock<u64> = OnceLock::new();
    let seed = *SEED.get_or_init(|| match std::env::var("PS_SEED") {
        Ok(seed) => seed.parse().unwrap_or_else(|error| panic!("PS_SEED={seed}: {error}")),
        Err(_) => RandomState::new().hash_one(()),
    });
    eprintln!("PS_SEED={seed} gives the same cases again");
    seed
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use std::process::Command;

    proptest! {
        #![proptest_config(crate::cases(1_000))]

        /// Fails in the process that the next test starts.
        #[test]
        fn numbers_stay_below_the_most(number in 0_u64..1 << 40, most in 0_u64..1 << 40) {
            prop_assert!(number < most || std::env::var("SEEDED_FAILS").is_err());
        }
    }

    /// What the test above says when it fails.
    fn failure(seed: &str) -> String {
        let mut again = Command::new(std::env::current_exe().unwrap());
        again.args(["--exact", "tests::numbers_stay_below_the_most"]).env("SEEDED_FAILS", "1");
        if seed.is_empty() {
            again.env_remove("PS_SEED")
        } else {
            again.env("PS_SEED", seed)
        };
        let done = again.output().unwrap();
        assert!(!done.status.success(), "{done:?}");
        String::from_utf8_lossy(&done.stdout).into_owned()
    }

    /// The lines that begin with one of these.
    fn lines<'a>(failure: &'a str, beginnings: &[&str]) -> Vec<&'a str> {
        failure.lines().filter(|line| beginnings.iter().any(|word| line.trim_start().starts_with(word))).collect()
    }

    #[test]
    fn a_failure_says_the_seed_that_gives_it_again() {
        let first = failure("");
        let said = lines(&first, &["PS_SEED="]);
        let seed = said[0].trim_start_matches("PS_SEED=").split(' ').next().unwrap_or_default();
        let case = ["PS_SEED=", "minimal failing input: number ="];
        assert_eq!(lines(&first, &case).len(), 2, "{first}");
        assert_eq!(lines(&failure(seed), &case), lines(&first, &case));
        assert_ne!(lines(&failure(""), &["PS_SEED="]), said);
    }
}
