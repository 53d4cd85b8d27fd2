//! Which files say what a container of an app is made from, source by source.
//!
//! Where they lie is told by [`host_files`]. Whole folders are taken where a new setting in them would reach a
//! container, single files elsewhere: a folder holds settings of the proxy or of a build as well. Where the host
//! lets one value win over another, only the one that holds is taken; where the rule is the plugin's own affair,
//! all are.

use super::material::Material;
use crate::PLUGIN;
use crate::config::config_of;
use crate::host_files::{self, ContainerPorts, EVERY_TYPE, LabelProxy, Setting};
use crate::source_files::{SourceFile, parsed_procfile};
use common::{App, Env, ProcessType, Properties, Result, Scope, Triggers, file};
use serde::Deserialize;
use std::collections::{BTreeMap, BTreeSet};

pub(super) const CONFIG: &str = "config";
pub(super) const DOCKER_OPTIONS: &str = "docker options";
pub(super) const STORAGE: &str = "storage";
pub(super) const NETWORK: &str = "network";
pub(super) const PORTS: &str = "ports";
pub(super) const COMMAND: &str = "command";
pub(super) const LIMITS: &str = "limits";
pub(super) const LOGS: &str = "logs";
pub(super) const INIT: &str = "init";
pub(super) const PROXY_LABELS: &str = "proxy labels";

/// The triggers whose answers become arguments of `docker container create`.
const ARGUMENT_TRIGGERS: &[&str] = &["docker-args-deploy", "docker-args-process-deploy"];

/// The host's own implementers of those: what they add is known from the other sources, or does not change.
const HOST_PLUGINS: &[&str] = &[
    "20_events",
    "builder-herokuish",
    "builder-pack",
    "caddy-vhosts",
    "config",
    "docker-options",
    "haproxy-vhosts",
    "logs",
    "network",
    "nginx-vhosts",
    "openresty-vhosts",
    "ps",
    "resource",
    "scheduler-docker-local",
    "scheduler-k3s",
    "scheduler-null",
    "storage",
    "traefik-vhosts",
];

/// Every source but the image.
pub(super) fn in_files(env: &Env, app: &App, process_type: &ProcessType) -> Result<Vec<Material>> {
    let read = Read { env, app, process_type };
    let mut materials = vec![
        read.config()?,
        read.docker_options()?,
        read.storage()?,
        read.network()?,
        read.command()?,
        read.limits()?,
        read.settings(LOGS, &[host_files::LOG_SIZE])?,
        read.settings(INIT, &[host_files::INIT_PROCESS])?,
    ];
    materials.extend(read.ports()?);
    materials.extend(read.proxy_labels()?);
    for plugin in read.other_plugins()? {
        materials.push(read.plugin(&plugin)?);
    }
    Ok(materials)
}

struct Read<'a> {
    env: &'a Env,
    app: &'a App,
    process_type: &'a ProcessType,
}

impl Read<'_> {
    /// The app's scope and the host's, each with a label that no name of an app can shift.
    fn scopes(&self) -> [(&'static str, Scope<'_>); 2] {
        [("app", Scope::App(self.app)), ("--global", Scope::Global)]
    }

    /// The variables of [`variables`].
    fn config(&self) -> Result<Material> {
        let mut config = Material::new(CONFIG);
        for (_, scope) in self.scopes() {
            config.comes_from(&host_files::config(self.env, scope)?);
        }
        for (name, value) in variables(self.env, self.app)? {
            // To a process, a variable that is empty is not one that is missing.
            config.add(&name, format!("={value}").as_bytes());
        }
        Ok(config)
    }

    /// The options of all types and of this one. The restart policy is none: it can be changed while a
    /// container runs.
    fn docker_options(&self) -> Result<Material> {
        let mut options = Material::new(DOCKER_OPTIONS);
        self.add_places(&mut options, &[host_files::DOCKER_OPTIONS])?;
        for owner in [EVERY_TYPE, self.process_type.as_str()] {
            let path = host_files::docker_options_of_type(self.env, self.app, owner)?;
            let content = options.read(&path)?.unwrap_or_default();
            let mut kept = Vec::new();
            for line in lines(&content) {
                let option = without_restart_policy(line);
                if !option.is_empty() {
                    kept.extend(option);
                    kept.push(b'\n');
                }
            }
            options.add(owner, &kept);
        }
        Ok(options)
    }

    /// The mounts of a deploy, and the entries that they name. A mount is not asked for its process type:
    /// the host gives every type all of them.
    fn storage(&self) -> Result<Material> {
        let mut storage = Material::new(STORAGE);
        self.add_places(&mut storage, &[host_files::MOUNTS])?;
        let content = storage.read(&host_files::MOUNTS.file(self.env, self.app)?)?.unwrap_or_default();
        for line in lines(&content) {
            // Of a line that is not understood it is only known whether it has changed.
            let mount: Mount = serde_json::from_slice(line).unwrap_or_default();
            if !mount.is_of_a_deploy() {
                continue;
            }
            // The host sorts them, so they have no order.
            storage.add(&format!("mount/{}", String::from_utf8_lossy(line)), b"mount");
            if let Some(name) = mount.entry() {
                storage.add_file(&format!("entry/{name}"), &host_files::storage_entry(self.env, name)?)?;
            }
        }
        Ok(storage)
    }

    /// The networks, and for `web` whether its ports are published.
    fn network(&self) -> Result<Material> {
        let of_web: &[Setting] =
            if *self.process_type == ProcessType::web() { &[host_files::BIND_ALL_INTERFACES] } else { &[] };
        self.settings(NETWORK, &[host_files::NETWORK, of_web].concat())
    }

    /// The port that a process of `web` is told, and those that Docker publishes; `None` for other types.
    fn ports(&self) -> Result<Option<Material>> {
        if *self.process_type != ProcessType::web() {
            return Ok(None);
        }
        let mut material = Material::new(PORTS);
        self.add_places(&mut material, host_files::PORTS)?;
        let ports = ContainerPorts::of(self.env, self.app)?;
        material.add("PORT", ports.port().as_bytes());
        if binds_all_interfaces(self.env, self.app)? {
            for port in ports.iter() {
                material.add(&format!("published/{port}"), b"published");
            }
        }
        Ok(Some(material))
    }

    /// The Procfile's command and those that stand in for it.
    fn command(&self) -> Result<Material> {
        let mut command = Material::new(COMMAND);
        let path = SourceFile::procfile(self.env, self.app)?.current();
        if let Some(path) = &path {
            command.comes_from(path);
        }
        let procfile = parsed_procfile(path.as_deref())?;
        let written = procfile.as_ref().and_then(|procfile| procfile.command(self.process_type));
        command.add("Procfile", written.unwrap_or_default().as_bytes());
        let properties = Properties::new(self.env, PLUGIN);
        for name in ["start-cmd", "dockerfile-start-cmd"] {
            command.comes_from(&properties.folder(self.app)?.join(name));
            command.add(name, properties.get(self.app, name)?.unwrap_or_default().as_bytes());
        }
        Ok(command)
    }

    /// The limits that hold: those of the type before those of all types. An empty one of the type takes
    /// that of all types away.
    fn limits(&self) -> Result<Material> {
        let mut limits = Material::new(LIMITS);
        let folder = host_files::limits(self.env, self.app)?;
        limits.comes_from(&folder);
        let files = file::entries(&folder)?;
        let mut holding = BTreeMap::new();
        for owner in [EVERY_TYPE, self.process_type.as_str()] {
            for path in &files {
                if let Some(limit) = host_files::limit(path, owner).filter(|_| path.is_file()) {
                    let value = limits.read(path)?.unwrap_or_default();
                    holding.insert(limit.to_owned(), value.trim_ascii().to_vec());
                }
            }
        }
        for (limit, value) in holding {
            limits.add(&limit, &value);
        }
        Ok(limits)
    }

    /// Settings of one plugin, of which the value counts that holds.
    fn settings(&self, source: &str, settings: &[Setting]) -> Result<Material> {
        let mut material = Material::new(source);
        self.add_places(&mut material, settings)?;
        for (setting, value) in settings.iter().zip(Setting::all_of(settings, self.env, self.app)?) {
            material.add(setting.name(), value.unwrap_or_default().as_bytes());
        }
        Ok(material)
    }

    fn add_places(&self, material: &mut Material, settings: &[Setting]) -> Result<()> {
        for setting in settings {
            setting.places(self.env, self.app)?.iter().for_each(|place| material.comes_from(place));
        }
        Ok(())
    }

    /// What a proxy reads from the labels of `web`; `None` where there are no such labels.
    fn proxy_labels(&self) -> Result<Option<Material>> {
        if *self.process_type != ProcessType::web() {
            return Ok(None);
        }
        let proxy = host_files::PROXY_TYPE.of(self.env, self.app)?.unwrap_or_default();
        let Some(proxy) = LabelProxy::named(&proxy) else { return Ok(None) };
        let mut labels = Material::new(PROXY_LABELS);
        labels.add("type", proxy.name.as_bytes());
        for plugin in proxy.plugins() {
            for (label, scope) in self.scopes() {
                let folder = host_files::properties_of(self.env, plugin, scope)?;
                labels.add_folder(&format!("{plugin}/{label}"), &folder, |name| {
                    plugin != proxy.name || proxy.labels_tell(name)
                })?;
            }
        }
        labels.add_file("domains", &host_files::domains(self.env, self.app)?)?;
        Ok(Some(labels))
    }

    /// The plugins of third parties that add arguments of a container, sorted.
    fn other_plugins(&self) -> Result<BTreeSet<String>> {
        let mut names = BTreeSet::new();
        for trigger in ARGUMENT_TRIGGERS {
            let others = Triggers::new(self.env).implementers_beside(HOST_PLUGINS, trigger)?;
            names.extend(others.into_iter().map(|found| found.name));
        }
        Ok(names)
    }

    fn plugin(&self, name: &str) -> Result<Material> {
        let mut material = Material::new(&format!("plugin {name}"));
        for (label, scope) in self.scopes() {
            material.add_folder(label, &host_files::properties_of(self.env, name, scope)?, |_| true)?;
        }
        Ok(material)
    }
}

/// The variables that hold: the app's own before the host's. The one in which a build leaves the revision is left
/// out: a build that fails changes it.
pub(super) fn variables(env: &Env, app: &App) -> Result<BTreeMap<String, String>> {
    let mut variables = config_of(env, app)?;
    if let Some(revision) = host_files::revision_variable(env, app)? {
        variables.remove(&revision);
    }
    Ok(variables)
}

/// Whether Docker publishes the ports of `web`.
pub(super) fn binds_all_interfaces(env: &Env, app: &App) -> Result<bool> {
    Ok(host_files::BIND_ALL_INTERFACES.of(env, app)?.as_deref() == Some("true"))
}

/// A line of an app's mounts: what of it matters here.
#[derive(Default, Deserialize)]
#[serde(default)]
struct Mount {
    entry_name: String,
    phases: Vec<String>,
}

impl Mount {
    fn is_of_a_deploy(&self) -> bool {
        self.phases.is_empty() || self.phases.iter().any(|phase| phase == "deploy")
    }

    /// The entry that it names, if that can be the name of a file.
    fn entry(&self) -> Option<&str> {
        let is_part = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_' | b'.');
        let is_name = !self.entry_name.starts_with('.') && self.entry_name.bytes().all(is_part);
        Some(self.entry_name.as_str()).filter(|name| is_name && !name.is_empty())
    }
}

/// The lines that say something, without blanks around them.
fn lines(content: &[u8]) -> impl Iterator<Item = &[u8]> {
    content.split(|byte| *byte == b'\n').map(<[u8]>::trim_ascii).filter(|line| !line.is_empty())
}

/// An option without a restart policy that stands in it; as it is when none does.
fn without_restart_policy(option: &[u8]) -> Vec<u8> {
    const FLAG: &[u8] = b"--restart";
    let words = || option.split(u8::is_ascii_whitespace).filter(|word| !word.is_empty());
    let with_value = |word: &[u8]| word.strip_prefix(FLAG).is_some_and(|rest| rest.starts_with(b"="));
    if !words().any(|word| word == FLAG || with_value(word)) {
        return option.to_vec();
    }
    let mut kept = Vec::new();
    let mut words = words();
    while let Some(word) = words.next() {
        if word == FLAG {
            words.next();
        } else if !with_value(word) {
            kept.push(word);
        }
    }
    kept.join(&b' ')
}
