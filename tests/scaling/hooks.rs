//! Which hooks a change of scale fires, and what plugins may say to it.

use ps_tests::docker::{docker, running_of};

use crate::shop::Shop;

/// Writes down each trigger that it hears and its arguments.
const NOTE: &str = "echo \"${0##*/} $*\" >>\"$LOG\"";

fn witnessed(shop: Shop) -> Shop {
    let hooks = ["core-post-deploy", "post-deploy", "scheduler-post-deploy-process", "ps-pre-scale", "ps-post-scale"];
    shop.plugin("witness", &hooks.map(|hook| (hook, NOTE)));
    shop.watch();
    shop
}

/// The triggers of the lines, without arguments, in their order; those for authors aside.
fn names(heard: &[String]) -> Vec<&str> {
    heard.iter().filter_map(|line| line.split(' ').next()).filter(|name| !name.ends_with("-scale")).collect()
}

pub(crate) fn a_worker_builds_no_proxy_and_writes_no_cron_table() {
    let shop = witnessed(Shop::with(&["web=1", "worker=1"]));
    let tasks = shop.postdeploy_tasks();
    for quantity in ["worker=2", "worker=1"] {
        shop.watch();
        shop.scales(&[quantity]);
        for trigger in ["proxy-build-config", "scheduler-cron-write", "nginx-pre-reload", "deploy", "scheduler-deploy"]
        {
            assert_eq!(shop.fired(trigger), 0, "{quantity}: {trigger} in {:#?}", shop.events());
        }
        // Plugins of third parties hear of it as ever, each once.
        let heard = shop.heard("witness");
        for trigger in ["core-post-deploy", "post-deploy"] {
            let count = names(&heard).iter().filter(|name| **name == trigger).count();
            assert_eq!(count, 1, "{quantity}: {trigger} in {heard:#?}");
        }
        let line = format!("scheduler-post-deploy-process {} worker", shop.app);
        assert_eq!(heard.iter().filter(|heard| heard.trim_end() == line).count(), 1, "{quantity}: {heard:#?}");
    }
    assert_eq!(shop.postdeploy_tasks(), tasks, "nothing was deployed: app-json's task must not run");
}

pub(crate) fn a_web_builds_the_proxy_once() {
    let shop = witnessed(Shop::with(&["web=1", "worker=1"]));
    let tasks = shop.postdeploy_tasks();
    for quantity in ["web=2", "web=1"] {
        shop.watch();
        shop.scales(&[quantity]);
        assert_eq!(shop.fired("proxy-build-config"), 1, "{quantity}: {:#?}", shop.events());
        for trigger in ["scheduler-cron-write", "deploy", "scheduler-deploy"] {
            assert_eq!(shop.fired(trigger), 0, "{quantity}: {trigger} in {:#?}", shop.events());
        }
    }
    assert_eq!(shop.postdeploy_tasks(), tasks, "nothing was deployed: app-json's task must not run");
}

pub(crate) fn all_hooks_when_the_property_says_so() {
    let shop = witnessed(Shop::with(&["web=1", "worker=1"]));
    let before = shop.runs(&["web.1", "worker.1"]);
    let tasks = shop.postdeploy_tasks();
    shop.dokku.succeeds(&["ps:set", &shop.app, "scale-hooks", "all"]);
    shop.watch();
    shop.scales(&["worker=2"]);
    assert!(shop.fired("proxy-build-config") > 0, "{:#?}", shop.events());
    assert_eq!(shop.fired("scheduler-cron-write"), 1, "{:#?}", shop.events());
    assert_eq!(shop.postdeploy_tasks(), tasks + 1);
    crate::shop::kept(&before, &shop.runs(&["web.1", "worker.1", "worker.2"]), &["web.1", "worker.1"]);
}

pub(crate) fn only_what_is_made_is_named() {
    let shop = Shop::with(&["web=1", "worker=1"]);
    let names = |wanted: &[&str]| {
        let wanted: Vec<String> = wanted.iter().map(|instance| format!("{}.{instance}", shop.app)).collect();
        let named: Vec<String> = running_of(&shop.app).into_iter().map(|container| container.name).collect();
        assert_eq!(named, wanted);
    };
    let told = shop.scales(&["worker=2"]);
    assert!(!told.stdout.contains("Renaming container"), "{told}");
    names(&["web.1", "worker.1", "worker.2"]);
    // Somebody else has the name.
    let image = docker(&["container", "inspect", "--format", "{{.Image}}", &shop.named()["worker.1"]]);
    let name = format!("{}.worker.3", shop.app);
    let stranger = docker(&["container", "create", "--name", &name, image.trim(), "/demo"]);
    // Two have each other's.
    let worker = |index: u32| format!("{}.worker.{index}", shop.app);
    for (from, to) in [(1, 9), (2, 1), (9, 2)] {
        docker(&["container", "rename", &worker(from), &worker(to)]);
    }
    shop.scales(&["worker=3"]);
    names(&["web.1", "worker.1", "worker.2", "worker.3"]);
    let other_name = docker(&["container", "inspect", "--format", "{{.Name}}", stranger.trim()]);
    assert!(other_name.starts_with(&format!("/{name}.1")), "{other_name}");
    docker(&["container", "rm", stranger.trim()]);
    shop.dokku.succeeds(&["ps:set", &shop.app, "scale-hooks", "all"]);
    let told = shop.scales(&["worker=4"]);
    assert!(told.stdout.contains("Renaming container"), "{told}");
    names(&["web.1", "worker.1", "worker.2", "worker.3", "worker.4"]);
}

pub(crate) fn a_plugin_may_refuse_a_scale() {
    let shop = Shop::with(&["web=1", "worker=1"]);
    let note_and_refuse = format!("{NOTE}\necho 'not on a Friday' >&2\nexit 3");
    shop.plugin("guard", &[("ps-pre-scale", &note_and_refuse), ("ps-post-scale", NOTE)]);
    let state = shop.state();
    shop.watch();
    let refused = shop.ends(1, &["worker=3", "web=2"]);
    assert_eq!(refused.both().matches("not on a Friday").count(), 1, "{refused}");
    shop.is_still(&state, "a scale that a plugin refuses");
    for trigger in ["deploy", "core-post-deploy", "post-deploy", "ps-post-scale"] {
        assert_eq!(shop.fired(trigger), 0, "{trigger} in {:#?}", shop.events());
    }
    let heard = shop.heard("guard");
    assert_eq!(heard.len(), 1, "{heard:#?}");
    assert_eq!(changes(&heard[0], "ps-pre-scale", &shop.app), ["web=1:2", "worker=1:3"]);
}

pub(crate) fn plugins_hear_of_a_scale_that_succeeded_and_of_no_other() {
    let shop = witnessed(Shop::with_more_types(&["web=1", "worker=1"])).checked("5");
    let said_to_authors = |shop: &Shop| -> Vec<String> {
        shop.heard("witness").into_iter().filter(|line| line.contains("-scale ")).collect()
    };
    shop.scales(&["worker=2", "beat=1"]);
    let heard = said_to_authors(&shop);
    assert_eq!(heard.len(), 2, "{heard:#?}");
    for (line, trigger) in heard.iter().zip(["ps-pre-scale", "ps-post-scale"]) {
        assert_eq!(changes(line, trigger, &shop.app), ["beat=0:1", "worker=1:2"]);
    }
    shop.ends(1, &["bad=1"]);
    let heard = said_to_authors(&shop);
    assert_eq!(heard.len(), 1, "a failure is none of ps-post-scale's: {heard:#?}");
    assert_eq!(changes(&heard[0], "ps-pre-scale", &shop.app), ["bad=0:1"]);
}

/// The sorted `TYPE=OLD:NEW` of a line `TRIGGER APP TYPE=OLD:NEW…`.
fn changes<'a>(line: &'a str, trigger: &str, app: &str) -> Vec<&'a str> {
    let words: Vec<&str> = line.split_whitespace().collect();
    assert_eq!(words[..2], [trigger, app], "{line}");
    let mut changes = words[2..].to_vec();
    changes.sort_unstable();
    changes
}
