//! What each read-only trigger costs, from start to end, beside an executable that does nothing.
//!
//! `tests/bench` builds both the same way. Instructions are not counted: no safe crate does, and not every machine can.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;
use std::process::{Command, Stdio};

use ps_tests::host;
use ps_tests::sandbox::Sandbox;

use crate::files::add_other_plugins;
use crate::plot::{self, Series};
use crate::run::{Program, in_turn, small_program};
use crate::table::{Table, number};

const RUNS: usize = 200;
const HOOKS: [(&str, &[&str]); 6] = [
    ("ps-current-scale", &["shop"]),
    ("ps-get-property", &["shop", "restart-policy"]),
    ("procfile-exists", &["shop"]),
    ("procfile-get-command", &["shop", "web", "5000"]),
    ("docker-args-process-deploy", &["shop", "dockerfile", "latest", "web", "1"]),
    ("report", &["shop"]),
];

pub(crate) fn hooks(plots: bool) {
    // The answering plugins have the names they have on a real host.
    let host = host()
        .docker_local()
        .answered_by("config", "config-export", "")
        .app("shop")
        .scale("web=2 worker=1")
        .procfile("web: run -p $PORT\nworker: go\n");
    let sandbox = host.sandbox();
    add_other_plugins(sandbox);
    let surround = |command: &mut Command| sandbox.surround(command, &BTreeMap::new());
    let nothing = small_program("nothing");
    let mut programs = vec![Program::new::<&str>("(nothing)", &nothing, &[], surround)];
    let mut calls = vec![call_counts(sandbox, &nothing, &[])];
    for (hook, args) in HOOKS {
        programs.push(Program::new(hook, &sandbox.program(hook), args, surround));
        calls.push(call_counts(sandbox, &sandbox.program(hook), args));
    }
    // The first run of each reads it from the disk.
    let asks = |program: &mut Program| {
        let before = sandbox.fired().len();
        program.run();
        sandbox.fired().len() - before
    };
    let asked: Vec<usize> = programs.iter_mut().map(asks).collect();
    let medians = in_turn(&mut programs, RUNS);
    let head = ["trigger", "ms", "times the executable that does nothing", "processor, ms", "page faults"];
    let mut table = Table::new(&[&head[..], &["system calls"]].concat());
    for ((program, used), calls) in programs.iter().zip(&medians).zip(&calls) {
        let name = if program.name.starts_with('(') { program.name.clone() } else { format!("`{}`", program.name) };
        let (took, ratio) = (format!("{:.3}", used.took), format!("{:.2}", used.took / medians[0].took));
        let calls = calls.map_or_else(|| "–".to_owned(), |calls| calls.to_string());
        table.row(vec![name, took, ratio, number(used.processor), used.faults.to_string(), calls]);
    }
    println!("Median of {RUNS} runs in turn\n\n{table}");
    if calls.iter().any(Option::is_none) {
        println!("System calls are counted where strace is installed.");
    }
    for (program, asked) in programs.iter().zip(asked).filter(|(_, asked)| *asked > 0) {
        println!("{} asks {asked} times, and a small shell script answers, whose time is in it.", program.name);
    }
    if plots {
        let names: Vec<String> = programs.into_iter().map(|program| program.name).collect();
        let took = medians.iter().map(|used| Some(used.took)).collect();
        let took = [Series { name: String::new(), values: took }];
        plot::write("hooks.svg", &plot::dots("A hook from start to end", "ms", &names, &took));
    }
}

/// How many system calls it and all that it starts make; `None` without strace.
fn call_counts(sandbox: &Sandbox, program: &Path, args: &[&str]) -> Option<u64> {
    let summary = sandbox.path("calls");
    let mut command = Command::new("strace");
    command.args(["-f", "-c", "-o"]).arg(&summary).arg(program).args(args);
    sandbox.surround(&mut command, &BTreeMap::new());
    command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null()).status().ok()?;
    let summary = fs::read_to_string(summary).ok()?;
    // The last line: `100.00    0.000123    1        57    3 total`.
    summary.lines().last()?.split_whitespace().nth(3)?.parse().ok()
}
