//! The system user that owns Dokku's files.

use crate::{Env, Error, Result, file};
use std::path::Path;

/// A user and a group by number.
///
/// ```
/// use dokku_plugin::atomic::{self, Owner};
/// use dokku_plugin::Env;
///
/// let folder = tempfile::tempdir()?;
/// let env = Env::of_test_host(folder.path(), &[]);
/// atomic::create_directory(&env.data_directory("quota")?, Owner::of_files(&env)?)?;
/// # Ok::<(), dokku_plugin::Error>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Owner {
    /// User id.
    pub user: u32,
    /// Group id.
    pub group: u32,
}

impl Owner {
    /// Who must own the files that this process writes: `None` when it runs as that user already,
    /// which is every time but in triggers that Dokku fires as root (`install`).
    ///
    /// # Errors
    /// As root only: when `DOKKU_SYSTEM_USER` or `DOKKU_SYSTEM_GROUP` is not known to the system.
    pub fn of_files(env: &Env) -> Result<Option<Self>> {
        if !rustix::process::geteuid().is_root() {
            return Ok(None);
        }
        let user = name_of_dokku(env);
        let group = env.var("DOKKU_SYSTEM_GROUP").unwrap_or("dokku");
        Ok(Some(Self {
            user: number_of("/etc/passwd", "user", user)?,
            group: number_of("/etc/group", "group", group)?,
        }))
    }
}

fn name_of_dokku(env: &Env) -> &str {
    env.var("DOKKU_SYSTEM_USER").unwrap_or("dokku")
}

/// The number of Dokku's user; our own where the system does not know that user.
pub(crate) fn dokku_user(env: &Env) -> u32 {
    let ours = || rustix::process::geteuid().as_raw();
    number_of("/etc/passwd", "user", name_of_dokku(env)).unwrap_or_else(|_| ours())
}

/// The number of `name` in a file of `name:password:number:…` lines.
fn number_of(path: &str, kind: &str, name: &str) -> Result<u32> {
    let text = file::read_of_the_system(Path::new(path))?.unwrap_or_default();
    number_in(&String::from_utf8_lossy(&text), name)
        .ok_or_else(|| Error::new(format!("The system has no {kind} {name}, which must own Dokku's files")))
}

/// The users that the system knows.
pub(crate) struct Users(String);

impl Users {
    /// None where it cannot tell.
    pub(crate) fn read() -> Self {
        let text = file::read_of_the_system(Path::new("/etc/passwd")).ok().flatten().unwrap_or_default();
        Self(String::from_utf8_lossy(&text).into_owned())
    }

    /// The system's name for a user.
    pub(crate) fn name_of(&self, number: u32) -> Option<&str> {
        self.0.lines().find_map(|line| {
            let mut fields = line.split(':');
            let name = fields.next()?;
            (fields.nth(1)?.parse() == Ok(number)).then_some(name)
        })
    }
}

fn number_in(text: &str, name: &str) -> Option<u32> {
    text.lines().find_map(|line| {
        let mut fields = line.split(':');
        (fields.next() == Some(name)).then(|| fields.nth(1)?.parse().ok()).flatten()
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_is_matched_whole() {
        let text = "root:x:0:0::/root:/bin/sh\ndokku2:x:7:7::/:/bin/sh\ndokku:x:1001:1002::/home/dokku:/bin/sh\n";
        assert_eq!(number_in(text, "dokku"), Some(1001));
        assert_eq!(number_in(text, "dok"), None);
        let users = Users(text.to_owned());
        assert_eq!((users.name_of(1001), users.name_of(1)), (Some("dokku"), None));
    }
}
