//! What the host's own plugins answer from their files, read there: that spares a few processes for each question.
//!
//! It was seen on Dokku 0.38.27, and the suite `real` compares it with what the triggers say. Where anybody else
//! answers a trigger as well, it is asked.

use crate::host_files::{self, Setting};
use common::procfile::parse_envfile;
use common::{App, Env, Result, Scope, Triggers, file};

/// How long a replaced container goes on serving, in seconds as text: `checks-get-property APP wait-to-retire`.
pub(crate) fn wait_to_retire(env: &Env, app: &App) -> Result<String> {
    property(env, app, "checks-get-property", "checks", host_files::WAIT_TO_RETIRE, "60")
}

/// Whether Docker publishes the ports of `web`, as it is set: `network-get-property APP bind-all-interfaces`.
pub(crate) fn bind_all_interfaces(env: &Env, app: &App) -> Result<String> {
    property(env, app, "network-get-property", "network", host_files::BIND_ALL_INTERFACES, "false")
}

fn property(env: &Env, app: &App, trigger: &str, plugin: &str, setting: Setting, default: &str) -> Result<String> {
    if !is_from_files(env, trigger, plugin)? {
        return Triggers::new(env).ask(trigger, &[app.as_str(), setting.name()]);
    }
    let value = setting.of(env, app)?.unwrap_or_else(|| default.to_owned());
    Ok(value.trim().to_owned())
}

/// The user that herokuish runs an app as, where the app's own config names one: `config-get APP DOKKU_APP_USER`. The
/// host's config has no say.
pub(crate) fn app_user(env: &Env, app: &App) -> Result<Option<String>> {
    const NAME: &str = "DOKKU_APP_USER";
    let scope = Scope::App(app);
    let user = match file::read_text(&host_files::config(env, scope)?)? {
        // Where it is still in its earlier place, only the plugin itself knows what holds.
        None if host_files::earlier_config(env, scope)?.is_file() => asked_for(env, app, NAME)?,
        text if is_from_files(env, "config-get", "config")? => {
            parse_envfile(&text.unwrap_or_default())?.remove(NAME).map(|user| user.trim().to_owned())
        }
        _ => asked_for(env, app, NAME)?,
    };
    Ok(user.filter(|user| !user.is_empty()))
}

fn asked_for(env: &Env, app: &App, variable: &str) -> Result<Option<String>> {
    Triggers::new(env).ask_quietly("config-get", &[app.as_str(), variable])
}

/// The tag of the image that an app runs: `deployed-app-image-tag APP`.
pub(crate) fn image_tag(env: &Env, app: &App) -> Result<String> {
    let tag = of_registry(env, app, "deployed-app-image-tag")?;
    Ok(if tag.is_empty() { "latest".to_owned() } else { tag })
}

/// The name of the image that an app runs, without the tag: `deployed-app-repository APP` and
/// `deployed-app-image-repo APP`.
pub(crate) fn image_name(env: &Env, app: &App) -> Result<String> {
    let registry = of_registry(env, app, "deployed-app-repository")?;
    let name = of_registry(env, app, "deployed-app-image-repo")?;
    Ok(if name.is_empty() { format!("{registry}dokku/{app}") } else { format!("{registry}{name}") })
}

/// The image that an app runs, with its tag.
pub(crate) fn release_image(env: &Env, app: &App) -> Result<String> {
    Ok(format!("{}:{}", image_name(env, app)?, image_tag(env, app)?))
}

/// What a trigger of the plugin registry says; where that plugin was told nothing, of the app or the host, it has
/// nothing to say.
fn of_registry(env: &Env, app: &App, trigger: &str) -> Result<String> {
    if is_from_files(env, trigger, "registry")? && !host_files::uses_registry(env, app)? {
        return Ok(String::new());
    }
    Triggers::new(env).ask(trigger, &[app.as_str()])
}

/// Whether this plugin of the host answers a trigger, and nobody else but the one that logs them.
fn is_from_files(env: &Env, trigger: &str, plugin: &str) -> Result<bool> {
    Triggers::new(env).only_answered_by(&["20_events", plugin], trigger)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::os::unix::fs::PermissionsExt;
    use std::path::Path;

    const TRIGGERS: [(&str, &[&str]); 4] = [
        ("checks", &["checks-get-property"]),
        ("network", &["network-get-property"]),
        ("config", &["config-get"]),
        ("registry", &["deployed-app-image-tag", "deployed-app-repository", "deployed-app-image-repo"]),
    ];

    /// A host whose own plugins are there, and say nonsense to who asks them.
    fn host(lib: &Path) -> (Env, App) {
        for (plugin, hooks) in TRIGGERS {
            for hook in hooks {
                answers(lib, plugin, hook, "asked");
            }
        }
        let named = [("DOKKU_LIB_ROOT", ""), ("DOKKU_ROOT", "home"), ("PLUGIN_PATH", "plugins")];
        let variables = named.map(|(name, folder)| (name.into(), lib.join(folder).into()));
        (Env::new(variables.into(), Vec::new()), "shop".parse().unwrap())
    }

    fn answers(lib: &Path, plugin: &str, hook: &str, answer: &str) {
        let path = format!("plugins/enabled/{plugin}/{hook}");
        write(lib, &path, &format!("#!/bin/sh\necho {answer}\n"));
        std::fs::set_permissions(lib.join(path), std::fs::Permissions::from_mode(0o755)).unwrap();
    }

    fn write(lib: &Path, path: &str, text: &str) {
        std::fs::create_dir_all(lib.join(path).parent().unwrap()).unwrap();
        std::fs::write(lib.join(path), text).unwrap();
    }

    /// Everything that is answered here.
    fn all(env: &Env, app: &App) -> [String; 5] {
        [
            wait_to_retire(env, app).unwrap(),
            bind_all_interfaces(env, app).unwrap(),
            app_user(env, app).unwrap().unwrap_or_default(),
            image_tag(env, app).unwrap(),
            image_name(env, app).unwrap(),
        ]
    }

    #[test]
    fn what_is_not_set_has_the_host_s_defaults() {
        let lib = tempfile::tempdir().unwrap();
        let (env, app) = host(lib.path());
        assert_eq!(all(&env, &app), ["60", "false", "", "latest", "dokku/shop"]);
        // An empty file is a property that was taken away, and the host's config names no user.
        write(lib.path(), "config/checks/shop/wait-to-retire", "");
        write(lib.path(), "config/registry/shop/image-repo", "");
        write(lib.path(), "config/--global/ENV", "DOKKU_APP_USER=\"other\"\n");
        assert_eq!(all(&env, &app), ["60", "false", "", "latest", "dokku/shop"]);
    }

    #[test]
    fn an_app_s_value_holds_before_the_host_s() {
        let lib = tempfile::tempdir().unwrap();
        let (env, app) = host(lib.path());
        write(lib.path(), "config/checks/--global/wait-to-retire", "9");
        write(lib.path(), "config/network/--global/bind-all-interfaces", "true");
        write(lib.path(), "config/shop/ENV", "DOKKU_APP_USER=\"own me\"\n");
        assert_eq!(all(&env, &app)[..3], ["9", "true", "own me"]);
        write(lib.path(), "config/checks/shop/wait-to-retire", "7\n");
        write(lib.path(), "config/network/shop/bind-all-interfaces", "false");
        assert_eq!(all(&env, &app)[..2], ["7", "false"]);
    }

    #[test]
    fn what_the_files_do_not_settle_is_asked() {
        let lib = tempfile::tempdir().unwrap();
        let (env, app) = host(lib.path());
        write(lib.path(), "config/registry/--global/server", "registry.example");
        write(lib.path(), "home/shop/ENV", "DOKKU_APP_USER=\"before\"\n");
        assert_eq!(all(&env, &app), ["60", "false", "asked", "asked", "askedasked"]);
    }

    #[test]
    fn where_another_plugin_answers_too_it_is_asked() {
        let lib = tempfile::tempdir().unwrap();
        let (env, app) = host(lib.path());
        for hook in TRIGGERS.iter().flat_map(|(_, hooks)| *hooks) {
            answers(lib.path(), "acme", hook, "acme");
        }
        assert_eq!(wait_to_retire(&env, &app).unwrap(), "acme\nasked");
        assert_eq!(app_user(&env, &app).unwrap().unwrap(), "acme\nasked");
        assert_eq!(image_tag(&env, &app).unwrap(), "acme\nasked");
    }
}
