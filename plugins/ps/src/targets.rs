//! Which part of an app a command is about: `web`, `web.2`, `worker-*`, or all of it. Pure.

use common::{App, Error, Instance, ProcessType, Result, listed};
use std::collections::BTreeSet;

/// What the words of a command line name.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Targets<'w>(Vec<Word<'w>>);

/// A word: a type or a pattern of types, and maybe a number behind a dot.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Word<'w> {
    text: &'w str,
    types: &'w str,
    number: Option<&'w str>,
}

/// What there is of an app, for words to name.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Known {
    /// Its types; without a Procfile there may be others.
    pub(crate) types: BTreeSet<ProcessType>,
    /// Whether only these types exist.
    pub(crate) only_these: bool,
    /// The instances that there are or should be.
    pub(crate) instances: BTreeSet<Instance>,
}

/// Part of an app: whole types, and single instances of other types.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Selection {
    /// Whole types.
    pub(crate) types: BTreeSet<ProcessType>,
    /// Single instances; none of a type that is named whole.
    pub(crate) instances: BTreeSet<Instance>,
}

impl Selection {
    /// Whether it is all of an app.
    pub(crate) fn is_whole(&self) -> bool {
        self.types.is_empty() && self.instances.is_empty()
    }

    /// Whether this is a part of it: an instance, or without a number what else there is of a type.
    pub(crate) fn holds(&self, process_type: Option<&ProcessType>, index: Option<u32>) -> bool {
        let is_of = |instance: &Instance| Some(&instance.process_type) == process_type && Some(instance.index) == index;
        self.is_whole()
            || process_type.is_some_and(|process_type| self.types.contains(process_type))
            || self.instances.iter().any(is_of)
    }
}

impl<'w> Targets<'w> {
    /// The words that name them; none is the whole app.
    pub(crate) fn new(words: &'w [String]) -> Self {
        let word = |text: &'w String| match text.split_once('.') {
            Some((types, number)) => Word { text, types, number: Some(number) },
            None => Word { text, types: text, number: None },
        };
        Self(words.iter().map(word).collect())
    }

    /// What they name of what there is. A word that names nothing is refused, with what there is.
    pub(crate) fn select(&self, app: &App, known: &Known) -> Result<Selection> {
        let mut selection = Selection::default();
        for word in &self.0 {
            let types = word.types_of(app, known)?;
            let Some(number) = word.number else {
                selection.types.extend(types);
                continue;
            };
            let is_meant =
                |instance: &&Instance| types.contains(&instance.process_type) && instance.index.to_string() == number;
            let before = selection.instances.len();
            selection.instances.extend(known.instances.iter().filter(is_meant).cloned());
            if selection.instances.len() == before && !known.instances.iter().any(|known| is_meant(&known)) {
                return Err(word.no_instance(app, &types, known));
            }
        }
        let Selection { types, instances } = &mut selection;
        instances.retain(|instance| !types.contains(&instance.process_type));
        Ok(selection)
    }
}

impl Word<'_> {
    fn types_of(&self, app: &App, known: &Known) -> Result<BTreeSet<ProcessType>> {
        let has = || listed(known.types.iter().map(ProcessType::as_str));
        if self.types.contains(['*', '?']) {
            let is_allowed = |byte: u8| byte.is_ascii_alphanumeric() || b"-_*?".contains(&byte);
            let matching = known.types.iter().filter(|name| matches(self.types.as_bytes(), name.as_str().as_bytes()));
            let matching: BTreeSet<ProcessType> = matching.cloned().collect();
            if matching.is_empty() || !self.types.bytes().all(is_allowed) {
                let what = format!("App {app} has no process type like {:?}, it has: {}", self.types, has());
                return Err(Error::new(what));
            }
            return Ok(matching);
        }
        let process_type: ProcessType = self.types.parse()?;
        let anything_goes = !known.only_these && !self.types.starts_with('-');
        if anything_goes || known.types.contains(&process_type) {
            return Ok([process_type].into());
        }
        Err(Error::new(format!("App {app} has no process type {process_type}, it has: {}", has())))
    }

    fn no_instance(&self, app: &App, types: &BTreeSet<ProcessType>, known: &Known) -> Error {
        let there = known.instances.iter().filter(|instance| types.contains(&instance.process_type));
        let there: Vec<String> = there.map(Instance::to_string).collect();
        let it_has = match there.as_slice() {
            [] => "none of that type".to_owned(),
            names => listed(names.iter().map(String::as_str)),
        };
        Error::new(format!("App {app} has no instance {:?}, it has: {it_has}", self.text))
    }
}

/// Whether a name is like a pattern, in which `*` is any characters and `?` is one.
fn matches(pattern: &[u8], name: &[u8]) -> bool {
    // Where to go on when the characters behind the last `*` do not fit here.
    let (mut at, mut position, mut retry) = (0, 0, None);
    while position < name.len() {
        match pattern.get(at) {
            Some(b'*') => {
                at += 1;
                retry = Some((at, position));
            }
            Some(expected) if *expected == b'?' || name.get(position) == Some(expected) => {
                at += 1;
                position += 1;
            }
            _ => {
                let Some((behind, from)) = retry else { return false };
                retry = Some((behind, from + 1));
                (at, position) = (behind, from + 1);
            }
        }
    }
    pattern.iter().skip(at).all(|left| *left == b'*')
}

#[cfg(test)]
mod tests {
    use super::*;

    fn known() -> Known {
        let types = ["web", "worker-a", "worker-b", "beat"];
        let instances = ["web.1", "web.2", "worker-a.1", "worker-b.1", "worker-b.2"];
        Known {
            types: types.iter().map(|name| name.parse().unwrap()).collect(),
            only_these: true,
            instances: instances.iter().map(|name| name.parse().unwrap()).collect(),
        }
    }

    fn selected(words: &[&str], known: &Known) -> std::result::Result<String, String> {
        let words: Vec<String> = words.iter().map(|word| (*word).to_owned()).collect();
        let selection = Targets::new(&words).select(&"shop".parse().unwrap(), known);
        let Selection { types, instances } = selection.map_err(|error| error.to_string())?;
        let names = types.iter().map(ToString::to_string).chain(instances.iter().map(ToString::to_string));
        Ok(names.collect::<Vec<_>>().join(" "))
    }

    #[test]
    fn types_instances_and_patterns_are_named() {
        for (words, wanted) in [
            (&["web"][..], "web"),
            (&["web.2", "beat"], "beat web.2"),
            (&["worker-*"], "worker-a worker-b"),
            (&["worker-?.1"], "worker-a.1 worker-b.1"),
            (&["*.2"], "web.2 worker-b.2"),
            (&["web", "web.1"], "web"),
            (&["web.1", "web.1"], "web.1"),
            (&[], ""),
        ] {
            assert_eq!(selected(words, &known()).as_deref(), Ok(wanted), "{words:?}");
        }
    }

    #[test]
    fn a_selection_holds_its_types_and_instances_or_all() {
        let holds = |words: &[&str], process_type: &str, index| {
            let words: Vec<String> = words.iter().map(|word| (*word).to_owned()).collect();
            let selection = Targets::new(&words).select(&"shop".parse().unwrap(), &known()).unwrap();
            selection.holds(process_type.parse().ok().as_ref(), index)
        };
        assert!(holds(&[], "web", Some(1)) && holds(&[], "", None));
        assert!(holds(&["web"], "web", Some(9)) && holds(&["web"], "web", None));
        assert!(holds(&["beat", "web.2"], "web", Some(2)));
        assert!(!holds(&["web.2"], "web", Some(1)) && !holds(&["web.2"], "web", None));
        assert!(!holds(&["web"], "beat", Some(1)) && !holds(&["web"], "", Some(1)));
    }

    #[test]
    fn what_there_is_not_is_refused_with_what_there_is() {
        let of = |word| selected(&[word], &known()).unwrap_err();
        assert_eq!(of("wroker"), "App shop has no process type wroker, it has: beat, web, worker-a, worker-b");
        assert_eq!(of("x*"), "App shop has no process type like \"x*\", it has: beat, web, worker-a, worker-b");
        for word in ["web.0", "web.3", "web.x", "web.", "web.01", "web.1.1", "web.+1"] {
            assert_eq!(of(word), format!("App shop has no instance {word:?}, it has: web.1, web.2"));
        }
        assert_eq!(of("beat.1"), "App shop has no instance \"beat.1\", it has: none of that type");
        assert!(of("../web").contains("A process type must not be empty"), "{}", of("../web"));
        assert!(of("we b").contains("is not a process type"));
    }

    #[test]
    fn without_a_procfile_any_type_may_be() {
        let known = Known { only_these: false, ..known() };
        assert_eq!(selected(&["other"], &known).as_deref(), Ok("other"));
        assert!(selected(&["-other"], &known).is_err() && selected(&["other.1"], &known).is_err());
    }

    #[test]
    fn a_star_is_any_characters_and_a_question_mark_is_one() {
        for (pattern, name, like) in [
            ("*", "", true),
            ("*", "web", true),
            ("w*b", "web", true),
            ("w*b", "wbxb", true),
            ("w*b", "wbx", false),
            ("*-*-c", "a-b-c", true),
            ("?", "", false),
            ("we?", "web", true),
            ("a*a*a*a*b", &"a".repeat(63), false),
        ] {
            assert_eq!(matches(pattern.as_bytes(), name.as_bytes()), like, "{pattern} {name}");
        }
    }
}
