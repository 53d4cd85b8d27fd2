//! The settings that plugn gives to a plugin's hooks: `CONFIG_<KEY>`.
//!
//! For each key in the table `[plugin.config]` of the plugin's plugin.toml the hook gets the value of
//! the variable `<PLUGIN>_<KEY>`, else that of the key in the plugin's table of
//! `$PLUGIN_PATH/config.toml`, else an empty one. plugn lets a shell read the value, so `$HOME` in it
//! expands; here variables expand too, with their defaults, and nothing else does. What one hook got, the later hooks of
//! the same trigger see as well.

use crate::{Env, file, procfile};
use std::collections::BTreeMap;
use std::path::Path;
use toml::Table;

/// The settings of one trigger's hooks, as they pile up.
#[derive(Debug)]
pub(crate) struct TriggerConfig<'a> {
    env: &'a Env,
    values: Option<Table>,
    given: BTreeMap<String, String>,
}

impl<'a> TriggerConfig<'a> {
    pub(crate) fn new(env: &'a Env) -> Self {
        Self { env, values: None, given: BTreeMap::new() }
    }

    /// The variables that a hook of `plugin` gets on top of ours. A file that is missing or cannot be
    /// parsed has no settings: the hook runs all the same, as with plugn.
    pub(crate) fn of_plugin(&mut self, plugin: &str) -> impl Iterator<Item = (&String, &String)> {
        if let Ok(path) = self.env.plugin_path() {
            let file = table_in(&path.join("available").join(plugin).join("plugin.toml"));
            let keys = file.get("plugin").and_then(|table| table.get("config")).and_then(toml::Value::as_table);
            for key in keys.into_iter().flat_map(Table::keys) {
                let name = upper(key);
                let value = match self.env.var(&format!("{}_{name}", upper(plugin))) {
                    Some(value) => value.to_owned(),
                    None => self.value(&path.join("config.toml"), plugin, key),
                };
                self.given.insert(format!("CONFIG_{name}"), value);
            }
        }
        self.given.iter()
    }

    fn value(&mut self, path: &Path, plugin: &str, key: &str) -> String {
        let values = self.values.get_or_insert_with(|| table_in(path));
        let value = values.get(plugin).and_then(|table| table.get(key)).and_then(toml::Value::as_str);
        procfile::expand(value.unwrap_or_default(), |name| self.env.var(name).map(str::to_owned))
    }
}

/// What a file of TOML holds; nothing when it is missing or is none.
fn table_in(path: &Path) -> Table {
    let bytes = file::read_of_the_system(path).ok().flatten();
    bytes.and_then(|bytes| String::from_utf8(bytes).ok()?.parse().ok()).unwrap_or_default()
}

/// How plugn turns a name into a part of a variable's name.
fn upper(name: &str) -> String {
    name.to_ascii_uppercase().replace('-', "_")
}
