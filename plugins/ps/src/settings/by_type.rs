//! The properties that a process type may have of its own: `restart-policy.worker` beside `restart-policy`. What a type
//! was given holds for it before what its app was given.

use super::{RESTART_POLICY, SETTINGS, STOP_TIMEOUT, Setting, seconds_or};
use crate::PLUGIN;
use common::{App, Env, Error, ProcessType, Properties, Result};
use std::collections::BTreeMap;
use std::fmt;
use std::time::Duration;

/// The properties that a type may have of its own.
const OF_TYPES: [&str; 2] = [RESTART_POLICY.name, STOP_TIMEOUT.name];

/// A property as its user names it: `restart-policy`, or `restart-policy.worker` for one process type.
#[derive(Clone, Debug)]
pub(crate) struct Named {
    /// The property.
    pub(crate) setting: &'static Setting,
    /// The type that it is of; `None` for the app or the host.
    pub(crate) process_type: Option<ProcessType>,
}

impl Named {
    /// Reads a name.
    pub(crate) fn parse(name: &str) -> Result<Self> {
        if name.is_empty() {
            return Err(Error::new("No property specified"));
        }
        let (property, process_type) =
            name.split_once('.').map_or((name, None), |(property, process_type)| (property, Some(process_type)));
        let setting = Setting::named(property).ok_or_else(|| {
            let names = SETTINGS.iter().map(|setting| setting.name).collect::<Vec<_>>().join(", ");
            Error::new(format!("Invalid property specified, valid properties include: {names}"))
        })?;
        if process_type.is_some() && !setting.can_be_of_a_type() {
            let names = OF_TYPES.join(" and ");
            return Err(Error::new(format!("{property} cannot be set for a process type, only {names} can")));
        }
        Ok(Self { setting, process_type: process_type.map(str::parse).transpose()? })
    }

    /// Whether it can be set for all apps.
    pub(crate) fn is_global(&self) -> bool {
        self.setting.global && self.process_type.is_none()
    }
}

impl fmt::Display for Named {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.process_type {
            Some(process_type) => write!(formatter, "{}.{process_type}", self.setting.name),
            None => formatter.write_str(self.setting.name),
        }
    }
}

impl Setting {
    fn can_be_of_a_type(&self) -> bool {
        OF_TYPES.contains(&self.name)
    }

    /// The value that holds for a process type of an app; without a type for the app, without an app for the host.
    pub(crate) fn of_type(&self, env: &Env, app: Option<&App>, process_type: Option<&ProcessType>) -> Result<String> {
        let own = match (app, process_type) {
            (Some(app), Some(process_type)) if self.can_be_of_a_type() => {
                Properties::new(env, PLUGIN).get(app, &format!("{}.{process_type}", self.name))?
            }
            _ => None,
        };
        own.map_or_else(|| self.computed(env, app), Ok)
    }

    /// What process types of an app that has properties of these names were given, by type.
    pub(crate) fn given_to_types(
        &self,
        env: &Env,
        app: &App,
        names: &[String],
    ) -> Result<BTreeMap<ProcessType, String>> {
        let mut given = BTreeMap::new();
        if !self.can_be_of_a_type() {
            return Ok(given);
        }
        for name in names {
            let process_type = name.strip_prefix(self.name).and_then(|rest| rest.strip_prefix('.'));
            let Some(Ok(process_type)) = process_type.map(str::parse) else { continue };
            if let Some(value) = Properties::new(env, PLUGIN).get(app, name)? {
                given.insert(process_type, value);
            }
        }
        Ok(given)
    }
}

/// How long the containers of an app may take to end before they are killed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct StopTimeouts {
    of_app: Duration,
    /// Those that are others than the app's.
    of_types: BTreeMap<ProcessType, Duration>,
}

impl StopTimeouts {
    /// What holds for an app.
    pub(crate) fn of(env: &Env, app: &App) -> Result<Self> {
        let timeout = |value: &str| seconds_or(value, 30);
        let of_app = timeout(&STOP_TIMEOUT.of(env, app)?);
        let names = Properties::new(env, PLUGIN).names(app)?;
        let given = STOP_TIMEOUT.given_to_types(env, app, &names)?.into_iter();
        let of_types = given.map(|(process_type, value)| (process_type, timeout(&value)));
        Ok(Self { of_app, of_types: of_types.filter(|(_, timeout)| *timeout != of_app).collect() })
    }

    /// Whether all types have the app's.
    pub(crate) fn are_one(&self) -> bool {
        self.of_types.is_empty()
    }

    /// What a type has that is not the app's. The name is a container's label, which may be anything.
    pub(crate) fn own(&self, process_type: &str) -> Option<Duration> {
        self.of_types.get(&process_type.parse().ok()?).copied()
    }

    /// What holds for a type, or for what is of none.
    pub(crate) fn of_type(&self, process_type: &str) -> Duration {
        self.own(process_type).unwrap_or(self.of_app)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::scene::host;
    use common::Scope;

    #[test]
    fn a_name_is_a_property_and_maybe_a_type() {
        for name in ["restart-policy", "restart-policy.worker", "stop-timeout-seconds.my_web-2", "start-cmd"] {
            assert_eq!(Named::parse(name).unwrap().to_string(), name);
        }
        assert!(Named::parse("restart-policy").unwrap().is_global());
        assert!(!Named::parse("restart-policy.web").unwrap().is_global());
        assert!(!Named::parse("start-cmd").unwrap().is_global());
        let error = |name: &str| Named::parse(name).unwrap_err().to_string();
        for name in ["nope", "nope.web", ".web", "../x", "restart_policy.web", "restart-policyx.web"] {
            assert!(error(name).starts_with("Invalid property specified, valid properties include: "), "{name}");
        }
        assert_eq!(error(""), "No property specified");
        assert_eq!(error("restart-policy."), "A process type must not be empty");
        for name in ["restart-policy.web.1", "restart-policy.a/b", "stop-timeout-seconds.*", "restart-policy.a\nb"] {
            assert!(error(name).contains("is not a process type"), "{name}");
        }
        assert_eq!(
            error("start-cmd.worker"),
            "start-cmd cannot be set for a process type, only restart-policy and stop-timeout-seconds can"
        );
    }

    #[test]
    fn a_type_s_value_holds_before_the_app_s_and_the_host_s() {
        let lib = tempfile::tempdir().unwrap();
        let env = host(lib.path());
        let (properties, app): (_, App) = (Properties::new(&env, PLUGIN), "shop".parse().unwrap());
        let (web, worker): (ProcessType, ProcessType) = (ProcessType::web(), "worker".parse().unwrap());
        let of = |process_type: Option<&ProcessType>| RESTART_POLICY.of_type(&env, Some(&app), process_type).unwrap();
        assert_eq!(of(Some(&worker)), "on-failure:10");
        properties.set(Scope::Global, "restart-policy", "unless-stopped").unwrap();
        assert_eq!(of(Some(&worker)), "unless-stopped");
        properties.set(&app, "restart-policy", "always").unwrap();
        assert_eq!(of(Some(&worker)), "always");
        properties.set(&app, "restart-policy.worker", "no").unwrap();
        assert_eq!([of(Some(&worker)), of(Some(&web)), of(None)], ["no", "always", "always"]);
        properties.set(&app, "restart-policy.worker", "").unwrap();
        assert_eq!(of(Some(&worker)), "always");
    }

    #[test]
    fn what_types_were_given_is_found_among_the_app_s_properties() {
        let lib = tempfile::tempdir().unwrap();
        let env = host(lib.path());
        let (properties, app): (_, App) = (Properties::new(&env, PLUGIN), "shop".parse().unwrap());
        for name in
            ["restart-policy", "restart-policy.b", "restart-policy.a", "restart-policy.web.1", "restart-policyx.a"]
        {
            properties.set(&app, name, "no").unwrap();
        }
        properties.set(&app, "restart-policy.empty", "").unwrap();
        properties.set(&app, "start-cmd.worker", "run").unwrap();
        let given = |setting: &Setting| {
            let given = setting.given_to_types(&env, &app, &properties.names(&app).unwrap()).unwrap();
            given.iter().map(|(process_type, value)| format!("{process_type}={value}")).collect::<Vec<_>>()
        };
        assert_eq!(given(&RESTART_POLICY), ["a=no", "b=no"]);
        assert!(given(&STOP_TIMEOUT).is_empty() && given(Setting::named("start-cmd").unwrap()).is_empty());
    }

    #[test]
    fn a_container_has_the_time_of_its_type() {
        let lib = tempfile::tempdir().unwrap();
        let env = host(lib.path());
        let (properties, app): (_, App) = (Properties::new(&env, PLUGIN), "shop".parse().unwrap());
        properties.set(&app, "stop-timeout-seconds", "5").unwrap();
        properties.set(&app, "stop-timeout-seconds.web", "5").unwrap();
        assert!(StopTimeouts::of(&env, &app).unwrap().are_one());
        properties.set(&app, "stop-timeout-seconds.worker", "120").unwrap();
        let timeouts = StopTimeouts::of(&env, &app).unwrap();
        assert!(!timeouts.are_one());
        for (name, own, seconds) in [("worker", true, 120), ("web", false, 5), ("", false, 5), ("a/b", false, 5)] {
            assert_eq!((timeouts.own(name).is_some(), timeouts.of_type(name).as_secs()), (own, seconds), "{name}");
        }
    }
}
