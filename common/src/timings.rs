//! Where the time of a command goes: with `--timings` it is told at the end, call by call.
//!
//! What is waited for at the same time by several threads counts once; what is left is the command's own.

use crate::Output;
use crate::output::Stream;
use std::sync::{Mutex, OnceLock, PoisonError};
use std::time::{Duration, Instant};

/// When this process began; nothing while nobody asks.
static BEGAN: OnceLock<Instant> = OnceLock::new();
static SPANS: Mutex<Vec<Span>> = Mutex::new(Vec::new());

/// No call is told in more characters.
const LONGEST: usize = 90;

/// Who was waited for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Whom {
    /// A hook, a script of the host, or another program.
    Host,
    /// Docker.
    Docker,
}

struct Span {
    whom: Whom,
    what: String,
    from: Instant,
    to: Instant,
}

/// From now on it is kept, for a process that began then.
pub(crate) fn keep(began: Instant) {
    let _asked_twice = BEGAN.set(began);
}

/// Does what is waited for.
pub(crate) fn timed<T>(whom: Whom, what: impl FnOnce() -> String, work: impl FnOnce() -> T) -> T {
    let from = begin();
    let done = work();
    end(whom, from, what);
    done
}

/// The beginning of what is waited for; nothing while nobody asks.
pub(crate) fn begin() -> Option<Instant> {
    BEGAN.get().map(|_| Instant::now())
}

/// Its end.
pub(crate) fn end(whom: Whom, from: Option<Instant>, what: impl FnOnce() -> String) {
    if let Some(from) = from {
        let span = Span { whom, what: what(), from, to: Instant::now() };
        SPANS.lock().unwrap_or_else(PoisonError::into_inner).push(span);
    }
}

/// Tells it on standard error, if it was asked for.
pub(crate) fn tell(output: &Output) {
    let Some(began) = BEGAN.get() else { return };
    let spans = SPANS.lock().unwrap_or_else(PoisonError::into_inner);
    for line in lines(&spans, began.elapsed()) {
        output.pass_on(Stream::Err, &line);
    }
}

fn lines(spans: &[Span], all: Duration) -> Vec<String> {
    let line = |what: &str, time: Duration| format!("       {:>9.1} ms  {what}", time.as_secs_f64() * 1000.0);
    let mut lines = vec!["-----> Timings".to_owned()];
    for span in spans {
        let what: String = span.what.chars().take(LONGEST).collect();
        lines.push(line(&what, span.to.saturating_duration_since(span.from)));
    }
    let mut waited = Duration::ZERO;
    for (whom, name) in [(Whom::Host, "hooks and other programs"), (Whom::Docker, "Docker, besides")] {
        let so_far = covered(spans.iter().filter(|span| whom == Whom::Docker || span.whom == whom));
        let calls = spans.iter().filter(|span| span.whom == whom).count();
        lines.push(line(&format!("{name} ({calls} calls)"), so_far.saturating_sub(waited)));
        waited = so_far;
    }
    lines.push(line("its own", all.saturating_sub(waited)));
    lines.push(line("all", all));
    lines
}

/// For how long at least one of these was waited for.
fn covered<'s>(spans: impl Iterator<Item = &'s Span>) -> Duration {
    let mut spans: Vec<_> = spans.map(|span| (span.from, span.to)).collect();
    spans.sort_unstable();
    let (mut covered, mut reached) = (Duration::ZERO, None);
    for (from, to) in spans {
        let from = reached.map_or(from, |reached: Instant| from.max(reached));
        covered += to.saturating_duration_since(from);
        reached = reached.max(Some(to));
    }
    covered
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_waited_for_at_the_same_time_counts_once() {
        let began = Instant::now();
        let span = |whom, what: &str, from, to| {
            let at = |milliseconds| began + Duration::from_millis(milliseconds);
            Span { whom, what: what.to_owned(), from: at(from), to: at(to) }
        };
        let spans = [
            span(Whom::Docker, "GET /containers/json", 0, 20),
            span(Whom::Host, "pre-start shop in plugin a", 10, 40),
            span(Whom::Docker, "GET /x", 15, 30),
            span(Whom::Host, "y", 60, 70),
        ];
        let wanted = "-----> Timings\n\
             \x20           20.0 ms  GET /containers/json\n\
             \x20           30.0 ms  pre-start shop in plugin a\n\
             \x20           15.0 ms  GET /x\n\
             \x20           10.0 ms  y\n\
             \x20           40.0 ms  hooks and other programs (2 calls)\n\
             \x20           10.0 ms  Docker, besides (2 calls)\n\
             \x20           50.0 ms  its own\n\
             \x20          100.0 ms  all";
        assert_eq!(lines(&spans, Duration::from_millis(100)).join("\n"), wanted);
        assert_eq!(lines(&[], Duration::from_millis(1)).len(), 5);
    }

    #[test]
    fn nothing_is_kept_while_nobody_asks() {
        assert_eq!(timed(Whom::Host, || unreachable!("it is not asked"), || 7), 7);
    }
}
