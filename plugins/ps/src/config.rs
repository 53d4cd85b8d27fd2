//! An app's config: what `config:set` has set for it and for the host.

use crate::host_files;
use common::procfile::parse_envfile;
use common::{App, Context, Env, Result, Scope, Triggers, file};
use std::collections::BTreeMap;

/// The variables that hold for an app: its own before the host's.
///
/// They are read from the plugin config's files: that spares two processes in every deploy and health check. Where
/// one is still in its earlier place, only the plugin itself knows what holds, so it is asked.
pub(crate) fn config_of(env: &Env, app: &App) -> Result<BTreeMap<String, String>> {
    let mut config = BTreeMap::new();
    for scope in [Scope::Global, Scope::App(app)] {
        let path = host_files::config(env, scope)?;
        match file::read_text(&path)? {
            Some(text) => config.extend(parse_envfile(&text).context(|| format!("reading {}", path.display()))?),
            None if host_files::earlier_config(env, scope)?.is_file() => return exported_config_of(env, app),
            None => {}
        }
    }
    Ok(config)
}

/// The same as the trigger `config-export` tells it.
pub(crate) fn exported_config_of(env: &Env, app: &App) -> Result<BTreeMap<String, String>> {
    let exported = Triggers::new(env).ask_raw("config-export", &[app.as_str(), "false", "true", "envfile"])?;
    parse_envfile(&exported)
}
