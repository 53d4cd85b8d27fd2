//! Which part of an app a command is about: `web`, `web.2`, `worker-*`, or all of it. Pure.

use common::{App, Error, Instance, ProcessType, Quantity, Result, listed};
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
    /// These types, and these instances of others.
    pub(crate) fn new(
        types: impl IntoIterator<Item = ProcessType>,
        instances: impl IntoIterator<Item = Instance>,
    ) -> Self {
        let types: BTreeSet<ProcessType> = types.into_iter().collect();
        let others = instances.into_iter().filter(|instance| !types.contains(&instance.process_type)).collect();
        Self { types, instances: others }
    }

    /// Whether it is nothing.
    pub(crate) fn is_empty(&self) -> bool {
        self.types.is_empty() && self.instances.is_empty()
    }

    /// Whether an instance is part of it.
    pub(crate) fn covers(&self, instance: &Instance) -> bool {
        self.types.contains(&instance.process_type) || self.instances.contains(instance)
    }

    /// The types of which it has something.
    pub(crate) fn touched(&self) -> BTreeSet<ProcessType> {
        self.types.iter().chain(self.instances.iter().map(|instance| &instance.process_type)).cloned().collect()
    }

    /// A name for each type and instance.
    pub(crate) fn names(&self) -> impl Iterator<Item = String> {
        self.types.iter().map(ToString::to_string).chain(self.instances.iter().map(ToString::to_string))
    }

    /// This and another.
    #[must_use]
    pub(crate) fn and(&self, other: &Self) -> Self {
        let types = self.types.union(&other.types).cloned();
        Self::new(types, self.instances.union(&other.instances).cloned())
    }

    /// This without another. Of a whole type that loses an instance the others of `quantity` are left.
    #[must_use]
    pub(crate) fn without(&self, other: &Self, quantity: impl Fn(&ProcessType) -> Quantity) -> Self {
        let is_split = |process_type: &&ProcessType| {
            other.instances.iter().any(|instance| instance.process_type == **process_type)
        };
        let (split, whole): (Vec<_>, Vec<_>) = self.types.difference(&other.types).partition(is_split);
        let of_split = split.into_iter().flat_map(|process_type| {
            (1..=quantity(process_type)).map(|index| Instance { process_type: process_type.clone(), index })
        });
        let instances = of_split.chain(self.instances.iter().cloned()).filter(|instance| !other.covers(instance));
        Self::new(whole.into_iter().cloned(), instances)
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
            let named = match word.number {
                None => Selection::new(types, []),
                Some(number) => Selection::new([], word.instances_of(app, &types, number, known)?),
            };
            selection = selection.and(&named);
        }
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
        // What is no name of an instance either is told whole.
        let whole = |error| if self.number.is_some() { self.text.parse() } else { Err(error) };
        let process_type: ProcessType = self.types.parse().or_else(whole)?;
        let anything_goes = !known.only_these && !self.types.starts_with('-');
        if anything_goes || known.types.contains(&process_type) {
            return Ok([process_type].into());
        }
        Err(Error::new(format!("App {app} has no process type {process_type}, it has: {}", has())))
    }

    fn instances_of(
        &self,
        app: &App,
        types: &BTreeSet<ProcessType>,
        number: &str,
        known: &Known,
    ) -> Result<Vec<Instance>> {
        let of_types = known.instances.iter().filter(|instance| types.contains(&instance.process_type));
        let named = of_types.clone().filter(|instance| instance.index.to_string() == number);
        let named: Vec<Instance> = named.cloned().collect();
        if !named.is_empty() {
            return Ok(named);
        }
        let there: Vec<String> = of_types.map(Instance::to_string).collect();
        let it_has = match there.as_slice() {
            [] => "none of that type".to_owned(),
            there => listed(there.iter().map(String::as_str)),
        };
        Err(Error::new(format!("App {app} has no instance {:?}, it has: {it_has}", self.text)))
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
    fn what_there_is_not_is_refused_with_what_there_is() {
        let of = |word| selected(&[word], &known()).unwrap_err();
        assert_eq!(of("wroker"), "App shop has no process type wroker, it has: beat, web, worker-a, worker-b");
        assert_eq!(of("x*"), "App shop has no process type like \"x*\", it has: beat, web, worker-a, worker-b");
        for word in ["web.0", "web.3", "web.x", "web.", "web.01", "web.1.1", "web.+1"] {
            assert_eq!(of(word), format!("App shop has no instance {word:?}, it has: web.1, web.2"));
        }
        assert_eq!(of("beat.1"), "App shop has no instance \"beat.1\", it has: none of that type");
        assert!(of("../web").contains("\"../web\" is not a process type"), "{}", of("../web"));
        assert!(of("we b").contains("is not a process type"));
    }

    #[test]
    fn without_a_procfile_any_type_may_be() {
        let known = Known { only_these: false, ..known() };
        assert_eq!(selected(&["other"], &known).as_deref(), Ok("other"));
        assert!(selected(&["-other"], &known).is_err() && selected(&["other.1"], &known).is_err());
    }

    #[test]
    fn what_is_left_of_a_whole_type_are_its_other_instances() {
        let selection = |types: &[&str], instances: &[&str]| {
            let types: Vec<ProcessType> = types.iter().map(|name| name.parse().unwrap()).collect();
            Selection::new(types, instances.iter().map(|name| name.parse().unwrap()).collect::<Vec<Instance>>())
        };
        let left = |from: Selection, other: Selection| from.without(&other, |_| 3);
        let stopped = || selection(&["worker"], &["web.2"]);
        assert_eq!(left(stopped(), selection(&[], &["worker.2"])), selection(&[], &["web.2", "worker.1", "worker.3"]));
        assert_eq!(left(stopped(), selection(&["worker"], &["web.2"])), Selection::default());
        assert_eq!(left(stopped(), selection(&["web"], &[])), selection(&["worker"], &[]));
        assert_eq!(stopped().and(&selection(&["web"], &["beat.1"])), selection(&["web", "worker"], &["beat.1"]));
        assert!(stopped().covers(&"worker.9".parse().unwrap()) && !stopped().covers(&"web.1".parse().unwrap()));
        assert_eq!(stopped().touched(), selection(&["web", "worker"], &[]).types);
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
