//! What an image says of itself, and files out of it.

use super::{Docker, failure};
use crate::{Context, Result};
use serde::Deserialize;
use std::collections::BTreeMap;
use std::path::Path;

/// What an image says of the containers that are made from it.
#[derive(Clone, Debug, Default, Deserialize, PartialEq, Eq)]
#[serde(rename_all = "PascalCase", default)]
pub struct ImageConfig {
    /// The folder in which its command runs; empty when none is set.
    pub working_dir: String,
    /// Its labels.
    pub labels: Option<BTreeMap<String, String>>,
    /// Its variables, each `NAME=value`.
    pub env: Option<Vec<String>>,
}

impl Docker<'_> {
    /// The full id of an image.
    ///
    /// # Errors
    /// As [`Docker::image_config`].
    pub fn image_id(&self, image: &str) -> Result<String> {
        let read = self.read(&["image", "inspect", "--format", "{{.Id}}", "--", image]);
        Ok(Self::text(&read)?.trim().to_owned())
    }

    /// The configuration of an image.
    ///
    /// # Errors
    /// As [`Docker::states`]; also when there is no such image.
    pub fn image_config(&self, image: &str) -> Result<ImageConfig> {
        let read = self.read(&["image", "inspect", "--format", "{{json .Config}}", "--", image]);
        let answer = Self::text(&read)?;
        serde_json::from_str(&answer)
            .context(|| format!("{} answered with what is no image's configuration", read.command()))
    }

    /// Copies a file out of an image to `to`, through a container that is made for it and never runs.
    /// `false` when the image has no such file.
    ///
    /// # Errors
    /// As [`Docker::states`], for the making of the container.
    pub fn copy_from_image(&self, image: &str, path: &str, to: &Path) -> Result<bool> {
        let labels = self.env.var("DOKKU_GLOBAL_RUN_ARGS").unwrap_or_default().split_whitespace();
        let create: Vec<&str> =
            ["container", "create"].into_iter().chain(labels).chain(["--", image, "/bin/true"]).collect();
        let container = Self::text(&self.read(&create))?;
        let container = container.trim();
        let source = format!("{container}:{path}");
        let copied = self.read(&["container", "cp", "--follow-link", "--", &source]).args([to]).capture();
        let removed = Self::text(&self.read(&["container", "rm", "--force", "--", container]));
        let copied = copied?;
        removed?;
        if copied.succeeded() {
            return Ok(true);
        }
        let words = String::from_utf8_lossy(&copied.stderr);
        if words.contains("Could not find the file") || words.contains("No such file or directory") {
            return Ok(false);
        }
        Err(failure(&self.read(&["container", "cp", &source]), &copied))
    }
}
