//! Replays what the stock plugin did, case by case, against the installed plugin.
//!
//! tests/conformance holds the recordings. Compared are exit status, outputs, the files that changed
//! and the triggers that change something, in order; what else is read may be read otherwise.

use std::process::ExitCode;

use ps_tests::case::Case;
use ps_tests::suite::{self, Test};
use ps_tests::{plugin_tree, repository};

fn main() -> ExitCode {
    let tree = plugin_tree();
    let cases = Case::read_all(&repository().join("tests/conformance"));
    let tests: Vec<Test<'_>> = cases
        .iter()
        .map(|case| Test {
            name: format!("{}: {} {}", case.name, case.run, case.args.join(" ")),
            run: Box::new(|| case.play(&tree)),
        })
        .collect();
    suite::run(&tests, suite::processors())
}
