//! The formation in an app's app.json, as far as this plugin must know it before app-json applies it.

use crate::PLUGIN;
use common::{App, Context, Env, Error, Properties, Quantity, Result, Triggers};
use serde::Deserialize;
use std::collections::BTreeMap;

/// The trigger that prints an app's app.json.
const CONTENT: &str = "app-json-get-content";

#[derive(Deserialize, Default)]
#[serde(default)]
struct ProcessFormation {
    quantity: Option<i64>,
}

/// Whether an app.json formation rules the scale of an app. The plugin app-json says so with
/// `ps-can-scale` before each release is made; without it only we ever write that property.
pub(crate) fn rules(env: &Env, app: &App) -> Result<bool> {
    let can_scale = Properties::new(env, PLUGIN).get(app, "can-scale")?;
    Ok(can_scale.as_deref() == Some("false") && !Triggers::new(env).implementers(CONTENT)?.is_empty())
}

/// How many instances of each type the app.json wants; types of which it does not say are left out.
pub(crate) fn wanted_quantities(env: &Env, app: &App) -> Result<Vec<(String, Quantity)>> {
    let content = Triggers::new(env).ask(CONTENT, &[app.as_str()])?;
    if content.is_empty() {
        return Ok(Vec::new());
    }
    parse_wanted(&content).context(|| "Invalid app.json")
}

/// The plugin app-json takes `null` for what is not there, so it is.
fn parse_wanted(content: &str) -> Result<Vec<(String, Quantity)>> {
    // serde's own words quote what they find.
    let no_object = |error: serde_json::Error| {
        Error::new(format!("it is no JSON object (line {}, column {})", error.line(), error.column()))
    };
    let mut file: BTreeMap<String, serde_json::Value> = serde_json::from_str(content).map_err(no_object)?;
    let formation = file.remove("formation").unwrap_or_default();
    let no_formation = |_| Error::new("its formation does not give a quantity, a whole number, for each process type");
    let formation: Option<BTreeMap<String, Option<ProcessFormation>>> =
        serde_json::from_value(formation).map_err(no_formation)?;
    let wanted = |(name, process): (String, Option<ProcessFormation>)| {
        let quantity = process?.quantity?.max(0);
        Some((name, Quantity::try_from(quantity).unwrap_or(Quantity::MAX)))
    };
    Ok(formation.unwrap_or_default().into_iter().filter_map(wanted).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn types_with_a_quantity_are_wanted() {
        let content =
            r#"{"name":"x","formation":{"web":{"quantity":2},"worker":{"quantity":0},"beat":{"max_parallel":1}}}"#;
        assert_eq!(parse_wanted(content).unwrap(), [("web".to_owned(), 2), ("worker".to_owned(), 0)]);
        let many = r#"{"formation":{"web":{"quantity":4294967296}}}"#;
        assert_eq!(parse_wanted(many).unwrap(), [("web".to_owned(), Quantity::MAX)]);
        assert!(parse_wanted("{}").unwrap().is_empty());
        assert!(parse_wanted(r#"{"formation":{"web":null}}"#).unwrap().is_empty());
        assert!(parse_wanted(r#"{"formation":null}"#).unwrap().is_empty());
        for bad in [
            r#"["S3CRET"]"#,
            r#""S3CRET""#,
            r#"{"formation":{"web":{"quantity":"S3CRET"}}}"#,
            r#"{"formation":"S3CRET"}"#,
        ] {
            let error = parse_wanted(bad).unwrap_err();
            assert!(!error.message().contains("S3CRET"), "{error}");
        }
    }
}
