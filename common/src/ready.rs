//! Which of several pipes and connections there is something to read from.

use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::io::Errno;
use std::io;
use std::os::fd::AsFd;
use std::time::Duration;

/// For each of them whether it has something, or has come to its end, as soon as one has; after this time, which is less
/// than a second, or a signal, none.
pub(crate) fn ready<'d, D: AsFd + 'd>(of: impl Iterator<Item = &'d D>, patience: Duration) -> io::Result<Vec<bool>> {
    let mut asked: Vec<PollFd<'_>> = of.map(|one| PollFd::new(one, PollFlags::IN)).collect();
    let patience = Timespec { tv_sec: 0, tv_nsec: i64::from(patience.subsec_nanos()) };
    match poll(&mut asked, Some(&patience)) {
        Err(Errno::INTR) => Ok(vec![false; asked.len()]),
        Err(error) => Err(error.into()),
        Ok(_) => Ok(asked.iter().map(|one| !one.revents().is_empty()).collect()),
    }
}
