//! What unit tests begin with.

use common::Env;
use std::path::Path;

/// A host whose library is this folder, and whose files are root's.
pub(crate) fn host(lib: &Path) -> Env {
    let variables = [
        ("DOKKU_LIB_ROOT".into(), lib.as_os_str().to_owned()),
        ("DOKKU_SYSTEM_USER".into(), "root".into()),
        ("DOKKU_SYSTEM_GROUP".into(), "root".into()),
    ];
    Env::new(variables.into(), Vec::new())
}
