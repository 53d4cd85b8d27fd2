//! A program that is run again and again, and what its runs use.

use std::ffi::OsStr;
use std::fs::File;
use std::io::{Read, Seek, SeekFrom};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

/// What one run has used, or the median of several.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Used {
    /// Milliseconds from start to end.
    pub(crate) took: f64,
    /// Milliseconds of processor, of the program and of all that it has started.
    pub(crate) processor: f64,
    /// Megabytes of memory, of the largest process among them.
    pub(crate) memory: f64,
    /// Page faults of all of them.
    pub(crate) faults: f64,
}

/// A program with its arguments and its environment.
pub(crate) struct Program {
    pub(crate) name: String,
    command: Command,
    stderr: File,
}

/// One of the small programs that `tests/bench` builds as the plugin is built: `nothing`.
pub(crate) fn small_program(name: &str) -> PathBuf {
    let folder = std::env::var_os("PS_BENCH").expect("PS_BENCH does not name a folder of programs: run tests/bench");
    PathBuf::from(folder).join(name)
}

impl Program {
    /// What is measured is started by `measured`; the environment that `surround` gives is for both.
    pub(crate) fn new<A: AsRef<OsStr>>(
        name: &str,
        program: &Path,
        args: &[A],
        surround: impl FnOnce(&mut Command),
    ) -> Self {
        let mut command = Command::new(small_program("measured"));
        command.arg(program).args(args);
        surround(&mut command);
        Self::started_by(name, command)
    }

    /// The same with a command that ends in `measured` and its arguments.
    pub(crate) fn started_by(name: &str, mut command: Command) -> Self {
        // A file: what goes on in the background would keep a pipe open.
        let stderr = tempfile::tempfile().expect("a file for what it says");
        command.stdin(Stdio::null()).stderr(stderr.try_clone().expect("the same file"));
        Self { name: name.to_owned(), command, stderr }
    }

    /// Runs it once.
    ///
    /// # Errors
    /// When it ends with another status than 0; what it has said.
    pub(crate) fn try_run(&mut self) -> Result<Used, String> {
        let done = self.command.output().unwrap_or_else(|error| panic!("{:?}: {error}", self.command));
        let said = String::from_utf8(done.stdout).expect("text");
        let numbers: Vec<f64> = said.split_whitespace().map(|word| word.parse().expect("a number")).collect();
        match numbers[..] {
            [0.0, nanoseconds, processor, kilobytes, faults] => {
                Ok(Used { took: nanoseconds / 1e6, processor: processor / 1e3, memory: kilobytes / 1024.0, faults })
            }
            [status, ..] => Err(format!("{} ends with status {status}\n{}", self.name, self.said())),
            [] => Err(format!("{} cannot be run\n{}", self.name, self.said())),
        }
    }

    /// Runs it once; it must succeed.
    pub(crate) fn run(&mut self) -> Used {
        self.try_run().unwrap_or_else(|why| panic!("{why}"))
    }

    fn said(&self) -> String {
        let (mut file, mut said) = (&self.stderr, Vec::new());
        file.seek(SeekFrom::Start(0)).expect("what it said");
        file.read_to_end(&mut said).expect("what it said");
        String::from_utf8_lossy(&said).into_owned()
    }
}

/// Runs all in turn, so that what the machine does besides is shared by all; the medians.
pub(crate) fn in_turn(programs: &mut [Program], runs: usize) -> Vec<Used> {
    let mut used = vec![Vec::with_capacity(runs); programs.len()];
    for _ in 0..runs {
        for (program, used) in programs.iter_mut().zip(&mut used) {
            used.push(program.run());
        }
    }
    used.iter().map(|runs| median(runs)).collect()
}

/// The median of `runs` runs of a program whose first run has used this; of three where one takes seconds, and that
/// first one itself where it takes more than ten.
pub(crate) fn by_itself(program: &mut Program, first: Used, runs: usize) -> Used {
    match first.took {
        ..1e3 => in_turn(std::slice::from_mut(program), runs)[0],
        1e3..1e4 => in_turn(std::slice::from_mut(program), 3)[0],
        _ => first,
    }
}

/// The median of each number by itself.
pub(crate) fn median(runs: &[Used]) -> Used {
    let of = |number: fn(&Used) -> f64| {
        let mut numbers: Vec<f64> = runs.iter().map(number).collect();
        numbers.sort_unstable_by(f64::total_cmp);
        numbers[numbers.len() / 2]
    };
    Used {
        took: of(|used| used.took),
        processor: of(|used| used.processor),
        memory: of(|used| used.memory),
        faults: of(|used| used.faults),
    }
}
