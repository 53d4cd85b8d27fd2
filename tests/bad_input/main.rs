//! What users, files, Docker and other programs may get wrong. Each time: a clear message, the right
//! status, no file changed, nothing fired that changes anything, no panic.

mod app_names;
mod counts;
mod docker;
mod files;
mod flags;
mod hung;
mod limits;
mod lock;
mod odd;
mod outputs;
mod placed;
mod process_types;
mod procfiles;
mod properties;
mod scheduler;
mod state;
mod terminals;

use ps_tests::{Host, host};

/// The host of most tests: an app that is deployed, with a type `web` at 1.
fn shop() -> Host {
    host().app("shop")
}

/// The stock headline, which `ps:scale` may print before it looks at the quantities.
fn headline(quantities: &str) -> String {
    format!("-----> Scaling shop processes: {quantities}\n")
}
