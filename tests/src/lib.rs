//! The harness of the black-box suites.
//!
//! It knows the plugin only from outside, as an installed tree of executables (`PS_PLUGIN`) that a host
//! runs: nothing here depends on the crates of the plugin. A [`host`] is a sandbox without Docker in which
//! a recorder stands for the rest of Dokku; it notes each trigger the plugin fires and answers as told.
//! The suites against real Docker use the stand-in host of `tests/host` instead ([`docker`]).
//!
//! Every run is checked for three things nobody has to ask for: no panic, no signal, and nothing on an
//! output that the test does not state.

pub mod case;
pub mod difference;
pub mod docker;
pub mod elf;
pub mod executables;
pub mod host;
pub mod http;
pub mod lives;
pub mod outcome;
pub mod process;
pub mod real_host;
pub mod recorder;
pub mod sandbox;
pub mod sizes;
pub mod sources;
pub mod suite;
pub mod tree;

pub use host::{Host, host};
pub use outcome::Outcome;
pub use recorder::Answer;

use std::path::PathBuf;

/// The installed plugin under test, from `PS_PLUGIN`.
///
/// # Panics
/// When it is unset or not a directory: `tests/run` builds it and says where it is.
pub fn plugin_tree() -> PathBuf {
    let Some(tree) = std::env::var_os("PS_PLUGIN") else {
        panic!("PS_PLUGIN does not name an installed plugin: run tests/run");
    };
    PathBuf::from(&tree).canonicalize().unwrap_or_else(|error| {
        panic!("PS_PLUGIN names {}: {error}: run tests/run", tree.display());
    })
}

/// The root of the repository.
pub fn repository() -> PathBuf {
    let here = PathBuf::from(env!("CARGO_MANIFEST_DIR"));
    here.parent().expect("tests/ lies in the repository").to_path_buf()
}
