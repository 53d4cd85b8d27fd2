//! A plugin tree in a folder, and nothing else.

use crate::build;
use crate::keep::{rename, swap_in};
use crate::options::Options;
use crate::step::go_on;
use crate::undo::undone_on_failure;
use common::{Env, Error, Result, atomic, file};
use std::path::{Path, PathBuf};

/// Builds the tree and puts it into `folder`.
///
/// # Errors
/// When the folder is not ours to replace, or the tree cannot be built or put there.
pub(crate) fn put_into(env: &Env, options: &Options, folder: &Path) -> Result<()> {
    refuse_unless_replaceable(folder)?;
    let source = build::tree(env, options)?;
    refuse_unless_replaceable(folder)?;
    // The tree is made beside the folder and swapped in, so a reader sees the old or the new one, and no stale file is
    // left.
    let stage = temporary_beside(folder)?;
    let (new, old) = (stage.join("new"), stage.join("old"));
    undone_on_failure(
        env,
        |undo| {
            source.assemble(&new, None)?;
            if file::exists(folder) {
                swap_in(undo, &new, folder, &old)?;
            } else {
                rename(undo, &new, folder)?;
            }
            go_on()
        },
        || drop(atomic::remove_directory(&stage)),
    )?;
    env.output().info1(&format!("The plugin tree is in {}", folder.display()));
    Ok(())
}

/// A new folder beside another one, on its file system.
pub(crate) fn temporary_beside(folder: &Path) -> Result<PathBuf> {
    let name = format!(".ps-tree.{:016x}", u64::from_ne_bytes(file::random()?));
    let stage = folder.parent().unwrap_or(Path::new("/")).join(name);
    atomic::create_directory(&stage, None)?;
    Ok(stage)
}

fn refuse_unless_replaceable(folder: &Path) -> Result<()> {
    let refuse = |why: &str| Err(Error::new(format!("{} {why}", folder.display())));
    if !file::exists(folder) {
        return Ok(());
    }
    if !file::is_folder(folder) {
        return refuse("is not a directory");
    }
    let names = file::entries(folder)?;
    let has = |name: &str| file::exists(&folder.join(name));
    if !names.is_empty() && !file::is_regular(&folder.join("plugin.toml")) {
        return refuse("is not empty and no plugin tree (it has no plugin.toml)");
    }
    if has("Cargo.toml") || has(".git") {
        return refuse("holds sources; it is not replaced");
    }
    Ok(())
}
