//! The trigger `ps-instance-state`, fired by a thread of its own: a notifier may be slow.

use super::Message;
use crate::watch::Change;
use common::{Context, Env, Result, Triggers};
use std::sync::mpsc::{Receiver, SyncSender};
use std::time::Duration;

/// `ps-instance-state APP TYPE.N OLD NEW REASON`
const HOOK: &str = "ps-instance-state";

/// How long the hook of a plugin may take.
const PATIENCE: Duration = Duration::from_secs(30);

/// Tells what comes through `changes`, and says when it has.
pub(super) fn begin(env: &Env, changes: Receiver<Change>, sender: &SyncSender<Message>) -> Result<()> {
    let (env, sender) = (env.renewed(), sender.clone());
    let tell = move || {
        for change in changes {
            tell(&env.renewed(), &change);
            if sender.send(Message::Told(change)).is_err() {
                break;
            }
        }
    };
    std::thread::Builder::new().name("tell".to_owned()).spawn(tell).context(|| "starting a thread").map(drop)
}

/// Fires it. A hook that fails is a warning: the change is what it is.
fn tell(env: &Env, change: &Change) {
    let Change { app, instance, old, new, reason } = change;
    // A service of the system has none, and hooks of others may need one.
    let process = std::process::id().to_string();
    let triggers = Triggers::new(env).var("DOKKU_PID", env.dokku_pid().unwrap_or(&process)).deadline(PATIENCE);
    let fired = triggers.fire(HOOK, &[app.as_str(), instance, old, new, reason]);
    if let Err(error) = fired {
        env.output().warn(&error.to_string());
    }
}
