//! Names of containers. The host's own hook gives every container of an app its name anew, which takes two calls of Docker
//! for each and longer than all the rest of a change; of one that is named as it should be nothing has to be done.

use crate::docker_local::instance_files;
use common::{App, Docker, Env, Result, now_since_epoch};

/// Gives the containers that files name the names of their places. Who has such a name and no place gets the seconds behind
/// it, as the host does it. What Docker refuses is a warning, as there: a name is for people, files say who is who.
pub(super) fn name_as_filed(env: &Env, app: &App, docker: &Docker<'_>) -> Result<()> {
    let containers = docker.containers()?;
    let rename = |container: &str, name: &str| {
        if let Err(error) = docker.rename(container, name) {
            env.output().warn(&format!("{app}: a container could not be renamed to {name}: {error}"));
        }
    };
    for file in instance_files(env, app)? {
        let Some(instance) = file.instance else { continue };
        let name = format!("{app}.{instance}");
        let own = containers.iter().find(|container| container.id == file.container && container.belongs_to(app));
        let Some(own) = own.filter(|own| own.name != name) else { continue };
        if let Some(other) = containers.iter().find(|container| container.name == name) {
            rename(&other.id, &format!("{name}.{}", now_since_epoch()));
        }
        rename(&own.id, &name);
    }
    Ok(())
}
