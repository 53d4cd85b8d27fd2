//! `ps:watch`: keep what runs of all apps at what should run, for as long as the host is up.
//!
//! [`crate::watch`] decides; here it hears, looks, acts and tells. What is done to an app, `ps:reconcile` does.

mod act;
mod hear;
mod look;
mod room;
mod status;
mod tell;

use super::report::is_json;
use crate::PLUGIN;
use crate::docker_local::{listings, queue};
use crate::scheduler::{DOCKER_LOCAL, scheduler_of};
use crate::watch::{Act, Change, Core, Look, Now, Outcome, Room};
use crate::watched::WatchedFile;
use common::{
    App, Asked, Env, Error, FileLock, Globals, Result, clap, now_since_epoch, parse_command_line, when_asked_to_end,
};
use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender, SyncSender, channel, sync_channel};
use std::time::{Duration, Instant};

/// How many things that were heard may wait to be taken up; whoever has more to tell waits.
const WAITING: usize = 1000;

/// How soon it is seen that another has ended.
const TURN: Duration = Duration::from_secs(5);

/// How long acts that are on their way may take to end in order once we are asked to.
const LAST_WAIT: Duration = Duration::from_secs(80);

#[derive(Debug, clap::Parser)]
#[command(
    name = "ps:watch", about = "Keeps what runs of all apps at what should run",
    after_help = examples!(
        "dokku ps:watch --status" => "What was healed last, and what was given up.",
        "dokku ps:watch --every 60" => "Heal all apps until it is ended; install.sh makes a service of it.",
    )
)]
pub(crate) struct Arguments {
    /// Seconds between two looks at every app, whatever Docker tells
    #[arg(long, value_name = "SECONDS", default_value_t = 300, value_parser = clap::value_parser!(u64).range(10..=86_400))]
    every: u64,
    /// Print what was done last and what was given up, and end
    #[arg(long)]
    status: bool,
    #[command(flatten)]
    globals: Globals,
    /// stdout or json
    #[arg(long, default_value = "stdout")]
    format: String,
}

/// What wakes the program.
enum Message {
    /// Docker's events are heard from now on; before, some may have been missed.
    Listening,
    /// Docker's events cannot be heard, for this reason.
    Deaf(Error),
    /// Docker has told something of an app.
    Heard(App),
    /// An act has ended.
    Ended(Act, Outcome),
    /// The hooks of a change have run.
    Told(Change),
    /// A signal asks us to end.
    End,
}

/// The file whose lock the one that watches holds.
fn lock_file(env: &Env) -> Result<PathBuf> {
    Ok(env.data_directory(PLUGIN)?.join(".watch"))
}

/// The body of `ps:watch`.
pub fn main(env: &Env) -> Result<()> {
    let arguments: Arguments = parse_command_line(env)?;
    if arguments.status {
        return status::show(env, is_json(&arguments.format)?);
    }
    let path = lock_file(env)?;
    let _lock = wait_for_our_turn(env, &path)?;
    let (sender, receiver) = sync_channel(WAITING);
    let end = sender.clone();
    when_asked_to_end(move || drop(end.send(Message::End)));
    hear::begin(env, &sender)?;
    let (tell, changes) = channel();
    tell::begin(env, changes, &sender)?;
    let watch = Watch {
        env: env.renewed(),
        core: Core::new(Duration::from_secs(arguments.every)),
        began: Instant::now(),
        sender,
        tell,
        room: room::AT_FIRST,
        said: String::new(),
    };
    watch.run(&receiver);
    Ok(())
}

/// The lock of the one that watches. Another may run by hand: then we are there when it ends.
fn wait_for_our_turn(env: &Env, path: &Path) -> Result<FileLock> {
    let mut has_said = false;
    loop {
        if let Some(lock) = FileLock::try_acquire(env, path)? {
            return Ok(lock);
        }
        if !has_said {
            let holder = FileLock::holder(path)?.map_or_else(String::new, |process| format!(", as process {process}"));
            env.output().info1(&format!("ps:watch runs already{holder}, and is waited for: dokku ps:watch --status"));
            has_said = true;
        }
        std::thread::sleep(TURN);
    }
}

struct Watch {
    env: Env,
    core: Core,
    began: Instant,
    sender: SyncSender<Message>,
    tell: Sender<Change>,
    /// How many acts may be on their way at once.
    room: Room,
    /// The last trouble that was told, so that nothing is told again and again.
    said: String,
}

impl Watch {
    fn run(mut self, messages: &Receiver<Message>) {
        self.env.output().info1("Watching all apps");
        // The first to come says whether Docker's events are heard; who looks before that has to look again.
        match messages.recv() {
            Ok(Message::End) | Err(_) => return,
            Ok(message) => self.take(message),
        }
        loop {
            let is_at_rest = self.step();
            self.write();
            let idle = if is_at_rest { self.core.idle(self.now(), self.room) } else { Duration::ZERO };
            match messages.recv_timeout(idle) {
                // We hold a sender ourselves.
                Ok(Message::End) | Err(RecvTimeoutError::Disconnected) => break,
                Ok(message) => self.take(message),
                Err(RecvTimeoutError::Timeout) => {}
            }
        }
        self.end(messages);
    }

    /// Looks and acts, as far as it is time for it; says whether nothing was done.
    fn step(&mut self) -> bool {
        let now = self.now();
        let env = self.env.renewed();
        if let Some(look) = self.core.look(now, |app| look::is_busy(&env, app)) {
            self.look(&env, &look);
            return false;
        }
        if !self.core.wants_to_act(now) {
            return true;
        }
        let (room, why) = room::room(&env);
        self.room = room;
        if let Some(why) = why {
            self.say(&why);
        }
        let Some(act) = self.core.act(now, room, |app| look::may_be_touched(&env, app)) else { return true };
        // Whoever is killed from here on has tried.
        self.write();
        if let Err(error) = act::begin(&env, &act, &self.sender) {
            self.core.ended(&act, &Outcome::Failed(error.to_string()), now);
        }
        false
    }

    fn take(&mut self, message: Message) {
        let now = self.now();
        match message {
            Message::Listening => {
                self.said.clear();
                self.core.missed(now);
            }
            Message::Deaf(error) => {
                self.say(&format!("{error}; until Docker's events are heard apps are looked at now and then alone"));
            }
            Message::Heard(app) => self.core.heard(&app, now),
            Message::Ended(act, outcome) => {
                self.core.ended(&act, &outcome, now);
                for line in act::lines(&act, &outcome) {
                    act::log(&self.env, &act.app, &line);
                    self.core.note(&act.app, line, now);
                }
            }
            Message::Told(change) => self.core.told(&change, now),
            Message::End => {}
        }
    }

    /// Looks at apps. What cannot be seen of one is its own trouble.
    fn look(&mut self, env: &Env, look: &Look) {
        if let Err(error) = self.try_to_look(env, look) {
            let now = self.now();
            self.core.unanswered(look, now);
            self.say(&error.to_string());
        }
    }

    fn try_to_look(&mut self, env: &Env, look: &Look) -> Result<()> {
        let all: BTreeSet<App> = App::all(env)?.into_iter().collect();
        self.core.only(&all);
        let mut meant: Vec<App> = match look {
            Look::All => all.into_iter().collect(),
            Look::Some(apps) => apps.iter().filter(|app| all.contains(app)).cloned().collect(),
        };
        // Another scheduler looks after its apps itself; to ask it for each of them may take long.
        meant.retain(|app| !scheduler_of(env, app).is_ok_and(|scheduler| scheduler != DOCKER_LOCAL));
        for (app, listing) in listings(env, &meant, &queue(env)?, Asked::HowTheyDo)? {
            let seen = listing.and_then(|listing| look::seen(env, &app, &listing));
            if !self.core.knows(&app) {
                self.core.learn(&app, WatchedFile::new(env, &app)?.read().unwrap_or_default());
            }
            let now = self.now();
            match seen {
                Ok(seen) => self.see(env, &app, seen, now),
                Err(error) => self.say(&format!("{app}: {error}")),
            }
        }
        Ok(())
    }

    fn see(&mut self, env: &Env, app: &App, seen: crate::watch::Seen, now: Now) {
        let told = self.core.saw(app, seen, now, || look::is_busy(env, app));
        for change in told.changes {
            // Who tells lives as long as we do.
            let _told = self.tell.send(change);
        }
        for (trouble, container) in told.given_up {
            let lines = container.map(|container| look::last_lines(env, &container)).unwrap_or_default();
            act::log(env, app, &format!("gave up {}: dokku ps {app}", trouble.of));
            self.core.last_lines(app, &trouble, lines);
        }
    }

    /// Writes down what is known, so that who comes after us goes on from there.
    fn write(&mut self) {
        for (app, watched) in self.core.take_dirty() {
            let written = WatchedFile::new(&self.env, &app).and_then(|kept| kept.write(&watched));
            if let Err(error) = written {
                self.say(&error.to_string());
            }
        }
    }

    /// Acts that are on their way end in order: the signal has reached them too.
    fn end(mut self, messages: &Receiver<Message>) {
        let began = Instant::now();
        while self.core.is_acting() && began.elapsed() < LAST_WAIT {
            if let Ok(message @ Message::Ended(..)) = messages.recv_timeout(Duration::from_secs(1)) {
                self.take(message);
            }
        }
        self.write();
    }

    /// Tells of a trouble once, until another comes.
    fn say(&mut self, text: &str) {
        if self.said != text {
            self.env.output().warn(text);
            text.clone_into(&mut self.said);
        }
    }

    fn now(&self) -> Now {
        Now { ticks: self.began.elapsed(), epoch: now_since_epoch() }
    }
}
