//! Candidates on a made-up host.

use super::*;
use std::fs;
use std::path::Path;

/// A host with two apps; of the shop two instances of `web` should run, and three of `worker` do.
fn host() -> tempfile::TempDir {
    let host = tempfile::tempdir().unwrap();
    for folder in ["plugins/enabled", "home/shop", "home/blog", "home/.ssh", "lib/config/ps/shop", "lib/data/ps/shop"] {
        fs::create_dir_all(host.path().join(folder)).unwrap();
    }
    fs::write(host.path().join("lib/config/ps/shop/scale"), "web=2\nworker=0\n").unwrap();
    fs::write(host.path().join("lib/data/ps/shop/Procfile"), "web: serve\nworker: work\nbeat: tick\n").unwrap();
    fs::write(host.path().join("home/shop/CONTAINER.worker.3"), "0123456789ab\n").unwrap();
    host
}

fn env(host: &Path, words: &[&str]) -> Env {
    let path = |name: &str| host.join(name).into_os_string();
    let variables = [
        ("DOKKU_ROOT".into(), path("home")),
        ("DOKKU_LIB_ROOT".into(), path("lib")),
        ("PLUGIN_PATH".into(), path("plugins")),
        // Who starts it finds out.
        ("DOCKER_BIN".into(), "/nothing/there".into()),
    ];
    let arguments = ["complete", "ps:complete"].iter().map(Into::into);
    Env::new(variables.into(), arguments.chain(words.iter().map(|word| format!("={word}").into())).collect())
}

/// The candidates for a command line whose last word is being typed; one that ends in a blank begins a new word.
fn at(line: &str) -> String {
    let host = host();
    candidates(&env(host.path(), &line.split(' ').collect::<Vec<_>>())).unwrap_or_default().join(" ")
}

#[test]
fn commands_are_named_from_ps_on() {
    assert_eq!(at("ps:sc"), "ps:scale");
    assert_eq!(at("ps:star"), "ps:start ps:startall");
    assert_eq!(at("--quiet --app shop ps:star"), "ps:start ps:startall");
    assert_eq!(at("ps").split(' ').count(), COMMANDS.len());
    for nothing in ["", "p", "apps:", "--", "ps:x", "ps:complete"] {
        assert_eq!(at(nothing), "", "{nothing:?}");
    }
}

#[test]
fn other_commands_are_left_alone() {
    for line in ["apps:destroy ", "psx ", "ps:complete ", "ps:nothing sh", "config:set shop ps:"] {
        assert_eq!(at(line), "", "{line:?}");
    }
}

#[test]
fn apps_come_first() {
    for command in COMMANDS.iter().filter(|manual| !matches!(manual.name, "ps:help" | "ps:watch")) {
        let wanted = if command.name.ends_with("all") { "" } else { "blog shop" };
        assert_eq!(at(&format!("{} ", command.name)), wanted, "{}", command.name);
    }
    assert_eq!(at("ps:scale b"), "blog");
    assert_eq!(at("ps:scale --dry-run s"), "shop");
    assert_eq!(at("ps:restart --all "), "");
}

#[test]
fn quantities_name_the_types_of_the_app() {
    assert_eq!(at("ps:scale shop "), "beat= web= worker=");
    assert_eq!(at("ps:scale shop web=2 w"), "web= worker=");
    assert_eq!(at("ps:scale --skip-deploy shop -- wo"), "worker=");
    assert_eq!(at("ps:scale --app shop w"), "web= worker=");
    assert_eq!(at("--app shop ps:scale w"), "web= worker=");
    assert_eq!(at("ps:scale shop --current we"), "web=");
    assert_eq!(at("ps:scale shop --current=we"), "--current=web=");
    for nothing in
        ["ps:scale shop web=", "ps:scale shop web=2", "ps:scale gone ", "ps:scale ../shop ", "ps:scale -- -x "]
    {
        assert_eq!(at(nothing), "", "{nothing}");
    }
}

#[test]
fn parts_of_an_app_are_its_types_and_instances() {
    assert_eq!(at("ps:restart shop "), "beat web worker web.1 web.2 worker.3");
    assert_eq!(at("ps:restart shop web."), "web.1 web.2");
    assert_eq!(at("ps:stats shop web."), "web.1 web.2");
    assert_eq!(at("ps:wait shop --type w"), "web worker");
    assert_eq!(at("ps shop "), "beat web worker web.1 web.2 worker.3");
    assert_eq!(at("ps shop web "), "beat web worker web.1 web.2 worker.3");
}

#[test]
fn a_signal_may_stand_where_a_part_does() {
    assert_eq!(at("ps:signal shop w"), "web worker web.1 web.2 worker.3");
    assert_eq!(at("ps:signal shop web H"), "HUP");
    assert_eq!(at("ps:signal shop web SIGT"), "SIGTRAP SIGTERM SIGTSTP SIGTTIN SIGTTOU");
    assert_eq!(at("ps:signal no-such H"), "");
}

#[test]
fn flags_are_those_of_the_command() {
    assert_eq!(at("ps:reconcile shop --"), "--all --dry-run --unhealthy --only --lock-timeout --help");
    assert_eq!(at("ps:reconcile -"), at("ps:reconcile --"));
    assert_eq!(at("ps:startall --a"), "");
    assert_eq!(at("ps:scale shop -- --"), "");
    assert_eq!(at("ps:scale --format "), "json stdout");
    assert_eq!(at("ps:scale --format=j"), "--format=json");
    assert_eq!(at("ps:scale --strategy "), "incremental recreate");
    assert_eq!(at("ps:scale --lock-timeout "), "");
    assert_eq!(at("ps:scale --lock-timeout 5 "), "blog shop");
    assert_eq!(at("ps:report shop --ps-restore"), "");
    assert_eq!(at("ps:report shop --r"), "--restore --running");
    assert_eq!(at("ps:report shop ").split(' ').count(), info_flags().len());
}

#[test]
fn properties_and_their_fixed_values_are_named() {
    assert_eq!(at("ps:set shop resto"), "restore");
    let of_types = "restart-policy restart-policy.beat restart-policy.web restart-policy.worker";
    assert_eq!(at("ps:set shop restart"), of_types);
    assert_eq!(at("ps:set shop skip-deploy"), "skip-deploy");
    assert_eq!(at("ps:set shop restart-policy.web un"), "unless-stopped");
    assert_eq!(at("ps:set --global res"), "restart-policy");
    assert_eq!(at("ps:set shop restart-policy "), "always no on-failure unless-stopped");
    assert_eq!(at("ps:set --global skip-deploy "), "false true");
    assert_eq!(at("ps:set shop scale-hooks "), "all needed");
    assert_eq!(at("ps:set shop heal "), "address missing none stray unhealthy upcoming");
    assert_eq!(at("ps:reconcile shop web --only u"), "unhealthy upcoming");
    assert_eq!(at("ps:watch --"), "--every --status --format --help");
    assert_eq!(at("ps:set-restart-policy shop un"), "unless-stopped");
    for nothing in
        ["ps:set shop start-cmd ", "ps:set shop max-instances ", "ps:set shop nope ", "ps:set shop restore true "]
    {
        assert_eq!(at(nothing), "", "{nothing}");
    }
}

#[test]
fn nothing_but_silence_comes_of_nonsense() {
    use std::os::unix::ffi::OsStringExt;
    let host = host();
    let words = |arguments: Vec<std::ffi::OsString>| {
        let variables = [("DOKKU_ROOT".into(), host.path().join("none").into())];
        candidates(&Env::new(variables.into(), arguments)).unwrap_or_default()
    };
    for arguments in [
        vec![],
        vec!["complete".into(), "ps:complete".into()],
        vec!["complete".into(), "ps:complete".into(), "ps:scale".into(), "--app".into()],
        vec!["complete".into(), "ps:complete".into(), "=ps:scale".into(), "=".into()],
        vec![
            "complete".into(),
            "ps:complete".into(),
            "=ps:scale".into(),
            std::ffi::OsString::from_vec(vec![b'=', 0xff]),
        ],
    ] {
        assert!(words(arguments.clone()).is_empty(), "{arguments:?}");
    }
}

#[test]
fn what_each_word_of_each_command_is_has_been_said() {
    for manual in COMMANDS {
        for argument in manual.command().get_arguments().filter(|argument| !argument.is_hide_set()) {
            let takes_value = argument.is_positional() || argument.get_action().takes_values();
            let names = argument.get_value_names().unwrap_or_default();
            let name = names.first().map_or("", |name| name.as_str());
            assert!(!takes_value || named_kind(name).is_some(), "{}: {name:?} of {}", manual.name, argument.get_id());
        }
    }
}
