//! The host's own plugins, and whether they are as they were seen: then it is known which hooks they have, and nobody
//! has to look for those of each of them again.

use crate::{Env, file};

/// The version of Dokku whose plugins these are. In another one a plugin may have hooks that are not known here.
///
/// ```
/// assert!(dokku_plugin::TESTED_DOKKU.starts_with("0.38."));
/// ```
pub const VERSION: &str = "0.38.27";

/// What it comes with. No plugin can be installed under a name that is taken.
const PLUGINS: [&str; 46] = [
    "00_dokku-standard",
    "20_events",
    "app-json",
    "apps",
    "builder",
    "builder-dockerfile",
    "builder-herokuish",
    "builder-lambda",
    "builder-nixpacks",
    "builder-null",
    "builder-pack",
    "builder-railpack",
    "buildpacks",
    "builds",
    "caddy-vhosts",
    "certs",
    "checks",
    "common",
    "config",
    "cron",
    "docker-options",
    "domains",
    "enter",
    "git",
    "haproxy-vhosts",
    "logs",
    "network",
    "nginx-vhosts",
    "openresty-vhosts",
    "plugin",
    "ports",
    "proxy",
    "ps",
    "registry",
    "repo",
    "resource",
    "run",
    "scheduler",
    "scheduler-docker-local",
    "scheduler-k3s",
    "scheduler-null",
    "shell",
    "ssh-keys",
    "storage",
    "trace",
    "traefik-vhosts",
];

/// Whether this host's own plugins are those that are known.
pub(crate) fn are_known(env: &Env) -> bool {
    let version = env.in_lib_root(&["STABLE_VERSION"]).and_then(|path| file::read(&path));
    version.is_ok_and(|version| version.is_some_and(|version| version.trim_ascii() == VERSION.as_bytes()))
}

/// Whether one of them has this name.
pub(crate) fn has(name: &str) -> bool {
    PLUGINS.binary_search(&name).is_ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn their_names_are_sorted_as_they_are_looked_up() {
        assert!(PLUGINS.is_sorted());
        assert!(has("20_events") && has("traefik-vhosts") && !has("letsencrypt"));
    }
}
