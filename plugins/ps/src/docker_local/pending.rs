//! Would a new instance be like those that run? What has changed since they were made.
//!
//! Each container carries a fingerprint of what it was made from. One from before this plugin was installed, or whose
//! label cannot be read, has none; then what [`changes_since`] tells stands for it. The image is compared as it is.

use super::listing::ListedInstance;
use crate::fingerprint::{Fingerprint, LABEL, changes_since};
use common::{App, Asked, ContainerDetails, Docker, Env, ProcessType, Result};
use std::collections::BTreeSet;

/// What a source that is the image is called.
const IMAGE: &str = "image";

/// What has changed for a type since its instances were made.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Pending {
    /// There is no instance to compare with.
    Unknown,
    /// Nothing.
    Nothing,
    /// The release has another image than this one, from which all that runs was made, and nothing else
    /// has changed: as after a deploy that failed once its image was built.
    OtherImage(String),
    /// These sources. The image is that from which all that runs was made, where the release has another.
    Changed { sources: Vec<String>, image: Option<String> },
}

/// What has changed for those instances of one type that run; `image` names the image of the release.
pub(crate) fn pending(
    env: &Env,
    app: &App,
    process_type: &ProcessType,
    image: &str,
    instances: &[&ListedInstance],
) -> Result<Pending> {
    pending_of(env, app, process_type, image, running(instances))
}

/// The same for those that have ended: what has changed since they were made.
pub(crate) fn pending_of_ended(
    env: &Env,
    app: &App,
    process_type: &ProcessType,
    image: &str,
    instances: &[&ListedInstance],
) -> Result<Pending> {
    let ended = instances.iter().filter_map(|instance| instance.details.as_ref());
    pending_of(env, app, process_type, image, ended.filter(|details| details.state.can_be_started()).collect())
}

fn pending_of(
    env: &Env,
    app: &App,
    process_type: &ProcessType,
    image: &str,
    running: Vec<&ContainerDetails>,
) -> Result<Pending> {
    let Some(first) = running.first() else { return Ok(Pending::Unknown) };
    let docker = Docker::new(env)?;
    let release = docker.image_id(image)?;
    let of_image = |image: &str| Ok(Some(docker.image_config(image)?.env.unwrap_or_default()));
    let changed = changed(env, app, process_type, &running, |_| release.clone(), of_image)?;
    let one_image = running.iter().all(|details| details.image == first.image);
    Ok(if changed.is_empty() {
        Pending::Nothing
    } else if one_image && !first.image.is_empty() && changed.iter().all(|source| source == IMAGE) {
        Pending::OtherImage(first.image.clone())
    } else {
        let image = (one_image && changed.contains(IMAGE)).then(|| first.image.clone());
        Pending::Changed { sources: changed.into_iter().collect(), image: image.filter(|image| !image.is_empty()) }
    })
}

/// What has to be known of containers to tell what is pending.
pub(crate) const TO_TELL_PENDING: Asked = Asked::Labelled(LABEL);

/// What has changed for the instances of one type, as far as the host's files tell: Docker is not asked for
/// the image of the release.
pub(crate) fn pending_in_files(
    env: &Env,
    app: &App,
    process_type: &ProcessType,
    instances: &[&ListedInstance],
) -> Result<Vec<String>> {
    let their_own = |details: &ContainerDetails| details.image.clone();
    let changed = changed(env, app, process_type, &running(instances), their_own, |_| Ok(None))?;
    Ok(changed.into_iter().collect())
}

fn running<'i>(instances: &[&'i ListedInstance]) -> Vec<&'i ContainerDetails> {
    instances.iter().filter(|instance| instance.is_up()).filter_map(|instance| instance.details.as_ref()).collect()
}

/// The sources that differ for one of the containers; `release` is the image that a new one would have in
/// the place of an old one, and `of_image` the variables that an image gives.
fn changed(
    env: &Env,
    app: &App,
    process_type: &ProcessType,
    running: &[&ContainerDetails],
    release: impl Fn(&ContainerDetails) -> String,
    of_image: impl Fn(&str) -> Result<Option<Vec<String>>>,
) -> Result<BTreeSet<String>> {
    let mut current = None;
    let mut changed = BTreeSet::new();
    for details in running {
        if details.image != release(details) {
            changed.insert(IMAGE.to_owned());
        }
        let label = details.labels.get(LABEL);
        if let Some(then) = label.and_then(|label| Fingerprint::from_label(label)) {
            let now = match &current {
                Some(now) => now,
                None => current.insert(Fingerprint::current(env, app, process_type)?),
            };
            changed.extend(then.changes(now).cloned());
        } else {
            changed.extend(changes_since(env, app, process_type, details, || of_image(&details.image))?);
        }
    }
    Ok(changed)
}
