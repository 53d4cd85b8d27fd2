//! Hooks that are run and asked, on hosts of files.

use super::*;
use crate::script::write_script;
use std::path::Path;

struct Host {
    folder: tempfile::TempDir,
}

impl Host {
    fn new() -> Self {
        let host = Self { folder: tempfile::tempdir().unwrap() };
        std::fs::create_dir(host.folder.path().join("enabled")).unwrap();
        host
    }

    fn hook(self, plugin: &str, hook: &str, script: &str, mode: &str) -> Self {
        let folder = self.folder.path().join("enabled").join(plugin);
        std::fs::create_dir_all(&folder).unwrap();
        write_script(&folder.join(hook), script, mode);
        self
    }

    fn config(self, plugin: &str, keys: &str, config: &str) -> Self {
        let available: &Path = &self.folder.path().join("available").join(plugin);
        std::fs::create_dir_all(available).unwrap();
        std::fs::write(
            available.join("plugin.toml"),
            format!("[plugin]\ndescription = \"x\"\n[plugin.config]\n{keys}"),
        )
        .unwrap();
        std::fs::write(self.folder.path().join("config.toml"), config).unwrap();
        self
    }

    fn env(&self, more: &[(&str, &str)]) -> Env {
        let mut variables: std::collections::BTreeMap<_, _> =
            more.iter().map(|(name, value)| ((*name).into(), (*value).into())).collect();
        variables.insert("PLUGIN_PATH".into(), self.folder.path().into());
        Env::new(variables, Vec::new())
    }
}

#[test]
fn hooks_run_in_the_order_of_their_plugins_names_and_get_the_arguments() {
    let host = Host::new()
        .hook("b", "ask", "echo \"b $1 $2\"", "755")
        .hook("a", "ask", "echo \"a $1 $2\"", "755")
        .hook("Z", "ask", "echo \"Z $#\"", "755")
        .hook("a", "other", "echo no", "755");
    let answer = Triggers::new(&host.env(&[])).ask("ask", &["x y", ""]).unwrap();
    assert_eq!(answer, "Z 2\na x y \nb x y");
}

#[test]
fn the_first_hook_that_fails_ends_the_trigger() {
    let host = Host::new().hook("a", "go", "exit 7", "755").hook("b", "go", "echo never", "755");
    let error = Triggers::new(&host.env(&[])).ask("go", &["shop"]).unwrap_err();
    assert_eq!((error.status(), error.message()), (1, "The hook go of the plugin a failed (exit status 7)"));
    assert_eq!(error.command(), "go shop");
    assert_eq!(Triggers::new(&host.env(&[])).ask_quietly("go", &[]).unwrap(), None);
}

#[test]
fn a_trigger_that_nobody_implements_succeeds_with_an_empty_answer() {
    let host = Host::new().hook("a", "go", "exit 7", "644");
    assert_eq!(Triggers::new(&host.env(&[])).ask("none", &[]).unwrap(), "");
    assert_eq!(Triggers::new(&host.env(&[])).ask("go", &[]).unwrap(), "");
}

#[test]
fn a_plugin_s_settings_reach_its_hook_and_the_later_ones() {
    let host = Host::new()
        .config(
            "a-x",
            "log-level = \"\"\nhome = \"\"\nforced = \"\"\n",
            "[a-x]\nlog-level = \"debug\"\nhome = \"$HOME/x\"\nforced = \"file\"\n",
        )
        .hook("a-x", "go", "echo \"$CONFIG_LOG_LEVEL $CONFIG_HOME $CONFIG_FORCED\"", "755")
        .hook("b", "go", "echo \"b $CONFIG_LOG_LEVEL\"", "755");
    let env = host.env(&[("HOME", "/h"), ("A_X_FORCED", "variable")]);
    assert_eq!(Triggers::new(&env).ask("go", &[]).unwrap(), "debug /h/x variable\nb debug");
}

#[test]
fn the_host_s_own_plugins_are_not_looked_at_where_they_are_known() {
    let mut host = Host::new().hook("scheduler", "ask", "echo own", "755").hook("apps", "ask", "echo new", "755");
    let only = |host: &Host, hook: &str| {
        let env = host.env(&[("DOKKU_LIB_ROOT", host.folder.path().to_str().unwrap())]);
        let triggers = Triggers::new(&env);
        (triggers.only_answered_by(&["scheduler"], hook).unwrap(), triggers.is_named_by_another(hook).unwrap())
    };
    let is_version = |host: &Host, version: &str| std::fs::write(host.folder.path().join("STABLE_VERSION"), version);
    // In a version that is not known, any of them may have any hook.
    assert_eq!(only(&host, "ask"), (false, true));
    is_version(&host, "0.99.0\n").unwrap();
    assert_eq!(only(&host, "ask"), (false, true));
    is_version(&host, "0.38.27\n").unwrap();
    assert_eq!(only(&host, "ask"), (true, false));
    assert_eq!(only(&host, "other"), (false, false), "nobody answers");
    host = host.hook("acme", "ask", "echo acme", "755");
    assert_eq!(only(&host, "ask"), (false, true));
}

#[test]
fn a_hook_that_refuses_has_the_last_word_if_it_has_one() {
    let host = Host::new().hook("a", "allow", "echo \"$1\" >&2; exit \"$2\"", "755");
    let env = host.env(&[]);
    let asked = |words: &str, status: &str| Triggers::new(&env).fire_to_be_allowed("allow", &[words, status]);
    assert_eq!(asked("not on a Friday", "0"), Ok(()));
    assert_eq!(asked("not on a Friday", "3").unwrap_err().message(), "refused by plugin a: not on a Friday");
    assert_eq!(asked(" !     at most 3", "3").unwrap_err().message(), "refused by plugin a: at most 3");
    assert_eq!(asked(" ", "3").unwrap_err().message(), "The hook allow of the plugin a failed (exit status 3)");
    // A shell that traces itself, and an empty line of the host's form.
    let traced = "+ echo\n !     at most 3\n+ exit 1\n !     ";
    assert_eq!(asked(traced, "1").unwrap_err().message(), "refused by plugin a: at most 3");
    assert_eq!(asked("at most 3\n+ exit 1", "1").unwrap_err().message(), "refused by plugin a: at most 3");
}

#[test]
fn a_hook_that_a_signal_ends_has_not_refused() {
    let host = Host::new().hook("a", "allow", "echo not on a Friday >&2; kill -KILL $$", "755");
    let env = host.env(&[]);
    let error = Triggers::new(&env).fire_to_be_allowed("allow", &[]).unwrap_err();
    assert_eq!(error.message(), "The hook allow of the plugin a failed (signal 9)");
    let told = |hook: &str| Triggers::new(&env).fire_saying(hook, &["shop"], "it could not be deployed").unwrap_err();
    assert_eq!(told("allow").message(), "The hook allow of the plugin a failed (signal 9)");
}

#[test]
fn what_a_hook_has_said_is_not_said_again() {
    let host = Host::new().hook("a", "deploy", "exit 3", "755").hook("b", "odd", "", "755");
    let odd = host.folder.path().join("plugins/b/odd");
    let env = host.env(&[]);
    let told = |hook: &str| Triggers::new(&env).fire_saying(hook, &["shop"], "it could not be deployed").unwrap_err();
    let error = told("deploy");
    assert_eq!(error.message(), "it could not be deployed");
    assert_eq!(error.command(), "The hook deploy of the plugin a failed (exit status 3): deploy shop");
    if odd.exists() {
        std::fs::write(odd, "#!/nonexistent/interpreter\n").unwrap();
        assert!(told("odd").message().contains("could not be run"), "{}", told("odd"));
    }
}
