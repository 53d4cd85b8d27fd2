//! The properties that `ps:set` sets: their names, what they may hold, and what holds without them.

mod by_type;

pub(crate) use by_type::{Named, StopTimeouts};

use crate::PLUGIN;
use crate::formation::Request;
use crate::plan::Ills;
use crate::restart_policy::RestartPolicy;
use common::{App, Context, Env, Error, ProcessType, Properties, Quantity, Result, Scope, commands_a_terminal};
use std::time::Duration;

/// One property.
#[derive(Debug)]
pub(crate) struct Setting {
    /// Its name.
    pub(crate) name: &'static str,
    /// Whether it can be set for all apps.
    pub(crate) global: bool,
    /// What holds when neither app nor host has a value.
    pub(crate) default: &'static str,
    /// Whether `ps:report` shows it: what the stock plugin does not have, no report shows.
    pub(crate) reported: bool,
    check: fn(&str) -> Result<()>,
}

/// Whether an app runs after a boot: not one that was stopped by hand.
pub(crate) const RESTORE: Setting =
    Setting { name: "restore", global: false, default: "true", reported: true, check: truth };
pub(crate) const RESTART_POLICY: Setting =
    Setting { name: "restart-policy", global: true, default: "on-failure:10", reported: true, check: restart_policy };
pub(crate) const PROCFILE_PATH: Setting =
    Setting { name: "procfile-path", global: true, default: "Procfile", reported: true, check: path_in_source };
pub(crate) const SCALE_HOOKS: Setting =
    Setting { name: "scale-hooks", global: true, default: "needed", reported: false, check: scale_hooks };
pub(crate) const SCALE_STRATEGY: Setting =
    Setting { name: "scale-strategy", global: true, default: "incremental", reported: false, check: scale_strategy };
pub(crate) const START_CMD: Setting =
    Setting { name: "start-cmd", global: false, default: "", reported: true, check: one_line };
/// What is mended without a hand.
pub(crate) const HEAL: Setting =
    Setting { name: "heal", global: true, default: "address,missing,upcoming", reported: false, check: ills };
const MAX_INSTANCES: Setting =
    Setting { name: "max-instances", global: true, default: "1000", reported: false, check: instances };
const STOP_TIMEOUT: Setting =
    Setting { name: "stop-timeout-seconds", global: true, default: "30", reported: true, check: seconds };

/// Which file of a source sets the scale.
pub(crate) const SCALE_FILE: Setting =
    Setting { name: "scale-file", global: true, default: DOKKU_SCALE, reported: false, check: scale_file };
const DOKKU_SCALE: &str = "DOKKU_SCALE";

/// All properties, sorted by name.
pub(crate) const SETTINGS: &[Setting] = &[
    Setting { name: "dockerfile-start-cmd", global: false, default: "", reported: true, check: one_line },
    HEAL,
    MAX_INSTANCES,
    PROCFILE_PATH,
    RESTART_POLICY,
    RESTORE,
    SCALE_FILE,
    SCALE_HOOKS,
    SCALE_STRATEGY,
    Setting { name: "skip-deploy", global: true, default: "false", reported: true, check: truth },
    START_CMD,
    STOP_TIMEOUT,
];

impl Setting {
    /// The property of that name.
    pub(crate) fn named(name: &str) -> Option<&'static Self> {
        SETTINGS.iter().find(|setting| setting.name == name)
    }

    /// Checks a value before it is set.
    pub(crate) fn check(&self, value: &str) -> Result<()> {
        (self.check)(value)?;
        match value.chars().find(|character| commands_a_terminal(*character)) {
            None => Ok(()),
            Some(character) => Err(Error::new(format!(
                "Invalid {} specified, it holds the control character {}: only characters that can be seen are allowed",
                self.name,
                character.escape_default()
            ))),
        }
    }

    /// The value that an app or the host was given; empty when none was.
    pub(crate) fn given<'s>(&self, env: &Env, scope: impl Into<Scope<'s>>) -> Result<String> {
        Ok(Properties::new(env, PLUGIN).get(scope, self.name)?.unwrap_or_default())
    }

    /// The value that holds where an app was given `own` and the host `host`; empty is not given.
    pub(crate) fn holding(&self, own: &str, host: &str) -> String {
        [own, if self.global { host } else { "" }, self.default]
            .into_iter()
            .find(|value| !value.is_empty())
            .unwrap_or_default()
            .to_owned()
    }

    /// The value that holds for an app.
    pub(crate) fn of(&self, env: &Env, app: &App) -> Result<String> {
        self.computed(env, Some(app))
    }

    /// The value that holds for an app, or for the host when no app is given.
    pub(crate) fn computed(&self, env: &Env, app: Option<&App>) -> Result<String> {
        let own = app.map_or(Ok(String::new()), |app| self.given(env, app))?;
        let host = if own.is_empty() && self.global { self.given(env, Scope::Global)? } else { String::new() };
        Ok(self.holding(&own, &host))
    }
}

/// What is mended of an app without a hand.
pub(crate) fn healed(env: &Env, app: &App) -> Result<Ills> {
    Ills::parse(&HEAL.of(env, app)?).context(|| format!("reading the properties of {app}"))
}

/// Whether nobody is to start again what has ended of a process type.
pub(crate) fn ended_stay(env: &Env, app: &App, process_type: &ProcessType) -> Result<bool> {
    Ok(RESTART_POLICY.of_type(env, Some(app), Some(process_type))? == "no")
}

/// Whether an app was stopped by hand, and is to stay so.
pub(crate) fn is_stopped(env: &Env, app: &App) -> Result<bool> {
    Ok(RESTORE.of(env, app)? == "false")
}

/// Seconds as somebody has set them: `usual` for what is no number, and no more than Docker can count.
pub(crate) fn seconds_or(text: &str, usual: u64) -> Duration {
    let digits = !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    let number = if digits { text.parse().unwrap_or(u64::MAX) } else { usual };
    Duration::from_secs(number.min(u64::from(i32::MAX.unsigned_abs())))
}

fn one_line(value: &str) -> Result<()> {
    if value.contains(['\n', '\r', '\0']) {
        return Err(Error::new("Invalid command specified, it must be a single line"));
    }
    Ok(())
}

fn path_in_source(value: &str) -> Result<()> {
    one_line(value)?;
    if value.split('/').any(|part| part == "..") {
        return Err(Error::new(
            "Invalid procfile-path specified, it must be a path inside the source, such as deploy/Procfile",
        ));
    }
    Ok(())
}

fn ills(value: &str) -> Result<()> {
    Ills::parse(value).map(drop)
}

fn restart_policy(value: &str) -> Result<()> {
    value.parse::<RestartPolicy>().map(drop)
}

fn truth(value: &str) -> Result<()> {
    match value {
        "true" | "false" => Ok(()),
        _ => Err(Error::new(format!("Invalid value {value:?} specified, use true or false"))),
    }
}

fn scale_file(value: &str) -> Result<()> {
    one_of(value, "scale-file", &[DOKKU_SCALE, "none"])
}

fn scale_hooks(value: &str) -> Result<()> {
    one_of(value, "scale-hooks", &["needed", "all"])
}

/// Checks the name of a strategy, as a property or a flag has it.
pub(crate) fn scale_strategy(value: &str) -> Result<()> {
    one_of(value, "scale-strategy", &["incremental", "recreate"])
}

fn one_of(value: &str, name: &str, words: &[&str]) -> Result<()> {
    if words.contains(&value) {
        return Ok(());
    }
    Err(Error::new(format!("Invalid {name} {value:?} specified, use {}", words.join(" or "))))
}

fn instances(value: &str) -> Result<()> {
    max_instances(value).map(drop)
}

/// How many instances of a type no property may allow: more steps than a plan should have, and far more containers
/// than a host can have.
const MOST_INSTANCES: u32 = 1_000_000;

/// Reads the property `max-instances`.
pub(crate) fn max_instances(value: &str) -> Result<u32> {
    let digits = value.bytes().all(|byte| byte.is_ascii_digit());
    let number = value.parse().ok().filter(|number| digits && (1..=MOST_INSTANCES).contains(number));
    number.ok_or_else(|| {
        Error::new(format!(
            "Invalid max-instances {value:?} specified, use a whole number from 1 to {MOST_INSTANCES}: how many \
             instances of a type there may be"
        ))
    })
}

fn seconds(value: &str) -> Result<()> {
    let digits = value.bytes().all(|byte| byte.is_ascii_digit());
    if digits && value.parse::<u32>().is_ok() {
        return Ok(());
    }
    Err(Error::new(format!(
        "Invalid stop-timeout-seconds {value:?} specified, use a whole number of seconds such as 30"
    )))
}

/// The property `max-instances`: how many instances of a type an app may have.
///
/// A count above it is a slip of the hand, and a host that tried would go down with it. So it is refused wherever a
/// count comes in, before anything is written. One that a hand has written into the saved scale all the same is named
/// wherever somebody goes by it, with the file and the line.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct MaxInstances {
    app: App,
    most: Quantity,
}

impl MaxInstances {
    /// What holds for an app.
    pub(crate) fn of(env: &Env, app: &App) -> Result<Self> {
        let value = MAX_INSTANCES.of(env, app)?;
        let most = max_instances(&value).context(|| format!("reading the properties of {app}"))?;
        Ok(Self { app: app.clone(), most })
    }

    /// Whether there may be so many.
    pub(crate) fn allows(&self, quantity: Quantity) -> bool {
        quantity <= self.most
    }

    /// Refuses a request for more.
    pub(crate) fn check(&self, request: &Request) -> Result<()> {
        if self.allows(request.quantity) {
            return Ok(());
        }
        let Request { process_type, quantity } = request;
        Err(Error::new(format!(
            "Invalid count for process type {process_type}: {quantity} is more than the property max-instances of {} \
             allows ({}); to allow more: dokku ps:set {} max-instances N",
            self.app, self.most, self.app
        )))
    }

    /// Refuses requests of which one asks for more.
    pub(crate) fn check_all(&self, requests: &[Request]) -> Result<()> {
        requests.iter().try_for_each(|request| self.check(request))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_that_mean_nothing_are_refused() {
        let check = |name: &str, value: &str| Setting::named(name).unwrap().check(value);
        for (name, value) in [
            ("stop-timeout-seconds", "soon"),
            ("stop-timeout-seconds", "-1"),
            ("stop-timeout-seconds", "+1"),
            ("skip-deploy", "maybe"),
            ("restore", "0"),
            ("restart-policy", "on-failure:junk"),
            ("procfile-path", "../Procfile"),
            ("start-cmd", "a\nb"),
            ("start-cmd", "a\tb"),
            ("start-cmd", "echo \u{1b}[2J"),
            ("dockerfile-start-cmd", "\u{7f}"),
            ("procfile-path", "a\u{9b}b"),
            ("procfile-path", "a\u{202e}b"),
            ("heal", "everything"),
            ("scale-file", "scale.txt"),
            ("heal", "address,none"),
            ("max-instances", "0"),
            ("max-instances", "-1"),
            ("max-instances", "1000001"),
            ("max-instances", "99999999999999999999"),
        ] {
            assert!(check(name, value).is_err(), "{name} {value}");
        }
        for (name, value) in [
            ("stop-timeout-seconds", "0"),
            ("skip-deploy", "true"),
            ("procfile-path", "/a/..b/Procfile"),
            ("start-cmd", "serve \u{fc}ber"),
            ("heal", "none"),
            ("scale-file", "none"),
            ("heal", "stray,address"),
            ("max-instances", "1"),
            ("max-instances", "1000000"),
        ] {
            assert!(check(name, value).is_ok(), "{name} {value}");
        }
    }

    #[test]
    fn settings_are_sorted_and_their_defaults_hold() {
        assert!(SETTINGS.is_sorted_by_key(|setting| setting.name));
        for setting in SETTINGS.iter().filter(|setting| !setting.default.is_empty()) {
            assert!(setting.check(setting.default).is_ok(), "{}", setting.name);
        }
    }

    #[test]
    fn seconds_are_what_docker_can_count() {
        for (text, wanted) in [
            ("0", 0),
            ("45", 45),
            ("", 60),
            ("soon", 60),
            ("-1", 60),
            ("+1", 60),
            ("99999999999999999999", 2_147_483_647),
            ("18446744073709551615", 2_147_483_647),
        ] {
            assert_eq!(seconds_or(text, 60).as_secs(), wanted, "{text}");
        }
    }
}
