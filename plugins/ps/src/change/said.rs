//! A plan, as its users read it: a line an instance, or JSON.

use super::type_change::{How, TypeChange};
use crate::formation::Request;
use crate::plan::Action;
use common::{App, Quantity, Result, shown, shown_json};
use serde::Serialize;

/// A plan as lines, one an instance.
pub(crate) fn as_text(changes: &[TypeChange<'_>]) -> String {
    let mut text = String::new();
    for TypeChange { request, from, how } in changes {
        let Request { process_type, quantity } = request;
        let before = if from == quantity { String::new() } else { format!("{from} -> ") };
        let head = format!("{process_type}: {before}{quantity}");
        match how {
            How::Nothing => text.push_str(&format!("{head}, nothing to do\n")),
            How::Hooks(_) => {
                text.push_str(&format!("{head}, hooks only: a change was interrupted before they were fired\n"));
            }
            How::Deploy(None) => text.push_str(&format!("{head}, deployed by the host\n")),
            How::Deploy(Some(reason)) => {
                text.push_str(&format!("{head}, all instances are replaced: {}\n", shown(reason)));
            }
            How::Steps { steps, .. } | How::InPlace(steps) => {
                text.push_str(&format!("{head}\n"));
                for step in steps {
                    let (instance, action) = (step.instance.to_string(), step.action.as_str());
                    text.push_str(&format!("  {instance:<12} {action:<8} {}\n", shown(&step.reason)));
                }
            }
        }
    }
    text
}

#[derive(Serialize)]
struct Document<'a> {
    app: &'a str,
    changes: Vec<ChangeRow<'a>>,
}

#[derive(Serialize)]
struct ChangeRow<'a> {
    process_type: &'a str,
    from: Quantity,
    to: Quantity,
    how: &'static str,
    reason: Option<&'a str>,
    steps: Vec<StepRow<'a>>,
}

#[derive(Serialize)]
struct StepRow<'a> {
    instance: String,
    action: Action,
    reason: &'a str,
}

/// A plan as one JSON document.
pub(crate) fn as_json(app: &App, changes: &[TypeChange<'_>]) -> Result<String> {
    let rows = changes.iter().map(|TypeChange { request, from, how }| {
        let (word, reason, steps) = match how {
            How::Nothing => ("nothing", None, &[][..]),
            How::Hooks(_) => ("hooks", None, &[][..]),
            How::Deploy(reason) => ("deploy", reason.as_deref(), &[][..]),
            How::Steps { steps, reason, .. } => ("instances", reason.as_deref(), steps.as_slice()),
            How::InPlace(steps) => ("instances", None, steps.as_slice()),
        };
        let steps = steps.iter().map(|step| StepRow {
            instance: step.instance.to_string(),
            action: step.action,
            reason: &step.reason,
        });
        ChangeRow {
            process_type: request.process_type.as_str(),
            from: *from,
            to: request.quantity,
            how: word,
            reason,
            steps: steps.collect(),
        }
    });
    Ok(shown_json(&serde_json::to_string(&Document { app: app.as_str(), changes: rows.collect() })?) + "\n")
}
