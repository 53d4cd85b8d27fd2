//! A fingerprint as the label of a container.

use super::tests::{Host, changes};
use super::*;

#[test]
fn a_label_says_what_the_fingerprint_does_and_shows_no_value() {
    let host = Host::new()
        .with("config/shop/ENV", "PASSWORD=\"hunter2\"\n")
        .with("config/docker-options/shop/web.deploy", "--env=TOKEN=hunter2")
        .with("config/proxy/shop/type", "caddy");
    host.enable("a third-party's", "post-deploy");
    host.enable("gpu_2.x", "docker-args-deploy");
    let current = host.current("web");
    let label = current.to_label().unwrap();
    assert_eq!(Fingerprint::from_label(&label), Some(current.clone()));
    assert!(label.starts_with("1,command:") && label.contains(",plugin/gpu_2.x:"), "{label}");
    for harmful in ["hunter2", "PASSWORD", "TOKEN", " ", "'", "\"", "\\", "$"] {
        assert!(!label.contains(harmful), "{label}");
    }
    // A host with another key has other hashes of the same values.
    let other = Host::new().with("config/shop/ENV", "PASSWORD=\"hunter2\"\n");
    assert!(changes(&other.current("web"), &current).contains(&"config".to_owned()));
}

#[test]
fn a_name_that_the_host_s_script_would_take_apart_makes_no_label() {
    for name in ["it's", "a\"b", "a\\b", "a,b", "a:b", "ä", "a\nb", "$(id)"] {
        let host = Host::new();
        host.enable(name, "docker-args-deploy");
        assert_eq!(host.current("web").to_label(), None, "{name}");
    }
}

#[test]
fn what_is_no_label_of_ours_is_none() {
    let label = Host::new().current("web").to_label().unwrap();
    assert!(Fingerprint::from_label(&label).is_some());
    let (shorter, later) = (&label[..label.len() - 1], label.replacen('1', "2", 1));
    for bad in ["", "true", "1,", "1,config", "1,config:", "1,config:xyz", "2", shorter, &later, &label[2..]] {
        assert_eq!(Fingerprint::from_label(bad), None, "{bad}");
    }
}
