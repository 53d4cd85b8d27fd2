//! A host with one deployed app, and what can be seen of it.

use std::collections::BTreeMap;
use std::fs;
use std::os::unix::fs::symlink;
use std::path::PathBuf;
use std::time::{Duration, Instant};

use ps_tests::docker::{Container, Dokku, Printed, docker};
use ps_tests::lives;
pub(crate) use ps_tests::lives::{Instances, new_lives as new, same_lives as kept};
use ps_tests::process::wait_until;
use ps_tests::tree::{self, Tree};

use crate::started::Started;

/// The types of most apps here: each type makes a deploy longer.
const TYPES: &str = "web: /demo web\nworker: /demo worker\n";
/// Further types: `picky` fails from its third instance on, `bad` always.
pub(crate) const MORE_TYPES: &str = "beat: /demo worker\npicky: /demo worker 2\nbad: /demo fail\n";

/// How long a container may take until it is as it should be.
const SETTLES: Duration = Duration::from_mins(3);

/// An app on a host of its own.
pub(crate) struct Shop {
    pub(crate) dokku: Dokku,
    pub(crate) app: String,
}

/// Everything that a command which only says something must leave as it is.
#[derive(Debug)]
pub(crate) struct State {
    files: Tree,
    containers: Vec<Container>,
    instances: Instances,
}

impl Shop {
    /// Deployed without checks, with these quantities. Old containers have a second to end.
    pub(crate) fn with(quantities: &[&str]) -> Self {
        Self::on(Dokku::new(), quantities, &[])
    }

    /// As [`Shop::with`], of an app that has [`MORE_TYPES`] too.
    pub(crate) fn with_more_types(quantities: &[&str]) -> Self {
        Self::on(Dokku::new(), quantities, &[("Procfile", &format!("{TYPES}{MORE_TYPES}"))])
    }

    /// On a host that is there, from a source with these files; without a Procfile among them it has [`TYPES`].
    pub(crate) fn on(dokku: Dokku, quantities: &[&str], files: &[(&str, &str)]) -> Self {
        let app = Self::deploy(&dokku, quantities, files);
        Self { dokku, app }
    }

    /// One more app on a host.
    pub(crate) fn deploy(dokku: &Dokku, quantities: &[&str], files: &[(&str, &str)]) -> String {
        let app = dokku.app();
        let files = [&[("Procfile", TYPES)], files].concat();
        let source = dokku.changed_source(&format!("source-of-{app}"), &files);
        dokku.deploy(&app, quantities, &source);
        app
    }

    /// From now on new containers are checked: they must live for so long.
    pub(crate) fn checked(self, seconds: &str) -> Self {
        self.dokku.succeeds(&["checks:enable", &self.app]);
        self.dokku.succeeds(&["checks:set", &self.app, "uptime", seconds]);
        self
    }

    /// `ps:scale APP WORDS…`, which must succeed.
    pub(crate) fn scales(&self, words: &[&str]) -> Printed {
        self.ends(0, words)
    }

    /// `ps:scale APP WORDS…`, which must end so.
    pub(crate) fn ends(&self, status: i32, words: &[&str]) -> Printed {
        let words = [&["ps:scale", &self.app], words].concat();
        self.dokku.fails(status, &words)
    }

    /// `ps:reconcile APP WORDS…`, which must succeed.
    pub(crate) fn reconciles(&self, words: &[&str]) -> Printed {
        let words = [&["ps:reconcile", &self.app], words].concat();
        self.dokku.fails(0, &words)
    }

    /// Begins `ps:scale APP WORDS…`.
    pub(crate) fn start(&self, words: &[&str]) -> Started {
        Started::new(&self.dokku, "scale", &[&["ps:scale", &self.app], words].concat())
    }

    /// What the host's files and Docker agree on.
    pub(crate) fn instances(&self) -> Instances {
        lives::instances(&self.app, &self.home())
    }

    /// What the CONTAINER files hold.
    pub(crate) fn named(&self) -> BTreeMap<String, String> {
        lives::container_files(&self.home())
    }

    /// The app's folder in `DOKKU_ROOT`.
    pub(crate) fn home(&self) -> PathBuf {
        self.dokku.path(&format!("home/{}", self.app))
    }

    /// The app's deploy lock.
    pub(crate) fn lock(&self) -> PathBuf {
        self.dokku.path(&format!("lib/data/apps/{}/.deploy.lock", self.app))
    }

    /// The saved scale without the types at 0: `["web=1", "worker=2"]`.
    pub(crate) fn scale(&self) -> Vec<String> {
        let file = self.dokku.path(&format!("lib/config/ps/{}/scale", self.app));
        let saved = fs::read_to_string(file).expect("the saved scale");
        let mut lines: Vec<String> = saved.lines().filter(|line| !line.ends_with("=0")).map(str::to_owned).collect();
        lines.sort();
        lines
    }

    /// The instances that the saved scale asks for.
    pub(crate) fn desired(&self) -> Vec<String> {
        let scale = self.scale();
        let quantities = scale.iter().map(|line| line.split_once('=').expect("TYPE=COUNT"));
        let mut instances: Vec<String> = quantities
            .flat_map(|(name, count)| {
                (1..=count.parse().expect("a count")).map(move |index: u32| format!("{name}.{index}"))
            })
            .collect();
        instances.sort();
        instances
    }

    /// Waits until exactly these instances run, each with its file and its name, and gives them.
    pub(crate) fn runs(&self, instances: &[&str]) -> Instances {
        self.dokku.runs(&self.app, instances);
        let found = self.instances();
        assert_eq!(found.keys().collect::<Vec<_>>(), instances, "the files must name what runs");
        found
    }

    /// Waits until exactly these instances run, and gives them. Others have files and rest.
    pub(crate) fn runs_beside(&self, instances: &[&str]) -> Instances {
        wait_until(&format!("{} runs {instances:?}", self.app), SETTLES, || self.dokku.running(&self.app) == instances);
        self.instances()
    }

    /// The servers that the host has told its proxy of, sorted: `172.17.0.2:5000`.
    pub(crate) fn servers(&self) -> Vec<String> {
        let conf = self.dokku.path(&format!("nginx/{}.conf", self.app));
        let conf = fs::read_to_string(conf).expect("the proxy's file");
        let server = |line: &str| Some(line.trim().strip_prefix("server ")?.strip_suffix(';')?.to_owned());
        let mut servers: Vec<String> = conf.lines().filter_map(server).collect();
        servers.sort();
        servers
    }

    /// The names of the containers that run, by instance.
    pub(crate) fn running_names(&self) -> Vec<String> {
        let containers = self.dokku.containers(&self.app).into_iter();
        containers.filter(|container| container.state == "running").map(|container| container.name).collect()
    }

    /// The names of containers that were begun and not finished.
    pub(crate) fn half_made(&self) -> Vec<String> {
        let names = self.dokku.containers(&self.app).into_iter().map(|container| container.name);
        names.filter(|name| name.contains(".upcoming-")).collect()
    }

    /// A container of the app that was deployed as this instance, under this name and in no file; its id.
    pub(crate) fn runs_besides(&self, name: &str, instance: &str) -> String {
        let image = format!("dokku/{}:latest", self.app);
        let (process_type, _) = instance.split_once('.').expect("an instance");
        let labels = ["app-name", "container-type", "process-type", "dyno"]
            .into_iter()
            .zip([self.app.as_str(), "deploy", process_type, instance])
            .map(|(label, value)| format!("--label=com.dokku.{label}={value}"));
        let words = ["container", "run", "--detach"].map(str::to_owned).into_iter().chain([format!("--name={name}")]);
        let words: Vec<String> =
            words.chain(labels).chain([image, "/demo".to_owned(), process_type.to_owned()]).collect();
        docker(&words.iter().map(String::as_str).collect::<Vec<_>>()).trim().to_owned()
    }

    /// The word that `ps` has for an instance.
    pub(crate) fn word(&self, instance: &str) -> String {
        let listed = self.dokku.succeeds(&["ps", &self.app, "--quiet"]);
        let line = listed.lines().find(|line| line.split('\t').nth(1) == Some(instance));
        line.and_then(|line| line.split('\t').nth(2)).unwrap_or_default().to_owned()
    }

    /// Files, containers, and when they were started.
    pub(crate) fn state(&self) -> State {
        State {
            files: tree::read(&self.dokku.path("")),
            containers: self.dokku.containers(&self.app),
            instances: self.instances(),
        }
    }

    /// Nothing is other than it was at `before`.
    pub(crate) fn is_still(&self, before: &State, what: &str) {
        let now = self.state();
        let changed = tree::changes(&before.files, &now.files);
        assert!(changed.is_empty(), "{what} changes files: {changed:#?}");
        assert_eq!(now.containers, before.containers, "{what} changes containers");
        assert_eq!(now.instances, before.instances, "{what} changes what runs");
    }

    /// From now on every trigger is logged; the log so far is forgotten.
    pub(crate) fn watch(&self) {
        fs::write(self.dokku.path("lib/events.on"), "").expect("the file that turns the log on");
        drop(fs::remove_file(self.dokku.path("lib/events.log")));
    }

    /// The triggers since [`Shop::watch`], a line each: `proxy-build-config shop`.
    pub(crate) fn events(&self) -> Vec<String> {
        let log = fs::read_to_string(self.dokku.path("lib/events.log")).unwrap_or_default();
        log.lines().map(str::to_owned).collect()
    }

    /// How often a trigger was fired since [`Shop::watch`].
    pub(crate) fn fired(&self, trigger: &str) -> usize {
        self.events().iter().filter(|line| line.split(' ').next() == Some(trigger)).count()
    }

    /// How often app-json's postdeploy task would have run.
    pub(crate) fn postdeploy_tasks(&self) -> usize {
        let log = self.dokku.path(&format!("lib/data/app-json/{}/postdeploy.log", self.app));
        fs::read_to_string(log).unwrap_or_default().lines().count()
    }

    /// Enables a plugin of a third party with these hooks, shell scripts each. `$LOG` in them is the file that
    /// [`Shop::heard`] reads.
    pub(crate) fn plugin(&self, name: &str, hooks: &[(&str, &str)]) {
        let folder = self.dokku.path(&format!("lib/plugins/available/{name}"));
        fs::create_dir_all(&folder).expect("the plugin's folder");
        let manifest = format!("[plugin]\ndescription = \"{name}\"\nversion = \"1.0.0\"\n\n[plugin.config]\n");
        fs::write(folder.join("plugin.toml"), manifest).expect("the plugin's manifest");
        let log = self.dokku.path(&format!("{name}.log"));
        for (hook, body) in hooks {
            let script = format!("LOG='{}'\n{body}", log.display());
            self.dokku.script(&format!("lib/plugins/available/{name}/{hook}"), &script);
        }
        symlink(&folder, self.dokku.path(&format!("lib/plugins/enabled/{name}"))).expect("the link that enables it");
    }

    /// Whether a hook of a plugin has written to `$LOG`.
    pub(crate) fn has_heard(&self, plugin: &str) -> bool {
        fs::metadata(self.dokku.path(&format!("{plugin}.log"))).is_ok_and(|about| about.len() > 0)
    }

    /// What the hooks of a plugin wrote to `$LOG`, a line each; empties it. No hook may be writing.
    pub(crate) fn heard(&self, plugin: &str) -> Vec<String> {
        let log = self.dokku.path(&format!("{plugin}.log"));
        let lines = fs::read_to_string(&log).unwrap_or_default().lines().map(str::to_owned).collect();
        drop(fs::remove_file(log));
        lines
    }
}

/// The lines of a text that have all these words, whatever stands between them.
pub(crate) fn lines_with<'a>(text: &'a str, words: &[&str]) -> Vec<&'a str> {
    let is_part = |letter: char| letter.is_alphanumeric() || matches!(letter, '.' | '-' | '_' | '=');
    let has =
        |line: &str, word: &str| line.split(|letter| !is_part(letter)).any(|found| found.trim_end_matches('.') == word);
    text.lines().filter(|line| words.iter().all(|word| has(line, word))).collect()
}

/// How long something took, at least a millisecond.
pub(crate) fn timed(action: impl FnOnce()) -> Duration {
    let began = Instant::now();
    action();
    began.elapsed().max(Duration::from_millis(1))
}
