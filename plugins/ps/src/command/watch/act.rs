//! One act: `ps:reconcile` of a part of an app, as a user would call it, so that it has the host's whole environment.

use super::Message;
use super::look::may_be_touched;
use crate::commands::reconcile::says_it_begins;
use crate::plan::Ill;
use crate::watch::{Act, Outcome, Trouble};
use common::{Answer, App, Context, Env, Process, Result, interrupted};
use std::sync::mpsc::SyncSender;
use std::time::{Duration, Instant};

/// No act takes so long: what hangs is ended.
const LONGEST: Duration = Duration::from_mins(10);

/// How long it waits for somebody else's change, in seconds. We look again ourselves.
const PATIENCE: &str = "5";

/// What the log of events may take.
const LOG: Duration = Duration::from_secs(5);

/// No more of a failure is told.
const LENGTH: usize = 300;

/// Begins it in a thread of its own, which says how it ended.
pub(super) fn begin(env: &Env, act: &Act, sender: &SyncSender<Message>) -> Result<()> {
    let (env, act, sender) = (env.renewed(), act.clone(), sender.clone());
    let work = move || {
        let outcome = carry_out(&env, &act);
        // Nobody takes it up once we end.
        let _told = sender.send(Message::Ended(act, outcome));
    };
    std::thread::Builder::new().name("act".to_owned()).spawn(work).context(|| "starting a thread").map(drop)
}

fn carry_out(env: &Env, act: &Act) -> Outcome {
    let ills = act.ills().to_string();
    let words = ["--quiet", "ps:reconcile", "--only", &ills, "--lock-timeout", PATIENCE, act.app.as_str()];
    // An empty DOKKU_PID is none: each command has its own.
    let process = Process::new("dokku").args(words).args(act.instances()).var("DOKKU_PID", "").leading_a_group();
    let began = Instant::now();
    let outcome = match process.deadline(LONGEST).capture() {
        Ok(answer) if answer.succeeded() => return Outcome::Done,
        Ok(answer) => failure(&act.app, &answer),
        Err(error) if began.elapsed() >= LONGEST => Outcome::Failed(error.to_string()),
        Err(error) => Outcome::Hindered(error.to_string()),
    };
    // Who was asked to end has not tried in vain.
    let was_let = interrupted().is_none() && may_be_touched(env, &act.app);
    if was_let { outcome } else { Outcome::NotNow }
}

/// A host that fails, or a Docker that does not answer, is no try of an instance: then `ps:reconcile` has not begun.
fn failure(app: &App, answer: &Answer) -> Outcome {
    let reason = last_words(&String::from_utf8_lossy(&answer.stderr))
        .unwrap_or_else(|| format!("ps:reconcile failed with {}", answer.status_text()));
    let has_begun = says_it_begins(app, &String::from_utf8_lossy(&answer.stdout));
    if has_begun { Outcome::Failed(reason) } else { Outcome::Hindered(reason) }
}

/// The last error among what a command has printed.
fn last_words(stderr: &str) -> Option<String> {
    let mut errors = stderr.lines().filter_map(|line| line.strip_prefix(" !     ")).map(str::trim);
    let last = errors.rfind(|line| !line.is_empty())?;
    Some(last.chars().take(LENGTH).collect())
}

/// What was done, a line for each thing.
pub(super) fn lines(act: &Act, outcome: &Outcome) -> Vec<String> {
    let line = |(trouble, why): (&Trouble, &String)| {
        let Trouble { ill, of, .. } = trouble;
        let done = match ill {
            None => "was finished",
            Some(Ill::Address) => "the proxy was told",
            Some(Ill::Missing) => "was started again",
            Some(Ill::Unhealthy) => "was replaced",
            Some(Ill::Upcoming) => "was removed",
            Some(Ill::Stray) => "was retired",
        };
        match outcome {
            Outcome::Done => Some(format!("{of}: {why}, and {done}")),
            Outcome::Failed(reason) => Some(format!("{of}: {why}, and could not be mended: {reason}")),
            Outcome::Hindered(reason) => Some(format!("{of}: {why}, and nothing could be tried: {reason}")),
            Outcome::NotNow => None,
        }
    };
    act.needs.iter().filter_map(line).collect()
}

/// A line in the journal and in the host's log of events.
pub(super) fn log(env: &Env, app: &App, line: &str) {
    env.output().info1(&format!("{app} {line}"));
    let text = format!("ps:watch {app} {line}");
    let logger = Process::new("logger").args(["-t", "dokku-event", "-i", "--", &text]).leading_a_group();
    if let Err(error) = logger.deadline(LOG).capture() {
        env.output().debug(&error.to_string());
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_failed_before_anything_was_begun_is_no_try() {
        let app: App = "shop".parse().unwrap();
        let answer = |script: &str| Process::new("sh").args(["-c", script]).capture().unwrap();
        let begun = answer("echo '-----> Reconciling shop'; echo ' !     why' >&2; exit 1");
        assert_eq!(failure(&app, &begun), Outcome::Failed("why".to_owned()));
        let hindered = answer("echo '-----> Reconciling shop2'; exit 1");
        assert_eq!(failure(&app, &hindered), Outcome::Hindered("ps:reconcile failed with exit status 1".to_owned()));
    }

    #[test]
    fn the_last_error_is_why_it_failed() {
        assert_eq!(last_words("-----> x\n !     one\n !     two\nnoise\n !     \n"), Some("two".to_owned()));
        assert_eq!(last_words("noise\n"), None);
        assert_eq!(last_words(&format!(" !     {}", "x".repeat(1000))).unwrap().len(), LENGTH);
    }
}
