//! A change of what a container is made from shows as its source and as no other.

use super::*;
use std::fs::{File, Permissions};
use std::os::unix::fs::PermissionsExt;
use std::path::PathBuf;
use std::time::{Duration, SystemTime};

/// A host with an app `shop` and no settings.
pub(super) struct Host {
    folder: tempfile::TempDir,
    env: Env,
    app: App,
}

impl Host {
    pub(super) fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let env = Self::env_in(folder.path());
        Self { folder, env, app: "shop".parse().unwrap() }
    }

    /// Plugins are listed once for each of these.
    fn env_in(lib: &std::path::Path) -> Env {
        let path = |name: &str| lib.join(name).into_os_string();
        let variables: BTreeMap<_, _> = [
            ("DOKKU_LIB_ROOT".into(), lib.as_os_str().to_owned()),
            ("DOKKU_ROOT".into(), path("home")),
            ("PLUGIN_PATH".into(), path("plugins")),
            ("DOKKU_SYSTEM_USER".into(), "root".into()),
            ("DOKKU_SYSTEM_GROUP".into(), "root".into()),
        ]
        .into();
        Env::new(variables, Vec::new())
    }

    pub(super) fn env(&self) -> &Env {
        &self.env
    }

    pub(super) fn app(&self) -> &App {
        &self.app
    }

    pub(super) fn path(&self, path: &str) -> PathBuf {
        self.folder.path().join(path)
    }

    pub(super) fn read(&self, path: &str) -> Vec<u8> {
        std::fs::read(self.path(path)).unwrap()
    }

    pub(super) fn write(&self, path: &str, content: &str) {
        let path = self.path(path);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, content).unwrap();
    }

    pub(super) fn with(self, path: &str, content: &str) -> Self {
        self.write(path, content);
        self
    }

    pub(super) fn enable(&self, plugin: &str, hook: &str) {
        let path = format!("plugins/enabled/{plugin}/{hook}");
        self.write(&path, "#!/bin/sh\n");
        std::fs::set_permissions(self.path(&path), Permissions::from_mode(0o755)).unwrap();
    }

    pub(super) fn current(&self, process_type: &str) -> Fingerprint {
        let env = Self::env_in(self.folder.path());
        Fingerprint::current(&env, &self.app, &process_type.parse().unwrap()).unwrap()
    }

    /// What differs for a type once `change` has been done.
    fn changed_by(&self, process_type: &str, change: impl FnOnce(&Self)) -> Vec<String> {
        let before = self.current(process_type);
        change(self);
        let after = self.current(process_type);
        let changed = changes(&before, &after);
        assert_eq!(changed, changes(&after, &before), "both ways");
        changed
    }

    pub(super) fn changed_by_file(&self, process_type: &str, path: &str, content: &str) -> Vec<String> {
        self.changed_by(process_type, |host| host.write(path, content))
    }

    fn newer_than(&self, process_type: &str, created: SystemTime) -> Vec<String> {
        let env = Self::env_in(self.folder.path());
        unlabelled::newer_than(&env, &self.app, &process_type.parse().unwrap(), created).unwrap()
    }
}

pub(super) fn changes(before: &Fingerprint, after: &Fingerprint) -> Vec<String> {
    let mut changes: Vec<String> = before.changes(after).cloned().collect();
    changes.sort();
    changes
}

const MOUNT: &str = r#"{"entry_name":"media","container_path":"/media","phases":["deploy","run"]}"#;

#[test]
fn a_change_of_a_file_shows_as_its_source_and_as_no_other() {
    let files = [
        ("config/shop/ENV", "A=\"1\"\n", "config"),
        ("config/--global/ENV", "A=\"1\"\n", "config"),
        ("config/docker-options/shop/_default_.deploy", "-v /a:/a\n", "docker options"),
        ("config/docker-options/shop/web.deploy", "--cap-add=A\n", "docker options"),
        ("config/storage/shop/mounts", MOUNT, "storage"),
        ("config/network/shop/attach-post-create", "net", "network"),
        ("config/network/--global/initial-network", "net", "network"),
        ("config/network/shop/tld", "net", "network"),
        ("config/ports/shop/map", "http:80:8001\n", "ports"),
        ("config/ports/shop/map-detected", "https:443:8001\n", "ports"),
        ("data/ps/shop/Procfile", "web: serve\n", "command"),
        ("config/ps/shop/start-cmd", "serve", "command"),
        ("config/ps/shop/dockerfile-start-cmd", "serve", "command"),
        ("config/resource/shop/_default_.limit.memory", "100", "limits"),
        ("config/resource/shop/web.reserve.memory", "100", "limits"),
        ("config/logs/shop/max-size", "5m", "logs"),
        ("config/logs/--global/max-size", "5m", "logs"),
        ("config/scheduler-docker-local/shop/init-process", "false", "init"),
        ("config/scheduler-docker-local/--global/init-process", "false", "init"),
    ];
    for (path, content, source) in files {
        let host = Host::new();
        assert_eq!(host.changed_by_file("web", path, content), [source], "{path} appears");
        assert!(host.changed_by_file("web", path, &format!("{content}\n")).is_empty(), "{path} gains a line end");
        let other = content.replace('1', "2").replace("net", "mesh").replace("serve", "run").replace("5m", "6m");
        let other = other.replace("/a", "/b").replace('A', "B").replace("false", "true").replace("/media", "/files");
        assert_ne!(other, content);
        assert_eq!(host.changed_by_file("web", path, &other), [source], "{path} changes");
        let gone = host.changed_by("web", |host| std::fs::remove_file(host.path(path)).unwrap());
        assert_eq!(gone, [source], "{path} goes");
    }
}

#[test]
fn an_empty_file_and_an_empty_folder_are_none() {
    for path in [
        "config/shop/ENV",
        "config/docker-options/shop/web.deploy",
        "config/storage/shop/mounts",
        "config/network/shop/initial-network",
        "config/ps/shop/start-cmd",
        "config/resource/shop/web.limit.memory",
        "config/logs/shop/max-size",
        "config/scheduler-docker-local/shop/init-process",
        "config/git/shop/rev-env-var",
    ] {
        assert!(Host::new().changed_by_file("web", path, "").is_empty(), "{path}");
    }
}

#[test]
fn what_belongs_to_another_app_type_or_purpose_changes_nothing() {
    for path in [
        "config/other/ENV",
        "config/docker-options/shop/worker.deploy",
        "config/docker-options/shop/_default_.build",
        "config/resource/shop/worker.limit.memory",
        "config/resource/shop/website.limit.memory",
        "config/network/other/initial-network",
        "config/network/shop/.initial-network.new",
        "config/network/shop/static-web-listener",
        "config/config/shop/ENV",
        "home/shop/VHOST",
        "config/docker-options/--global/_default_.deploy",
        "config/storage/--global/mounts",
        "config/resource/--global/_default_.limit.cpu",
        "config/resource/shop/_default_.reserve.cpu",
        "config/resource/shop/web.limit.network-egress",
        "config/checks/shop/disabled",
        "config/checks/shop/wait-to-retire",
        "config/logs/shop/vector-sink",
        "config/scheduler-docker-local/shop/parallel-schedule-count",
        "config/ps/shop/restart-policy",
        "config/ps/shop/restart-policy.web",
        "config/ps/shop/stop-timeout-seconds.web",
        "config/ps/shop/scale",
        "config/nginx/shop/client-max-body-size",
        "config/caddy/shop/labels",
        "config/proxy/shop/proxy-port",
        "config/builder/shop/selected",
        "data/storage-registry/entries/media.json",
    ] {
        assert!(Host::new().changed_by_file("web", path, "A=1").is_empty(), "{path}");
    }
}

#[test]
fn the_revision_of_the_source_is_no_part_of_the_config() {
    let host = Host::new().with("config/shop/ENV", "A=\"1\"\nGIT_REV=\"1\"\n");
    let set = |content: &str| host.changed_by_file("web", "config/shop/ENV", content);
    assert!(set("A=\"1\"\nGIT_REV=\"2\"\n").is_empty());
    assert!(set("A=\"1\"\n").is_empty());
    host.write("config/git/--global/rev-env-var", "REV");
    assert!(set("A=\"1\"\nGIT_REV=\"2\"\n").is_empty(), "nobody reads the host's");
    host.write("config/git/shop/rev-env-var", "OWN");
    assert!(set("A=\"1\"\nGIT_REV=\"2\"\nOWN=\"3\"\n").is_empty());
    assert_eq!(set("A=\"1\"\nGIT_REV=\"3\"\n"), ["config"]);
    host.write("config/git/shop/rev-env-var", "");
    assert_eq!(set("A=\"1\"\nGIT_REV=\"4\"\n"), ["config"], "unset, the host writes none");
}

#[test]
fn variables_count_by_what_holds_and_not_by_how_it_is_written() {
    let host = Host::new().with("config/shop/ENV", "A=\"1\"\nB=\"2\"\n");
    let set = |content: &str| host.changed_by_file("web", "config/shop/ENV", content);
    assert!(set("B='2'\n\nexport A=1\n").is_empty());
    assert!(host.changed_by_file("web", "config/--global/ENV", "A=\"9\"\n").is_empty(), "the app's own wins");
    assert_eq!(set("B=2\n"), ["config"]);
    assert_eq!(set("B=2\nC=\n"), ["config"], "an empty variable is one");
    assert_eq!(set("B=\"2\nC=\"\n"), ["config"]);
}

#[test]
fn a_restart_policy_is_no_docker_option() {
    let path = "config/docker-options/shop/_default_.deploy";
    let host = Host::new().with(path, "-v /a:/a\n");
    let set = |content: &str| host.changed_by_file("web", path, content);
    assert!(set("--restart=always\n-v /a:/a\n").is_empty());
    assert!(set("-v /a:/a --restart on-failure:3\n\n").is_empty());
    assert_eq!(set("--restart=always -v /b:/b\n"), ["docker options"]);
    assert!(set("-v /b:/b\n").is_empty());
    assert_eq!(set("-v /b:/b\n--label=--restart=x\n"), ["docker options"]);
}

#[test]
fn a_mount_counts_with_its_entry_where_it_is_of_a_deploy() {
    let (mounts, entry) = ("config/storage/shop/mounts", "data/storage-registry/entries/media.json");
    let host = Host::new().with(entry, r#"{"host_path":"/a"}"#).with(mounts, MOUNT);
    assert_eq!(host.changed_by_file("web", entry, r#"{"host_path":"/b"}"#), ["storage"]);
    let run = r#"{"entry_name":"tmp","container_path":"/t","phases":["run"]}"#;
    assert!(host.changed_by_file("web", mounts, &format!("{run}\n{MOUNT}\n")).is_empty());
    let second = MOUNT.replace("/media", "/files");
    assert_eq!(host.changed_by_file("web", mounts, &format!("{MOUNT}\n{second}\n")), ["storage"]);
    assert!(host.changed_by_file("web", mounts, &format!("{second}\n{MOUNT}\n")).is_empty());
    let outside = r#"{"entry_name":"../../../config/x","phases":["deploy"]}"#;
    host.write(mounts, outside);
    assert!(host.changed_by_file("web", "config/x.json", "{}").is_empty());
    assert_eq!(host.changed_by_file("web", mounts, "not json"), ["storage"]);
}

#[test]
fn a_limit_of_the_type_wins_over_that_of_all_types() {
    let host = Host::new().with("config/resource/shop/_default_.limit.memory", "100");
    let set = |path: &str, content: &str| host.changed_by_file("web", path, content);
    assert!(set("config/resource/shop/web.limit.memory", "100\n").is_empty());
    assert!(set("config/resource/shop/_default_.limit.memory", "200").is_empty());
    assert_eq!(set("config/resource/shop/web.limit.memory", ""), ["limits"], "unlimited");
}

#[test]
fn a_setting_of_the_app_hides_that_of_the_host() {
    for (name, path) in [
        ("network", "network/SCOPE/initial-network"),
        ("logs", "logs/SCOPE/max-size"),
        ("init", "scheduler-docker-local/SCOPE/init-process"),
    ] {
        let (own, of_host) = (path.replace("SCOPE", "shop"), path.replace("SCOPE", "--global"));
        let host = Host::new().with(&format!("config/{own}"), "own");
        assert!(host.changed_by_file("web", &format!("config/{of_host}"), "other").is_empty(), "{path}");
        assert_eq!(host.changed_by_file("web", &format!("config/{own}"), ""), [name], "{path}");
    }
}

#[test]
fn a_config_in_its_earlier_place_is_asked_for() {
    for place in ["home/shop/ENV", "home/ENV"] {
        let host = Host::new();
        let print = format!("#!/bin/sh\ncat '{}'\n", host.path("answer").display());
        host.write("plugins/enabled/config/config-export", &print);
        let hook = host.path("plugins/enabled/config/config-export");
        std::fs::set_permissions(hook, Permissions::from_mode(0o755)).unwrap();
        host.write("answer", "A=1\n");
        assert!(host.changed_by_file("web", "answer", "A=2\n").is_empty());
        assert_eq!(host.changed_by_file("web", place, "A=9\n"), ["config"], "{place}");
        assert_eq!(host.changed_by_file("web", "answer", "A=3\n"), ["config"], "{place}");
        host.write("config/shop/ENV", "A=3\n");
        host.write("config/--global/ENV", "\n");
        assert!(host.changed_by_file("web", "answer", "A=4\n").is_empty(), "{place}");
    }
}

#[test]
fn a_plugin_of_a_third_party_counts_by_its_name() {
    let host = Host::new();
    for plugin in ["config", "network", "20_events", "traefik-vhosts", "scheduler-docker-local"] {
        host.enable(plugin, "docker-args-deploy");
    }
    host.enable("zeta", "post-deploy");
    assert!(host.changed_by_file("web", "config/zeta/shop/flag", "x").is_empty());
    assert_eq!(host.changed_by("web", |host| host.enable("zeta", "docker-args-deploy")), ["plugin zeta"]);
    assert_eq!(host.changed_by("web", |host| host.enable("gpu", "docker-args-process-deploy")), ["plugin gpu"]);
    for path in ["config/gpu/shop/devices", "config/gpu/shop/deep/er", "config/gpu/--global/devices"] {
        assert_eq!(host.changed_by_file("worker", path, "x"), ["plugin gpu"], "{path}");
    }
    assert!(host.changed_by_file("web", "config/gpu/other/devices", "x").is_empty());
}

#[test]
fn a_config_that_cannot_be_read_is_named_without_its_values() {
    let host = Host::new().with("config/shop/ENV", "A=\"hunter2\n");
    let error = Fingerprint::current(host.env(), host.app(), &ProcessType::web()).unwrap_err();
    assert!(error.message().contains("config/shop/ENV") && !error.message().contains("hunter2"), "{error}");
}

#[test]
fn what_was_written_after_a_container_was_made_is_newer() {
    let created = SystemTime::UNIX_EPOCH + Duration::from_secs(1_000_000);
    let date = |host: &Host, path: &str, seconds: i64| {
        let moved = Duration::from_secs(seconds.unsigned_abs());
        let time = if seconds < 0 { created - moved } else { created + moved };
        File::open(host.path(path)).unwrap().set_modified(time).unwrap();
    };
    let host = Host::new();
    assert!(host.newer_than("web", created).is_empty());
    host.write("config/network/shop/initial-network", "net");
    host.write("config/shop/ENV", "A=1");
    for old in ["config/network/shop/initial-network", "config/network/shop", "config/shop/ENV"] {
        date(&host, old, -1);
    }
    assert!(host.newer_than("web", created).is_empty());
    date(&host, "config/network/shop/initial-network", 0);
    assert!(host.newer_than("web", created).is_empty());
    date(&host, "config/shop/ENV", 1);
    assert_eq!(host.newer_than("web", created), ["config"]);
    date(&host, "config/network/shop/initial-network", 1);
    assert_eq!(host.newer_than("web", created), ["config", "network"]);
    std::fs::remove_file(host.path("config/network/shop/initial-network")).unwrap();
    assert_eq!(host.newer_than("web", created), ["config", "network"], "a setting was taken away");
    date(&host, "config/network/shop", -1);
    assert_eq!(host.newer_than("web", created), ["config"]);
}
