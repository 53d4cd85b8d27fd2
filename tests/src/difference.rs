//! What is different between what was expected and what came, line by line.

use std::fmt::Write as _;

use serde::Serialize;

/// Lines of a difference that are shown.
const SHOWN: usize = 28;
/// Equal lines that are shown before and after different ones.
const CONTEXT: usize = 2;

/// The lines only in `expected` with `-`, those only in `got` with `+`, and some equal ones around them.
pub fn of_texts(expected: &str, got: &str) -> String {
    let left: Vec<&str> = expected.lines().collect();
    let right: Vec<&str> = got.lines().collect();
    if left == right {
        // Only an ending is different: show the texts with their escapes.
        return format!("    -{expected:?}\n    +{got:?}");
    }
    unified(&left, &right)
}

/// As [`of_texts`], one line of JSON for each item.
pub fn of_lists<T: Serialize>(expected: &[T], got: &[T]) -> String {
    let lines = |items: &[T]| -> Vec<String> {
        items.iter().map(|item| serde_json::to_string(item).unwrap_or_default()).collect()
    };
    let (left, right) = (lines(expected), lines(got));
    let (left, right): (Vec<_>, Vec<_>) =
        (left.iter().map(String::as_str).collect(), right.iter().map(String::as_str).collect());
    unified(&left, &right)
}

fn unified(left: &[&str], right: &[&str]) -> String {
    let steps = steps(left, right);
    let near = |at: usize| {
        let (from, to) = (at.saturating_sub(CONTEXT), (at + CONTEXT + 1).min(steps.len()));
        steps[from..to].iter().any(|(sign, _)| *sign != ' ')
    };
    let shown: Vec<_> = steps
        .iter()
        .enumerate()
        .filter(|(at, _)| near(*at))
        .map(|(_, (sign, line))| format!("    {sign}{line}"))
        .collect();
    let mut text = shown.iter().take(SHOWN).cloned().collect::<Vec<_>>().join("\n");
    if shown.len() > SHOWN {
        let _ = write!(text, "\n    and {} lines more", shown.len() - SHOWN);
    }
    text
}

/// The way from `left` to `right` that keeps as many lines as can be kept.
fn steps<'a>(left: &[&'a str], right: &[&'a str]) -> Vec<(char, &'a str)> {
    let mut kept = vec![vec![0_usize; right.len() + 1]; left.len() + 1];
    for i in (0..left.len()).rev() {
        for j in (0..right.len()).rev() {
            kept[i][j] = if left[i] == right[j] { kept[i + 1][j + 1] + 1 } else { kept[i + 1][j].max(kept[i][j + 1]) };
        }
    }
    let (mut i, mut j, mut steps) = (0, 0, Vec::new());
    while i < left.len() || j < right.len() {
        if i < left.len() && j < right.len() && left[i] == right[j] {
            steps.push((' ', left[i]));
            (i, j) = (i + 1, j + 1);
        } else if j == right.len() || (i < left.len() && kept[i + 1][j] >= kept[i][j + 1]) {
            steps.push(('-', left[i]));
            i += 1;
        } else {
            steps.push(('+', right[j]));
            j += 1;
        }
    }
    steps
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_changed_line_is_shown_with_its_neighbours() {
        assert_eq!(
            of_texts("a\nb\nc\nd\ne\nf\n", "a\nb\nc\nX\ne\nf\n"),
            "     b\n     c\n    -d\n    +X\n     e\n     f"
        );
    }

    #[test]
    fn a_missing_newline_at_the_end_is_seen() {
        assert_eq!(of_texts("a\n", "a"), "    -\"a\\n\"\n    +\"a\"");
    }
}
