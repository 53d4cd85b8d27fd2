//! What only a container of `web` is made from: its ports, and the labels that some proxies read.

use super::tests::Host;
use super::*;

#[test]
fn the_port_of_web_counts_and_where_they_are_published_all_of_them() {
    let host = Host::new().with("config/ports/shop/map", "http:80:5000\nhttps:443:5000\n");
    let set = |content: &str| host.changed_by_file("web", "config/ports/shop/map", content);
    assert!(set("http:80:5000\nhttp:81:6000\n").is_empty());
    assert!(set("udp:53:53\nhttp:8080:5000\n").is_empty());
    assert!(set("").is_empty(), "5000 is the port where none is set");
    assert!(host.changed_by_file("web", "config/ports/shop/map-detected", "http:5000:5000\n").is_empty());
    assert_eq!(set("http:80:6000\n"), ["ports"]);
    assert!(host.changed_by_file("worker", "config/ports/shop/map", "http:80:7000\n").is_empty());
    let publish = "config/network/--global/bind-all-interfaces";
    assert!(host.changed_by_file("worker", publish, "true").is_empty());
    host.write(publish, "false");
    assert_eq!(host.changed_by_file("web", publish, "true"), ["network", "ports"]);
    assert_eq!(set("http:80:7000\nudp:53:53\n"), ["ports"]);
    assert!(set("http:81:7000\nudp:54:53\n").is_empty());
}

#[test]
fn labels_count_for_web_behind_a_proxy_that_reads_them() {
    let of_proxies = [
        ("caddy", "caddy/shop/tls-internal"),
        ("caddy", "caddy/--global/letsencrypt-email"),
        ("haproxy", "haproxy/shop/labels"),
        ("openresty", "openresty/shop/hsts"),
        ("traefik", "traefik/--global/http-entry-point"),
        ("traefik", "proxy/shop/disabled"),
        ("traefik", "ports/shop/map"),
        ("traefik", "../home/shop/VHOST"),
    ];
    for (proxy, path) in of_proxies {
        let path = &format!("config/{path}");
        let host = Host::new().with("config/proxy/--global/type", proxy).with("home/shop/CONTAINER.web.1", "");
        assert_eq!(host.changed_by_file("web", path, "http:81:5000"), ["proxy labels"], "{path}");
        assert!(host.changed_by_file("worker", path, "y").is_empty(), "{path}");
        host.write(path, "http:81:5000");
        host.write("config/proxy/shop/type", "nginx");
        assert!(host.changed_by_file("web", path, "http:82:5000").is_empty(), "{path}");
    }
    let host = Host::new().with("config/proxy/--global/type", "traefik");
    for path in
        ["caddy/shop/labels", "traefik/--global/image", "traefik/--global/api-vhost", "traefik/--global/log-level"]
    {
        assert!(host.changed_by_file("web", &format!("config/{path}"), "x").is_empty(), "{path}");
    }
    for proxy in ["caddy", "nginx"] {
        assert_eq!(host.changed_by_file("web", "config/proxy/shop/type", proxy), ["proxy labels"]);
    }
}

#[test]
fn a_container_that_has_the_port_is_not_older_than_a_port_of_the_proxy() {
    let host = Host::new().with("config/ports/shop/map", "http:80:5000\nhttp:81:6000\n");
    let changes = |port: &str| {
        let details = common::ContainerDetails {
            created: Some("2001-01-01T00:00:00Z".to_owned()),
            variables: vec![format!("PORT={port}")],
            ..common::ContainerDetails::default()
        };
        changes_since(host.env(), host.app(), &ProcessType::web(), &details, || Ok(None)).unwrap()
    };
    assert!(changes("5000").is_empty());
    assert_eq!(changes("6000"), ["ports"]);
    host.write("config/network/shop/bind-all-interfaces", "true");
    assert_eq!(changes("5000"), ["network", "ports"]);
}
