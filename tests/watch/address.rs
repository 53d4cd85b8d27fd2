//! Docker gives a container another address at any start of it, and the one that it had to somebody else.

use std::fs;

use ps_tests::docker::docker;
use ps_tests::process::wait_until;

use crate::shop::Shop;
use crate::watcher::{SETTLES, Watcher};

fn address_of(container: &str) -> String {
    let format = "{{range .NetworkSettings.Networks}}{{.IPAddress}}{{end}}";
    docker(&["container", "inspect", "--format", format, container]).trim().to_owned()
}

pub(crate) fn a_changed_address_is_told_to_the_proxy() {
    let shop = Shop::with(&["web=2", "worker=1"]);
    let all = ["web.1", "web.2", "worker.1"];
    let before = shop.runs(&all);
    // So that nobody starts what is ended here.
    shop.dokku.succeeds(&["ps:set", &shop.app, "heal", "address"]);
    let mut watcher = Watcher::of(&shop.dokku);
    watcher.has_seen(&shop.dokku, &shop.app);
    let (id, other) = (&before["web.1"].id, address_of(&before["web.2"].id));
    let address = address_of(id);
    shop.watch();
    docker(&["container", "kill", id]);
    // Docker gives the lowest address that is free; other tests take some too.
    let other_app = shop.dokku.name();
    let label = format!("--label=com.dokku.app-name={other_app}");
    let image = format!("dokku/{}:latest", shop.app);
    let run = ["container", "run", "--detach", &label, &image, "/demo", "worker"];
    let taken = || {
        let ids = docker(&["container", "ls", "--quiet"]);
        ids.lines().any(|id| {
            // One that has ended meanwhile has none.
            let asked = std::process::Command::new("docker")
                .args(["container", "inspect", "--format", "{{.NetworkSettings.IPAddress}}", id])
                .output();
            asked.is_ok_and(|told| String::from_utf8_lossy(&told.stdout).trim() == address)
        })
    };
    for number in 0.. {
        assert!(number < 20, "none of 20 strangers has {address}");
        docker(&run);
        if taken() {
            break;
        }
    }
    docker(&["container", "start", id]);
    let now = address_of(id);
    assert_ne!(now, address);

    let file = |instance: &str| fs::read_to_string(shop.home().join(format!("IP.{instance}"))).unwrap_or_default();
    wait_until("the new address is written down", SETTLES, || file("web.1").trim() == now);
    shop.was_done("web.1: the proxy was told");
    assert_eq!(shop.fired("proxy-build-config"), 1, "{:#?}", shop.events());
    let mut servers = vec![format!("{now}:5000"), format!("{other}:5000")];
    servers.sort();
    assert_eq!(shop.servers(), servers);
    assert_eq!(file("web.2").trim(), other);
    watcher.ends();
    let after = shop.runs(&all);
    assert_eq!(after["web.1"].id, *id);
}
