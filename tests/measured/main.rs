//! Runs a program, and prints what it and all that it has started have used: its status, nanoseconds from start to end,
//! microseconds of processor, the memory of the largest of its processes in kB, and page faults.
//!
//! `measured PROGRAM ARGS…`, for `tests/bench`. It is a process between that and what is measured, since the kernel counts
//! for a process the memory of the one that started it, and this one has hardly any.

use std::io;
use std::os::unix::process::ExitStatusExt;
use std::process::{Command, Stdio};
use std::time::Instant;

use nix::sys::resource::{UsageWho, getrusage};
use nix::sys::time::TimeValLike;

fn main() -> io::Result<()> {
    let mut words = std::env::args_os().skip(1);
    let mut command = Command::new(words.next().ok_or(io::ErrorKind::InvalidInput)?);
    command.args(words).stdin(Stdio::null()).stdout(Stdio::null());
    let began = Instant::now();
    let status = command.status()?;
    let took = began.elapsed();
    let used = getrusage(UsageWho::RUSAGE_CHILDREN)?;
    let processor = (used.user_time() + used.system_time()).num_microseconds();
    let status = status.code().or_else(|| status.signal().map(|signal| 128 + signal)).unwrap_or(-1);
    let faults = used.minor_page_faults() + used.major_page_faults();
    println!("{status} {} {processor} {} {faults}", took.as_nanos(), used.max_rss());
    Ok(())
}
