//! `ps:set`: set or clear a property of an app, or of all apps.

use super::Patience;
use crate::PLUGIN;
use crate::settings::{SETTINGS, Setting};
use common::{App, AppLock, Env, Error, Globals, Properties, Result, Scope, clap, parse_command_line};

#[derive(Debug, clap::Parser)]
#[command(
    name = "ps:set",
    about = "Set or clear a ps property for an app",
    disable_version_flag = true,
    args_override_self = true
)]
struct Arguments {
    /// Set the property for all apps that have no value of their own
    #[arg(long, num_args = 0..=1, require_equals = true, default_value_t = false, default_missing_value = "true")]
    global: bool,
    #[command(flatten)]
    patience: Patience,
    #[command(flatten)]
    globals: Globals,
    /// The app (not with --global), the property, and its value; without a value it is cleared
    words: Vec<String>,
}

/// The body of `ps:set`.
///
/// # Errors
/// No such app or property, or a value that the property cannot hold.
pub fn main(env: &Env) -> Result<()> {
    let arguments: Arguments = parse_command_line(env)?;
    let mut words = arguments.words.iter().map(String::as_str);
    let app = if arguments.global { None } else { Some(App::named_by_user(env, words.next().unwrap_or_default())?) };
    let name = words.next().unwrap_or_default();
    let value = words.next().unwrap_or_default();
    let setting = setting(name, app.is_none())?;
    let rest: Vec<&str> = words.collect();
    if !rest.is_empty() {
        let whole = std::iter::once(value).chain(rest).collect::<Vec<_>>().join(" ");
        return Err(Error::new(format!("{name} takes one value, put quotes around it: '{whole}'")));
    }
    if !value.is_empty() {
        setting.check(value)?;
    }
    let _lock = app.as_ref().map(|app| AppLock::acquire(env, app, arguments.patience.duration())).transpose()?;
    let scope = app.as_ref().map_or(Scope::Global, Scope::App);
    if value.is_empty() {
        env.output().info2_quiet(&format!("Unsetting {name}"));
        Properties::new(env, PLUGIN).unset(scope, name)
    } else {
        env.output().info2_quiet(&format!("Setting {name} to {value}"));
        Properties::new(env, PLUGIN).set(scope, name, value)
    }
}

/// The property that the user named.
fn setting(name: &str, global: bool) -> Result<&'static Setting> {
    let setting = Setting::named(name);
    if global && !setting.is_some_and(|setting| setting.global) {
        return Err(Error::new("Property cannot be specified globally"));
    }
    if name.is_empty() {
        return Err(Error::new("No property specified"));
    }
    setting.ok_or_else(|| {
        let names = SETTINGS.iter().map(|setting| setting.name).collect::<Vec<_>>().join(", ");
        Error::new(format!("Invalid property specified, valid properties include: {names}"))
    })
}
