//! Docker's events, each a reason to look at an app.

use super::Message;
use common::{App, ContainerEvents, Context, Env, Result};
use std::sync::mpsc::SyncSender;
use std::time::{Duration, Instant};

/// What may change how an instance is. Docker has many other events, of health checks above all.
const ACTIONS: &[&str] =
    &["start", "die", "destroy", "oom", "health_status", "rename", "pause", "unpause", "restart", "stop"];

/// How soon a stream that broke, or could not be opened, is opened again.
const AGAIN: Duration = Duration::from_secs(1);

/// How soon one is that broke in less than this time: each stream is followed by a look at all apps.
const SHORT: Duration = Duration::from_secs(10);

/// Hears them from now on, in a thread that ends with us.
pub(super) fn begin(env: &Env, sender: &SyncSender<Message>) -> Result<()> {
    let (env, sender) = (env.renewed(), sender.clone());
    let hear = move || {
        while let Some(pause) = hear(&env, &sender) {
            std::thread::sleep(pause);
        }
    };
    std::thread::Builder::new().name("events".to_owned()).spawn(hear).context(|| "starting a thread").map(drop)
}

/// How long nothing is heard after a stream that was heard for so long.
fn pause(heard: Duration) -> Duration {
    if heard < SHORT { SHORT } else { AGAIN }
}

/// Hears one stream to its end, and says how long to wait before the next; nothing once nobody listens to us.
fn hear(env: &Env, sender: &SyncSender<Message>) -> Option<Duration> {
    let events = match ContainerEvents::open(env, ACTIONS) {
        Ok(events) => events,
        Err(error) => return sender.send(Message::Deaf(error)).ok().map(|()| AGAIN),
    };
    let began = Instant::now();
    hear_all(events, sender)?;
    Some(pause(began.elapsed()))
}

fn hear_all(mut events: ContainerEvents, sender: &SyncSender<Message>) -> Option<()> {
    sender.send(Message::Listening).ok()?;
    loop {
        match events.next() {
            Ok(Some(event)) => {
                if let Ok(app) = event.app.parse::<App>() {
                    sender.send(Message::Heard(app)).ok()?;
                }
            }
            Ok(None) => return Some(()),
            Err(error) => return sender.send(Message::Deaf(error)).ok(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn streams_that_break_at_once_do_not_follow_each_other_at_once() {
        assert_eq!((pause(Duration::ZERO), pause(SHORT)), (SHORT, AGAIN));
    }
}
