use super::*;
use proptest::prelude::*;
use std::process::Command;

fn value(name: &str) -> Option<String> {
    match name {
        "PORT" => Some("5000".to_owned()),
        "A" => Some("1".to_owned()),
        "EMPTY" => Some(String::new()),
        _ => None,
    }
}

fn expanded(text: &str) -> String {
    expand(text, value)
}

#[test]
fn names_expand_as_go_expands_them() {
    assert_eq!(expanded("a $PORT ${PORT} $$ $1 ${} $ end"), "a 5000 5000    $ end");
    assert_eq!(expanded("$A.b \"$A\" '$A' \\$A"), "1.b \"1\" '1' \\1");
    assert_eq!(expanded("%d $%PORT a$"), "%d $%PORT a$");
    assert_eq!(expanded("${PORT ${A}} {PORT}"), "} {PORT}");
    assert_eq!(expanded("${PORT"), "PORT");
    assert_eq!(expanded("$h\u{e9} \u{2603}$PORT"), "\u{e9} \u{2603}5000");
    assert_eq!(expanded("${A:+x}${A:?x}${A#x}${1:-x}${A:}${:-x}${-x}|"), "|");
    assert_eq!(expanded("$(cat $A ${A}) `echo $A` $((A + 1))"), "$(cat 1 1) `echo 1` $((A + 1))");
}

#[test]
fn a_default_stands_for_what_is_not_set_or_empty() {
    assert_eq!(expanded("--bind 0.0.0.0:${PORT:-80} -w ${WORKERS:-2}"), "--bind 0.0.0.0:5000 -w 2");
    assert_eq!(expanded("--port ${PORT:=\"8080\"} ${X:=\"8080\"} $X|"), "--port 5000 8080 |");
    assert_eq!(expanded("${EMPTY-a}|${EMPTY:-a}|${EMPTY=a}|${EMPTY:=a}|${X-a}|${X=a}"), "|a||a|a|a");
    assert_eq!(expanded("${X:-}|${X-}|${A:-}"), "||1");
    assert_eq!(expanded("${X:-$(hostname \"$A\" ')')}"), "$(hostname \"1\" ')')");
    assert_eq!(expanded("${A:-$(echo })}|${X:-$(a $(b ${Y:-c}) })d}"), "1|$(a $(b c) })d");
}

/// What is in single quotes, behind a backslash, in braces of its own, and what a shell makes of it.
#[test]
fn a_default_is_what_it_is_to_a_shell() {
    for text in [
        "${X:-a}",
        "${X-a}b",
        "${A:-a}",
        "${EMPTY:-a}",
        "${EMPTY-a}",
        "${X:-'a b'}",
        "${X:-\"a b\"}",
        "${X:-a'b'\"c\"d}",
        "${X:-'}'}}",
        "${X:-\"}\"}}",
        "${X:-\\}}}",
        "${X:-{a}}",
        "${X:-'$A'$A\"$A\"${A}}",
        "${X:-\"'$A'\"}",
        "${X:-\\$A\\\\}",
        "${X:-\"\\$A\\b\\\"\"}",
        "${X:-${Y:-${Z:-deep}}}-",
        "${X:-${A:-${Z:-deep}}}-",
        "${A:-${X:-'}'}}-",
        "${X-${EMPTY-b}c}",
        "${X:-a:b-c=d}",
        "${X:-}",
        "${X_1:-a.b}/${X:-c}",
        "$A${X:-$A}$A",
    ] {
        let script = format!("set -f; IFS=; A=1 EMPTY=; unset X Y Z X_1; printf %s {text}");
        let done = Command::new("sh").args(["-c", &script]).output().unwrap();
        assert!(done.status.success(), "{text}: {done:?}");
        assert_eq!(expanded(text), String::from_utf8(done.stdout).unwrap(), "{text}");
    }
}

#[test]
fn from_a_default_that_does_not_end_only_go_s_rules_hold() {
    assert_eq!(expanded("${X:-a} ${X:-$A ${A} ${Y:-b"), "a  Y:-b");
    assert_eq!(expanded("${X:-'a} $A ${Y:-b}|"), " 1 |");
    let nested = |depth: usize| expanded(&("${X:-".repeat(depth) + "a" + &"}".repeat(depth)));
    assert_eq!(nested(DEEPEST), "a");
    assert_eq!(nested(DEEPEST + 1), "}".repeat(DEEPEST));
}

#[test]
fn a_hostile_text_takes_no_longer_than_reading_it() {
    for part in ["${", "${X:-", "${X:-\\", "${X:-'", "${X:-\"", "${X:-$(", "${X:-a}", "$(", "${X", "$", "${X:-${A}"] {
        for end in ["", "}", "'}", ")}"] {
            let text = part.repeat(1 << 20) + end;
            assert!(expanded(&text).len() <= text.len(), "{part}");
        }
    }
}

const PARTS: &[&str] = &[
    "$", "{", "}", "${", "${X:-", "${A:-", "X=", ":-", "-", "'", "\"", "\\", "(", ")", "$(", "$A", "a", "\u{e9}", " ",
];

proptest! {
    #![proptest_config(seeded::cases(100_000))]

    #[test]
    fn no_text_is_too_strange(parts in prop::collection::vec(prop::sample::select(PARTS), 0..40)) {
        let _any = expanded(&parts.concat());
    }
}

/// What a shell makes of a text, with A=1, E empty and X not set; `None` when it is none for a shell.
fn of_a_shell(text: &str) -> Option<String> {
    let script = format!("set -f; IFS=; A=1 E=; unset X; printf %s {text}");
    let done = Command::new("sh").args(["-c", &script]).output().unwrap();
    let is_fine = done.status.success() && done.stderr.is_empty();
    is_fine.then(|| String::from_utf8(done.stdout).unwrap())
}

/// What a variable with a default becomes, and what stands behind it, between double quotes or not.
fn with_default(text: &str, in_quotes: bool) -> Option<(String, &str)> {
    let value = |name: &str| match name {
        "A" => Some("1".to_owned()),
        "E" => Some(String::new()),
        _ => None,
    };
    let mut expansion = Expansion {
        value: &value,
        text,
        last_brace: text.rfind('}').unwrap_or_default(),
        position: 1,
        expanded: String::new(),
        defaults: true,
    };
    expansion.with_default(0, true, in_quotes).ok()?;
    let rest = text.get(expansion.position..).unwrap_or_default();
    Some((expansion.expanded, rest))
}

/// The pieces of which defaults are made that a shell is asked about.
const PIECES: &[&str] =
    &["a", " ", "'", "'", "\"", "\"", "\\", "{", "}", "}", "$A", "${A}", "${X:-", "${A:-", "${E:-", "${E-", "${X-"];

proptest! {
    #![proptest_config(seeded::cases(1_000))]

    #[test]
    fn a_default_is_to_a_shell_what_it_is_to_us(
        pieces in prop::collection::vec(prop::sample::select(PIECES), 0..9),
        in_quotes: bool,
    ) {
        let quoted = |text: &str| if in_quotes { format!("\"{text}\"") } else { text.to_owned() };
        let text = format!("${{X:-{}}}", pieces.concat());
        if let Some(wanted) = of_a_shell(&quoted(&text)) {
            let (value, rest) = with_default(&text, in_quotes).expect("it ends for a shell");
            let rest = of_a_shell(&quoted(rest)).expect("what is left is a text of its own");
            prop_assert_eq!(value + &rest, wanted, "{}", quoted(&text));
        }
    }
}

#[test]
fn quotes_around_a_default_are_seen() {
    for (text, wanted) in [
        ("\"${X:-'a b'}\"", "\"'a b'\""),
        ("'it' \"${X:-it's}\" ${X:-'a'}", "'it' \"it's\" a"),
        ("\\\"${X:-'a'}\\\" \"\\\"${X:-'a'}\"", "\\\"a\\\" \"\\\"'a'\""),
        ("\"${X:-\"a b\"}\"", "\"a b\""),
        ("\"${X:-a\\b\\}}\"", "\"a\\b}\""),
    ] {
        assert_eq!(expanded(text), wanted, "{text}");
    }
}
