//! `core-post-extract`: a deploy has its source; the Procfile in it is kept for what follows.

use super::app_argument;
use crate::procfiles::Procfiles;
use crate::settings;
use common::atomic::{self, Owner};
use common::procfile::decode;
use common::{App, Context, Docker, Env, Error, Procfile, Result, Triggers};
use std::path::Path;

/// `core-post-extract APP SOURCE-DIR`: the file at `procfile-path` becomes the Procfile of the deploy,
/// and the `Procfile` of the source for the builders, which know no other name. A source without one
/// gets a mark that says so.
///
/// # Errors
/// `Invalid Procfile: …`, or a Procfile that cannot be read or is no text; nothing is left then.
pub fn core_post_extract(env: &Env) -> Result<()> {
    let app = app_argument(env, 1)?;
    let source = Path::new(env.arg(2)?);
    let path = settings::computed(env, &app, "procfile-path")?;
    let path = path.trim_matches('/');
    let path = if path.is_empty() { "Procfile" } else { path };
    if path.split('/').any(|part| part == "..") {
        return Err(Error::new(format!(
            "Unable to extract Procfile from {path}: the property procfile-path leads out of the source"
        )));
    }
    let procfiles = Procfiles::new(env, &app)?;
    procfiles.drop_stale()?;
    let source_image =
        Triggers::new(env).ask_quietly("git-get-property", &[app.as_str(), "source-image"])?.unwrap_or_default();
    let bytes =
        if source_image.is_empty() { read_from(source, path)? } else { copy_from(env, &app, &source_image, path)? };
    let from_folder = source_image.is_empty();
    let Some(bytes) = bytes else {
        if from_folder && path != "Procfile" {
            atomic::remove(&source.join("Procfile"))?;
        }
        return procfiles.begin(None);
    };
    let text = decode(&bytes).context(|| format!("Unable to extract Procfile from {path}"))?;
    text.parse::<Procfile>().context(|| "Invalid Procfile")?;
    if from_folder && path != "Procfile" {
        atomic::write(&source.join("Procfile"), &bytes, 0o644, None)?;
    }
    procfiles.begin(Some(&text))
}

fn read_from(source: &Path, path: &str) -> Result<Option<Vec<u8>>> {
    let file = source.join(path);
    if file.is_dir() {
        return Err(Error::new(format!("Unable to extract Procfile from {path}: it is a directory")));
    }
    atomic::read(&file).context(|| format!("Unable to extract Procfile from {path}"))
}

/// The file of an image that is deployed as it is, from the folder in which its command runs.
fn copy_from(env: &Env, app: &App, image: &str, path: &str) -> Result<Option<Vec<u8>>> {
    let docker = Docker::new(env)?;
    let config = docker.image_config(image)?;
    let labels = config.labels.unwrap_or_default();
    let user = Triggers::new(env).ask_quietly("config-get", &[app.as_str(), "DOKKU_APP_USER"])?.unwrap_or_default();
    let herokuish_user = format!("USER={}", if user.is_empty() { "herokuishuser" } else { &user });
    let folder = if labels.get("io.buildpacks.stack.id").is_some_and(|stack| !stack.is_empty()) {
        "/workspace"
    } else if config.env.unwrap_or_default().contains(&herokuish_user) {
        "/app"
    } else {
        config.working_dir.trim_end_matches('/')
    };
    let procfiles = Procfiles::new(env, app)?;
    atomic::create_directory(procfiles.folder(), Owner::of_files(env)?)?;
    let scratch = procfiles.scratch();
    let copied = docker.copy_from_image(image, &format!("{folder}/{path}"), &scratch);
    let bytes = copied.and_then(|copied| if copied { atomic::read(&scratch) } else { Ok(None) });
    let removed = atomic::remove(&scratch);
    let bytes = bytes.context(|| format!("Unable to extract Procfile from {path} of the image {image}"))?;
    removed.map(|()| bytes)
}
