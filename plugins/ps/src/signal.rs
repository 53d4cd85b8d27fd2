//! Signals, as users name them and as Linux numbers them. Pure.

use common::{Error, Result};
use std::fmt;
use std::str::FromStr;

/// The names of the signals from 1 on, without `SIG`.
const NAMES: [&str; 31] = [
    "HUP", "INT", "QUIT", "ILL", "TRAP", "ABRT", "BUS", "FPE", "KILL", "USR1", "SEGV", "USR2", "PIPE", "ALRM", "TERM",
    "STKFLT", "CHLD", "CONT", "STOP", "TSTP", "TTIN", "TTOU", "URG", "XCPU", "XFSZ", "VTALRM", "PROF", "WINCH", "IO",
    "PWR", "SYS",
];

/// The names that can be typed, as far as they have a meaning of their own.
pub(crate) fn names() -> impl Iterator<Item = &'static str> {
    NAMES.into_iter()
}

/// Other names for some of them.
const OTHER_NAMES: [(&str, &str); 3] = [("IOT", "ABRT"), ("CLD", "CHLD"), ("POLL", "IO")];

/// The first and the last that have no meaning of their own. The C library keeps the two before them to itself.
const REAL_TIME: (u8, u8) = (34, 64);

/// A signal that Linux knows, by its number.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Signal(u8);

impl Signal {
    /// The signal of this number, if there is one.
    pub(crate) fn of_number(number: i64) -> Option<Self> {
        let number = u8::try_from(number).ok()?;
        let exists = (1..=NAMES.len()).contains(&number.into()) || (REAL_TIME.0..=REAL_TIME.1).contains(&number);
        exists.then_some(Self(number))
    }

    fn named(name: &str) -> Option<Self> {
        let name = OTHER_NAMES.iter().find(|(other, _)| *other == name).map_or(name, |(_, name)| *name);
        let position = NAMES.iter().position(|known| *known == name);
        position.and_then(|position| Self::of_number(i64::try_from(position).ok()? + 1)).or_else(|| real_time(name))
    }
}

/// `RTMIN`, `RTMIN+1`, `RTMAX-1`, `RTMAX`
fn real_time(name: &str) -> Option<Signal> {
    let offset = |rest: &str, sign| match rest.strip_prefix(sign) {
        Some(digits) if digits.bytes().all(|byte| byte.is_ascii_digit()) => digits.parse::<u8>().ok(),
        None if rest.is_empty() => Some(0),
        _ => None,
    };
    let number = match (name.strip_prefix("RTMIN"), name.strip_prefix("RTMAX")) {
        (Some(rest), _) => REAL_TIME.0.checked_add(offset(rest, '+')?)?,
        (_, Some(rest)) => REAL_TIME.1.checked_sub(offset(rest, '-')?)?,
        _ => return None,
    };
    (REAL_TIME.0..=REAL_TIME.1).contains(&number).then_some(Signal(number))
}

impl FromStr for Signal {
    type Err = Error;

    /// A name in any case, with or without `SIG`, or a number.
    fn from_str(word: &str) -> Result<Self> {
        let name = word.to_ascii_uppercase();
        let is_number = !word.is_empty() && word.bytes().all(|byte| byte.is_ascii_digit());
        let found = match word.parse() {
            Ok(number) if is_number => Self::of_number(number),
            _ => Self::named(name.strip_prefix("SIG").unwrap_or(&name)),
        };
        found.ok_or_else(|| {
            Error::new(format!(
                "{word:?} is no signal, use one of {}, RTMIN to RTMAX, or a number from 1 to 31 or {} to {}",
                NAMES.join(", "),
                REAL_TIME.0,
                REAL_TIME.1
            ))
        })
    }
}

impl fmt::Display for Signal {
    /// With `SIG`, as Docker takes it too.
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let name = usize::from(self.0).checked_sub(1).and_then(|position| NAMES.get(position));
        match (name, self.0.saturating_sub(REAL_TIME.0)) {
            (Some(name), _) => write!(formatter, "SIG{name}"),
            (None, _) if self.0 == REAL_TIME.1 => formatter.write_str("SIGRTMAX"),
            (None, 0) => formatter.write_str("SIGRTMIN"),
            (None, offset @ 1..=15) => write!(formatter, "SIGRTMIN+{offset}"),
            (None, _) => write!(formatter, "SIGRTMAX-{}", REAL_TIME.1.saturating_sub(self.0)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shown(word: &str) -> String {
        word.parse::<Signal>().map_or_else(|error| error.to_string(), |signal| signal.to_string())
    }

    #[test]
    fn a_signal_has_a_name_in_any_case_or_a_number() {
        for (words, signal) in [
            (&["HUP", "hup", "SIGHUP", "sighup", "SigHup", "1"][..], "SIGHUP"),
            (&["KILL", "9", "009"], "SIGKILL"),
            (&["USR1", "10"], "SIGUSR1"),
            (&["ABRT", "IOT", "6"], "SIGABRT"),
            (&["STKFLT", "16"], "SIGSTKFLT"),
            (&["CLD", "17"], "SIGCHLD"),
            (&["WINCH", "28"], "SIGWINCH"),
            (&["SYS", "31"], "SIGSYS"),
            (&["RTMIN", "34", "rtmin+0"], "SIGRTMIN"),
            (&["SIGRTMIN+15", "49"], "SIGRTMIN+15"),
            (&["SIGRTMIN+16", "RTMAX-14", "50"], "SIGRTMAX-14"),
            (&["RTMAX", "64"], "SIGRTMAX"),
        ] {
            assert!(words.iter().all(|word| shown(word) == signal), "{words:?}");
        }
    }

    #[test]
    fn every_signal_is_understood_as_it_is_shown() {
        let all: Vec<Signal> = (0..=255).filter_map(Signal::of_number).collect();
        assert_eq!(all.len(), 31 + 31);
        assert!(all.iter().all(|signal| signal.to_string().parse() == Ok(*signal)), "{all:?}");
    }

    #[test]
    fn anything_else_is_refused_with_the_names_there_are() {
        for word in ["", "SIG", "HUPS", "SIGSIGHUP", "0", "32", "33", "65", "+1", "-1", "1.0", "RTMIN+31", "RTMAX-31"] {
            let message = shown(word);
            assert!(message.starts_with(&format!("{word:?} is no signal, use one of HUP, INT, ")), "{message}");
        }
        for word in ["RTMIN+", "RTMIN+256", "RTMIN-1", "RTMAX+1", "99999999999999999999", "h\u{fc}p"] {
            assert!(word.parse::<Signal>().is_err(), "{word}");
        }
    }
}
