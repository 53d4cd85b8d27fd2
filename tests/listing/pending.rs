//! What has changed since a container was made, by the label that it carries.

use ps_tests::Host;
use serde_json::{Value, json};

use crate::fakes::{WithDocker, fake, id, shop};

/// A shop with one web whose container has this label.
fn labelled(label: &str) -> Host {
    shop("web=1").container("web.1", &id(1)).containers(&[fake(1, "shop", "web.1").made_from(label)])
}

fn pending(host: &Host) -> Value {
    let listing = host.ps(&["shop", "--format", "json"]).into_stdout();
    let listing: Value = serde_json::from_str(&listing).expect("a document");
    listing["types"][0]["pending"].clone()
}

pub(crate) fn what_the_label_says_is_compared_with_what_holds() {
    let host = labelled("");
    let printed = host.run("docker-args-process-deploy", ["shop", "dockerfile", "latest", "web", "1"]).into_stdout();
    let label = printed.split_once("--label=com.dokku.ps.made-from=").expect("a label").1;
    let host = host.containers(&[fake(1, "shop", "web.1").made_from(label)]);
    assert_eq!(pending(&host), json!([]));
    let host = host.file("lib/config/shop/ENV", "A=1\n").file("lib/config/docker-options/shop/web.deploy", "-x\n");
    assert_eq!(pending(&host), json!(["config", "docker options"]));
    // The label of another type: it has no ports, and another command.
    let printed = host.run("docker-args-process-deploy", ["shop", "dockerfile", "latest", "worker", "1"]).into_stdout();
    let label = printed.split_once("--label=com.dokku.ps.made-from=").expect("a label").1;
    let host = host.containers(&[fake(1, "shop", "web.1").made_from(label)]);
    assert_eq!(pending(&host), json!(["command", "docker options", "ports"]));
}

/// It is judged by its times. This Docker does not tell when it was made, so there is nothing to be said.
pub(crate) fn a_label_that_cannot_be_read_is_none() {
    for label in ["", "true", "1,config:", "1,config:zz", "2,config:00000000000000000000000000000000", "1,\\u0000\\t"] {
        let host = labelled(label).file("lib/config/shop/ENV", "A=1\n");
        assert_eq!(pending(&host), json!([]), "{label}");
    }
    let other = labelled("1,config:00000000000000000000000000000000");
    assert_ne!(pending(&other), json!([]), "one that can be read counts");
}
