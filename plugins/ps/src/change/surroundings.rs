//! What the host's script for one container reads from its environment.
//!
//! It is a private script of the host, so what makes it usable is looked at, not assumed: it must be
//! where it was seen, and it must still read the variables that we give it.

use crate::host_answers::{bind_all_interfaces, image_tag, release_image, wait_to_retire};
use crate::host_files;
use crate::image_kind::ImageKind;
use crate::settings;
use common::{App, Docker, Env, ImageConfig, ProcessType, Result, file, is_executable};
use std::path::{Path, PathBuf};

/// What it reads, and the mark of the names it gives; a script without one of them is another one.
const MARKS: &[&str] = &[
    "DOKKU_NETWORK_BIND_ALL",
    "DOKKU_HEROKUISH",
    "DOKKU_CNB",
    "DOCKER_RUN_LABEL_ARGS",
    "DOKKU_START_CMD",
    "DOKKU_WAIT_TO_RETIRE",
    "DOKKU_CHECKS_DISABLED",
    "INJECT_INIT_FLAG",
    "upcoming",
];

/// How instances of an app are made.
#[derive(Debug)]
pub(super) enum Way {
    /// One by one, by the host's script for a container.
    OneByOne(Box<Surroundings>),
    /// A type as a whole, by the host's deploy; for this reason.
    Whole(String),
}

impl Way {
    /// Looks at the host's script; asks the host's plugins and Docker.
    pub(super) fn find(env: &Env, app: &App) -> Result<Self> {
        let script = host_files::container_script(env)?;
        Ok(match why_unusable(&script) {
            Some(reason) => Self::Whole(format!("the host's script that starts a single container {reason}")),
            None => Self::OneByOne(Box::new(Surroundings::find(env, app, script)?)),
        })
    }
}

fn why_unusable(script: &Path) -> Option<String> {
    let Ok(Some(text)) = file::read_text(script) else { return Some("is not there".to_owned()) };
    if !is_executable(script) {
        return Some("cannot be executed".to_owned());
    }
    let missing = MARKS.iter().find(|mark| !text.contains(**mark))?;
    Some(format!("no longer knows {missing}"))
}

/// What every container of an app is made with.
#[derive(Debug)]
pub(crate) struct Surroundings {
    pub(super) script: PathBuf,
    /// The image of the release, by name and tag.
    pub(super) image: String,
    /// Its tag.
    pub(super) tag: String,
    /// How long a replaced container goes on serving, in seconds as text.
    pub(super) wait_to_retire: String,
    built: Built,
    variables: Vec<(&'static str, String)>,
}

/// What the image has to say in it.
#[derive(Clone, Copy, Debug)]
struct Built {
    kind: ImageKind,
    inject_init: bool,
}

impl Built {
    fn of(env: &Env, app: &App, image: &str) -> Result<Self> {
        let config = Docker::new(env)?.image_config(image)?;
        Ok(Self { kind: ImageKind::of(env, app, &config)?, inject_init: inject_init(env, app, &config)? })
    }
}

impl Surroundings {
    /// Asks the host's plugins and Docker.
    fn find(env: &Env, app: &App, script: PathBuf) -> Result<Self> {
        let tag = image_tag(env, app)?;
        let image = release_image(env, app)?;
        let built = Built::of(env, app, &image)?;
        let bind_all = bind_all_interfaces(env, app)?;
        let wait_to_retire = wait_to_retire(env, app)?;
        let variables = vec![
            ("DOKKU_NETWORK_BIND_ALL", bind_all),
            (
                "DOCKER_RUN_LABEL_ARGS",
                format!("--label=com.dokku.app-name={app} --label=com.dokku.container-type=deploy"),
            ),
            ("DOKKU_START_CMD", settings::START_CMD.of(env, app)?),
            ("DOKKU_WAIT_TO_RETIRE", wait_to_retire.clone()),
        ];
        Ok(Self { script, image, tag, wait_to_retire, built, variables })
    }

    /// Who built this image, and the variables for a container of this type that is made from it.
    pub(super) fn of_instance(
        &self,
        env: &Env,
        app: &App,
        process_type: &ProcessType,
        image: &str,
    ) -> Result<(ImageKind, Vec<(&'static str, String)>)> {
        let Built { kind, inject_init } = if image == self.image { self.built } else { Built::of(env, app, image)? };
        let mut variables = self.variables.clone();
        variables.extend([
            ("DOKKU_HEROKUISH", (kind != ImageKind::Dockerfile).to_string()),
            ("DOKKU_CNB", (kind == ImageKind::Pack).to_string()),
            ("INJECT_INIT_FLAG", inject_init.to_string()),
            ("DOKKU_CHECKS_DISABLED", checks_are_disabled(env, app, process_type)?.to_string()),
        ]);
        Ok((kind, variables))
    }
}

/// Whether the host starts containers of this type without checking them, each once the old one has ended: so it is
/// with a process that must never run twice.
pub(super) fn checks_are_disabled(env: &Env, app: &App, process_type: &ProcessType) -> Result<bool> {
    let disabled = host_files::CHECKS_DISABLED.of(env, app)?.unwrap_or_default();
    Ok(disabled.split([',', '\n']).map(str::trim).any(|name| name == "_all_" || name == process_type.as_str()))
}

fn inject_init(env: &Env, app: &App, config: &ImageConfig) -> Result<bool> {
    let set = host_files::INIT_PROCESS.of(env, app)?;
    let vendor = config.labels.as_ref().and_then(|labels| labels.get("org.opencontainers.image.vendor"));
    Ok(set.map_or(vendor.map(String::as_str) != Some("linuxserver.io"), |value| value == "true"))
}
