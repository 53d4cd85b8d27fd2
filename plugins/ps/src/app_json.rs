//! The formation in an app's app.json, as far as this plugin must know it before app-json applies it.

use common::{App, Context, Env, Result, Triggers};
use serde::Deserialize;
use std::collections::BTreeMap;

/// The trigger that prints an app's app.json.
const CONTENT: &str = "app-json-get-content";

#[derive(Deserialize, Default)]
#[serde(default)]
struct AppJson {
    formation: BTreeMap<String, ProcessFormation>,
}

#[derive(Deserialize, Default)]
#[serde(default)]
struct ProcessFormation {
    quantity: Option<i64>,
}

/// Whether this host has a plugin that rules scales by app.json.
///
/// # Errors
/// When the plugins cannot be listed.
pub fn is_there(env: &Env) -> Result<bool> {
    Ok(!Triggers::new(env).implementers(CONTENT)?.is_empty())
}

/// The types of which the app.json wants at least one instance.
///
/// # Errors
/// When the trigger fails, or prints what is no app.json.
pub fn wanted_types(env: &Env, app: &App) -> Result<Vec<String>> {
    let content = Triggers::new(env).ask(CONTENT, &[app.as_str()])?;
    if content.is_empty() {
        return Ok(Vec::new());
    }
    parse_wanted(&content).context(|| "Invalid app.json")
}

fn parse_wanted(content: &str) -> Result<Vec<String>> {
    let file: AppJson = serde_json::from_str(content)?;
    let wanted =
        file.formation.into_iter().filter(|(_, process)| process.quantity.is_some_and(|quantity| quantity > 0));
    Ok(wanted.map(|(name, _)| name).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_types_with_a_quantity_above_zero_are_wanted() {
        let content =
            r#"{"name":"x","formation":{"web":{"quantity":2},"worker":{"quantity":0},"beat":{"max_parallel":1}}}"#;
        assert_eq!(parse_wanted(content).unwrap(), ["web"]);
        assert!(parse_wanted("{}").unwrap().is_empty());
        assert!(parse_wanted("\"web=1\"").is_err());
    }
}
