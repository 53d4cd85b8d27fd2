//! What `ps:watch` did and gave up. Pure.

use super::line::{Look, span};
use super::text::{INDENT, only};
use crate::watched::{Done, GivenUp, Watched};
use common::{Result, shown, shown_json};
use serde::Serialize;

/// How many of the last acts are shown of an app.
const SHOWN: usize = 3;

/// What was given up of an app, with the last lines of it, and what was done last.
pub(crate) fn lines(watched: &Watched, now: i64, look: Look) -> String {
    let mut text = String::new();
    for (instance, tries, given_up) in watched.given_up() {
        let failure = if tries.failure.is_empty() { String::new() } else { format!(": {}", tries.failure) };
        let what = format!(
            "{} was given up {} ago, tried {} times in vain{}",
            shown(instance),
            ago(given_up.at, now),
            tries.made,
            shown(&failure)
        );
        text.push_str(&only(INDENT, &what, look));
        for line in &given_up.lines {
            text.push_str(&only(INDENT + 2, &format!("| {}", shown(line)), look));
        }
    }
    let first = watched.acts.len().saturating_sub(SHOWN);
    for Done { at, what } in watched.acts.iter().skip(first) {
        text.push_str(&only(INDENT, &format!("healed {} ago: {}", ago(*at, now), shown(what)), look));
    }
    text
}

fn ago(at: i64, now: i64) -> String {
    span(u64::try_from(now.saturating_sub(at)).unwrap_or_default())
}

#[derive(Serialize)]
pub(super) struct GivenUpObject<'a> {
    instance: &'a str,
    at: i64,
    tries: u32,
    reason: &'a str,
    lines: &'a [String],
}

#[derive(Serialize)]
pub(super) struct DoneObject<'a> {
    at: i64,
    what: &'a str,
}

pub(super) fn given_up(watched: &Watched) -> Vec<GivenUpObject<'_>> {
    let mut objects = Vec::new();
    for (instance, tries, GivenUp { at, lines }) in watched.given_up() {
        objects.push(GivenUpObject { instance, at: *at, tries: tries.made, reason: &tries.failure, lines });
    }
    objects
}

pub(super) fn healed(watched: &Watched) -> Vec<DoneObject<'_>> {
    watched.acts.iter().map(|Done { at, what }| DoneObject { at: *at, what }).collect()
}

/// What is known of all apps, and the process that watches them.
pub(crate) fn of_apps(process: Option<u32>, apps: &[(String, Watched)], now: i64, look: Look) -> String {
    let mut text = match process {
        Some(process) => format!("=====> ps:watch runs as process {process}\n"),
        None => "=====> ps:watch does not run\n".to_owned(),
    };
    for (app, watched) in apps {
        let told = lines(watched, now, look);
        if !told.is_empty() {
            text.push_str(&format!("=====> {app}\n{told}"));
        }
    }
    text
}

#[derive(Serialize)]
struct StatusObject<'a> {
    process: Option<u32>,
    apps: Vec<AppObject<'a>>,
}

#[derive(Serialize)]
struct AppObject<'a> {
    app: &'a str,
    given_up: Vec<GivenUpObject<'a>>,
    healed: Vec<DoneObject<'a>>,
}

/// The same for a program.
pub(crate) fn object(process: Option<u32>, apps: &[(String, Watched)]) -> Result<String> {
    let mut objects = Vec::new();
    for (app, watched) in apps {
        objects.push(AppObject { app, given_up: given_up(watched), healed: healed(watched) });
    }
    Ok(shown_json(&serde_json::to_string(&StatusObject { process, apps: objects })?) + "\n")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::watched::Tries;

    #[test]
    fn what_was_given_up_is_told_with_its_last_words() {
        let mut watched = Watched::default();
        let given_up = Some(GivenUp { at: 1000, lines: vec!["no \u{1b}[2Jdatabase".to_owned()] });
        let tries = Tries { made: 4, failure: "exit 1".to_owned(), given_up, ..Tries::default() };
        watched.tries.insert("missing worker.1".to_owned(), tries);
        watched.tries.insert("missing worker.2".to_owned(), Tries { made: 3, ..Tries::default() });
        for at in 0..5 {
            watched.note(1000 + at, format!("web.{at}: started again"));
        }
        let look = Look { width: None, colour: false };
        let text = lines(&watched, 1060, look);
        let wanted = "       worker.1 was given up 1m ago, tried 4 times in vain: exit 1
         | no ?[2Jdatabase
       healed 58s ago: web.2: started again
       healed 57s ago: web.3: started again
       healed 56s ago: web.4: started again
";
        assert_eq!(text.replace("\\u{1b}", "?"), wanted);
        let apps = [("shop".to_owned(), watched), ("quiet".to_owned(), Watched::default())];
        let told = of_apps(Some(7), &apps, 1060, look);
        assert_eq!(told, format!("=====> ps:watch runs as process 7\n=====> shop\n{wanted}").replace('?', "\\u{1b}"));
        let object: serde_json::Value = serde_json::from_str(&object(None, &apps).unwrap()).unwrap();
        assert_eq!(object["process"], serde_json::Value::Null);
        assert_eq!(object["apps"][0]["given_up"][0]["instance"], "worker.1");
        assert_eq!(object["apps"][1]["healed"], serde_json::json!([]));
    }
}
