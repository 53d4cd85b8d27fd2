//! An app's config as `config-export APP false true envfile` prints it: a dotenv file.

use crate::{Error, Result};
use std::collections::BTreeMap;

/// The variables of a dotenv text; the last of two with one name holds.
///
/// A value is bare, in single quotes (as it is), or in double quotes. There a backslash takes the
/// meaning from the character after it (`n` and `r` mean line ends), and a dollar with a name of
/// capitals, digits and `_`, maybe in braces, means a variable from further up, or nothing.
///
/// # Errors
/// A line without `=`, or a quote that is not closed: with its line number. The value is not shown.
///
/// ```
/// let variables = dokku_plugin::procfile::parse_envfile("COLOUR='blue'\nSIZE=3\n")?;
/// assert_eq!(variables.get("COLOUR").map(String::as_str), Some("blue"));
/// # Ok::<(), dokku_plugin::Error>(())
/// ```
pub fn parse_envfile(text: &str) -> Result<BTreeMap<String, String>> {
    let mut variables = BTreeMap::new();
    let mut rest = text;
    loop {
        rest = rest.trim_start();
        if rest.is_empty() {
            return Ok(variables);
        }
        if rest.starts_with('#') {
            rest = rest.split_once('\n').map_or("", |(_, after)| after);
            continue;
        }
        let line = 1 + text.get(..text.len() - rest.len()).unwrap_or_default().matches('\n').count();
        let bad = |what: &str| Error::new(format!("the app's config cannot be read, line {line}: {what}"));
        let assignment = rest.strip_prefix("export ").unwrap_or(rest);
        let (name, after) = assignment.split_once(['=', ':']).ok_or_else(|| bad("no ="))?;
        let name = name.trim();
        if name.is_empty() || name.contains(char::is_whitespace) {
            return Err(bad("no name before ="));
        }
        let after = after.trim_start_matches([' ', '\t']);
        let (value, following) = next_value(after, &variables).ok_or_else(|| bad("a quote that is not closed"))?;
        variables.insert(name.to_owned(), value);
        rest = following;
    }
}

/// The value at the start of the text, and what follows it.
fn next_value<'a>(text: &'a str, variables: &BTreeMap<String, String>) -> Option<(String, &'a str)> {
    if let Some(quoted) = text.strip_prefix('\'') {
        let (value, after) = quoted.split_once('\'')?;
        return Some((value.to_owned(), after));
    }
    if let Some(quoted) = text.strip_prefix('"') {
        return double_quoted(quoted, variables);
    }
    let (line, after) = text.split_once('\n').unwrap_or((text, ""));
    let end = line.find(" #").unwrap_or(line.len());
    Some((references(line.get(..end).unwrap_or_default().trim(), variables), after))
}

/// A value up to its closing quote, unescaped and with references resolved.
fn double_quoted<'a>(text: &'a str, variables: &BTreeMap<String, String>) -> Option<(String, &'a str)> {
    let mut value = String::new();
    let mut plain = String::new();
    let mut characters = text.char_indices();
    while let Some((position, character)) = characters.next() {
        match character {
            '"' => {
                value.push_str(&references(&plain, variables));
                return Some((value, text.get(position + 1..).unwrap_or_default()));
            }
            '\\' => {
                let (_, escaped) = characters.next()?;
                value.push_str(&references(&plain, variables));
                plain.clear();
                value.push(match escaped {
                    'n' => '\n',
                    'r' => '\r',
                    other => other,
                });
            }
            other => plain.push(other),
        }
    }
    None
}

/// The text with `$NAME` and `${NAME}` replaced; other dollars stay.
fn references(text: &str, variables: &BTreeMap<String, String>) -> String {
    let mut resolved = String::new();
    let mut rest = text;
    while let Some((before, after)) = rest.split_once('$') {
        resolved.push_str(before);
        let braced = after.starts_with('{');
        let name_start = after.get(usize::from(braced)..).unwrap_or_default();
        let is_part = |byte: &u8| byte.is_ascii_uppercase() || byte.is_ascii_digit() || *byte == b'_';
        let length = name_start.bytes().take_while(is_part).count();
        let name = name_start.get(..length).unwrap_or_default();
        let following = name_start.get(length..).unwrap_or_default();
        if name.is_empty() {
            resolved.push('$');
            rest = after;
        } else {
            resolved.push_str(variables.get(name).map_or("", String::as_str));
            rest = if braced { following.strip_prefix('}').unwrap_or(following) } else { following };
        }
    }
    resolved.push_str(rest);
    resolved
}

#[cfg(test)]
mod tests {
    use super::*;

    fn value(text: &str) -> String {
        parse_envfile(text).unwrap().remove("A").unwrap()
    }

    #[test]
    fn values_are_bare_or_quoted() {
        assert_eq!(value("\n# c\n\nexport A=1\n"), "1");
        assert_eq!(value("A=b=c\nB=2"), "b=c");
        assert_eq!(value("A='x \\n $B'\n"), "x \\n $B");
        assert_eq!(value("A=\"x \\\"y\\\" z\"\n"), "x \"y\" z");
        assert_eq!(value("A=\"x\\ny\"\n"), "x\ny");
        assert_eq!(value("A=\"a\nb\"\nB=1"), "a\nb");
        assert_eq!(value("A=\"a\\\\nb\\!\\`\"\n"), "a\\nb!`");
        assert_eq!(value("A=\"\"\n"), "");
    }

    #[test]
    fn the_last_of_two_holds_and_references_look_up() {
        assert_eq!(value("A=1\nA=2\n"), "2");
        assert_eq!(value("B=\"c\"\nA=\"${B}d$B\"\n"), "cdc");
        assert_eq!(value("A=\"$B\"\nB=\"c\"\n"), "");
        assert_eq!(value("A=\"a\\$B $lower $\"\n"), "a$B $lower $");
    }

    #[test]
    fn a_bad_line_is_named_and_its_value_is_not_shown() {
        let error = parse_envfile("A=1\nB=\"secret\n").unwrap_err().to_string();
        assert!(error.contains("line 2") && !error.contains("secret"), "{error}");
        assert!(parse_envfile("just words\n").is_err());
    }
}
