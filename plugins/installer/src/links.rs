//! The links by which a plugin is there and enabled.

use crate::host::Host;
use crate::keep::rename;
use crate::undo::Undo;
use common::{Result, atomic, file};
use std::os::unix::fs::{lchown, symlink};
use std::path::Path;

/// Each link, and what it leads to. `plugins/available` first: `plugins/enabled` is right only when that is.
const LINKS: [(&str, &str); 3] = [
    ("plugins/available/ps", "core-plugins/available/ps"),
    ("plugins/enabled/ps", "plugins/available/ps"),
    ("core-plugins/enabled/ps", "core-plugins/available/ps"),
];

/// Makes the links that do not lead to the live tree.
///
/// # Errors
/// When one cannot be made.
pub(crate) fn ensure<'h>(host: &'h Host<'h>, undo: &mut Undo<'h>) -> Result<()> {
    for (link, target) in LINKS {
        let (link, target) = (host.lib.join(link), host.lib.join(target));
        let leads_to = |path: &Path| path.canonicalize().ok();
        if file::is_link(&link) && leads_to(&link) == leads_to(&host.live) {
            continue;
        }
        if let Some(folder) = link.parent() {
            std::fs::create_dir_all(folder)?;
        }
        if file::is_link(&link) {
            let (before, link) = (file::link_target(&link)?, link.clone());
            undo.with(format!("link {} to {}", link.display(), before.display()), move || place(host, &before, &link));
        } else {
            if file::exists(&link) {
                keep_aside(host, undo, &link)?;
            }
            let link = link.clone();
            undo.with(format!("remove {}", link.display()), move || atomic::remove(&link));
        }
        place(host, &target, &link)?;
    }
    Ok(())
}

/// Makes a link under another name, and renames it to the place.
fn place(host: &Host<'_>, target: &Path, link: &Path) -> Result<()> {
    let made = host.keep.join("link");
    atomic::remove(&made)?;
    symlink(target, &made)?;
    lchown(&made, Some(host.owner.user), Some(host.owner.group))?;
    atomic::rename(&made, link)
}

/// A real folder or file in a link's place is kept, with a number when the name is taken.
fn keep_aside(host: &Host<'_>, undo: &mut Undo<'_>, path: &Path) -> Result<()> {
    let name = path.strip_prefix(&host.lib).unwrap_or(path).to_string_lossy().replace('/', "-");
    let free = |number: &u32| !file::exists(&host.keep.join(format!("kept-{name}.{number}")));
    let number = (1..u32::MAX).find(free).unwrap_or(u32::MAX);
    let kept = host.keep.join(format!("kept-{name}.{number}"));
    host.env.output().info1(&format!("{} is no link; keeping it as {}", path.display(), kept.display()));
    rename(undo, path, &kept)
}
