//! `core-post-extract`: a deploy has its source; the Procfile and the DOKKU_SCALE in it are kept for what
//! follows.

use super::app_argument;
use crate::image_kind::ImageKind;
use crate::settings;
use crate::source_files::{SourceFile, parse_dokku_scale};
use common::procfile::decode;
use common::{App, Context, Docker, Env, Error, Procfile, Result, Triggers, atomic, file};
use std::path::Path;

/// `core-post-extract APP SOURCE-DIR`: the file at `procfile-path` becomes the Procfile of the deploy,
/// and the `Procfile` of the source for the builders, which know no other name. A source without one
/// gets a mark that says so. A DOKKU_SCALE at the source's root is kept too, unless the property scale-file says none.
pub fn core_post_extract(env: &Env) -> Result<()> {
    let app = app_argument(env, 1)?;
    let path = settings::PROCFILE_PATH.of(env, &app)?;
    let path = path.trim_matches('/');
    let path = if path.is_empty() { "Procfile" } else { path };
    if path.split('/').any(|part| part == "..") {
        return Err(Error::new(format!(
            "Unable to extract Procfile from {path}: the property procfile-path leads out of the source"
        )));
    }
    let (procfile, dokku_scale) = (SourceFile::procfile(env, &app)?, SourceFile::dokku_scale(env, &app)?);
    procfile.drop_stale()?;
    dokku_scale.drop_stale()?;
    let image = Triggers::new(env).ask_quietly("git-get-property", &[app.as_str(), "source-image"])?;
    let image = image.filter(|image| !image.is_empty());
    let source = match &image {
        Some(image) => Source::Image { image, folder: working_folder(env, &app, image)? },
        None => Source::Folder(Path::new(env.arg(2)?)),
    };
    let procfile_bytes = source.read(env, path).context(|| source.extracting(path))?;
    let scale_bytes = match settings::SCALE_FILE.of(env, &app)?.as_str() {
        "none" => None,
        name => source.read(env, name).context(|| "Unable to extract DOKKU_SCALE")?,
    };
    let procfile_text = procfile_bytes.as_deref().map(decode).transpose();
    let procfile_text = procfile_text.context(|| format!("Unable to extract Procfile from {path}"))?;
    let scale_text = scale_bytes.as_deref().map(decode).transpose().context(|| "Unable to extract DOKKU_SCALE")?;
    let parsed = |text: &Vec<u8>| String::from_utf8_lossy(text).parse::<Procfile>().map(drop);
    procfile_text.iter().try_for_each(parsed).context(|| "Invalid Procfile")?;
    let parsed = |text: &Vec<u8>| parse_dokku_scale(env, &app, &String::from_utf8_lossy(text)).map(drop);
    scale_text.iter().try_for_each(parsed).context(|| "Invalid DOKKU_SCALE")?;
    if let (Source::Folder(folder), true) = (&source, path != "Procfile") {
        let for_builders = folder.join("Procfile");
        match &procfile_bytes {
            Some(bytes) => atomic::write(&for_builders, bytes, 0o644, None)?,
            None => atomic::remove(&for_builders)?,
        }
    }
    if scale_text.is_some() || file::exists(&dokku_scale.released()) {
        dokku_scale.begin(scale_text.as_deref())?;
    }
    procfile.begin(procfile_text.as_deref())
}

/// Where a deploy's files come from: an unpacked source, or an image that is deployed as it is.
enum Source<'a> {
    Folder(&'a Path),
    Image { image: &'a str, folder: String },
}

impl Source<'_> {
    /// What is being done, and what is wanted.
    fn extracting(&self, path: &str) -> String {
        let wanted = match (self, path) {
            (Self::Image { .. }, _) => "",
            (Self::Folder(_), "Procfile") => ", which must be a regular file of the source",
            (Self::Folder(_), _) => ", where the property procfile-path must name a regular file of the source",
        };
        format!("Unable to extract Procfile from {path}{wanted}")
    }

    /// The bytes of a file; `None` when the source has none of that name.
    fn read(&self, env: &Env, path: &str) -> Result<Option<Vec<u8>>> {
        match self {
            Self::Folder(folder) => file::read_inside(folder, path),
            Self::Image { image, folder } => {
                let bytes = Docker::new(env)?.file_in_image(image, &format!("{folder}/{path}"));
                // As for the host, an empty file in an image is none.
                Ok(bytes.context(|| format!("the image {image}"))?.filter(|bytes| !bytes.is_empty()))
            }
        }
    }
}

/// The folder in which an image's command runs, without a slash at its end.
fn working_folder(env: &Env, app: &App, image: &str) -> Result<String> {
    let config = Docker::new(env)?.image_config(image)?;
    Ok(match ImageKind::of(env, app, &config)? {
        ImageKind::Pack => "/workspace".to_owned(),
        ImageKind::Herokuish => "/app".to_owned(),
        ImageKind::Dockerfile => config.working_dir.trim_end_matches('/').to_owned(),
    })
}
