//! Restart policies, in Docker's words.

use common::{Error, Result};
use std::fmt;
use std::str::FromStr;

/// `no`, `always`, `unless-stopped`, `on-failure` or `on-failure:N` with N from 1.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct RestartPolicy(String);

impl FromStr for RestartPolicy {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self> {
        let valid = match text.strip_prefix("on-failure:") {
            Some(times) => {
                times.bytes().all(|byte| byte.is_ascii_digit()) && times.parse::<u32>().is_ok_and(|times| times >= 1)
            }
            None => matches!(text, "no" | "always" | "unless-stopped" | "on-failure"),
        };
        let refused = || {
            let forms = "use no, always, unless-stopped or on-failure (on-failure:5: at most five times)";
            Error::new("Invalid restart-policy specified").with_hint(forms)
        };
        valid.then(|| Self(text.to_owned())).ok_or_else(refused)
    }
}

impl fmt::Display for RestartPolicy {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_policy_is_one_of_docker_s() {
        for good in ["no", "always", "unless-stopped", "on-failure", "on-failure:1", "on-failure:20"] {
            assert_eq!(good.parse::<RestartPolicy>().unwrap().to_string(), good);
        }
        for bad in [
            "",
            "Always",
            "no ",
            "sometimes",
            "on-failure:",
            "on-failure:0",
            "on-failure:junk",
            "on-failure:-1",
            "on-failure:+1",
        ] {
            assert!(bad.parse::<RestartPolicy>().is_err(), "{bad:?}");
        }
    }
}
