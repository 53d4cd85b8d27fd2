//! Whatever a word from outside holds, it is taken or refused: a million of them, without a panic, and without more
//! memory than the word itself takes.

use crate::docker_local::AppStatus;
use crate::formation::{Change, Formation, Request};
use crate::restart_policy::RestartPolicy;
use crate::settings::{Named, SETTINGS, Setting, max_instances};
use crate::signal::Signal;
use common::{Instance, ProcessType, Procfile, commands_a_terminal, seconds_since_epoch};
use proptest::prelude::*;

/// Words in each case, and cases of each property: five properties make a million words.
const WORDS: usize = 200;
const CASES: u32 = 1_000;

/// What the words of a user, a file or Docker are made of.
const PIECES: &[&str] = &[
    "web",
    "worker",
    "=",
    "+",
    "-",
    ".",
    ":",
    "/",
    "..",
    " ",
    "\t",
    "\n",
    "\r",
    "#",
    "0",
    "1",
    "9",
    "00",
    "65536",
    "4294967295",
    "4294967296",
    "9223372036854775807",
    "18446744073709551615",
    "18446744073709551616",
    "99999999999999999999999999",
    "T",
    "Z",
    "2024-11-22T20:17:00",
    "9999-12-31T23:59:60.999999999Z",
    "0001-01-01",
    "on-failure:",
    "true",
    "false",
    "mixed",
    "\u{1b}[2J",
    "\u{7f}",
    "\u{9b}",
    "\u{202e}",
    "\u{0}",
    "\u{feff}",
    "é",
    "漢",
    "👍",
    "\u{301}",
    "'",
    "\"",
    "\\",
    "$PORT",
    "${",
    "}",
];

fn any_words() -> impl Strategy<Value = Vec<String>> {
    let piece = (0..PIECES.len()).prop_map(|piece| PIECES.get(piece).copied().unwrap_or_default());
    let any = prop_oneof![9 => piece.prop_map(str::to_owned), 1 => any::<char>().prop_map(String::from)];
    let word = proptest::collection::vec(any, 0..7).prop_map(|pieces| pieces.concat());
    proptest::collection::vec(word, WORDS)
}

/// A refusal is a message for people: not endless, and nothing in it commands a terminal.
fn is_fit_to_print(error: &common::Error, word: &str) {
    let message = error.message();
    let shown = common::shown_lines(message);
    assert!(!shown.replace('\n', "").chars().any(commands_a_terminal), "{shown:?}");
    // An escape is at most ten characters for one.
    assert!(message.len() <= 10 * word.len() + 400, "{message:?}");
}

proptest! {
    #![proptest_config(seeded::cases(CASES))]

    #[test]
    fn counts(words in any_words()) {
        for word in &words {
            for parsed in [Request::parse_all(&[word]), Change::parse_all(&[word]).and_then(|changes| {
                let before = Formation::from_saved(&["web=4294967295".to_owned(), "worker=1".to_owned()])?;
                changes.iter().map(|change| change.resolve(&before)).collect()
            })] {
                match parsed {
                    Ok(requests) => prop_assert_eq!(requests.len(), 1),
                    Err(error) => is_fit_to_print(&error, word),
                }
            }
        }
    }

    #[test]
    fn files_of_counts(words in any_words()) {
        let text = words.join("\n");
        if let Ok(requests) = Request::parse_file(&text, |_| Ok(())) {
            prop_assert!(requests.len() <= text.lines().count());
        }
        for word in &words {
            match Request::parse_file(word, |_| Ok(())) {
                Ok(requests) => prop_assert!(requests.len() <= word.lines().count()),
                Err(error) => is_fit_to_print(&error, word),
            }
            match Formation::from_saved(std::slice::from_ref(word)) {
                Ok(formation) => prop_assert!(formation.to_saved().len() <= 1),
                Err(error) => is_fit_to_print(&error, word),
            }
        }
    }

    #[test]
    fn settings(words in any_words()) {
        for word in &words {
            for setting in SETTINGS {
                match setting.check(word) {
                    Ok(()) => prop_assert!(!word.chars().any(commands_a_terminal), "{} {word:?}", setting.name),
                    Err(error) => is_fit_to_print(&error, word),
                }
            }
            prop_assert!(max_instances(word).is_ok_and(|most| (1..=1_000_000).contains(&most)) || max_instances(word).is_err());
            prop_assert!(Setting::named(word).is_none_or(|setting| setting.name == word));
            let _ = word.parse::<RestartPolicy>();
            for name in [word.clone(), format!("restart-policy{word}")] {
                match Named::parse(&name) {
                    Ok(named) => prop_assert_eq!(named.to_string(), name),
                    Err(error) => is_fit_to_print(&error, &name),
                }
            }
        }
    }

    #[test]
    fn names(words in any_words()) {
        for word in &words {
            match word.parse::<Instance>() {
                Ok(instance) => prop_assert_eq!(&instance.to_string(), word),
                Err(error) => is_fit_to_print(&error, word),
            }
            match word.parse::<ProcessType>() {
                Ok(process_type) => prop_assert!(process_type.as_str().len() <= ProcessType::MAX_LENGTH),
                Err(error) => is_fit_to_print(&error, word),
            }
            if let Err(error) = word.parse::<Signal>() {
                is_fit_to_print(&error, word);
            }
            if let Err(error) = word.parse::<Procfile>() {
                is_fit_to_print(&error, word);
            }
        }
    }

    #[test]
    fn times_and_states(words in any_words()) {
        for word in &words {
            if let Some(seconds) = seconds_since_epoch(word) {
                // From the year 1 to the year 9999.
                prop_assert!((-62_135_596_800..=253_402_300_800).contains(&seconds), "{word} {seconds}");
            }
            if let Err(error) = AppStatus::parse(word) {
                is_fit_to_print(&error, word);
            }
            let _ = crate::listing::text::signal_name(i64::try_from(word.len()).unwrap_or_default() - 3);
        }
    }
}

#[test]
fn exit_codes_of_all_sizes_have_a_name_or_none() {
    for code in [i64::MIN, i64::MIN + 127, -1, 0, 127, 128, 137, 192, 193, i64::MAX] {
        let named = crate::listing::text::signal_name(code);
        assert_eq!(named.is_some(), (129..=192).contains(&code), "{code}");
    }
}
