use super::*;
use crate::script::write_script;
use std::os::unix::process::CommandExt;
use std::process::{Command, Stdio};
use std::time::Instant;

fn host(plugins: &Path) -> Env {
    let user = Command::new("id").arg("-un").output().unwrap().stdout;
    let user = String::from_utf8(user).unwrap();
    let variables = [
        ("PLUGIN_PATH".into(), plugins.as_os_str().to_owned()),
        ("DOKKU_SYSTEM_USER".into(), user.trim().to_owned().into()),
    ];
    Env::new(variables.into(), Vec::new())
}

/// A process of a script, as long as `until` does not hold.
fn while_it_runs<T>(command: &mut Command, until: impl Fn(u32) -> Option<T>) -> Option<T> {
    let mut child = command.stdout(Stdio::null()).stderr(Stdio::null()).stdin(Stdio::piped()).spawn().unwrap();
    let end = Instant::now() + Duration::from_mins(1);
    let found = loop {
        let found = until(child.id());
        if found.is_some() || Instant::now() > end {
            break found;
        }
    };
    child.kill().unwrap();
    child.wait().unwrap();
    found
}

#[test]
fn a_script_of_a_plugin_is_seen_with_its_arguments_and_another_one_is_not() {
    let folder = tempfile::tempdir().unwrap();
    let (plugins, elsewhere) = (folder.path().join("plugins"), folder.path().join("other"));
    for of in [&plugins, &elsewhere] {
        std::fs::create_dir(of).unwrap();
        write_script(&of.join("deploy"), "read line", "755");
    }
    // Through a link, as the host enables plugins.
    let link = folder.path().join("link");
    std::os::unix::fs::symlink(&plugins, &link).unwrap();
    for (by, at) in [(&plugins, &plugins), (&plugins, &link), (&link, &plugins)] {
        let env = host(by);
        let find = |pid| plugin_processes(&env).into_iter().find(|process| process.pid == pid);
        let found = while_it_runs(Command::new(at.join("deploy")).args(["shop", "a b"]), find).unwrap();
        let wanted = PluginProcess { name: "deploy".into(), arguments: vec!["shop".into(), "a b".into()], ..found };
        assert_eq!((&*wanted.name, wanted.is_ours), ("deploy", false));
    }
    // The same, seen by another host: it has been started as soon as the first host sees it.
    let (env, other) = (host(&plugins), host(&elsewhere));
    let both = |pid| {
        let of = |env| plugin_processes(env).into_iter().any(|process| process.pid == pid);
        of(&env).then(|| of(&other))
    };
    assert_eq!(while_it_runs(Command::new(plugins.join("deploy")).arg("shop"), both), Some(false));
}

#[test]
fn the_host_runs_its_scripts_in_these_forms_and_no_other_counts() {
    let of = |words: &[&str]| {
        let (program, arguments) = program(words.iter().map(|word| (*word).to_owned()).collect())?;
        Some(format!("{program} {}", arguments.join(" ")))
    };
    let wanted = || Some("/plugins/x/deploy shop web".to_owned());
    assert_eq!(of(&["/plugins/x/deploy", "shop", "web"]), wanted());
    assert_eq!(of(&["bash", "/plugins/x/deploy", "shop", "web"]), wanted());
    assert_eq!(of(&["/bin/sh", "-e", "/plugins/x/deploy", "shop", "web"]), wanted());
    assert_eq!(of(&["/usr/bin/env", "bash", "/plugins/x/deploy", "shop", "web"]), wanted());
    assert_eq!(of(&["/usr/bin/bash", "-c", "/plugins/x/deploy shop web"]), wanted());
    for other in [
        &["vi", "/plugins/x/deploy", "shop", "web"][..],
        &["sh", "-c", "true; /plugins/x/deploy shop web"],
        &["/bin/bash", "-c", "source '/tmp/x'; main 'trigger' '/plugins/x/deploy' 'shop'"],
        &["sh", "-c"],
        &["env"],
        &[],
    ] {
        assert!(!of(other).is_some_and(|found| found.starts_with("/plugins")), "{other:?}");
    }
}

#[test]
fn only_dokku_s_user_and_root_count_and_no_container_s_process() {
    let folder = tempfile::tempdir().unwrap();
    let host =
        Host { users: [0, 1001], namespace: Some("pid:[1]".into()), depth: Some(1), folders: vec!["/plugins".into()] };
    let may_run = |uids: &str, numbers: &str, namespace: Option<&str>| {
        let process = tempfile::tempdir_in(folder.path()).unwrap();
        let status = format!("Name:\tbash\nUid:\t{uids}\t0\t0\nGid:\t0\nNSpid:\t{numbers}\n");
        std::fs::write(process.path().join("status"), status).unwrap();
        if let Some(namespace) = namespace {
            std::fs::create_dir(process.path().join("ns")).unwrap();
            std::os::unix::fs::symlink(namespace, process.path().join("ns/pid")).unwrap();
        }
        host.may_run(process.path())
    };
    for users in ["1001\t1001", "0\t0", "0\t1001"] {
        assert!(may_run(users, "7", Some("pid:[1]")) && may_run(users, "7", None), "{users}");
        assert!(!may_run(users, "7\t1", Some("pid:[2]")) && !may_run(users, "7\t1", None), "{users}");
    }
    for users in ["1002\t1001", "1001\t1002", "x\t0", "-"] {
        assert!(!may_run(users, "7", Some("pid:[1]")), "{users}");
    }
    assert!(!host.may_run(Path::new("/nonexistent")));
}

#[test]
fn a_path_is_below_the_plugins_or_it_is_not() {
    let folders = vec!["/nonexistent/plugins".into()];
    let host = Host { users: [0, 0], namespace: None, depth: None, folders };
    assert!(host.has(Path::new("/nonexistent/plugins/available/x/deploy")));
    for other in ["/nonexistent/plugins2/deploy", "/nonexistent/plugins/../x", "plugins/deploy", "deploy", ""] {
        assert!(!host.has(Path::new(other)), "{other}");
    }
}

#[test]
fn this_process_and_its_parents_are_ours() {
    assert!(ours().contains(&std::process::id()));
    let parent = parent(&text(Path::new("/proc/self/stat")).unwrap()).unwrap();
    assert!(ours().contains(&parent));
}

#[test]
fn who_has_an_output_is_not_silent() {
    let run = |stderr: Stdio| {
        let mut child = Command::new("sleep").arg("60").stdout(Stdio::null()).stderr(stderr).spawn().unwrap();
        let silent = is_silent(child.id());
        child.kill().unwrap();
        child.wait().unwrap();
        silent
    };
    assert!(!run(Stdio::piped()));
    assert!(run(Stdio::null()));
}

#[test]
fn a_parent_is_read_past_any_name() {
    assert_eq!(parent("12 (a) S 7 (b) c) S 34 12 12 0"), Some(34));
    assert_eq!(parent("rubbish"), None);
}

#[test]
fn the_host_runs_what_its_own_process_is_named_after_wherever_it_lies() {
    let folder = tempfile::tempdir().unwrap();
    // Names that no other process of this machine has.
    let path = |of: &str| folder.path().join(format!("ps-test-{of}-{}", std::process::id()));
    let (script, program, argument) = (path("script"), path("program"), path("argument"));
    write_script(&script, "read line", "755");
    let env = host(Path::new("/nonexistent"));
    let runs = |path: &Path| host_runs(&env, path.file_name().unwrap().to_str().unwrap());
    let mut commands = [Command::new(&script), Command::new("bash")];
    commands[0].arg(&argument);
    commands[1].arg0(&program).args(["-c", "read line"]).arg(&argument);
    for (path, command) in [&script, &program].into_iter().zip(&mut commands) {
        assert!(!runs(path), "{path:?}");
        // It is there as soon as its own name is found.
        let both = |_| runs(path).then(|| runs(&argument));
        assert_eq!(while_it_runs(command, both), Some(false), "{path:?}");
        assert!(!runs(path), "{path:?}");
    }
}
