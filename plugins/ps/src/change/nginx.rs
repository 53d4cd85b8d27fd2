//! nginx, told of changed addresses ahead of the host's rebuild of its configuration, which takes seconds.
//!
//! Until then requests go to where nobody is, or another app answers. So the old addresses are replaced in the
//! configuration that the host has made, nothing else of it, and nginx reads it again. The host's rebuild follows in any
//! case: what goes wrong here is put back and costs nobody more than without it.

use crate::docker_local::InstanceFile;
use crate::host_files::{NGINX_SERVICE_COMMAND, PROXY_TYPE, address_file, nginx_config, sources_of_nginx_config};
use common::atomic::{self, Owner};
use common::{App, Docker, Env, Error, Instance, Process, ProcessType, Result, Triggers, file};
use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::time::Duration;

/// The host's proxy unless it was told otherwise.
const NGINX: &str = "nginx";

/// The host's own plugins that make a proxy's configuration, and the one that logs triggers.
const PROXIES: &[&str] =
    &["20_events", "caddy-vhosts", "haproxy-vhosts", "nginx-vhosts", "openresty-vhosts", "proxy", "traefik-vhosts"];

/// What the host lets its user do as root, without a password.
const CHECK: [&str; 3] = ["--non-interactive", "/usr/sbin/nginx", "-t"];
const RELOAD: [&str; 4] = ["--non-interactive", "/usr/bin/systemctl", "reload", NGINX];

/// How long each may take.
const PATIENCE: Duration = Duration::from_secs(10);

/// Tells nginx of addresses that have changed, old and new, where it is the app's proxy.
pub(super) fn tell(env: &Env, app: &App, moved: &BTreeMap<String, String>) {
    if let Err(error) = try_to_tell(env, app, moved) {
        env.output().debug(&error.context("telling nginx of changed addresses").to_string());
    }
}

/// Whether nginx, as the app's proxy, asks these addresses and no others already, and nothing else has changed, so that
/// the host would make the same configuration again; not where anybody but the host's own proxies makes one. In doubt it
/// does not.
pub(super) fn asks(env: &Env, app: &App, addresses: &BTreeSet<String>) -> bool {
    let find = || -> Result<bool> {
        let beside = Triggers::new(env).implementers_beside(PROXIES, "proxy-build-config")?;
        if !beside.is_empty() || !is_proxy(env, app)? {
            return Ok(false);
        }
        let config = file::read_text(&nginx_config(env, app)?)?.unwrap_or_default();
        Ok(!addresses.is_empty() && servers(&config) == *addresses && !is_outdated(env, app)?)
    };
    find().unwrap_or(false)
}

/// Whether something has changed from which the host makes the configuration, since it did.
fn is_outdated(env: &Env, app: &App) -> Result<bool> {
    let made = nginx_config(env, app)?.metadata()?.modified()?;
    for source in sources_of_nginx_config(env, app)? {
        let within = if source.is_dir() { file::entries(&source)? } else { Vec::new() };
        for path in std::iter::once(source).chain(within) {
            match path.metadata() {
                Ok(about) if about.modified()? > made => return Ok(true),
                Err(error) if error.kind() != std::io::ErrorKind::NotFound => return Err(error.into()),
                Ok(_) | Err(_) => {}
            }
        }
    }
    Ok(false)
}

/// Whether nginx, run by the host's services, is the app's proxy.
fn is_proxy(env: &Env, app: &App) -> Result<bool> {
    let is_another = PROXY_TYPE.of(env, app)?.is_some_and(|proxy| proxy != NGINX);
    Ok(!is_another && NGINX_SERVICE_COMMAND.of(env, app)?.is_none())
}

/// The addresses that a configuration has requests sent to.
fn servers(config: &str) -> BTreeSet<String> {
    let address = |line: &str| {
        let (address, _) = line.trim_start().strip_prefix("server ")?.trim_start().split_once(':')?;
        Some(address.to_owned())
    };
    config.lines().filter_map(address).collect()
}

/// Webs that do not serve, and the addresses where the proxy asks for them in vain.
pub(super) struct Lost(BTreeMap<Instance, String>);

impl Lost {
    /// Those among these instances, of which these are the files.
    pub(super) fn among(env: &Env, app: &App, instances: &[Instance], files: &[InstanceFile]) -> Result<Self> {
        let is_meant =
            |instance: &Instance| instance.process_type == ProcessType::web() && instances.contains(instance);
        let files = files.iter().filter_map(|file| Some((file.instance.as_ref()?, &file.container)));
        let files: Vec<_> = files.filter(|(instance, _)| is_meant(instance)).collect();
        let mut lost = BTreeMap::new();
        if files.is_empty() {
            return Ok(Self(lost));
        }
        let ids: Vec<&str> = files.iter().map(|(_, id)| id.as_str()).filter(|id| !id.is_empty()).collect();
        let states = Docker::new(env)?.states_of(app, &ids)?;
        for (instance, id) in files {
            if !states.get(id).is_some_and(|container| container.state.is_alive()) {
                lost.insert(instance.clone(), written_address(env, app, instance)?);
            }
        }
        Ok(Self(lost))
    }

    /// Others were made in the place of some of them: nginx asks those from now on, and not only once the hooks have run.
    pub(super) fn are_replaced(&self, env: &Env, app: &App, made: &[Instance]) {
        let mut moved = BTreeMap::new();
        for (instance, old) in self.0.iter().filter(|(instance, _)| made.contains(instance)) {
            let new = written_address(env, app, instance).unwrap_or_default();
            if !old.is_empty() && !new.is_empty() && *old != new {
                moved.insert(old.clone(), new);
            }
        }
        tell(env, app, &moved);
    }
}

/// The address of an instance that is written down; empty when none is.
pub(super) fn written_address(env: &Env, app: &App, instance: &Instance) -> Result<String> {
    Ok(file::read_text(&address_file(env, app, instance)?)?.unwrap_or_default().trim().to_owned())
}

fn try_to_tell(env: &Env, app: &App, moved: &BTreeMap<String, String>) -> Result<()> {
    if moved.is_empty() {
        return Ok(());
    }
    if !is_proxy(env, app)? {
        return Ok(());
    }
    let path = nginx_config(env, app)?;
    let Some(before) = file::read_text(&path)? else { return Ok(()) };
    let Some(after) = replaced(&before, moved) else { return Ok(()) };
    write(env, &path, &after)?;
    run(&CHECK).or_else(|error| write(env, &path, &before).and(Err(error)))?;
    run(&RELOAD)
}

fn write(env: &Env, path: &Path, text: &str) -> Result<()> {
    atomic::write(path, text.as_bytes(), file::mode(path).unwrap_or(0o600), Owner::of_files(env)?)
}

fn run(arguments: &[&str]) -> Result<()> {
    let process = Process::new("sudo").args(arguments).leading_a_group().deadline(PATIENCE);
    let answer = process.capture()?;
    if answer.succeeded() {
        return Ok(());
    }
    Err(Error::new(format!("{} failed with {}", process.command(), answer.status_text())))
}

/// The configuration with these addresses instead of the old ones, where it names a server; `None` when it names none of
/// them.
fn replaced(config: &str, moved: &BTreeMap<String, String>) -> Option<String> {
    let mut is_changed = false;
    let line = |line: &str| {
        let server = |rest: &str| -> Option<String> {
            let (address, port) = rest.split_once(':')?;
            let new = moved.get(address)?;
            Some(format!("{}{new}:{port}", line.strip_suffix(rest)?))
        };
        let new = line.trim_start().strip_prefix("server ").map(str::trim_start).and_then(server);
        is_changed |= new.is_some();
        new.unwrap_or_else(|| line.to_owned())
    };
    let text: String = config.split_inclusive('\n').map(line).collect();
    is_changed.then_some(text)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_change_places_where_servers_are_named_and_nowhere_else() {
        let config = "server {\n  listen 80;\n  # 172.17.0.2:5000\n  server_name 172.17.0.2:5000;\n}\n\
                      upstream shop-5000 {\n\n  server 172.17.0.2:5000;\n  server   172.17.0.3:5000 weight=2;\n  \
                      server 172.17.0.22:5000;\n  server 172.17.0.4:5000;\n}";
        let pair = |old: &str, new: &str| (old.to_owned(), new.to_owned());
        let swapped = [pair("172.17.0.2", "172.17.0.3"), pair("172.17.0.3", "172.17.0.2")].into();
        let wanted = "server {\n  listen 80;\n  # 172.17.0.2:5000\n  server_name 172.17.0.2:5000;\n}\n\
                      upstream shop-5000 {\n\n  server 172.17.0.3:5000;\n  server   172.17.0.2:5000 weight=2;\n  \
                      server 172.17.0.22:5000;\n  server 172.17.0.4:5000;\n}";
        assert_eq!(replaced(config, &swapped).unwrap(), wanted);
        assert_eq!(replaced(config, &[pair("172.17.0.9", "172.17.0.3")].into()), None);
        assert_eq!(replaced("", &swapped), None);
        let asked = ["172.17.0.2", "172.17.0.22", "172.17.0.3", "172.17.0.4"].map(str::to_owned);
        assert_eq!(servers(config), asked.into());
    }
}
