//! Which part of an app the words of a command line choose.

use crate::docker_local::instance_files;
use crate::saved::SavedScale;
use crate::targets::{Known, Selection, Targets};
use common::{App, Env, Instance, ProcessType, Procfile, Result};
use std::collections::BTreeSet;

/// So many instances that should be there can be named. A hand may have set a scale to a billion.
const MOST_WANTED: usize = 100_000;

/// What these words choose: whole types, and single instances. A word that names nothing of the app is refused.
pub(crate) fn chosen(env: &Env, app: &App, words: &[String]) -> Result<Selection> {
    Targets::new(words).select(app, &known(env, app)?)
}

/// The types in an app's Procfile, its scale and its files, and the instances that there are or should be.
pub(super) fn known(env: &Env, app: &App) -> Result<Known> {
    let saved = SavedScale::new(env, app).read()?;
    let files = instance_files(env, app)?.into_iter().filter_map(|file| file.instance);
    let wanted = saved.desired.iter().flat_map(|(process_type, quantity)| {
        (1..=quantity).map(|index| Instance { process_type: process_type.clone(), index })
    });
    let instances = wanted.take(MOST_WANTED).chain(files).collect();
    let mut types: BTreeSet<ProcessType> = saved.shown().iter().map(|(name, _)| name.clone()).collect();
    types.extend(saved.procfile.iter().flat_map(Procfile::process_types).cloned());
    Ok(Known { types, only_these: saved.procfile.is_some(), instances })
}
