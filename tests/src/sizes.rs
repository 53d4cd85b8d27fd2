//! What each shipped executable had in bytes when somebody last accepted it: `tests/sizes.tsv`.

use std::collections::BTreeMap;

/// Bytes, by the place in the plugin.
pub type Sizes = BTreeMap<String, u64>;

/// One may be larger by this many bytes, or by this part of its size, whichever is more: a compiler lays code out
/// otherwise for the smallest change.
const FREE_BYTES: u64 = 4096;
const FREE_PART: u64 = 20;

/// The list in a text: a place, a tab, a number on each line.
///
/// # Panics
/// When a line has another form.
pub fn listed(text: &str) -> Sizes {
    let entry = |line: &str| {
        let (place, bytes) = line.split_once('\t').unwrap_or_else(|| panic!("no size in {line:?}"));
        (place.to_owned(), bytes.parse().unwrap_or_else(|error| panic!("{line:?}: {error}")))
    };
    text.lines().map(entry).collect()
}

/// The text of a list.
pub fn written(sizes: &Sizes) -> String {
    sizes.iter().map(|(place, bytes)| format!("{place}\t{bytes}\n")).collect()
}

/// What of `found` is not as it is listed, a line each.
pub fn offenders(listed: &Sizes, found: &Sizes) -> Vec<String> {
    let grown = found.iter().filter_map(|(place, &bytes)| match listed.get(place) {
        None => Some(format!("{place}: {bytes} bytes, and it is not listed")),
        Some(&before) if bytes > before + FREE_BYTES.max(before / FREE_PART) => {
            Some(format!("{place}: {bytes} bytes, {} more than listed", bytes - before))
        }
        Some(_) => None,
    });
    let gone = listed.keys().filter(|place| !found.contains_key(*place));
    grown.chain(gone.map(|place| format!("{place}: it is listed, and there is none"))).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sizes(of: &[(&str, u64)]) -> Sizes {
        of.iter().map(|(place, bytes)| ((*place).to_owned(), *bytes)).collect()
    }

    #[test]
    fn what_is_written_is_listed() {
        let of = sizes(&[("report", 70_000), ("subcommands/scale", 1_000_000)]);
        assert_eq!(listed(&written(&of)), of);
    }

    #[test]
    fn one_may_grow_by_four_kilobytes_or_a_twentieth() {
        let before = sizes(&[("small", 10_000), ("large", 1_000_000)]);
        assert!(offenders(&before, &sizes(&[("small", 14_096), ("large", 1_050_000)])).is_empty());
        assert!(offenders(&before, &sizes(&[("small", 1), ("large", 1)])).is_empty());
        let grown = offenders(&before, &sizes(&[("small", 14_097), ("large", 1_050_001)]));
        assert_eq!(
            grown,
            ["large: 1050001 bytes, 50001 more than listed", "small: 14097 bytes, 4097 more than listed"]
        );
    }

    #[test]
    fn a_new_one_and_one_that_is_gone_are_told() {
        let told = offenders(&sizes(&[("old", 1)]), &sizes(&[("new", 2)]));
        assert_eq!(told, ["new: 2 bytes, and it is not listed", "old: it is listed, and there is none"]);
    }
}
