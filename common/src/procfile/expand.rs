//! Variables in a command, expanded as the host does: `$NAME` and `${NAME}`.

/// Replaces `$NAME` and `${NAME}` by what `value` says of the name.
///
/// The rules are those of Go's `os.Expand`, which the host uses: `$` before anything that cannot
/// start a name stays, `${}` and an unclosed `${` go, and `$$`, `$1` and the like are names.
///
/// ```
/// let value = |name: &str| if name == "PORT" { "5000".to_owned() } else { String::new() };
/// assert_eq!(common::procfile::expand("web -p $PORT ${X}$", value), "web -p 5000 $");
/// ```
pub fn expand(text: &str, value: impl Fn(&str) -> String) -> String {
    let mut expanded = String::with_capacity(text.len());
    let mut rest = text;
    while let Some((before, after)) = rest.split_once('$') {
        expanded.push_str(before);
        match next_name(after) {
            Name::Variable { name, length } => {
                expanded.push_str(&value(name));
                rest = after.get(length..).unwrap_or_default();
            }
            Name::Malformed { length } => rest = after.get(length..).unwrap_or_default(),
            Name::None => {
                expanded.push('$');
                rest = after;
            }
        }
    }
    expanded.push_str(rest);
    expanded
}

/// What follows a `$`; `length` counts its bytes.
enum Name<'a> {
    Variable { name: &'a str, length: usize },
    Malformed { length: usize },
    None,
}

fn next_name(text: &str) -> Name<'_> {
    let is_special = |character: char| "*#$@!?-0123456789".contains(character);
    if let Some(braced) = text.strip_prefix('{') {
        return match braced.find('}') {
            Some(0) => Name::Malformed { length: 2 },
            Some(end) => Name::Variable { name: braced.get(..end).unwrap_or_default(), length: end + 2 },
            None => Name::Malformed { length: 1 },
        };
    }
    if text.starts_with(is_special) {
        return Name::Variable { name: text.get(..1).unwrap_or_default(), length: 1 };
    }
    let length = text.bytes().take_while(|byte| byte.is_ascii_alphanumeric() || *byte == b'_').count();
    if length == 0 { Name::None } else { Name::Variable { name: text.get(..length).unwrap_or_default(), length } }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_expand_as_go_expands_them() {
        let value = |name: &str| match name {
            "PORT" => "5000".to_owned(),
            "A" => "1".to_owned(),
            _ => String::new(),
        };
        let expanded = |text| expand(text, value);
        assert_eq!(expanded("a $PORT ${PORT} $$ $1 ${} $ end"), "a 5000 5000    $ end");
        assert_eq!(expanded("${A-b} ${A:-b} $A.b \"$A\" '$A' \\$A"), "  1.b \"1\" '1' \\1");
        assert_eq!(expanded("%d $%PORT a$"), "%d $%PORT a$");
        assert_eq!(expanded("${PORT ${A}} {PORT}"), "} {PORT}");
        assert_eq!(expanded("${PORT"), "PORT");
        assert_eq!(expanded("$h\u{e9} \u{2603}$PORT"), "\u{e9} \u{2603}5000");
    }
}
