//! The Debian package: the plugin tree, and scripts of a few lines that start the installer in it.

use crate::build;
use crate::checks::PACKAGE;
use crate::folder::temporary_beside;
use crate::options::Options;
use crate::step::quietly;
use crate::tree::{INSTALLER, Source, version};
use common::{Env, Error, Process, Result, atomic, file};
use std::io::Read;
use std::path::Path;

/// Where the tree of the package lies. The one that the host runs is a copy, which is checked before it stays.
const TREE: &str = "usr/lib/dokku-ps/ps";
/// A target of each other machine that there are packages for.
const OTHER: &str = "aarch64-unknown-linux-musl";

const POSTINST: &str = include_str!("../debian/postinst");
const PRERM: &str = include_str!("../debian/prerm");
const POSTRM: &str = include_str!("../debian/postrm");
const TRIGGERS: &str = include_str!("../debian/triggers");
const COPYRIGHT: &str = include_str!("../../../LICENSE");

/// Builds the package for this machine, and for arm64 where its target is installed, into `folder`.
///
/// # Errors
/// When there is no dpkg-deb, or the build fails.
pub(crate) fn make(env: &Env, options: &Options, folder: &Path) -> Result<()> {
    if build::program(env, "dpkg-deb").is_none() {
        return Err(Error::new("dpkg-deb is needed to make a package (on Debian: apt-get install dpkg)"));
    }
    pack(env, &build::tree(env, options)?, folder)?;
    if options.tree.is_none() && build::target_of_this_machine() != OTHER && is_installed(OTHER) {
        let built = build::for_target(env, options, OTHER)?;
        pack(env, &Source::Built(built), folder)?;
    }
    Ok(())
}

/// Whether rustup has this target.
fn is_installed(target: &str) -> bool {
    let listed = Process::new("rustup").args(["target", "list", "--installed"]).capture();
    listed.is_ok_and(|answer| String::from_utf8_lossy(&answer.stdout).lines().any(|line| line == target))
}

fn pack(env: &Env, source: &Source, folder: &Path) -> Result<()> {
    atomic::create_directory(folder, None)?;
    let stage = temporary_beside(&folder.join("package"))?;
    let packed = pack_in(env, source, &stage, folder);
    atomic::remove_directory(&stage)?;
    packed
}

fn pack_in(env: &Env, source: &Source, stage: &Path, folder: &Path) -> Result<()> {
    let root = stage.join("root");
    let tree = root.join(TREE);
    if let Some(above) = tree.parent() {
        atomic::create_directory(above, None)?;
    }
    source.assemble(&tree, None)?;
    let (version, architecture) = (version(&tree)?, architecture(&tree.join(INSTALLER))?);
    let size = size_of(&root)? / 1024;
    let control = control(&version, architecture, size);
    let about = format!("usr/share/doc/{PACKAGE}/copyright");
    for (name, text, mode) in [
        ("DEBIAN/control", control.as_str(), 0o644),
        ("DEBIAN/postinst", POSTINST, 0o755),
        ("DEBIAN/prerm", PRERM, 0o755),
        ("DEBIAN/postrm", POSTRM, 0o755),
        ("DEBIAN/triggers", TRIGGERS, 0o644),
        (about.as_str(), COPYRIGHT, 0o644),
    ] {
        let path = root.join(name);
        path.parent().map_or(Ok(()), |folder| atomic::create_directory(folder, None))?;
        atomic::write(&path, text.as_bytes(), mode, None)?;
    }
    let name = format!("{PACKAGE}_{version}_{architecture}.deb");
    let made = stage.join(&name);
    let mut words = vec![Path::new("--root-owner-group"), Path::new("--build"), &root, &made];
    if env.var("DPKG_DEB_COMPRESSOR_TYPE").is_none() {
        // Each dpkg reads it, which is not true of what Ubuntu's compresses with by itself.
        words.insert(0, Path::new("-Zxz"));
    }
    quietly("dpkg-deb", Process::new("dpkg-deb").args(words))?;
    let package = folder.join(&name);
    atomic::rename(&made, &package)?;
    env.output().info1(&format!("The package is {}", package.display()));
    env.output().verbose(&format!("On a Dokku host: apt-get install ./{name}"));
    Ok(())
}

fn control(version: &str, architecture: &str, size: u64) -> String {
    format!(
        "Package: {PACKAGE}\n\
         Version: {version}\n\
         Architecture: {architecture}\n\
         Maintainer: the authors of ps <root@localhost>\n\
         Installed-Size: {size}\n\
         Depends: dokku (>= 0.38)\n\
         Section: admin\n\
         Priority: optional\n\
         Description: process management for Dokku, in the place of its own ps plugin\n \
         The same commands, triggers and files. What was silently accepted, lost or left\n \
         half done by the plugin that comes with Dokku is refused, kept or undone.\n \
         .\n \
         That plugin is kept aside by diversions. It comes back when this package is\n \
         removed, and when this one does not work on the host.\n"
    )
}

/// Debian's name of the machine that an executable is for.
fn architecture(executable: &Path) -> Result<&'static str> {
    let mut head = Vec::new();
    file::open_for_reading(executable)?.take(20).read_to_end(&mut head)?;
    match head.get(18..) {
        Some([62, 0]) => Ok("amd64"),
        Some([183, 0]) => Ok("arm64"),
        _ => Err(Error::new(format!("{} is no executable of a machine that we know", executable.display()))),
    }
}

/// The bytes of all files below a folder.
fn size_of(folder: &Path) -> Result<u64> {
    let mut sum = 0;
    for path in file::entries(folder)? {
        sum += if file::is_folder(&path) { size_of(&path)? } else { path.symlink_metadata()?.len() };
    }
    Ok(sum)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_machine_is_read_from_the_executable() {
        let own = std::env::current_exe().unwrap();
        let wanted = if cfg!(target_arch = "aarch64") { "arm64" } else { "amd64" };
        let folder = tempfile::tempdir().unwrap();
        let head = folder.path().join("head");
        std::fs::write(&head, &std::fs::read(own).unwrap()[..64]).unwrap();
        assert_eq!(architecture(&head).unwrap(), wanted);
        std::fs::write(&head, "#!/bin/sh\n").unwrap();
        assert!(architecture(&head).is_err());
    }

    #[test]
    fn a_control_file_has_no_empty_line_and_indents_its_description() {
        let text = control("0.1.0", "amd64", 25_000);
        let (_, description) = text.split_once("Description: ").unwrap();
        assert!(description.lines().skip(1).all(|line| line.starts_with(' ') && line.len() > 1), "{text}");
    }
}
