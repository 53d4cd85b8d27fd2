//! The scripts of the Debian package, which dpkg calls when the package comes, changes or goes. They start this program
//! with their own name and arguments, so that the package does what install.sh does.

use crate::checks;
use crate::host::Host;
use crate::install::{install, uninstall};
use crate::options::Options;
use crate::tree::{Source, is_ours};
use crate::watch::{self, Watch};
use common::{Env, Error, ErrorKind, Result};
use std::time::Duration;

/// How long a deploy in progress is waited for: whoever upgrades all packages does not come back for one.
const PATIENCE: Duration = Duration::from_mins(10);

/// What a call of dpkg's asks for.
#[derive(Debug, PartialEq, Eq)]
enum Asked {
    /// Our tree has its place.
    Ours(Watch),
    /// The same, after a removal or an upgrade that was given up: mostly it has it still.
    OursStill,
    /// The stock plugin has it.
    Stock,
    /// Nothing: the tree that is in place is a copy, and stays while the files of the package change.
    Nothing,
}

/// What a call of a script means.
///
/// # Errors
/// When dpkg calls no script so.
fn asked(script: &[String]) -> Result<Asked> {
    let words: Vec<&str> = script.iter().map(String::as_str).collect();
    Ok(match words[..] {
        // The version before is missing, or empty, when the package was not there.
        ["postinst", "configure"] | ["postinst", "configure", ""] => Asked::Ours(Watch::Starts),
        // The trigger: the package dokku has written into the folder of its plugin.
        ["postinst", "configure" | "triggered", ..] => Asked::Ours(Watch::AsItIs),
        ["postinst", "abort-remove" | "abort-deconfigure" | "abort-upgrade", ..] => Asked::OursStill,
        ["prerm", "remove" | "deconfigure", ..] => Asked::Stock,
        ["prerm", "upgrade" | "failed-upgrade", ..] => Asked::Nothing,
        _ => return Err(Error::new(format!("dpkg calls no script so: {}", words.join(" "))).with_status(2)),
    })
}

/// Does what a script of the package was called for.
///
/// # Errors
/// As [`install`] and [`uninstall`].
pub(crate) fn run(env: &Env, options: &Options, script: &[String]) -> Result<()> {
    let asked = asked(script)?;
    match asked {
        Asked::Nothing => Ok(()),
        Asked::Stock => uninstall(&Host::find(env)?, PATIENCE),
        Asked::Ours(_) | Asked::OursStill => {
            let tree = options.tree.clone().ok_or_else(|| Error::new("--script needs --tree").with_status(2))?;
            let host = Host::find(env)?;
            let watch = match asked {
                // Whoever was killed may have stopped the service.
                Asked::OursStill if is_ours(&host.live) && checks::commands(&host).is_ok() => {
                    return watch::install(&host, Watch::AsItIs);
                }
                Asked::Ours(Watch::Starts) => Watch::Starts,
                // The service went with ours.
                _ if !is_ours(&host.live) => Watch::Starts,
                _ => Watch::AsItIs,
            };
            let installed = install(&host, &|| Ok(Source::Tree(tree.clone())), watch, PATIENCE);
            installed.or_else(|error| stay_with_what_works(&host, error))
        }
    }
}

/// After a failure ours may be in place from before, on a Dokku that has changed: when it does not work there, the stock
/// plugin comes back.
fn stay_with_what_works(host: &Host<'_>, error: Error) -> Result<()> {
    if error.kind() == ErrorKind::Interrupted || !is_ours(&host.live) || checks::commands(host).is_ok() {
        return Err(error);
    }
    host.env.output().warn(error.message());
    host.env.output().warn("The plugin that was in place does not work either, so the stock one comes back");
    uninstall(host, PATIENCE)?;
    Err(Error::new("The ps plugin does not work with this Dokku; the stock one is in place"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_call_of_dpkg_s_means_something() {
        let means = |call: &str| asked(&call.split(' ').map(str::to_owned).collect::<Vec<_>>()).unwrap();
        // As they are listed in deb-postinst(5) and deb-prerm(5).
        for (call, wanted) in [
            ("postinst configure", Asked::Ours(Watch::Starts)),
            ("postinst configure ", Asked::Ours(Watch::Starts)),
            ("postinst configure 0.1.0", Asked::Ours(Watch::AsItIs)),
            ("postinst triggered /var/lib/dokku/core-plugins/available/ps", Asked::Ours(Watch::AsItIs)),
            ("postinst abort-upgrade 0.2.0", Asked::OursStill),
            ("postinst abort-remove", Asked::OursStill),
            ("postinst abort-remove in-favour other 1.0", Asked::OursStill),
            ("postinst abort-deconfigure in-favour other 1.0 removing dokku 0.38.27", Asked::OursStill),
            ("prerm remove", Asked::Stock),
            ("prerm remove in-favour other 1.0", Asked::Stock),
            ("prerm deconfigure in-favour other 1.0 removing dokku 0.38.27", Asked::Stock),
            ("prerm upgrade 0.2.0", Asked::Nothing),
            ("prerm failed-upgrade 0.1.0 0.2.0", Asked::Nothing),
        ] {
            assert_eq!(means(call), wanted, "{call}");
        }
        assert_eq!(asked(&["prerm".to_owned(), "purge".to_owned()]).unwrap_err().status(), 2);
    }
}
