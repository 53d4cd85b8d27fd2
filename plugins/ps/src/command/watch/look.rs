//! From what there is of an app to what the core wants to know of it.

use crate::change::{Difference, Wish};
use crate::docker_local::{InstanceState, ListedInstance, Listing, is_in_hand};
use crate::listing::text::exit;
use crate::plan::Ask;
use crate::scheduler::{DOCKER_LOCAL, scheduler_of};
use crate::settings;
use crate::watch::{Seen, SeenInstance, Trouble};
use common::{App, AppLock, Docker, Env, Result};

/// How many of the last lines of what was given up are kept, and how many characters of each.
const LINES: u32 = 20;
const LENGTH: usize = 500;

/// What there is of an app, and what of it is to be mended.
pub(super) fn seen(env: &Env, app: &App, listing: &Listing) -> Result<Seen> {
    let mut seen = Seen::default();
    for listed in listing.instances() {
        let is_own = matches!(listed.state, InstanceState::Docker(_) | InstanceState::Missing);
        if let (Some(instance), true) = (listed.instance(), is_own) {
            seen.instances.insert(instance.to_string(), seen_instance(listed, listing.is_stopped));
        }
    }
    let ills = settings::healed(env, app)?;
    if ills.is_empty() {
        return Ok(seen);
    }
    let wish = Wish { ask: Ask::Heal, only: None, ills: Some(&ills) };
    let Some(found) = Difference::find(env, app, listing, wish, false)? else { return Ok(seen) };
    for (step, ill) in found.needed {
        seen.needs.insert(Trouble { ill, of: step.instance.to_string(), is_of_instance: true }, step.reason);
    }
    for stray in found.strays {
        let trouble = Trouble { ill: Some(stray.ill()), of: stray.name, is_of_instance: false };
        seen.needs.insert(trouble, "nothing accounts for it".to_owned());
    }
    if found.is_unfinished {
        let trouble = Trouble { ill: None, of: "change".to_owned(), is_of_instance: false };
        seen.needs.insert(trouble, "it was left unfinished".to_owned());
    }
    Ok(seen)
}

fn seen_instance(listed: &ListedInstance, is_stopped: bool) -> SeenInstance {
    let runs = listed.counts_as_running();
    let word = match listed.word() {
        _ if listed.is_unhealthy() => "unhealthy",
        _ if is_stopped && !runs => "stopped",
        word => word,
    };
    SeenInstance {
        word: word.to_owned(),
        reason: exit(listed).map(|exit| format!("exit code {exit}")).unwrap_or_default(),
        container: listed.container.clone(),
        runs,
        up_for: listed.seconds.filter(|_| listed.is_up()).unwrap_or_default(),
    }
}

/// Whether somebody changes an app at this moment, or has locked it by hand. Who cannot tell takes it for so.
pub(super) fn is_busy(env: &Env, app: &App) -> bool {
    is_in_hand(env, app).unwrap_or(true) || AppLock::is_by_hand(env, app).unwrap_or(true)
}

/// Whether an app may be touched at this moment. That of one that was stopped nothing is to be mended, who looked has seen.
pub(super) fn may_be_touched(env: &Env, app: &App) -> bool {
    let is_ours = scheduler_of(env, app).is_ok_and(|scheduler| scheduler == DOCKER_LOCAL);
    let is_healed = settings::healed(env, app).is_ok_and(|ills| !ills.is_empty());
    is_ours && is_healed && !is_busy(env, app)
}

/// The last lines of a container, as far as Docker still has them.
pub(super) fn last_lines(env: &Env, container: &str) -> Vec<String> {
    let lines = Docker::new(env).and_then(|docker| docker.last_lines(container, LINES)).unwrap_or_default();
    lines.lines().map(|line| line.chars().take(LENGTH).collect()).collect()
}
