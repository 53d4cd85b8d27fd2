//! The host's own files that we read: whose each is, where it lies, and which command writes it. No other module
//! spells such a path.
//!
//! What is said here was seen on Dokku 0.38.27. A plugin's properties are `$DOKKU_LIB_ROOT/config/PLUGIN/APP/NAME`;
//! where the host reads one of its own too, that is `…/PLUGIN/--global/NAME`, and an app's own value wins. Not every
//! plugin reads one: docker-options, storage, resource, checks, ports and domains know apps alone. Our own properties
//! and data, `config/ps` and `data/ps`, are not told here, nor is the deploy lock, which is `common`'s.

use common::{App, Env, Instance, Properties, Result, Scope, file};
use std::path::{Path, PathBuf};

/// A property of another plugin.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Setting {
    plugin: &'static str,
    name: &'static str,
    /// Whether an app without it has the host's.
    inherited: bool,
}

/// `scheduler:set APP|--global selected NAME`.
pub(crate) const SCHEDULER: Setting = Setting::inherited("scheduler", "selected");
/// The first deploy writes it; we do where it is missing.
pub(crate) const DEPLOYED: Setting = Setting::of_app("common", "deployed");
/// `checks:set APP|--global wait-to-retire SECONDS`. It reaches no container.
pub(crate) const WAIT_TO_RETIRE: Setting = Setting::inherited("checks", "wait-to-retire");
/// `checks:disable APP [TYPE,…]`: types, or `_all_`. It reaches no container.
pub(crate) const CHECKS_DISABLED: Setting = Setting::of_app("checks", "disabled");
/// `scheduler-docker-local:set APP|--global init-process true|false`.
pub(crate) const INIT_PROCESS: Setting = Setting::inherited("scheduler-docker-local", "init-process");
/// `logs:set APP|--global max-size SIZE`. The other properties of logs reach no container.
pub(crate) const LOG_SIZE: Setting = Setting::inherited("logs", "max-size");
/// `network:set APP|--global NAME VALUE`. `static-web-listener` is for the proxy and reaches no container.
pub(crate) const NETWORK: &[Setting] = &[
    Setting::inherited("network", "attach-post-create"),
    Setting::inherited("network", "attach-post-deploy"),
    Setting::inherited("network", "initial-network"),
    Setting::inherited("network", "tld"),
];
/// `network:set APP|--global bind-all-interfaces true|false`: whether Docker publishes the ports of `web`.
pub(crate) const BIND_ALL_INTERFACES: Setting = Setting::inherited("network", "bind-all-interfaces");
/// `proxy:set APP|--global type NAME`.
pub(crate) const PROXY_TYPE: Setting = Setting::inherited("proxy", "type");
/// `nginx:set APP|--global nginx-service-command COMMAND`: what reloads nginx instead of the host's services.
pub(crate) const NGINX_SERVICE_COMMAND: Setting = Setting::inherited("nginx", "nginx-service-command");
/// `docker-options:add APP deploy OPTION`: a line an option, for all types.
pub(crate) const DOCKER_OPTIONS: Setting = Setting::of_app("docker-options", "_default_.deploy");
/// `storage:mount APP …`: a line of JSON a mount; see [`storage_entry`].
pub(crate) const MOUNTS: Setting = Setting::of_app("storage", "mounts");
/// `ports:set APP SCHEME:PORT:CONTAINER-PORT…`: a line a port.
const PORT_MAP: Setting = Setting::of_app("ports", "map");
/// The same as a deploy finds it in the image; it holds where there is no other.
const DETECTED_PORT_MAP: Setting = Setting::of_app("ports", "map-detected");
/// `git:set APP rev-env-var [NAME]`; unset it is an empty file. The host writes one of its own and reads it nowhere.
const REVISION_VARIABLE: Setting = Setting::of_app("git", "rev-env-var");

impl Setting {
    const fn of_app(plugin: &'static str, name: &'static str) -> Self {
        Self { plugin, name, inherited: false }
    }

    const fn inherited(plugin: &'static str, name: &'static str) -> Self {
        Self { plugin, name, inherited: true }
    }

    /// What the property is called.
    pub(crate) fn name(self) -> &'static str {
        self.name
    }

    fn properties(self, env: &Env) -> Properties<'_> {
        Properties::new(env, self.plugin)
    }

    /// The value that holds for an app, or the host's.
    pub(crate) fn of<'s>(self, env: &Env, scope: impl Into<Scope<'s>>) -> Result<Option<String>> {
        let properties = self.properties(env);
        match (scope.into(), self.inherited) {
            (Scope::App(app), true) => properties.computed(app, self.name),
            (scope, _) => properties.get(scope, self.name),
        }
    }

    /// The values that hold for an app of settings that it inherits, all of one plugin.
    pub(crate) fn all_of(settings: &[Self], env: &Env, app: &App) -> Result<Vec<Option<String>>> {
        let Some(first) = settings.first() else { return Ok(Vec::new()) };
        let names: Vec<&str> = settings.iter().map(|setting| setting.name).collect();
        first.properties(env).all_computed(app, &names)
    }

    /// The lines of a list.
    pub(crate) fn list(self, env: &Env, app: &App) -> Result<Vec<String>> {
        self.properties(env).list(app, self.name)
    }

    /// Sets the value of an app.
    pub(crate) fn set(self, env: &Env, app: &App, value: &str) -> Result<()> {
        self.properties(env).set(app, self.name, value)
    }

    /// Sets the lines of an app's list.
    pub(crate) fn set_list(self, env: &Env, app: &App, lines: &[String]) -> Result<()> {
        self.properties(env).set_list(app, self.name, lines)
    }

    /// The file of an app.
    pub(crate) fn file(self, env: &Env, app: &App) -> Result<PathBuf> {
        Ok(self.properties(env).folder(app)?.join(self.name))
    }

    /// Each file that decides what holds for an app, and its folder, from which it may have gone.
    pub(crate) fn places(self, env: &Env, app: &App) -> Result<Vec<PathBuf>> {
        let mut places = Vec::new();
        for scope in [Scope::App(app), Scope::Global] {
            if self.inherited || matches!(scope, Scope::App(_)) {
                let folder = self.properties(env).folder(scope)?;
                places.extend([folder.join(self.name), folder]);
            }
        }
        Ok(places)
    }
}

/// `config:set APP|--global NAME=VALUE`: variables as [`parse_envfile`](common::procfile::parse_envfile) reads them.
pub(crate) fn config(env: &Env, scope: Scope<'_>) -> Result<PathBuf> {
    Ok(env.dokku_lib_root()?.join("config").join(scope.as_str()).join("ENV"))
}

/// Where versions before 0.38 kept them. The plugin config brings them over when it is installed.
pub(crate) fn earlier_config(env: &Env, scope: Scope<'_>) -> Result<PathBuf> {
    let folder = match scope {
        Scope::App(app) => app_folder(env, app)?,
        Scope::Global => env.dokku_root()?,
    };
    Ok(folder.join("ENV"))
}

/// The variable in which a build leaves the revision of the source; `None` when it leaves none.
pub(crate) fn revision_variable(env: &Env, app: &App) -> Result<Option<String>> {
    let Some(named) = file::read_text(&REVISION_VARIABLE.file(env, app)?)? else {
        return Ok(Some("GIT_REV".to_owned()));
    };
    Ok(Some(named.trim_end_matches(['\n', '\r']).to_owned()).filter(|name| !name.is_empty()))
}

/// `docker-options:add --process TYPE APP deploy OPTION`: as [`DOCKER_OPTIONS`], in the same folder.
pub(crate) fn docker_options_of_type(env: &Env, app: &App, process_type: &str) -> Result<PathBuf> {
    Ok(DOCKER_OPTIONS.file(env, app)?.with_file_name(format!("{process_type}.deploy")))
}

/// `storage:create NAME PATH`, and `storage:mount APP PATH:…` by itself: what a mount means by this name.
pub(crate) fn storage_entry(env: &Env, name: &str) -> Result<PathBuf> {
    Ok(env.data_directory("storage-registry")?.join("entries").join(format!("{name}.json")))
}

/// Whether the plugin registry was told anything of an app or of the host (`registry:set APP|--global …`, and what a
/// release pushed). Without that images have the names that builds give them.
pub(crate) fn uses_registry(env: &Env, app: &App) -> Result<bool> {
    for scope in [Scope::App(app), Scope::Global] {
        let properties = Properties::new(env, "registry");
        for name in properties.names(scope)? {
            if properties.get(scope, &name)?.is_some() {
                return Ok(true);
            }
        }
    }
    Ok(false)
}

/// `resource:limit|reserve [--process-type TYPE] --NAME VALUE APP`: the folder of files [`limit`].
pub(crate) fn limits(env: &Env, app: &App) -> Result<PathBuf> {
    Properties::new(env, "resource").folder(app)
}

/// Whom the limits of every type are said to be of.
pub(crate) const EVERY_TYPE: &str = "_default_";

/// What docker-local has no argument of `docker container create` for.
const NO_LIMITS: &[&str] = &[
    "limit.network",
    "limit.network-egress",
    "limit.network-ingress",
    "reserve.cpu",
    "reserve.memory-swap",
    "reserve.network",
    "reserve.network-egress",
    "reserve.network-ingress",
    "reserve.nvidia-gpu",
];

/// What a file of limits called `file` says for `owner`, such as `limit.memory`; `None` when that is nothing, or
/// reaches no container.
pub(crate) fn limit<'f>(file: &'f Path, owner: &str) -> Option<&'f str> {
    let limit = file.file_name()?.to_str()?.strip_prefix(owner)?.strip_prefix('.')?;
    (!NO_LIMITS.contains(&limit)).then_some(limit)
}

/// What decides on the ports of an app.
pub(crate) const PORTS: &[Setting] = &[PORT_MAP, DETECTED_PORT_MAP];

/// The ports of `web` inside a container, in the host's order; the first that is not UDP's becomes its PORT.
#[derive(Debug)]
pub(crate) struct ContainerPorts(Vec<(String, String)>);

impl ContainerPorts {
    /// Those of an app.
    pub(crate) fn of(env: &Env, app: &App) -> Result<Self> {
        let mut ports = Vec::new();
        for map in PORTS {
            for line in map.list(env, app)? {
                if let [scheme, _, port] = line.trim().split(':').collect::<Vec<_>>()[..] {
                    ports.push((scheme.to_owned(), port.to_owned()));
                }
            }
            if !ports.is_empty() {
                return Ok(Self(ports));
            }
        }
        Ok(Self(vec![("http".to_owned(), "5000".to_owned())]))
    }

    /// The PORT of a container; empty when there is none.
    pub(crate) fn port(&self) -> &str {
        self.0.iter().find(|(scheme, _)| scheme != "udp").map_or("", |(_, port)| port)
    }

    /// All of them.
    pub(crate) fn iter(&self) -> impl Iterator<Item = &str> {
        self.0.iter().map(|(_, port)| port.as_str())
    }
}

/// `domains:add APP NAME`: a line a domain. Those of the host, in `$DOKKU_ROOT/VHOST`, are copied when an app is made.
pub(crate) fn domains(env: &Env, app: &App) -> Result<PathBuf> {
    Ok(app_folder(env, app)?.join("VHOST"))
}

/// A proxy that reads labels of the containers of `web` instead of a configuration of its own. openresty's plugin
/// gives its labels also to an app of nginx, where nobody reads them.
pub(crate) struct LabelProxy {
    /// Its [`PROXY_TYPE`], and the plugin of its properties: `NAME:set APP|--global …`, `NAME:labels:add APP …`.
    pub(crate) name: &'static str,
    /// The properties that are for the proxy's own container, and what names of such begin with.
    own: &'static [&'static str],
}

const LABEL_PROXIES: &[LabelProxy] = &[
    LabelProxy { name: "caddy", own: &["image", "letsencrypt-server", "log-level", "polling-interval"] },
    LabelProxy { name: "haproxy", own: &["image", "letsencrypt-server", "log-level", "refresh-conf"] },
    LabelProxy {
        name: "openresty",
        own: &["allowed-letsencrypt-domains-func", "image", "letsencrypt-server", "log-level"],
    },
    LabelProxy {
        name: "traefik",
        own: &[
            "api-",
            "basic-auth-",
            "challenge-mode",
            "dashboard-enabled",
            "dns-provider",
            "image",
            "letsencrypt-server",
            "log-level",
        ],
    },
];

impl LabelProxy {
    /// The one of this name.
    pub(crate) fn named(name: &str) -> Option<&'static Self> {
        LABEL_PROXIES.iter().find(|proxy| proxy.name == name)
    }

    /// Whether a property reaches the labels. In doubt it does.
    pub(crate) fn labels_tell(&self, property: &str) -> bool {
        !self.own.iter().any(|own| property.starts_with(own))
    }

    /// The plugins whose properties make the labels: the proxy's own, whether it is disabled
    /// (`proxy:disable APP`), and which ports it listens on.
    pub(crate) fn plugins(&self) -> [&'static str; 3] {
        [self.name, "ports", "proxy"]
    }
}

/// The properties of any plugin: of a third party's it is not known which reach a container.
pub(crate) fn properties_of(env: &Env, plugin: &str, scope: Scope<'_>) -> Result<PathBuf> {
    Properties::new(env, plugin).folder(scope)
}

/// `$DOKKU_ROOT/APP`. In it docker-local keeps the files of [`INSTANCE_FILES`], and we the file `DOKKU_SCALE`.
pub(crate) fn app_folder(env: &Env, app: &App) -> Result<PathBuf> {
    app.root(env)
}

/// What docker-local writes of an instance, `NAME.TYPE.N`: the id of its container, which comes first here, and its
/// address and port for the proxy.
pub(crate) const INSTANCE_FILES: [&str; 3] = ["CONTAINER", "IP", "PORT"];

/// The address of an instance, for the proxy.
pub(crate) fn address_file(env: &Env, app: &App, instance: &Instance) -> Result<PathBuf> {
    Ok(app_folder(env, app)?.join(format!("IP.{instance}")))
}

/// The configuration of nginx that `proxy:build-config` makes for an app.
pub(crate) fn nginx_config(env: &Env, app: &App) -> Result<PathBuf> {
    Ok(app_folder(env, app)?.join("nginx.conf"))
}

/// What the host makes an app's configuration of nginx from, besides its instances: folders, and files.
pub(crate) fn sources_of_nginx_config(env: &Env, app: &App) -> Result<Vec<PathBuf>> {
    let mut sources = Vec::new();
    for plugin in ["certs", "domains", "network", "nginx", "ports", "proxy"] {
        sources.extend([properties_of(env, plugin, Scope::App(app))?, properties_of(env, plugin, Scope::Global)?]);
    }
    let folder = app_folder(env, app)?;
    sources.extend(["ENV", "VHOST", "tls"].map(|name| folder.join(name)));
    Ok(sources)
}

/// docker-local's queue of what it will remove, lines `APP CONTAINER TIME`: the trigger `scheduler-register-retired`.
pub(crate) fn retirement_queue(env: &Env) -> Result<PathBuf> {
    Ok(env.data_directory("scheduler-docker-local")?.join("dead-containers"))
}

/// docker-local's script that starts a single container.
pub(crate) fn container_script(env: &Env) -> Result<PathBuf> {
    const SCRIPT: &str = "scheduler-docker-local/bin/scheduler-deploy-process-container";
    Ok(Path::new(env.required("PLUGIN_AVAILABLE_PATH")?).join(SCRIPT))
}
