//! Names of containers. The host's own hook gives every container of an app its name anew, which takes two calls of Docker
//! for each and longer than all the rest of a change; of one that is named as it should be nothing has to be done.

use crate::docker_local::{instance_files, names_container};
use common::{App, Container, Docker, Env, Result, now_since_epoch};

/// Gives the containers that files name the names of their places. Who has such a name and no place gets the seconds behind
/// it, as the host does it. What Docker refuses is a warning, as there: a name is for people, files say who is who.
pub(super) fn name_as_filed(env: &Env, app: &App, docker: &Docker<'_>) -> Result<()> {
    let mut containers = docker.containers()?;
    let rename = |container: &mut Container, name: String| match docker.rename(&container.id, &name) {
        Ok(()) => container.name = name,
        Err(error) => env.output().warn(&format!("{app}: a container could not be renamed to {name}: {error}")),
    };
    for file in instance_files(env, app)? {
        let Some(instance) = file.instance else { continue };
        let name = format!("{app}.{instance}");
        let is_own = |found: &Container| names_container(&file.container, &found.id) && found.belongs_to(app);
        if !containers.iter().any(|found| is_own(found) && found.name != name) {
            continue;
        }
        if let Some(other) = containers.iter_mut().find(|found| found.name == name) {
            rename(other, format!("{name}.{}", now_since_epoch()));
        }
        if let Some(own) = containers.iter_mut().find(|found| is_own(found)) {
            rename(own, name);
        }
    }
    Ok(())
}
