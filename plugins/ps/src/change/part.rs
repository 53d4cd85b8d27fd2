//! Part of an app: types or single instances that are started, stopped or made anew, while the rest of it is not touched.

use super::deploy;
use super::said::as_text;
use super::scaling::Scaling;
use super::surroundings::checks_are_disabled;
use super::type_change::{How, TypeChange, Wish};
use crate::docker_local::{is_stopped_whole, runs_on_docker_local};
use crate::formation::Request;
use crate::plan::Ask;
use crate::saved::SavedScale;
use crate::scheduler::{is_deployed, scheduler_of};
use crate::settings::RESTORE;
use crate::stopped::Stopped;
use crate::targets::Selection;
use crate::{PLUGIN, docker_local};
use common::{
    App, AppLock, Context, Env, Error, Instance, ProcessType, Properties, Quantity, Result, in_spite_of_signals,
};
use std::collections::BTreeSet;
use std::time::Duration;

/// What is done to part of an app.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Deed {
    /// What has ended runs again.
    Start,
    /// It ends, and stays so until it is started or deployed.
    Stop,
    /// It is made anew, whole types as the host deploys them.
    Restart,
    /// It is made anew, one instance after the other; what was stopped by hand stays so.
    Roll,
}

/// Part of an app, under its lock.
pub(crate) struct Part<'a> {
    env: &'a Env,
    app: &'a App,
    selection: Selection,
    deed: Deed,
}

impl<'a> Part<'a> {
    /// What a deed means for part of an app; nothing selected is all of it.
    pub(crate) fn new(env: &'a Env, app: &'a App, selection: Selection, deed: Deed) -> Result<Self> {
        let by_type = deed == Deed::Restart && selection.instances.is_empty();
        let whole = deed != Deed::Roll && selection.is_empty();
        let part = Self { env, app, selection, deed };
        if !by_type && !whole && !runs_on_docker_local(env, app)? {
            let scheduler = scheduler_of(env, app)?;
            return Err(Error::new(format!(
                "{app} is run by the scheduler {scheduler}, of which only the whole app can be started and stopped, \
                 and whole process types restarted"
            )));
        }
        Ok(part)
    }

    /// Says what would be done.
    pub(crate) fn say(&self) -> Result<()> {
        if !is_deployed(self.env, self.app)? {
            self.env.output().warn(&format!("App {} has not been deployed", self.app));
            return Ok(());
        }
        self.env.output().info1_quiet(&format!("Plan for {}, nothing is done", self.app));
        let stopped = Stopped::new(self.env, self.app)?.read()?;
        let after = self.stopped_after(stopped, self.is_of_stopped_app()?)?;
        let scaling = Scaling::find(self.env, self.app)?.with_stopped(after);
        let changes = self.changes(&scaling)?;
        if changes.is_empty() {
            self.env.output().verbose(&format!("The scheduler {} does it", scheduler_of(self.env, self.app)?));
        }
        self.env.output().print(&as_text(&changes))
    }

    /// Does it. When it fails what was stopped by hand before is so again.
    pub(crate) fn carry_out(&self, patience: Duration) -> Result<()> {
        let (env, app) = (self.env, self.app);
        if !is_deployed(env, app)? {
            env.output().warn(&format!("App {app} has not been deployed"));
            return Ok(());
        }
        docker_local::check_docker(env, app)?;
        let lock = deploy::lock(env, app, patience)?;
        SavedScale::new(env, app).refuse_excess(|saved| self.touches(saved))?;
        if !runs_on_docker_local(env, app)? {
            // Another scheduler knows no part that is stopped.
            return self.apply(&lock);
        }
        let kept = Stopped::new(env, app)?;
        let before = kept.read()?;
        // Only a part of an app that was stopped whole comes up: the rest is stopped by hand from now on.
        let was_stopped = self.is_of_stopped_app()?;
        kept.write(&self.stopped_after(before.clone(), was_stopped)?)?;
        let properties = Properties::new(env, PLUGIN);
        let done = if was_stopped { properties.set(app, RESTORE.name, "true") } else { Ok(()) };
        let Err(error) = done.and_then(|()| self.apply(&lock)) else { return Ok(()) };
        let back = in_spite_of_signals(|| {
            let stopped = if was_stopped { properties.set(app, RESTORE.name, "false") } else { Ok(()) };
            kept.write(&self.stopped_after_failure(before)).and(stopped)
        });
        back.context(|| format!("{error}; noting what of {app} is stopped"))?;
        Err(error)
    }

    /// Whether it makes a part come up of an app that was stopped whole.
    fn is_of_stopped_app(&self) -> Result<bool> {
        Ok(matches!(self.deed, Deed::Start | Deed::Restart) && is_stopped_whole(self.env, self.app)?)
    }

    fn apply(&self, lock: &AppLock) -> Result<()> {
        let scaling = Scaling::find(self.env, self.app)?;
        let changes = self.changes(&scaling)?;
        apply_all(self.env, &scaling, &changes, lock).map(drop)
    }

    /// What is stopped by hand after a failure: of several types the first may have ended, or come up, by then. Where that
    /// cannot be told it is what was so before.
    fn stopped_after_failure(&self, before: Selection) -> Selection {
        let Ok((running, others)) = Scaling::find(self.env, self.app).map(|scaling| scaling.running_and_others())
        else {
            return before;
        };
        let desired = SavedScale::new(self.env, self.app).desired().unwrap_or_default();
        let ended = others.into_iter().filter(|instance| self.deed == Deed::Stop && self.selection.covers(instance));
        let quantity = |process_type: &ProcessType| desired.quantity(process_type).unwrap_or(0);
        before.and(&Selection::new([], ended)).without(&Selection::new([], running), quantity)
    }

    /// What was stopped by hand once it is done.
    fn stopped_after(&self, before: Selection, was_stopped: bool) -> Result<Selection> {
        if self.selection.is_empty() && self.deed != Deed::Roll {
            // The app was or will be stopped whole, or runs whole.
            return Ok(Selection::default());
        }
        let desired = SavedScale::new(self.env, self.app).desired()?;
        let quantity = |process_type: &ProcessType| desired.quantity(process_type).unwrap_or(0);
        Ok(match self.deed {
            Deed::Stop => before.and(&self.selection),
            Deed::Roll => before,
            Deed::Start | Deed::Restart if was_stopped => {
                Selection::new(deploy::types_of(self.env, self.app)?, []).without(&self.selection, quantity)
            }
            Deed::Start | Deed::Restart => before.without(&self.selection, quantity),
        })
    }

    fn touches(&self, process_type: &ProcessType) -> bool {
        self.selection.is_empty() || self.selection.touched().contains(process_type)
    }

    /// What it means for each type.
    fn changes<'s>(&self, scaling: &'s Scaling<'_>) -> Result<Vec<TypeChange<'s>>> {
        let types: BTreeSet<ProcessType> = if self.selection.is_empty() {
            deploy::types_of(self.env, self.app)?.into_iter().collect()
        } else {
            self.selection.touched()
        };
        let mut by_host = BTreeSet::new();
        for process_type in &types {
            if self.is_by_host(process_type)? {
                by_host.insert(process_type.clone());
            }
        }
        let desired = SavedScale::new(self.env, self.app).desired()?;
        let request = |process_type: ProcessType| {
            let quantity = desired.quantity(&process_type).unwrap_or(0);
            Request { process_type, quantity }
        };
        let (whole, single): (Vec<Request>, Vec<Request>) =
            types.into_iter().map(request).partition(|request| by_host.contains(&request.process_type));
        let part = Wish { only: Some(&self.selection), ..Ask::Wake.into() };
        let by_us = match self.deed {
            Deed::Stop if self.selection.is_empty() => scaling.stop(&single, &self.each_of(&single)),
            Deed::Stop => scaling.stop(&single, &self.selection),
            Deed::Start if self.selection.is_empty() => scaling.mend(&single, Ask::Wake)?,
            Deed::Start => scaling.mend(&single, part)?,
            Deed::Restart => scaling.mend(&single, Wish { ask: Ask::Anew, ..part })?,
            Deed::Roll => {
                let each = self.each_of(&single);
                scaling.mend(&single, Wish { only: Some(&each), ..Ask::Anew.into() })?
            }
        };
        let by_host =
            whole.into_iter().map(|request| TypeChange { from: request.quantity, request, how: How::Deploy(None) });
        Ok(by_host.chain(by_us).collect())
    }

    /// Whether the host deploys a type whole. One that must never run twice is made anew by us: where no other comes up the
    /// host would leave the old one ended.
    fn is_by_host(&self, process_type: &ProcessType) -> Result<bool> {
        if self.deed != Deed::Restart || self.selection.is_empty() {
            return Ok(self.deed == Deed::Restart);
        }
        let on_docker = runs_on_docker_local(self.env, self.app)?;
        let never_twice = on_docker && checks_are_disabled(self.env, self.app, process_type)?;
        Ok(self.selection.types.contains(process_type) && !never_twice)
    }

    /// Each instance of these types, one by one.
    fn each_of(&self, requests: &[Request]) -> Selection {
        let of = |Request { process_type, quantity }: &Request| {
            let instance = |index: Quantity| Instance { process_type: process_type.clone(), index };
            (1..=*quantity).map(instance).collect::<Vec<_>>()
        };
        let is_meant = |instance: &Instance| self.selection.is_empty() || self.selection.covers(instance);
        Selection::new([], requests.iter().flat_map(of).filter(is_meant))
    }
}

/// Carries changes out, one type after the other, and stops at the first that fails; says whether the proxy was made anew
/// before the first.
pub(super) fn apply_all(env: &Env, scaling: &Scaling<'_>, changes: &[TypeChange<'_>], lock: &AppLock) -> Result<bool> {
    // The host says itself what it deploys.
    for change in changes.iter().filter(|change| !matches!(change.how, How::Deploy(_))) {
        as_text(std::slice::from_ref(change)).lines().for_each(|line| env.output().verbose(line));
    }
    let built = scaling.prepare(changes, lock)?;
    changes.iter().try_for_each(|change| scaling.apply(change, lock))?;
    Ok(built)
}
