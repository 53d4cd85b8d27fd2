//! The files of the package `dokku`: dpkg goes on writing the stock ones, into the kept tree.

use crate::build::program;
use crate::host::Host;
use crate::step::{answer, go_on, judged, quietly, status};
use crate::tree::{is_ours, places, texts};
use crate::undo::Undo;
use common::{Error, Process, Result, file, in_spite_of_signals};
use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

/// The files of the package below the live tree, relative to it; none when dokku is no Debian package here.
///
/// # Errors
/// When dpkg cannot tell.
pub(crate) fn packaged_files(host: &Host<'_>) -> Result<BTreeSet<String>> {
    if program(host.env, &host.dpkg_divert).is_none() {
        return Ok(BTreeSet::new());
    }
    let answer = answer(Process::new(&host.dpkg).args(["-L", "dokku"]).var("LC_ALL", "C"))?;
    match (answer.succeeded(), status(&answer).as_str()) {
        (true, _) => {}
        (false, "status 1") => return Ok(BTreeSet::new()),
        (false, failed) => return Err(Error::new(format!("{} -L dokku failed with {failed}", host.dpkg))),
    }
    let text = String::from_utf8_lossy(&answer.stdout).into_owned();
    let root = format!("{}/", host.live.display());
    let listed: BTreeSet<String> =
        text.lines().filter_map(|line| line.strip_prefix(&root)).map(str::to_owned).collect();
    let is_folder = |name: &String| {
        let below = format!("{name}/");
        listed.range(below.clone()..).next().is_some_and(|next| next.starts_with(&below))
    };
    Ok(listed.iter().filter(|name| !is_folder(name)).cloned().collect())
}

/// Our diversions, relative to the live tree.
fn diverted(host: &Host<'_>) -> Result<BTreeSet<String>> {
    if program(host.env, &host.dpkg_divert).is_none() {
        return Ok(BTreeSet::new());
    }
    let answer = answer(Process::new(&host.dpkg_divert).args(["--list"]).var("LC_ALL", "C"))?;
    if !answer.succeeded() {
        return Err(Error::new(format!("{} --list failed", host.dpkg_divert)));
    }
    let text = String::from_utf8_lossy(&answer.stdout).into_owned();
    let head = format!("local diversion of {}/", host.live.display());
    let middle = format!(" to {}/", host.stock.display());
    let name = |line: &str| Some(line.strip_prefix(&head)?.split_once(&middle)?.0.to_owned());
    Ok(text.lines().filter_map(name).collect())
}

/// Diverts the stock files. Our own names are diverted too, so that a later package which brings one of them does not
/// write over ours.
///
/// # Errors
/// When dpkg-divert fails; when a signal comes.
pub(crate) fn add<'h>(host: &'h Host<'h>, undo: &mut Undo<'h>) -> Result<()> {
    let packaged = packaged_files(host)?;
    if packaged.is_empty() {
        return Ok(());
    }
    host.env.output().info1(&format!("Diverting the files of the dokku package to {}", host.stock.display()));
    let known = diverted(host)?;
    let ours = places().into_iter().chain(["plugin.toml", "functions"].map(str::to_owned));
    let names: BTreeSet<String> = packaged.into_iter().chain(ours).collect();
    for name in names.into_iter().filter(|name| !known.contains(name)) {
        let kept = host.stock.join(&name);
        if file::is_folder(&kept) {
            continue;
        }
        // dpkg makes no parents for a diverted file.
        make_parent(&kept, undo)?;
        divert(host, "--add", &name)?;
        undo.with(format!("remove the diversion of {name}"), move || divert(host, "--remove", &name));
        go_on()?;
    }
    Ok(())
}

/// Removes our diversions.
///
/// # Errors
/// As [`add`].
pub(crate) fn remove<'h>(host: &'h Host<'h>, undo: &mut Undo<'h>) -> Result<()> {
    let known = diverted(host)?;
    if known.is_empty() {
        return Ok(());
    }
    host.env.output().info1("Removing the diversions of the dokku package");
    for name in known {
        divert(host, "--remove", &name)?;
        undo.with(format!("divert {name} again"), move || divert(host, "--add", &name));
        go_on()?;
    }
    Ok(())
}

fn divert(host: &Host<'_>, how: &str, name: &str) -> Result<()> {
    let (live, kept) = (host.live.join(name), host.stock.join(name));
    // In a script of a package they would be that package's, and install.sh could not tell that they are ours.
    let words = ["--local", "--no-rename", "--divert"].map(Path::new);
    let words = words.into_iter().chain([kept.as_path(), Path::new(how), &live]);
    let answer = in_spite_of_signals(|| Process::new(&host.dpkg_divert).args(words).capture())?;
    judged(&format!("dpkg-divert {how} {}", live.display()), answer).map(drop)
}

/// Files that a newer package brought, of names that were not diverted, lie in our tree: they belong to the stock one.
///
/// # Errors
/// When one cannot be copied.
pub(crate) fn adopt<'h>(host: &'h Host<'h>, undo: &mut Undo<'h>) -> Result<()> {
    if !is_ours(&host.live) || !host.stock.is_dir() {
        return Ok(());
    }
    let ours: BTreeSet<String> = places().into_iter().chain(texts()).collect();
    for name in packaged_files(host)?.difference(&ours) {
        let (live, kept) = (host.live.join(name), host.stock.join(name));
        if file::exists(&kept) || !(file::is_regular(&live) || file::is_link(&live)) {
            continue;
        }
        make_parent(&kept, undo)?;
        let copied = Process::new("cp").args(["-a", "--"]).args([&live, &kept]);
        undo.with(format!("remove {}", kept.display()), move || common::atomic::remove(&kept));
        quietly("cp", copied)?;
    }
    Ok(())
}

/// Says which files of the package the stock tree lacks.
///
/// # Errors
/// When dpkg cannot tell.
pub(crate) fn note_missing(host: &Host<'_>) -> Result<()> {
    for name in packaged_files(host)?.iter().filter(|name| !file::exists(&host.stock.join(name))) {
        host.env.output().warn(&format!(
            "The package's file {name} is not in {}; reinstall the dokku package afterwards",
            host.stock.display()
        ));
    }
    Ok(())
}

/// Makes the folders above a path, which go again when all is undone.
///
/// # Errors
/// When one cannot be made.
pub(crate) fn make_parent(path: &Path, undo: &mut Undo<'_>) -> Result<()> {
    let Some(folder) = path.parent().filter(|folder| !folder.is_dir()) else { return Ok(()) };
    std::fs::create_dir_all(folder)?;
    let folder: PathBuf = folder.to_path_buf();
    undo.with(format!("remove {}", folder.display()), move || {
        remove_empty(&folder);
        Ok(())
    });
    Ok(())
}

/// Removes a folder and those above it as long as they are empty.
pub(crate) fn remove_empty(folder: &Path) {
    let mut at = Some(folder);
    while let Some(folder) = at.filter(|folder| std::fs::remove_dir(folder).is_ok()) {
        at = folder.parent();
    }
}
