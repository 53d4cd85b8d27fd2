//! A Procfile of one megabyte, in every shape: an answer or a message, both soon.

use std::fmt::Write as _;
use std::time::Duration;

use ps_tests::Host;

use crate::{headline, shop};

const SIZE: usize = 1_000_000;
/// A reader that looks at each line once is done in well under a second, even unoptimized.
const SOON: Duration = Duration::from_mins(1);
/// A message that quotes the whole file is none.
const MESSAGE: usize = 2_000;

/// Bytes without order, the same in every run.
fn garbage() -> Vec<u8> {
    let mut state = 0x9e37_79b9_7f4a_7c15_u64;
    let mut next = move || {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        state.to_le_bytes()
    };
    (0..SIZE / 8).flat_map(|_| next()).collect()
}

fn many_types() -> String {
    let mut text = String::new();
    for number in 0..SIZE / 14 {
        let _ = writeln!(text, "t{number:07}: run");
    }
    text
}

fn extract(host: &Host) -> ps_tests::Outcome {
    let source = host.sandbox().expand("@ROOT@/work");
    host.run("core-post-extract", ["shop", &source])
}

#[test]
fn a_command_of_1_mb_is_printed() {
    let command = "a".repeat(SIZE);
    let host = shop().procfile(format!("web: {command}\n"));
    host.run("procfile-get-command", ["shop", "web", "5000"])
        .succeeds()
        .stdout(&format!("{command}\n"))
        .takes_at_most(SOON)
        .changes_no_file();
}

#[test]
fn the_last_of_many_types_is_found() {
    let procfile = many_types();
    let last = procfile.lines().last().unwrap().split(':').next().unwrap();
    let host = shop().procfile(&procfile);
    host.run("procfile-get-command", ["shop", last, "5000"]).succeeds().stdout("run\n").takes_at_most(SOON);
    host.run("procfile-get-command", ["shop", "web", "5000"])
        .fails(1)
        .stderr_is_a_message_of_at_most(MESSAGE)
        .takes_at_most(SOON);
}

#[test]
fn a_source_with_many_types_is_extracted() {
    let host = shop().file("work/Procfile", many_types());
    extract(&host).succeeds().takes_at_most(SOON).changes_only(&["lib/data/ps/shop/Procfile.4242"]);
}

#[test]
fn a_misspelt_type_beside_many_types_is_answered_with_a_message_one_can_read() {
    let host = shop().procfile(many_types());
    host.command("restart", ["shop", "wroker"]).refuses("wroker").stderr_is_a_message_of_at_most(MESSAGE);
}

#[test]
fn a_procfile_of_garbage_is_refused() {
    let host = shop().procfile(garbage());
    host.run("procfile-get-command", ["shop", "web", "5000"])
        .refuses("rocfile")
        .stderr_is_a_message_of_at_most(MESSAGE)
        .takes_at_most(SOON);
    host.command("scale", ["shop", "web=2"])
        .refuses("rocfile")
        .stderr_is_a_message_of_at_most(MESSAGE)
        .stdout_at_most(&headline("web=2"))
        .takes_at_most(SOON);
}

#[test]
fn a_procfile_of_one_endless_line_is_refused() {
    let host = shop().procfile("x".repeat(SIZE));
    host.run("procfile-get-command", ["shop", "web", "5000"])
        .refuses("invalid line in procfile, line 1")
        .stderr_is_a_message_of_at_most(MESSAGE)
        .takes_at_most(SOON);
}

#[test]
fn a_source_with_a_procfile_of_garbage_is_refused_and_nothing_is_left() {
    let host = shop().file("work/Procfile", garbage());
    extract(&host)
        .refuses("rocfile")
        .stderr_is_a_message_of_at_most(MESSAGE)
        .takes_at_most(SOON)
        .leaves_nothing_at("lib/data/ps/shop/Procfile.4242");
}

#[test]
fn an_invalid_procfile_of_a_source_leaves_nothing() {
    let host = shop().file("work/Procfile", "<<<<<<< HEAD\nweb: a\n");
    extract(&host)
        .refuses("Invalid Procfile: ")
        .stderr_contains("invalid line in procfile, line 1")
        .leaves_nothing_at("lib/data/ps/shop/Procfile.4242");
}

#[test]
fn a_command_of_which_nothing_is_left_is_no_line() {
    let host = shop().procfile("web: $UNSET\n").answers("config-export", "");
    host.run("procfile-get-command", ["shop", "web", "5000"]).succeeds().stdout("");
}
