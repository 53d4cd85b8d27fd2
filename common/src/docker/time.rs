//! Times as Docker writes them.

use std::time::SystemTime;

/// The seconds since 1970, by this machine's clock.
#[doc(hidden)] // for ps, which runs the containers
pub fn now_since_epoch() -> i64 {
    let since_1970 = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default();
    i64::try_from(since_1970.as_secs()).unwrap_or_default()
}

/// Seconds since 1970 of a time in Docker's form, `2024-11-22T20:17:00.123Z`: always UTC, with or without a
/// fraction. `None` for anything else.
#[doc(hidden)] // for ps, which runs the containers
pub fn seconds_since_epoch(text: &str) -> Option<i64> {
    let (date, time) = text.strip_suffix('Z')?.split_once('T')?;
    let [year, month, day] = three_numbers(date, '-')?;
    let [hour, minute, second] = three_numbers(time.split('.').next()?, ':')?;
    if !(1..=9999).contains(&year) || !(1..=12).contains(&month) || !(1..=31).contains(&day) {
        return None;
    }
    if hour > 23 || minute > 59 || second > 60 {
        return None;
    }
    Some(((days_since_epoch(year, month, day) * 24 + hour) * 60 + minute) * 60 + second)
}

fn three_numbers(text: &str, separator: char) -> Option<[i64; 3]> {
    let mut numbers = text.split(separator).map(|part| {
        let digits = !part.is_empty() && part.len() <= 4 && part.bytes().all(|byte| byte.is_ascii_digit());
        part.parse::<i64>().ok().filter(|_| digits)
    });
    let three = [numbers.next()??, numbers.next()??, numbers.next()??];
    numbers.next().is_none().then_some(three)
}

/// Days of the Gregorian calendar. The year is taken to begin in March, so that a leap day is its last.
fn days_since_epoch(year: i64, month: i64, day: i64) -> i64 {
    let year = if month <= 2 { year - 1 } else { year };
    let month_from_march = (month + 9) % 12;
    let day_of_year = (153 * month_from_march + 2) / 5 + day - 1;
    let days_before_year = year * 365 + year / 4 - year / 100 + year / 400;
    // From 1 March of the year 0 to 1 January 1970.
    days_before_year + day_of_year - 719_468
}

/// A time; Docker writes the year 1 for one that never came.
pub(super) fn moment(text: &str) -> Option<String> {
    (!text.is_empty() && !text.starts_with("0001-")).then(|| text.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_time_of_docker_s_is_seconds_since_1970() {
        for (text, seconds) in [
            ("1970-01-01T00:00:00Z", 0),
            ("1970-01-01T00:00:01.999999999Z", 1),
            ("2000-02-29T12:00:00Z", 951_825_600),
            ("2000-03-01T00:00:00Z", 951_868_800),
            ("2024-11-22T20:17:00.123456789Z", 1_732_306_620),
            ("2100-03-01T00:00:00Z", 4_107_542_400),
            ("1969-12-31T23:59:59Z", -1),
        ] {
            assert_eq!(seconds_since_epoch(text), Some(seconds), "{text}");
        }
    }

    #[test]
    fn anything_else_is_no_time() {
        for text in [
            "",
            "yesterday",
            "2024-11-22",
            "2024-11-22T20:17:00",
            "2024-11-22T20:17:00+01:00",
            "2024-13-22T20:17:00Z",
            "2024-11-22T24:17:00Z",
            "2024-11-22T20:17Z",
            "2024-11-22-1T20:17:00Z",
            "+024-11-22T20:17:00Z",
            "99999999999999999999-11-22T20:17:00Z",
        ] {
            assert_eq!(seconds_since_epoch(text), None, "{text}");
        }
    }
}
