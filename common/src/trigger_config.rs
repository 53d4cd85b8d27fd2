//! The settings that plugn gives to a plugin's hooks: `CONFIG_<KEY>`.
//!
//! For each key in the table `[plugin.config]` of the plugin's plugin.toml the hook gets the value of
//! the variable `<PLUGIN>_<KEY>`, else that of the key in the plugin's table of
//! `$PLUGIN_PATH/config.toml`, else an empty one. plugn lets a shell read the value, so `$HOME` in it
//! expands; here variables expand too, and nothing else does. What one hook got, the later hooks of
//! the same trigger see as well.

use crate::{Env, atomic, procfile};
use serde::Deserialize;
use std::collections::BTreeMap;

type Table = BTreeMap<String, toml::Value>;

/// The settings of one trigger's hooks, as they pile up.
#[derive(Debug)]
pub(crate) struct TriggerConfig<'a> {
    env: &'a Env,
    values: Option<BTreeMap<String, Table>>,
    given: BTreeMap<String, String>,
}

#[derive(Deserialize, Default)]
struct PluginFile {
    #[serde(default)]
    plugin: PluginTable,
}

#[derive(Deserialize, Default)]
struct PluginTable {
    #[serde(default)]
    config: Table,
}

impl<'a> TriggerConfig<'a> {
    pub(crate) fn new(env: &'a Env) -> Self {
        Self { env, values: None, given: BTreeMap::new() }
    }

    /// The variables that a hook of `plugin` gets on top of ours. A file that is missing or cannot be
    /// parsed has no settings: the hook runs all the same, as with plugn.
    pub(crate) fn of_plugin(&mut self, plugin: &str) -> impl Iterator<Item = (&String, &String)> {
        if let Some(keys) = self.keys_of(plugin) {
            let prefix = upper(plugin);
            for key in keys {
                let name = upper(&key);
                let value = match self.env.var(&format!("{prefix}_{name}")) {
                    Some(value) => value.to_owned(),
                    None => self.value(plugin, &key),
                };
                self.given.insert(format!("CONFIG_{name}"), value);
            }
        }
        self.given.iter()
    }

    fn keys_of(&self, plugin: &str) -> Option<Vec<String>> {
        let path = self.env.plugin_path().ok()?.join("available").join(plugin).join("plugin.toml");
        let file: PluginFile = toml::from_str(&atomic::read_text(&path).ok()??).ok()?;
        Some(file.plugin.config.into_keys().collect())
    }

    fn value(&mut self, plugin: &str, key: &str) -> String {
        let env = self.env;
        let values = self.values.get_or_insert_with(|| {
            let path = env.plugin_path().map(|path| path.join("config.toml"));
            let text = path.and_then(|path| atomic::read_text(&path)).ok().flatten().unwrap_or_default();
            toml::from_str(&text).unwrap_or_default()
        });
        let value =
            values.get(plugin).and_then(|table| table.get(key)).and_then(toml::Value::as_str).unwrap_or_default();
        procfile::expand(value, |name| env.var(name).unwrap_or_default().to_owned())
    }
}

/// How plugn turns a name into a part of a variable's name.
fn upper(name: &str) -> String {
    name.to_uppercase().replace('-', "_")
}
