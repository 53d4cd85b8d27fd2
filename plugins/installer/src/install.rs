//! Ours in the place of the plugin of a host, and the stock one back.

use crate::build;
use crate::checks;
use crate::diversions;
use crate::host::Host;
use crate::keep::{Keep, remove, rename, swap_in};
use crate::links;
use crate::options::Options;
use crate::shared;
use crate::step::go_on;
use crate::tree::{Source, is_ours, is_plugin, is_stock};
use crate::undo::{Undo, undone_on_failure};
use crate::watch::{self, Watch};
use common::{App, Env, Error, Properties, Result, file};
use std::ffi::{OsStr, OsString};
use std::os::unix::fs::lchown;
use std::path::{Path, PathBuf};
use std::time::Duration;

/// `./install.sh`
///
/// # Errors
/// When the host is not fit for it, or a step fails: then all is as it was.
pub(crate) fn by_hand(env: &Env, options: &Options) -> Result<()> {
    let watch = if options.no_watch { Watch::Goes } else { Watch::Starts };
    let host = Host::find(env)?;
    checks::refuse_when_packaged(&host)?;
    install(&host, &|| build::tree(env, options), watch, Duration::ZERO)
}

/// `./install.sh --uninstall`
///
/// # Errors
/// When no stock plugin is kept, or a step fails: then all is as it was.
pub(crate) fn uninstall_by_hand(env: &Env) -> Result<()> {
    let host = Host::find(env)?;
    checks::refuse_when_packaged(&host)?;
    uninstall(&host, Duration::ZERO)
}

/// Puts the tree in the place of the plugin that is there. It waits so long for deploys in progress.
///
/// # Errors
/// As [`by_hand`].
pub(crate) fn install(
    host: &Host<'_>,
    tree: &dyn Fn() -> Result<Source>,
    watch: Watch,
    patience: Duration,
) -> Result<()> {
    let keep = Keep::open(host)?;
    undone_on_failure(
        host.env,
        |undo| {
            let new = prepared(host, &keep, tree, patience)?;
            diversions::adopt(host, undo)?;
            let aside = aside(host, &keep, undo)?;
            swap_in(undo, &new, &host.live, &aside)?;
            go_on()?;
            links::ensure(host, undo)?;
            diversions::add(host, undo)?;
            shared::place(host, undo)?;
            checks::fire_install_trigger(host)?;
            checks::executables(host)?;
            checks::commands(host)?;
            go_on()?;
            undo.forget();
            keep.drop_older()?;
            say_installed(host)?;
            watch::install(host, watch)
        },
        || keep.clean(),
    )
}

/// What a killed run has left is mended, the host is fit, and the tree lies beside the plugin that is there.
fn prepared(
    host: &Host<'_>,
    keep: &Keep<'_>,
    tree: &dyn Fn() -> Result<Source>,
    patience: Duration,
) -> Result<PathBuf> {
    keep.recover()?;
    host.version()?;
    host.require_space()?;
    require_live_tree(host)?;
    host.refuse_running_deploys(patience)?;
    let source = tree()?;
    let new = keep.place("new");
    remove(&new)?;
    source.assemble(&new, Some(host.owner))?;
    go_on()?;
    host.refuse_running_deploys(patience)?;
    host.env.output().info1(&format!("Installing into {}", host.live.display()));
    Ok(new)
}

/// Where the live tree goes: the stock one is kept, one of ours only until the checks have passed.
fn aside(host: &Host<'_>, keep: &Keep<'_>, undo: &mut Undo<'_>) -> Result<PathBuf> {
    if !is_stock(&host.live) {
        return Ok(keep.place("previous"));
    }
    if file::exists(&host.stock) {
        rename(undo, &host.stock, &keep.place("older"))?;
    }
    Ok(host.stock.clone())
}

fn say_installed(host: &Host<'_>) -> Result<()> {
    let (output, stock) = (host.env.output(), host.stock.display());
    output.info1("The ps plugin is installed and answers");
    if is_stock(&host.stock) {
        output.verbose(&format!("The stock plugin is kept in {stock}, and comes back when this one is uninstalled"));
    } else {
        output.warn(&format!("No stock plugin is kept in {stock}, so uninstalling this one has nothing to put back"));
    }
    host.say_whether_tested()
}

fn require_live_tree(host: &Host<'_>) -> Result<()> {
    if file::is_folder(&host.live) && is_plugin(&host.live) {
        return Ok(());
    }
    let live = host.live.display();
    Err(Error::new(format!("{live} is not the directory of a plugin: the stock ps is missing")))
}

/// Brings the stock plugin back. It waits so long for deploys in progress.
///
/// # Errors
/// As [`uninstall_by_hand`].
pub(crate) fn uninstall(host: &Host<'_>, patience: Duration) -> Result<()> {
    let keep = Keep::open(host)?;
    undone_on_failure(
        host.env,
        |undo| {
            keep.recover()?;
            require_live_tree(host)?;
            if is_stock(&host.live) { forget_ours(host, &keep, undo) } else { bring_back(host, &keep, undo, patience) }
        },
        || keep.clean(),
    )
}

/// Removes what is left of ours beside the stock plugin.
fn forget_ours<'h>(host: &'h Host<'h>, keep: &Keep<'_>, undo: &mut Undo<'h>) -> Result<()> {
    diversions::remove(host, undo)?;
    shared::remove(host, undo)?;
    undo.forget();
    keep.drop_older()?;
    watch::remove(host)?;
    host.env.output().info1("The stock ps plugin is in place already");
    hand_over(host);
    Ok(())
}

fn bring_back<'h>(host: &'h Host<'h>, keep: &Keep<'_>, undo: &mut Undo<'h>, patience: Duration) -> Result<()> {
    if !is_stock(&host.stock) {
        let stock = host.stock.display();
        return Err(Error::new(format!("{stock} holds no stock plugin; reinstall the dokku package to get it back")));
    }
    host.refuse_running_deploys(patience)?;
    host.env.output().info1(&format!("Putting the stock ps plugin back into {}", host.live.display()));
    watch::stop(host, undo)?;
    diversions::adopt(host, undo)?;
    diversions::note_missing(host)?;
    swap_in(undo, &host.stock, &host.live, &keep.place("previous"))?;
    give_to_dokku(host, &host.live)?;
    go_on()?;
    links::ensure(host, undo)?;
    diversions::remove(host, undo)?;
    shared::remove(host, undo)?;
    checks::fire_install_trigger(host)?;
    checks::commands(host)?;
    go_on()?;
    undo.forget();
    keep.drop_older()?;
    watch::remove(host)?;
    host.env.output().info1("The stock ps plugin is back");
    hand_over(host);
    Ok(())
}

/// What the stock plugin and its user need to know. It is in place whatever of this fails.
fn hand_over(host: &Host<'_>) {
    for done in [free_scales(host), warn_of_who_installs_again(host)] {
        done.unwrap_or_else(|error| host.env.output().warn(error.message()));
    }
}

/// The stock plugin knows no DOKKU_SCALE, and would refuse to scale an app of which one has ruled the scale.
fn free_scales(host: &Host<'_>) -> Result<()> {
    let variables = host.variables.iter().map(|(name, value)| (OsString::from(name), OsString::from(value)));
    let env = Env::new(variables.collect(), Vec::new());
    let properties = Properties::new(&env, "ps");
    for folder in file::entries(&host.lib.join("data/ps"))? {
        let app = folder.file_name().and_then(OsStr::to_str).and_then(|name| name.parse::<App>().ok());
        let Some(app) = app.filter(|_| file::is_regular(&folder.join("DOKKU_SCALE"))) else { continue };
        if properties.get(&app, "can-scale")?.as_deref() == Some("false") {
            properties.set(&app, "can-scale", "true")?;
        }
    }
    Ok(())
}

/// The repository as a plugin puts ours in place again whenever a plugin is installed.
fn warn_of_who_installs_again(host: &Host<'_>) -> Result<()> {
    for plugin in file::entries(&host.lib.join("plugins/enabled"))? {
        if is_ours(&plugin.join("plugins/ps")) {
            let name = plugin.file_name().unwrap_or_default().to_string_lossy();
            let what = format!("The plugin {name} puts this one back as soon as any plugin is installed");
            host.env.output().warn(&format!("{what}; to have it gone: dokku plugin:uninstall {name}"));
        }
    }
    Ok(())
}

/// What dpkg has written is root's.
fn give_to_dokku(host: &Host<'_>, path: &Path) -> Result<()> {
    lchown(path, Some(host.owner.user), Some(host.owner.group))?;
    if file::is_folder(path) {
        file::entries(path)?.iter().try_for_each(|path| give_to_dokku(host, path))?;
    }
    Ok(())
}
