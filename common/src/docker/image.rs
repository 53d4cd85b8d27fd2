//! What an image says of itself, and files out of it.

use super::{Docker, fails_only_with, failure, is_id, rubbish, told};
use crate::file::OF_A_SOURCE;
use crate::{Context, Error, Result, in_spite_of_signals};
use serde::Deserialize;
use std::collections::BTreeMap;
use std::io::Read;

/// What an image says of the containers that are made from it.
#[doc(hidden)] // for ps, which runs the containers
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
    #[doc(hidden)] // for ps, which runs the containers
    pub fn image_id(&self, image: &str) -> Result<String> {
        if let Some(engine) = &self.engine {
            return Ok(told::image(engine, self.patience(), image)?.0);
        }
        let read = self.read(&["image", "inspect", "--format", "{{.Id}}", "--", image]);
        Ok(Self::text(&read)?.trim().to_owned())
    }

    /// Whether there is such an image.
    ///
    /// # Errors
    /// As [`Docker::states`].
    #[doc(hidden)] // for ps, which says what to do when it is gone
    pub fn has_image(&self, image: &str) -> Result<bool> {
        if let Some(engine) = &self.engine {
            return Ok(told::find_image(engine, self.patience(), image)?.is_some());
        }
        let read = self.read(&["image", "inspect", "--format", "{{.Id}}", "--", image]);
        let answer = read.capture()?;
        if answer.succeeded() || fails_only_with(&answer.stderr, &["no such image"]) {
            return Ok(answer.succeeded());
        }
        Err(failure(&read, &answer))
    }

    /// The configuration of an image.
    ///
    /// # Errors
    /// As [`Docker::states`]; also when there is no such image.
    #[doc(hidden)] // for ps, which runs the containers
    pub fn image_config(&self, image: &str) -> Result<ImageConfig> {
        if let Some(engine) = &self.engine {
            return Ok(told::image(engine, self.patience(), image)?.1);
        }
        let read = self.read(&["image", "inspect", "--format", "{{json .Config}}", "--", image]);
        let answer = Self::text(&read)?;
        let config = serde_json::from_str(&answer).context(|| "Docker answered with what is no image's configuration");
        config.map_err(|error| error.with_command(read.command()))
    }

    /// The bytes of a file of an image, through a container that is made for it and never runs; `None` when the image
    /// has no such file. Docker follows links inside the image.
    ///
    /// # Errors
    /// As [`Docker::states`], for the making of the container; when it is no regular file, or has more than 1 MiB.
    #[doc(hidden)] // for ps, which runs the containers
    pub fn file_in_image(&self, image: &str, path: &str) -> Result<Option<Vec<u8>>> {
        let labels = self.env.var("DOKKU_GLOBAL_RUN_ARGS").unwrap_or_default().split_whitespace();
        let create: Vec<&str> =
            ["container", "create"].into_iter().chain(labels).chain(["--", image, "/bin/true"]).collect();
        let create = self.read(&create);
        let container = Self::text(&create)?;
        let container = container.trim();
        if !is_id(container) {
            return Err(rubbish(&create, "id of a container", container));
        }
        let source = format!("{container}:{path}");
        // To standard output, as an archive: nothing that an image holds is ever laid into the host's files.
        let copy = self.read(&["container", "cp", "--follow-link", "--", &source, "-"]).at_most(MOST);
        let copied = copy.capture();
        let removed = in_spite_of_signals(|| Self::text(&self.read(&["container", "rm", "--force", "--", container])));
        let copied = copied?;
        removed?;
        if copied.succeeded() {
            return only_file(&copied.stdout).map(Some);
        }
        let words = String::from_utf8_lossy(&copied.stderr);
        if words.contains("Could not find the file") || words.contains("No such file or directory") {
            return Ok(None);
        }
        Err(failure(&copy, &copied))
    }
}

/// The most that Docker may print for a file: what a file of a source may have, and what an archive adds to it.
const MOST: usize = 1024 * 1024 + 64 * 1024;

/// The content of the one file in an archive.
pub(super) fn only_file(archive: &[u8]) -> Result<Vec<u8>> {
    let mut archive = tar::Archive::new(archive);
    let file = archive.entries()?.next().ok_or_else(|| Error::new("Docker answered with an empty archive"))??;
    if file.header().entry_type().is_dir() {
        return Err(Error::new("it is a directory"));
    }
    if !file.header().entry_type().is_file() {
        return Err(Error::new("it is no regular file"));
    }
    if file.size() > OF_A_SOURCE {
        return Err(Error::new(format!("it has more than {} MiB", OF_A_SOURCE >> 20)));
    }
    let (size, mut bytes) = (file.size(), Vec::new());
    file.take(OF_A_SOURCE).read_to_end(&mut bytes)?;
    if bytes.len() as u64 == size { Ok(bytes) } else { Err(Error::new("Docker's archive ends in the middle of it")) }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn archive(kind: tar::EntryType, content: &[u8]) -> Vec<u8> {
        let mut header = tar::Header::new_ustar();
        header.set_entry_type(kind);
        header.set_size(content.len() as u64);
        let mut builder = tar::Builder::new(Vec::new());
        builder.append_data(&mut header, "Procfile", content).unwrap();
        builder.into_inner().unwrap()
    }

    #[test]
    fn an_image_gives_a_regular_file_or_none() {
        use tar::EntryType;
        assert_eq!(only_file(&archive(EntryType::Regular, b"web: x")).unwrap(), b"web: x");
        for odd in [EntryType::Fifo, EntryType::Char, EntryType::Block, EntryType::Symlink, EntryType::Link] {
            assert!(only_file(&archive(odd, b"")).unwrap_err().message().contains("no regular file"), "{odd:?}");
        }
        assert!(only_file(&archive(EntryType::Directory, b"")).unwrap_err().message().contains("directory"));
        for rubbish in [&b""[..], b"rubbish", &[0xff; 2048], &[0; 2048]] {
            assert!(only_file(rubbish).is_err());
        }
        let whole = archive(EntryType::Regular, b"web: x");
        assert!(only_file(whole.get(..515).unwrap()).is_err(), "an archive that was cut off");
    }

    #[test]
    fn a_file_of_an_image_that_is_too_large_is_refused() {
        let large = vec![b'#'; 1024 * 1024 + 1];
        assert!(only_file(&archive(tar::EntryType::Regular, &large)).unwrap_err().message().contains("1 MiB"));
    }
}
