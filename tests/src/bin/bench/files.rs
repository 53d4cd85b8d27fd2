//! A host of files: as many plugins as a real one has, and apps of three containers, all deployed and as they should be.

use ps_tests::sandbox::Sandbox;

use crate::engine::Container;

/// What each app runs.
pub(crate) const INSTANCES: [&str; 3] = ["web.1", "web.2", "worker.1"];

/// Those of the host's own plugins that have nothing to answer here.
const OTHER_PLUGINS: [&str; 41] = [
    "00_dokku-standard",
    "20_events",
    "app-json",
    "apps",
    "builder",
    "builder-dockerfile",
    "builder-herokuish",
    "builder-lambda",
    "builder-nixpacks",
    "builder-null",
    "builder-pack",
    "builder-railpack",
    "buildpacks",
    "builds",
    "caddy-vhosts",
    "certs",
    "checks",
    "common",
    "cron",
    "docker-options",
    "domains",
    "enter",
    "git",
    "haproxy-vhosts",
    "logs",
    "network",
    "nginx-vhosts",
    "openresty-vhosts",
    "plugin",
    "ports",
    "proxy",
    "registry",
    "repo",
    "resource",
    "run",
    "scheduler-null",
    "shell",
    "ssh-keys",
    "storage",
    "trace",
    "traefik-vhosts",
];

/// As many plugins as a real host has, in the version whose own plugins are known.
pub(crate) fn add_other_plugins(sandbox: &Sandbox) {
    sandbox.write("lib/STABLE_VERSION", "0.38.27\n");
    for name in OTHER_PLUGINS {
        sandbox.add_plugin(name);
    }
}

/// The name of an app, by its number.
pub(crate) fn app(number: usize) -> String {
    format!("app-{number:03}")
}

/// The instances of so many apps, app by app.
pub(crate) fn names(apps: usize) -> Vec<(String, &'static str)> {
    (0..apps).flat_map(|number| INSTANCES.map(|instance| (app(number), instance))).collect()
}

/// The containers of so many apps, which only a stand-in for Docker knows.
pub(crate) fn containers(apps: usize) -> Vec<Container> {
    let container = |(number, (app, instance)): (usize, (String, &str))| Container {
        // As random as Docker's, so that they have no order.
        id: format!("{:064x}", (number as u128 + 1).wrapping_mul(0x9e37_79b9_7f4a_7c15_f39c_c060_5ced_c835)),
        address: format!("172.17.{}.{}", number / 250, number % 250 + 2),
        instance: instance.to_owned(),
        app,
    };
    names(apps).into_iter().enumerate().map(container).collect()
}

/// Writes down the apps of these containers, which come app by app.
pub(crate) fn make_apps(sandbox: &Sandbox, containers: &[Container]) {
    for of_app in containers.chunks(INSTANCES.len()) {
        let app = &of_app[0].app;
        sandbox.write(&format!("home/{app}/HEAD"), "");
        sandbox.write(&format!("lib/config/common/{app}/deployed"), "true");
        sandbox.write(&format!("lib/config/ps/{app}/scale"), "web=2\nworker=1\n");
        sandbox.write(&format!("lib/data/ps/{app}/Procfile"), "web: run -p $PORT\nworker: go\n");
        for Container { id, instance, address, .. } in of_app {
            sandbox.write(&format!("home/{app}/CONTAINER.{instance}"), id);
            sandbox.write(&format!("home/{app}/IP.{instance}"), address);
            sandbox.write(&format!("home/{app}/PORT.{instance}"), "5000");
        }
    }
}
