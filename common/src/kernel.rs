//! What the kernel tells of processes in files, as text.

use crate::file::open_of_the_kernel;
use std::io::Read;
use std::path::Path;

/// No more of such a file is read, in bytes: a longer command line is cut.
const MOST: u64 = 64 * 1024;

/// A file below `/proc` or `/sys`; nothing when it cannot be read, as one of a process that has ended.
pub(crate) fn text(file: &Path) -> Option<String> {
    // Most are far shorter, and take one call then.
    let mut bytes = Vec::with_capacity(4096);
    open_of_the_kernel(file).ok()?.take(MOST).read_to_end(&mut bytes).ok()?;
    Some(String::from_utf8_lossy(&bytes).into_owned())
}

/// The words of a line of `/proc/PID/status`.
pub(crate) fn line<'s>(status: &'s str, name: &str) -> Option<impl Iterator<Item = &'s str>> {
    Some(status.lines().find_map(|line| line.strip_prefix(name))?.split_whitespace())
}

/// The real and the effective user.
pub(crate) fn users(status: &str) -> Option<[u32; 2]> {
    let mut users = line(status, "Uid:")?.map(str::parse);
    Some([users.next()?.ok()?, users.next()?.ok()?])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_users_are_the_first_two_of_four() {
        assert_eq!(users("Name:\tx\nUid:\t1000\t33\t0\t0\nGid:\t1\t1\t1\t1\n"), Some([1000, 33]));
        assert_eq!((users("Uid:\tx"), users("")), (None, None));
    }
}
