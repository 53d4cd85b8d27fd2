//! A file of an app that names another app's container: that one is left alone, whatever is done to the app.

use std::fs;

use ps_tests::docker::{docker, id_in};

use crate::shop::{Shop, kept};

/// Another app on the same host, with one container.
struct Other {
    app: String,
    id: String,
    /// When it was started, and what Docker does when it ends.
    state: String,
}

fn state(id: &str) -> String {
    docker(&["container", "inspect", "--format", "{{.State.StartedAt}} {{.HostConfig.RestartPolicy.Name}}", id])
}

/// Two apps, and a file of the first that names the container of the second.
fn shop_and_other(instance: &str) -> (Shop, Other) {
    let shop = Shop::with(&["web=1", "worker=2"]);
    let app = Shop::deploy(&shop.dokku, &["web=1"], &[]);
    shop.runs(&["web.1", "worker.1", "worker.2"]);
    shop.dokku.runs(&app, &["web.1"]);
    let id = id_in(&shop.dokku.path(&format!("home/{app}/CONTAINER.web.1")));
    let file = shop.home().join(format!("CONTAINER.{instance}"));
    if let Ok(own) = fs::read_to_string(&file) {
        docker(&["container", "rm", "--force", own.trim()]);
    }
    fs::write(file, format!("{id}\n")).expect("the file");
    let state = state(&id);
    (shop, Other { app, id, state })
}

impl Other {
    /// It runs on under its name, as it was, and is not queued for removal.
    fn is_untouched(&self, shop: &Shop) {
        shop.dokku.runs(&self.app, &["web.1"]);
        assert_eq!(shop.dokku.ids(&self.app), [self.id.as_str()]);
        assert_eq!(state(&self.id), self.state);
        let queue = shop.dokku.path("lib/data/scheduler-docker-local/dead-containers");
        let queue = fs::read_to_string(queue).unwrap_or_default();
        assert!(!queue.contains(&self.id), "{queue}");
    }
}

fn policy(id: &str) -> String {
    docker(&["container", "inspect", "--format", "{{.HostConfig.RestartPolicy.Name}}", id]).trim().to_owned()
}

pub(crate) fn another_app_s_container_is_not_scaled_down() {
    let (shop, other) = shop_and_other("worker.2");
    let own = shop.instances();
    assert_eq!(shop.dokku.report(&shop.app, "--running"), "mixed");
    let listing = shop.dokku.succeeds(&["ps", &shop.app, "--quiet"]);
    assert!(listing.lines().any(|line| line.contains("\tworker.2\tmissing\t")), "{listing}");
    shop.scales(&["worker=1"]);
    other.is_untouched(&shop);
    kept(&own, &shop.runs(&["web.1", "worker.1"]), &["web.1", "worker.1"]);
}

pub(crate) fn another_app_s_container_is_not_retired_for_a_new_one() {
    for words in [&["worker=3"][..], &["--strategy", "recreate", "worker=3"]] {
        let (shop, other) = shop_and_other("worker.2");
        shop.scales(words);
        shop.runs(&["web.1", "worker.1", "worker.2", "worker.3"]);
        other.is_untouched(&shop);
    }
    let (shop, other) = shop_and_other("worker.2");
    shop.reconciles(&[]);
    shop.runs(&["web.1", "worker.1", "worker.2"]);
    other.is_untouched(&shop);
}

pub(crate) fn another_app_s_container_gets_no_policy_and_is_not_retired_with_a_type() {
    let (shop, other) = shop_and_other("old.1");
    shop.dokku.succeeds(&["ps:set", &shop.app, "restart-policy", "always"]);
    other.is_untouched(&shop);
    let own = shop.instances();
    assert!(["web.1", "worker.1", "worker.2"].iter().all(|instance| policy(&own[*instance].id) == "always"));
    // A type that has left the Procfile is retired after a deploy.
    let scale = shop.dokku.path(&format!("lib/config/ps/{}/scale", shop.app));
    let saved = fs::read_to_string(&scale).expect("the scale");
    fs::write(&scale, format!("{saved}old=1\n")).expect("the scale");
    let hook = shop.dokku.path("lib/plugins/enabled/ps/post-deploy").display().to_string();
    let environment = shop.dokku.path("environment").display().to_string();
    let retired = shop.dokku.bash(&format!(". '{environment}'; '{hook}' '{}' '' '' latest", shop.app));
    assert_eq!(retired.status, 0, "{retired}");
    assert!(retired.stdout.contains("Retiring old"), "{retired}");
    other.is_untouched(&shop);
    shop.runs(&["web.1", "worker.1", "worker.2"]);
}
