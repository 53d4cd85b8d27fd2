//! What is kept beside the plugins, and what a run that was killed has left there.

use crate::host::Host;
use crate::tree::{is_ours, is_plugin, is_stock};
use crate::undo::Undo;
use common::{Error, FileLock, Result, atomic, file};
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};

/// The folder of what is kept, which is ours alone while this lives.
pub(crate) struct Keep<'h> {
    host: &'h Host<'h>,
    _lock: FileLock,
}

impl<'h> Keep<'h> {
    /// # Errors
    /// When another one is at work on this host, or the folder is on another file system than the plugin.
    pub(crate) fn open(host: &'h Host<'h>) -> Result<Self> {
        let keep = &host.keep;
        std::fs::create_dir_all(keep)?;
        let lock = FileLock::try_acquire_folder(keep)?;
        let lock = lock.ok_or_else(|| Error::new("Another install.sh is at work on this host"))?;
        let available = host.lib.join("core-plugins/available");
        if keep.metadata()?.dev() != available.metadata()?.dev() {
            let (keep, available) = (keep.display(), available.display());
            return Err(Error::new(format!("{keep} and {available} are on different file systems")));
        }
        Ok(Self { host, _lock: lock })
    }

    pub(crate) fn place(&self, name: &str) -> PathBuf {
        self.host.keep.join(name)
    }

    /// Removes what is of use only during the work, and the folder if nothing is kept.
    pub(crate) fn clean(&self) {
        for name in ["new", "link"] {
            let _it_takes_room_only = remove(&self.place(name));
        }
        let _something_is_kept = std::fs::remove_dir(&self.host.keep);
    }

    /// Mends what a run that was killed has left. Each tree lies in one of a few places, and says itself whether it is
    /// ours. First the live one comes back, then the stock one; the rest is of no use.
    ///
    /// # Errors
    /// When something cannot be renamed or removed.
    pub(crate) fn recover(&self) -> Result<()> {
        let (live, stock) = (&self.host.live, &self.host.stock);
        if !file::exists(live) {
            let left = ["previous", "stock", "older"].map(|name| self.place(name));
            if let Some(left) = left.iter().find(|left| is_plugin(left)) {
                let text = format!("An earlier run was interrupted; putting {} back", left.display());
                self.host.env.output().warn(&text);
                atomic::rename(left, live)?;
            }
        }
        if is_ours(live) && !is_stock(stock) {
            let left = ["new", "previous", "older"].map(|name| self.place(name));
            if let Some(left) = left.iter().find(|left| is_stock(left)) {
                atomic::remove_directory(stock)?;
                atomic::rename(left, stock)?;
            }
        }
        // An uninstall had exchanged the two.
        if is_stock(live) && is_ours(stock) {
            atomic::remove_directory(stock)?;
        }
        if is_plugin(live) {
            for name in ["new", "previous", "older", "link"] {
                remove(&self.place(name))?;
            }
        }
        let shared = ["bash-completion/completions", "zsh/vendor-completions", "man/man1"];
        let folders = shared.map(|folder| self.host.share.join(folder));
        let folders = folders.into_iter().chain([self.host.etc.join("bash_completion.d")]);
        let units = self.host.unit.parent().map(Path::to_path_buf);
        folders.chain(units).try_for_each(|folder| remove_unfinished(&folder))
    }

    /// Removes the trees that are of no use once all is done.
    pub(crate) fn drop_older(&self) -> Result<()> {
        ["previous", "older"].iter().try_for_each(|name| remove(&self.place(name)))
    }
}

/// Removes files that were being written when their writer was killed.
fn remove_unfinished(folder: &Path) -> Result<()> {
    for path in file::entries(folder).unwrap_or_default() {
        let name = path.file_name().unwrap_or_default().to_string_lossy();
        if name.starts_with('.') && name.contains("dokku") && name.ends_with(".new") || name == ".ps-plugin-new" {
            atomic::remove(&path)?;
        }
    }
    Ok(())
}

/// Removes whatever has this name.
pub(crate) fn remove(path: &Path) -> Result<()> {
    if file::is_folder(path) { atomic::remove_directory(path) } else { atomic::remove(path) }
}

/// Puts the tree `new` in the place of `live`, and that one at `aside`. There is no moment without a live tree; file systems
/// that cannot exchange two names fall back to two renames.
///
/// # Errors
/// When one of them cannot be renamed.
pub(crate) fn swap_in(undo: &mut Undo<'_>, new: &Path, live: &Path, aside: &Path) -> Result<()> {
    if atomic::exchange(new, live).is_ok() {
        let (one, other) = (new.to_path_buf(), live.to_path_buf());
        let what = format!("exchange {} and {}", new.display(), live.display());
        undo.with(what, move || atomic::exchange(&one, &other));
        rename(undo, new, aside)
    } else {
        rename(undo, live, aside)?;
        rename(undo, new, live)
    }
}

/// Renames a tree, which gets its name back when all is undone.
///
/// # Errors
/// When it cannot be renamed.
pub(crate) fn rename(undo: &mut Undo<'_>, from: &Path, to: &Path) -> Result<()> {
    let (old, new) = (from.to_path_buf(), to.to_path_buf());
    // Noted before: it may be done, and fail at being kept on the disk.
    undo.with(format!("rename {} to {}", to.display(), from.display()), move || {
        if file::exists(&old) { Ok(()) } else { atomic::rename(&new, &old) }
    });
    atomic::rename(from, to)
}
