//! Docker's events, each a reason to look at an app.

use super::Message;
use common::{App, ContainerEvents, Context, Env, Result};
use std::sync::mpsc::SyncSender;
use std::time::Duration;

/// What may change how an instance is. Docker has many other events, of health checks above all.
const ACTIONS: &[&str] =
    &["start", "die", "destroy", "oom", "health_status", "rename", "pause", "unpause", "restart", "stop"];

/// How soon a stream that broke is opened again.
const AGAIN: Duration = Duration::from_secs(1);

/// Hears them from now on, in a thread that ends with us.
pub(super) fn begin(env: &Env, sender: &SyncSender<Message>) -> Result<()> {
    let (env, sender) = (env.renewed(), sender.clone());
    let hear = move || {
        while hear(&env, &sender).is_some() {
            std::thread::sleep(AGAIN);
        }
    };
    std::thread::Builder::new().name("events".to_owned()).spawn(hear).context(|| "starting a thread").map(drop)
}

/// Hears one stream to its end; nothing once nobody listens to us.
fn hear(env: &Env, sender: &SyncSender<Message>) -> Option<()> {
    let mut events = match ContainerEvents::open(env, ACTIONS) {
        Ok(events) => events,
        Err(error) => return sender.send(Message::Deaf(error)).ok(),
    };
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
