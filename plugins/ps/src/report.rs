//! The report of an app or of the host: flags and their values, as text, JSON or one value.

use crate::PLUGIN;
use crate::docker_local::{InstanceStatus, Statuses};
use crate::saved::can_scale;
use crate::scheduler::is_deployed;
use crate::settings::{SETTINGS, Setting};
use common::{App, ContainerState, Env, Error, Properties, Result, Scope, shown, shown_json};
use std::collections::BTreeMap;

/// The least width of the labels.
const LABEL_WIDTH: usize = 31;

/// How much of a container's id is shown.
const SHOWN_ID: usize = 11;

/// Flags such as `--running` with their values, sorted by flag.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Report {
    title: String,
    values: BTreeMap<String, String>,
    /// The flags that one may ask for, with the values that were not looked up too.
    flags: Vec<String>,
}

impl Report {
    /// The report of an app. With `only`, what that flag does not need is not looked up.
    pub(crate) fn of_app(env: &Env, app: &App, statuses: &Statuses<'_>, only: Option<&str>) -> Result<Self> {
        let wanted = |flag: &str| only.is_none_or(|only| only == flag);
        let mut report = Self { title: app.to_string(), values: BTreeMap::new(), flags: Vec::new() };
        report.add("--deployed", wanted("--deployed"), || Ok(is_deployed(env, app)?.to_string()))?;
        report.add("--ps-can-scale", wanted("--ps-can-scale"), || Ok(can_scale(env, app)?.to_string()))?;
        report.add("--restore", wanted("--restore"), || restore(env, app))?;
        let asked = wanted("--processes") || wanted("--running");
        let with_instances = only.is_none_or(|flag| flag.starts_with("--status-"));
        let instances = if with_instances { Some(statuses.instances(app)?) } else { None };
        let status = if asked { Some(statuses.of_app(app, instances.as_deref())?) } else { None };
        let status_word =
            |word: fn(crate::docker_local::AppStatus) -> String| move || Ok(status.map(word).unwrap_or_default());
        report.add("--processes", asked, status_word(|status| status.processes.to_string()))?;
        report.add("--running", asked, status_word(|status| status.running.as_str().to_owned()))?;
        let given = Given::find(env, Some(app))?;
        for setting in SETTINGS.iter().filter(|setting| setting.reported && setting.name != "restore") {
            report.add_setting(env, setting, Some(app), &given)?;
        }
        for status in instances.unwrap_or_default() {
            if let Some(instance) = &status.instance {
                report.add(&format!("--status-{instance}"), true, || Ok(status_text(&status)))?;
            }
        }
        Ok(report)
    }

    /// The report of `--global`: what holds for apps that have no value of their own.
    pub(crate) fn of_host(env: &Env) -> Result<Self> {
        let mut report = Self { title: "--global".to_owned(), values: BTreeMap::new(), flags: Vec::new() };
        let given = Given::find(env, None)?;
        for setting in SETTINGS.iter().filter(|setting| setting.reported && setting.global) {
            report.add_setting(env, setting, None, &given)?;
        }
        Ok(report)
    }

    fn add(&mut self, flag: &str, wanted: bool, value: impl FnOnce() -> Result<String>) -> Result<()> {
        self.flags.push(flag.to_owned());
        if wanted {
            self.values.insert(flag.to_owned(), value()?);
        }
        Ok(())
    }

    /// A property's lines: what the app was given, what the host was given, what holds, and what types were given.
    fn add_setting(&mut self, env: &Env, setting: &Setting, app: Option<&App>, given: &Given) -> Result<()> {
        let name = setting.name;
        let value = |names: &[String], scope: Scope<'_>| {
            let is_given = names.iter().any(|given| given == name);
            if is_given { setting.given(env, scope) } else { Ok(String::new()) }
        };
        let own = app.map_or(Ok(String::new()), |app| value(&given.to_app, Scope::App(app)))?;
        let host = if setting.global { value(&given.to_host, Scope::Global)? } else { String::new() };
        self.add(&format!("--ps-computed-{name}"), true, || Ok(setting.holding(&own, &host)))?;
        if let Some(app) = app {
            self.add(&format!("--ps-{name}"), true, || Ok(own))?;
            for (process_type, value) in setting.given_to_types(env, app, &given.to_app)? {
                self.add(&format!("--ps-{name}.{process_type}"), true, || Ok(value))?;
            }
        }
        if setting.global { self.add(&format!("--ps-global-{name}"), true, || Ok(host)) } else { Ok(()) }
    }

    /// The value of one flag, on a line.
    pub(crate) fn value(&self, flag: &str) -> Result<String> {
        if let Some(value) = self.values.get(flag) {
            return Ok(format!("{}\n", shown(value)));
        }
        let mut flags: Vec<&str> = self.flags.iter().map(String::as_str).collect();
        flags.sort_unstable();
        Err(Error::new(format!("Invalid flag passed, valid flags: {}", flags.join(", "))))
    }

    /// All values, a line each, under a title unless quiet.
    pub(crate) fn to_text(&self, quiet: bool) -> String {
        let width = self.values.keys().map(String::len).max().unwrap_or_default().max(LABEL_WIDTH);
        let mut text = if quiet { String::new() } else { format!("=====> {} {PLUGIN} information\n", self.title) };
        for (flag, value) in &self.values {
            let (label, value) = (format!("{}:", label(flag)), shown(value));
            text.push_str(&format!("       {label:<width$}{value}\n"));
        }
        text
    }

    /// All values as one JSON object on a line, those of the plugin's own flags with and without the
    /// plugin's name before them.
    pub(crate) fn to_json(&self) -> Result<String> {
        let mut object = BTreeMap::new();
        for (flag, value) in &self.values {
            let key = flag.trim_start_matches('-');
            object.insert(key, value);
            object.insert(key.strip_prefix("ps-").unwrap_or(key), value);
        }
        Ok(shown_json(&as_in_html(&serde_json::to_string(&object)?)) + "\n")
    }
}

/// The names of the properties that have been given, so that nothing else is looked for.
struct Given {
    to_app: Vec<String>,
    to_host: Vec<String>,
}

impl Given {
    fn find(env: &Env, app: Option<&App>) -> Result<Self> {
        let properties = Properties::new(env, PLUGIN);
        let to_app = app.map_or(Ok(Vec::new()), |app| properties.names(app))?;
        Ok(Self { to_app, to_host: properties.names(Scope::Global)? })
    }
}

/// The flags that one may ask the report of an app for, but those of its instances, sorted.
pub(crate) fn info_flags() -> Vec<String> {
    let mut flags =
        ["--deployed", "--processes", "--ps-can-scale", "--restore", "--running"].map(str::to_owned).to_vec();
    for setting in SETTINGS.iter().filter(|setting| setting.reported && setting.name != "restore") {
        let name = setting.name;
        flags.extend([format!("--ps-{name}"), format!("--ps-computed-{name}")]);
        flags.extend(setting.global.then(|| format!("--ps-global-{name}")));
    }
    flags.sort_unstable();
    flags
}

/// JSON with the characters escaped that the stock plugin escapes, since they mean something in HTML or
/// JavaScript. They can only stand in strings.
fn as_in_html(json: &str) -> String {
    let mut escaped = String::with_capacity(json.len());
    for character in json.chars() {
        match character {
            '&' | '<' | '>' | '\u{2028}' | '\u{2029}' => escaped.push_str(&format!("\\u{:04x}", u32::from(character))),
            _ => escaped.push(character),
        }
    }
    escaped
}

/// `--ps-can-scale` as a label: `Ps can scale`.
fn label(flag: &str) -> String {
    let words = flag.trim_start_matches('-').replace(['-', '.'], " ");
    let mut characters = words.chars();
    characters.next().map(|first| first.to_ascii_uppercase()).into_iter().chain(characters).collect()
}

fn status_text(status: &InstanceStatus) -> String {
    let state = status.state.as_ref().map_or("missing", ContainerState::as_str);
    let id: String = status.container.chars().take(SHOWN_ID).filter(|character| !character.is_control()).collect();
    if id.is_empty() { state.to_owned() } else { format!("{state} (CID: {id})") }
}

fn restore(env: &Env, app: &App) -> Result<String> {
    crate::settings::RESTORE.of(env, app)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn report(values: &[(&str, &str)]) -> Report {
        let values: BTreeMap<String, String> =
            values.iter().map(|(flag, value)| ((*flag).to_owned(), (*value).to_owned())).collect();
        Report { title: "shop".to_owned(), flags: values.keys().cloned().collect(), values }
    }

    #[test]
    fn labels_are_as_wide_as_the_longest_flag() {
        let text = report(&[("--running", "true"), ("--status-web.1", "running (CID: 3e5ab9b9e5a)")]).to_text(false);
        assert_eq!(text.lines().next(), Some("=====> shop ps information"));
        assert_eq!(text.lines().nth(1), Some("       Running:                       true"));
        assert_eq!(text.lines().nth(2), Some("       Status web 1:                  running (CID: 3e5ab9b9e5a)"));
        let long = format!("--status-{}.1", "a".repeat(40));
        let text = report(&[("--running", "true"), (&long, "missing")]).to_text(true);
        assert_eq!(text.lines().next().unwrap().find("true"), Some(7 + long.len()));
    }

    #[test]
    fn json_has_a_plugin_s_flags_under_both_names() {
        let json = report(&[("--ps-can-scale", "true"), ("--running", "mixed")]).to_json().unwrap();
        assert_eq!(json, "{\"can-scale\":\"true\",\"ps-can-scale\":\"true\",\"running\":\"mixed\"}\n");
    }

    #[test]
    fn json_may_stand_in_a_page() {
        let json = report(&[("--ps-start-cmd", "a && b <c >d\u{2028}")]).to_json().unwrap();
        let escaped = r"a \u0026\u0026 b \u003cc \u003ed\u2028";
        assert_eq!(json, format!("{{\"ps-start-cmd\":\"{escaped}\",\"start-cmd\":\"{escaped}\"}}\n"));
    }

    #[test]
    fn no_value_commands_a_terminal() {
        let report = report(&[("--ps-start-cmd", "a\u{1b}[2J\u{9b}\u{202e}\nb")]);
        let escaped = "a\\u{1b}[2J\\u{9b}\\u{202e}\\nb";
        assert!(report.to_text(true).ends_with(&format!("{escaped}\n")), "{}", report.to_text(true));
        assert_eq!(report.value("--ps-start-cmd").unwrap(), format!("{escaped}\n"));
        assert!(report.to_json().unwrap().contains(r"a\u001b[2J\u009b\u202e\nb"));
    }

    #[test]
    fn a_flag_that_is_not_there_names_those_that_are() {
        let report = report(&[("--running", "true"), ("--deployed", "false")]);
        assert_eq!(report.value("--running").unwrap(), "true\n");
        let error = report.value("--runing").unwrap_err();
        assert_eq!(error.message(), "Invalid flag passed, valid flags: --deployed, --running");
    }

    #[test]
    fn an_instance_without_a_container_is_missing() {
        let status = |container: &str, state: Option<&str>| {
            status_text(&InstanceStatus {
                instance: None,
                container: container.to_owned(),
                state: state.map(Into::into),
            })
        };
        assert_eq!(status("3e5ab9b9e5ac3e5a", Some("exited")), "exited (CID: 3e5ab9b9e5a)");
        assert_eq!(status("3e5ab9b9e5ac3e5a", None), "missing (CID: 3e5ab9b9e5a)");
        assert_eq!(status("", None), "missing");
    }
}
