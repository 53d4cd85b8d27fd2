//! What has changed for a container without a fingerprint, because it was made before the plugin came.
//!
//! It is judged by itself: by whether a file that it was made from is newer than it is. A build that failed
//! writes to the files of the config and of the command without changing what they say, and a port of the proxy is
//! told in the same file as that of the container, so there the container's own environment and command decide.

use super::sources::{COMMAND, CONFIG, PORTS, binds_all_interfaces, in_files, variables};
use crate::host_files::{ContainerPorts, revision_variable};
use crate::source_files::{current_procfile, expanded};
use common::{App, ContainerDetails, Env, ProcessType, Properties, Result, seconds_since_epoch};
use std::collections::BTreeMap;
use std::time::{Duration, SystemTime};

/// The variables that the host or Docker gives to a container of its own accord.
const GIVEN_BY_THE_HOST: &[&str] = &["DYNO", "PATH", "PORT", "TRACE"];

/// The sources, but for the image, that are not as they were when this container was made. In doubt a source has
/// changed.
///
/// A setting that was taken away leaves no file, so a folder of settings in which a file came or went counts
/// as changed, whichever file it was. A config variable that was unset since then is still in the container:
/// `of_its_image` is asked, where it comes to that, for the variables that the container has from its image,
/// and says `None` when they are not to be asked for; then all that the config does not name are taken to be
/// the image's.
pub(crate) fn changes_since(
    env: &Env,
    app: &App,
    process_type: &ProcessType,
    details: &ContainerDetails,
    of_its_image: impl FnOnce() -> Result<Option<Vec<String>>>,
) -> Result<Vec<String>> {
    let Some(created) = details.created.as_deref().and_then(moment) else { return Ok(Vec::new()) };
    let mut changed = newer_than(env, app, process_type, created)?;
    let config = variables(env, app)?;
    if changed.iter().any(|source| source == CONFIG) {
        let of_its_image = of_its_image()?;
        let revision = revision_variable(env, app)?;
        let given = details.variables.iter().filter(|variable| Some(name_of(variable)) != revision.as_deref());
        let given: Vec<&str> = given.map(String::as_str).collect();
        let same = has_variables(&given, of_its_image.as_deref(), &config);
        changed.retain(|source| source != CONFIG || !same);
    }
    if changed.iter().any(|source| source == PORTS) && !binds_all_interfaces(env, app)? {
        let port = format!("PORT={}", ContainerPorts::of(env, app)?.port());
        let same = details.variables.contains(&port);
        changed.retain(|source| source != PORTS || !same);
    }
    if changed.iter().any(|source| source == COMMAND) {
        let command = command(env, app, process_type, &details.variables, &config)?;
        let same = command.is_some_and(|command| command == details.command);
        changed.retain(|source| source != COMMAND || !same);
    }
    Ok(changed)
}

/// The sources that were written to after `created`.
pub(super) fn newer_than(env: &Env, app: &App, process_type: &ProcessType, created: SystemTime) -> Result<Vec<String>> {
    let mut newer = Vec::new();
    for material in in_files(env, app, process_type)? {
        if material.is_newer_than(created)? {
            newer.push(material.into_source());
        }
    }
    Ok(newer)
}

/// Whether all these variables of the config were given to a container and, beside its image's and the host's,
/// no other.
fn has_variables(given: &[&str], of_its_image: Option<&[String]>, config: &BTreeMap<String, String>) -> bool {
    let is_given = |(name, value): (&String, &String)| given.contains(&format!("{name}={value}").as_str());
    let is_known = |variable: &&str| {
        let name = name_of(variable);
        config.contains_key(name)
            || GIVEN_BY_THE_HOST.contains(&name)
            || of_its_image.is_none_or(|of_its_image| of_its_image.iter().any(|own| own == variable))
    };
    config.iter().all(is_given) && given.iter().all(is_known)
}

/// The name in `NAME=value`.
fn name_of(variable: &str) -> &str {
    variable.split_once('=').map_or(variable, |(name, _)| name)
}

/// The words of the command that a new container would get, with the port that this one has; `None` when that
/// is not for the Procfile alone to say, or when it takes a shell to tell its words.
fn command(
    env: &Env,
    app: &App,
    process_type: &ProcessType,
    given: &[String],
    config: &BTreeMap<String, String>,
) -> Result<Option<Vec<String>>> {
    let properties = Properties::new(env, crate::PLUGIN);
    for property in ["start-cmd", "dockerfile-start-cmd"] {
        if properties.get(app, property)?.is_some_and(|command| !command.is_empty()) {
            return Ok(None);
        }
    }
    let procfile = current_procfile(env, app)?;
    let Some(written) = procfile.as_ref().and_then(|procfile| procfile.command(process_type)) else { return Ok(None) };
    let port = given.iter().find_map(|variable| variable.strip_prefix("PORT=")).unwrap_or_default();
    let expanded = expanded(written, config, process_type, port);
    let is_plain = !expanded.contains(['\'', '"', '\\', '$', '`']);
    Ok(is_plain.then(|| expanded.split_whitespace().map(ToString::to_string).collect()))
}

/// A time that Docker has written, with its fraction: what a deploy writes just before it makes a container
/// is older than that.
fn moment(text: &str) -> Option<SystemTime> {
    let seconds = u64::try_from(seconds_since_epoch(text)?).ok()?;
    let fraction = text.split_once('.').map_or("", |(_, fraction)| fraction.trim_end_matches('Z'));
    let nanoseconds = format!("{fraction:0<9.9}").parse().ok()?;
    SystemTime::UNIX_EPOCH.checked_add(Duration::from_secs(seconds))?.checked_add(Duration::from_nanos(nanoseconds))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn list(words: &[&str]) -> Vec<String> {
        words.iter().map(ToString::to_string).collect()
    }

    fn config(variables: &[(&str, &str)]) -> BTreeMap<String, String> {
        variables.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect()
    }

    #[test]
    fn a_container_has_the_config_of_the_app_and_what_its_image_and_the_host_gave_it() {
        let image = list(&["PATH=/bin", "LANG=C", "MODE=image"]);
        let given = ["PATH=/bin", "LANG=C", "MODE=app", "DYNO=web.1", "PORT=5000", "EMPTY="];
        let has = |variables: &[(&str, &str)]| has_variables(&given, Some(&image), &config(variables));
        assert!(has(&[("MODE", "app"), ("EMPTY", "")]));
        assert!(!has(&[("MODE", "other"), ("EMPTY", "")]), "another value");
        assert!(!has(&[("MODE", "app"), ("EMPTY", ""), ("NEW", "1")]), "one that it has not");
        assert!(!has(&[("MODE", "app")]), "one that was unset");
        assert!(!has(&[("EMPTY", "")]), "one that hid the image's and was unset");
        assert!(has_variables(&given, None, &config(&[("MODE", "app")])), "the image is not asked");
    }

    #[test]
    fn a_command_of_plain_words_can_be_told_and_no_other() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().as_os_str().to_owned();
        let env = Env::new([("DOKKU_LIB_ROOT".into(), path)].into(), Vec::new());
        let app: App = "shop".parse().unwrap();
        let data = folder.path().join("data/ps/shop");
        std::fs::create_dir_all(&data).unwrap();
        let told = |procfile: &str| {
            std::fs::write(data.join("Procfile"), procfile).unwrap();
            let web = ProcessType::web();
            command(&env, &app, &web, &list(&["PORT=8080"]), &config(&[("MODE", "fast")])).unwrap()
        };
        assert_eq!(told("web: serve  --port $PORT --$MODE\n"), Some(list(&["serve", "--port", "8080", "--fast"])));
        assert_eq!(told("web: sh -c 'serve'\n"), None);
        assert_eq!(told("worker: work\n"), None);
    }

    #[test]
    fn a_time_keeps_its_fraction() {
        for (text, nanoseconds) in [
            ("1970-01-01T00:00:01Z", 1_000_000_000),
            ("1970-01-01T00:00:01.5Z", 1_500_000_000),
            ("1970-01-01T00:00:01.000000009Z", 1_000_000_009),
            ("1970-01-01T00:00:01.0000000099Z", 1_000_000_009),
        ] {
            assert_eq!(moment(text), Some(SystemTime::UNIX_EPOCH + Duration::from_nanos(nanoseconds)), "{text}");
        }
        assert_eq!(moment("1970-01-01T00:00:01.xZ"), None);
    }
}
