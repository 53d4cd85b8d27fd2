//! A Dokku host: where its things are, and what must hold of it.

use crate::build::program;
use common::atomic::Owner;
use common::{Env, Error, FileLock, Result, TESTED_DOKKU, file, pause};
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

const OLDEST_MINOR: u32 = 38;
const SPACE_KB: u64 = 51200;
/// How often it is looked whether a deploy has ended.
const LOOK_AGAIN: Duration = Duration::from_secs(1);

/// A Dokku host.
pub(crate) struct Host<'e> {
    pub(crate) env: &'e Env,
    /// `/var/lib/dokku`
    pub(crate) lib: PathBuf,
    /// The folder with a folder an app.
    pub(crate) apps: PathBuf,
    /// Where the plugin lies that the host runs.
    pub(crate) live: PathBuf,
    /// Everything that is kept lies beside `core-plugins`, not in it: the package of Dokku enables every real folder of
    /// `core-plugins/available`. It is on one file system with the plugin, so that a rename is enough.
    pub(crate) keep: PathBuf,
    /// The stock plugin, while ours has its place.
    pub(crate) stock: PathBuf,
    pub(crate) user: String,
    pub(crate) group: String,
    pub(crate) owner: Owner,
    pub(crate) dokku: PathBuf,
    /// Where completion and manual pages go.
    pub(crate) share: PathBuf,
    /// `/etc`, where bash reads completions at its start.
    pub(crate) etc: PathBuf,
    /// The unit of `ps:watch`.
    pub(crate) unit: PathBuf,
    pub(crate) dpkg: String,
    pub(crate) dpkg_divert: String,
    pub(crate) systemctl: String,
    /// The folder that is there where systemd runs.
    pub(crate) systemd: PathBuf,
    /// The variables of a Dokku command, as `dokku` sets them, but for what only builders read, and for `DOKKU_PID`: each
    /// command has its own.
    pub(crate) variables: Vec<(&'static str, String)>,
}

impl<'e> Host<'e> {
    /// The host that the variables tell of.
    ///
    /// # Errors
    /// When we are not root, or this is no Dokku host.
    pub(crate) fn find(env: &'e Env) -> Result<Self> {
        if !rustix::process::geteuid().is_root() {
            return Err(Error::new("This must be run as root"));
        }
        let here = env.working_directory()?;
        let path = |name: &str, usual: &str| here.join(env.var(name).unwrap_or(usual));
        let word = |name: &str, usual: &str| env.var(name).unwrap_or(usual).to_owned();
        let lib = path("DOKKU_LIB_ROOT", "/var/lib/dokku");
        let user = word("DOKKU_SYSTEM_USER", "dokku");
        let about = User::named(&user)?;
        let (group, number) = about.group(env.var("DOKKU_SYSTEM_GROUP"))?;
        let not_there = || Error::new("dokku is not on the PATH: not a Dokku host");
        let dokku = program(env, env.var("DOKKU_BIN").unwrap_or("dokku")).ok_or_else(not_there)?;
        let available = lib.join("core-plugins/available");
        if !available.is_dir() {
            return Err(Error::new(format!("{} is missing: not a Dokku host", available.display())));
        }
        let keep = lib.join("ps-plugin");
        let mut host = Self {
            env,
            apps: env.var("DOKKU_ROOT").map_or(about.home, PathBuf::from),
            live: available.join("ps"),
            stock: keep.join("stock"),
            keep,
            owner: Owner { user: about.number, group: number },
            user,
            group,
            dokku,
            share: path("PS_SHARE", "/usr/share"),
            etc: path("PS_ETC", "/etc"),
            unit: path("PS_SYSTEMD_UNITS", "/etc/systemd/system").join("dokku-ps-watch.service"),
            dpkg: word("PS_DPKG", "dpkg"),
            dpkg_divert: word("PS_DPKG_DIVERT", "dpkg-divert"),
            systemctl: word("PS_SYSTEMCTL", "systemctl"),
            systemd: path("PS_SYSTEMD_RUN", "/run/systemd/system"),
            lib,
            variables: Vec::new(),
        };
        host.variables = host.variables_of_a_command();
        Ok(host)
    }

    fn variables_of_a_command(&self) -> Vec<(&'static str, String)> {
        let lib = |below: &str| self.lib.join(below).display().to_string();
        let or = |name: &str, usual: &str| self.env.var(name).unwrap_or(usual).to_owned();
        let apps = self.apps.display().to_string();
        let logs = or("DOKKU_LOGS_DIR", "/var/log/dokku");
        let labels = "--label=org.label-schema.schema-version=1.0 --label=org.label-schema.vendor=dokku --label=dokku";
        vec![
            ("DOKKU_ROOT", apps.clone()),
            ("DOKKU_LIB_ROOT", self.lib.display().to_string()),
            ("DOKKU_HOST_ROOT", or("DOKKU_HOST_ROOT", &apps)),
            ("DOKKU_SYSTEM_USER", self.user.clone()),
            ("DOKKU_SYSTEM_GROUP", self.group.clone()),
            ("DOKKU_DISTRO", self.env.var("DOKKU_DISTRO").map_or_else(distribution, str::to_owned)),
            ("DOKKU_NOT_IMPLEMENTED_EXIT", "10".to_owned()),
            ("DOKKU_VALID_EXIT", "0".to_owned()),
            ("DOKKU_API_VERSION", "1".to_owned()),
            ("DOKKU_LOGS_HOST_DIR", or("DOKKU_LOGS_HOST_DIR", &logs)),
            ("DOKKU_EVENTS_LOGFILE", or("DOKKU_EVENTS_LOGFILE", &format!("{logs}/events.log"))),
            ("DOKKU_LOGS_DIR", logs),
            ("DOCKER_BIN", or("DOCKER_BIN", "docker")),
            ("DOKKU_CONTAINER_LABEL", "dokku".to_owned()),
            ("DOKKU_GLOBAL_RUN_ARGS", or("DOKKU_GLOBAL_RUN_ARGS", labels)),
            ("PLUGIN_PATH", lib("plugins")),
            ("PLUGIN_AVAILABLE_PATH", lib("plugins/available")),
            ("PLUGIN_ENABLED_PATH", lib("plugins/enabled")),
            ("PLUGIN_CORE_PATH", lib("core-plugins")),
            ("PLUGIN_CORE_AVAILABLE_PATH", lib("core-plugins/available")),
            ("PLUGIN_CORE_ENABLED_PATH", lib("core-plugins/enabled")),
        ]
    }

    /// The version of Dokku.
    ///
    /// # Errors
    /// When it cannot be told, or is older than those whose triggers and files we know.
    pub(crate) fn version(&self) -> Result<String> {
        let files = [self.lib.join("STABLE_VERSION"), self.lib.join("VERSION")];
        let texts = files.iter().filter_map(|path| file::read_of_the_system(path).ok().flatten());
        let mut texts = texts.map(|text| String::from_utf8_lossy(&text).trim().to_owned());
        let found = texts.find_map(|text| Some((numbers(&text)?, text)));
        let Some(((major, minor), text)) = found else {
            let [stable, other] = files.each_ref().map(|path| path.display());
            return Err(Error::new(format!("Cannot tell the version of Dokku from {stable} or {other}")));
        };
        if major == 0 && minor < OLDEST_MINOR {
            return Err(Error::new(format!(
                "This host runs Dokku {text}; the plugin speaks to 0.{OLDEST_MINOR}.0 and newer, whose triggers and files \
                 differ"
            )));
        }
        Ok(text)
    }

    /// Says so when the plugin was tested with another version of Dokku than this host's.
    pub(crate) fn say_whether_tested(&self) -> Result<()> {
        let version = self.version()?;
        if version.trim_start_matches('v') != TESTED_DOKKU {
            self.env.output().warn(&format!(
                "This host runs Dokku {version}, and the plugin was tested with {TESTED_DOKKU}. It was checked here, and stays"
            ));
        }
        Ok(())
    }

    /// # Errors
    /// When there is too little space for a tree.
    pub(crate) fn require_space(&self) -> Result<()> {
        let about = rustix::fs::statvfs(&self.lib).map_err(std::io::Error::from)?;
        let free = about.f_bavail * about.f_frsize / 1024;
        if free < SPACE_KB {
            let lib = self.lib.display();
            return Err(Error::new(format!("{lib} has {free} KB free, {SPACE_KB} KB are needed")));
        }
        Ok(())
    }

    /// # Errors
    /// When something is deployed still after so long.
    pub(crate) fn refuse_running_deploys(&self, patience: Duration) -> Result<()> {
        let began = Instant::now();
        let mut told = false;
        while let Some(app) = self.deployed_now()? {
            if began.elapsed() >= patience {
                return Err(Error::new(format!("App {app} is being deployed; try again when that is done")));
            }
            if !told {
                told = true;
                self.env.output().warn(&format!("Waiting for the deploy of app {app}"));
            }
            pause(LOOK_AGAIN);
            crate::step::go_on()?;
        }
        Ok(())
    }

    /// An app that is being deployed. The lock file is never made: one that is there says to Dokku that the app is
    /// locked.
    fn deployed_now(&self) -> Result<Option<String>> {
        for app in file::entries(&self.lib.join("data/apps"))? {
            if FileLock::holder(&app.join(".deploy.lock"))?.is_some() {
                return Ok(Some(app.file_name().unwrap_or_default().to_string_lossy().into_owned()));
            }
        }
        Ok(None)
    }
}

/// `0.38.27`, or `v0.38.27`: the first two numbers.
fn numbers(version: &str) -> Option<(u32, u32)> {
    let mut parts = version.trim_start_matches('v').split('.');
    let (major, minor) = (parts.next()?.parse().ok()?, parts.next()?.parse().ok()?);
    parts.next()?.starts_with(|digit: char| digit.is_ascii_digit()).then_some((major, minor))
}

fn distribution() -> String {
    let text = file::read_of_the_system(Path::new("/etc/os-release")).ok().flatten().unwrap_or_default();
    let text = String::from_utf8_lossy(&text).into_owned();
    let id = text.lines().find_map(|line| line.strip_prefix("ID="));
    id.unwrap_or_default().trim_matches(['"', '\'']).to_owned()
}

/// A user of the system.
struct User {
    number: u32,
    group: u32,
    home: PathBuf,
}

impl User {
    fn named(name: &str) -> Result<Self> {
        let missing = || Error::new(format!("There is no user {name}: not a Dokku host"));
        let line = line_of("/etc/passwd", |fields| fields.first() == Some(&name))?.ok_or_else(missing)?;
        let mut fields = line.split(':').skip(2);
        let mut number = || fields.next().and_then(|number| number.parse().ok());
        let (Some(number), Some(group)) = (number(), number()) else { return Err(missing()) };
        let home = fields.nth(1).filter(|home| home.starts_with('/')).unwrap_or("/home/dokku");
        Ok(Self { number, group, home: home.into() })
    }

    /// The name and the number of the group that is named, or of the user's own.
    fn group(&self, named: Option<&str>) -> Result<(String, u32)> {
        let own = self.group.to_string();
        let line = line_of("/etc/group", |fields| match named {
            Some(name) => fields.first() == Some(&name),
            None => fields.get(2) == Some(&own.as_str()),
        })?;
        let line = line.unwrap_or_default();
        let mut fields = line.split(':');
        let name = fields.next().unwrap_or_default().to_owned();
        let number = fields.nth(1).and_then(|number| number.parse().ok());
        let missing = || Error::new(format!("The system has no group {}", named.unwrap_or(&own)));
        number.map(|number| (name, number)).ok_or_else(missing)
    }
}

/// The first line of a file of `name:password:number:…` lines whose fields are wanted.
fn line_of(path: &str, wanted: impl Fn(&[&str]) -> bool) -> Result<Option<String>> {
    let text = file::read_of_the_system(Path::new(path))?.unwrap_or_default();
    let text = String::from_utf8_lossy(&text).into_owned();
    Ok(text.lines().find(|line| wanted(&line.split(':').collect::<Vec<_>>())).map(str::to_owned))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_version_has_three_numbers() {
        assert_eq!(numbers("0.38.27"), Some((0, 38)));
        assert_eq!(numbers("v1.0.0-rc1"), Some((1, 0)));
        for none in ["", "0.38", "0.38.", "0.x.1", "what a day", "-1.2.3"] {
            assert_eq!(numbers(none), None, "{none}");
        }
    }

    #[test]
    fn root_has_a_home_and_a_group() {
        let root = User::named("root").unwrap();
        assert_eq!((root.number, root.group(None).unwrap()), (0, ("root".to_owned(), 0)));
        assert_eq!(root.home, Path::new("/root"));
        assert!(User::named("no-such-user").is_err() && root.group(Some("no-such-group")).is_err());
    }
}
