//! Who built an image: the host treats the images of its builders differently.

use crate::host_answers::app_user;
use common::{App, Env, ImageConfig, Result};

/// The label of an image that Cloud Native Buildpacks built.
const STACK: &str = "io.buildpacks.stack.id";

/// Who built an image.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum ImageKind {
    /// Cloud Native Buildpacks.
    Pack,
    /// herokuish.
    Herokuish,
    /// Anybody else.
    Dockerfile,
}

impl ImageKind {
    /// By what the image says of itself, as the host tells it. herokuish runs the app as a user that the
    /// config variable `DOKKU_APP_USER` may name.
    pub(crate) fn of(env: &Env, app: &App, image: &ImageConfig) -> Result<Self> {
        let user = app_user(env, app)?;
        Ok(Self::of_user(image, user.as_deref().unwrap_or("herokuishuser")))
    }

    fn of_user(image: &ImageConfig, user: &str) -> Self {
        let stack = image.labels.as_ref().and_then(|labels| labels.get(STACK));
        if stack.is_some_and(|stack| !stack.is_empty()) {
            return Self::Pack;
        }
        let user = format!("USER={user}");
        let is_herokuish = image.env.as_ref().is_some_and(|variables| variables.contains(&user));
        if is_herokuish { Self::Herokuish } else { Self::Dockerfile }
    }

    /// The host's word for it.
    pub(crate) fn as_str(self) -> &'static str {
        match self {
            Self::Pack => "pack",
            Self::Herokuish => "herokuish",
            Self::Dockerfile => "dockerfile",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_image_says_who_built_it() {
        let label = |value: &str| ImageConfig {
            labels: Some([(STACK.to_owned(), value.to_owned())].into()),
            ..ImageConfig::default()
        };
        assert_eq!(ImageKind::of_user(&label("x"), "me"), ImageKind::Pack);
        assert_eq!(ImageKind::of_user(&label(""), "me"), ImageKind::Dockerfile);
        let user = ImageConfig { env: Some(vec!["USER=me".to_owned()]), ..ImageConfig::default() };
        assert_eq!(ImageKind::of_user(&user, "me"), ImageKind::Herokuish);
        assert_eq!(ImageKind::of_user(&user, "herokuishuser"), ImageKind::Dockerfile);
    }
}
