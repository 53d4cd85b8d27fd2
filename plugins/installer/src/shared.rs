//! Completion and manual pages, where shells and `man` look for them.

use crate::diversions::make_parent;
use crate::host::Host;
use crate::step::go_on;
use crate::tree::pages;
use crate::undo::Undo;
use common::{Result, atomic, file};
use std::path::{Path, PathBuf};

/// The end of a line that each of ours has near its top.
const OURS: &str = "It belongs to the ps plugin, whose install.sh replaces and removes it.";

/// Where the completion of `dokku` for bash lies; the package dokku has one there.
const COMPLETION: &str = "bash-completion/completions/dokku";

/// What bash reads at its start: from there ours calls the one of the package, which is read when it is needed.
fn early_completion(host: &Host<'_>) -> PathBuf {
    host.etc.join("bash_completion.d/dokku-ps")
}

/// Each file in the live tree, and where it goes.
fn files(host: &Host<'_>) -> Vec<(PathBuf, PathBuf)> {
    let usual = host.share.join(COMPLETION);
    let is_taken = file::exists(&usual) && !is_ours(&usual);
    let completion = if is_taken { early_completion(host) } else { usual };
    let mut files = vec![
        (host.live.join("completion/dokku-ps.bash"), completion),
        (host.live.join("completion/_dokku"), host.share.join("zsh/vendor-completions/_dokku")),
    ];
    files.extend(pages().iter().map(|page| {
        let name = page.trim_start_matches("man/");
        (host.live.join(page), host.share.join("man/man1").join(name))
    }));
    files
}

/// Whether a file is ours. One of a package, or of the user, does not say so, and is left alone.
pub(crate) fn is_ours(path: &Path) -> bool {
    let text = file::read(path).ok().flatten().unwrap_or_default();
    String::from_utf8_lossy(&text).lines().take(3).any(|line| line.ends_with(OURS))
}

/// All of ours that are there, also of commands that there are no more.
fn present(host: &Host<'_>) -> Result<Vec<PathBuf>> {
    let pages = file::entries(&host.share.join("man/man1"))?;
    let is_page = |path: &PathBuf| {
        let name = path.file_name().unwrap_or_default().to_string_lossy();
        name.starts_with("dokku-ps") && name.ends_with(".1")
    };
    let completion = [COMPLETION, "zsh/vendor-completions/_dokku"].map(|name| host.share.join(name));
    let all = completion.into_iter().chain([early_completion(host)]).chain(pages.into_iter().filter(is_page));
    Ok(all.filter(|path| is_ours(path)).collect())
}

/// Puts them in their places.
///
/// # Errors
/// When one cannot be written; when a signal comes.
pub(crate) fn place<'h>(host: &'h Host<'h>, undo: &mut Undo<'h>) -> Result<()> {
    host.env.output().info1(&format!("Putting completion and manual pages into {}", host.share.display()));
    let files = files(host);
    for (from, to) in &files {
        let bytes = file::read(from)?.unwrap_or_default();
        if !file::exists(to) {
            make_parent(to, undo)?;
            let to = to.clone();
            undo.with(format!("remove {}", to.display()), move || atomic::remove(&to));
        } else if !is_ours(to) {
            host.env.output().warn(&format!("{} is not of this plugin, and stays", to.display()));
            continue;
        } else if file::read(to)?.as_ref() == Some(&bytes) {
            continue;
        } else {
            undo_change_of(to, undo)?;
        }
        atomic::write(to, &bytes, 0o644, None)?;
        go_on()?;
    }
    for path in present(host)?.into_iter().filter(|path| !files.iter().any(|(_, to)| to == path)) {
        undo_change_of(&path, undo)?;
        atomic::remove(&path)?;
    }
    Ok(())
}

/// Removes them.
///
/// # Errors
/// When one cannot be removed; when a signal comes.
pub(crate) fn remove<'h>(host: &'h Host<'h>, undo: &mut Undo<'h>) -> Result<()> {
    for path in present(host)? {
        undo_change_of(&path, undo)?;
        atomic::remove(&path)?;
        go_on()?;
    }
    Ok(())
}

fn undo_change_of(path: &Path, undo: &mut Undo<'_>) -> Result<()> {
    let bytes = file::read(path)?.unwrap_or_default();
    let path = path.to_path_buf();
    undo.with(format!("write {} again", path.display()), move || {
        path.parent().map_or(Ok(()), std::fs::create_dir_all)?;
        atomic::write(&path, &bytes, 0o644, None)
    });
    Ok(())
}
