//! A host of files: as many plugins as a real one has, and apps of three containers, all deployed and as they should be.

use ps_tests::sandbox::Sandbox;
use ps_tests::sources::host_plugin_names;

use crate::engine::Container;

/// What each app runs.
pub(crate) const INSTANCES: [&str; 3] = ["web.1", "web.2", "worker.1"];

/// The host's own plugins that are not there yet, which answer nothing, in the version in which they are known.
pub(crate) fn add_other_plugins(sandbox: &Sandbox) {
    sandbox.write("lib/STABLE_VERSION", "0.38.27\n");
    let is_missing = |name: &String| !sandbox.path("lib/core-plugins/available").join(name).exists();
    host_plugin_names().iter().filter(|name| is_missing(name)).for_each(|name| sandbox.add_plugin(name));
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
