use super::*;
use rustix::fs::{Mode, mknodat};
use std::os::unix::fs::symlink;
use std::os::unix::net::UnixListener;

fn folder() -> tempfile::TempDir {
    tempfile::tempdir().unwrap()
}

fn pipe(path: &Path) {
    mknodat(CWD, path, FileType::Fifo, Mode::from_raw_mode(0o644), 0).unwrap();
}

fn refused(answer: Result<Option<Vec<u8>>>) -> String {
    answer.unwrap_err().message().to_owned()
}

#[test]
fn a_link_is_not_followed_and_nothing_of_its_target_is_told() {
    let folder = folder();
    let (secret, link) = (folder.path().join("secret"), folder.path().join("link"));
    std::fs::write(&secret, "KEY=hidden").unwrap();
    symlink(&secret, &link).unwrap();
    assert_eq!(read(&secret).unwrap().unwrap(), b"KEY=hidden");
    let message = refused(read(&link));
    assert!(message.contains("symbolic link") && !message.contains("hidden"), "{message}");
    assert_eq!(read_of_the_system(&link).unwrap().unwrap(), b"KEY=hidden");
}

#[test]
fn pipes_sockets_devices_and_folders_are_refused_at_once() {
    let folder = folder();
    let at = |name: &str| folder.path().join(name);
    pipe(&at("pipe"));
    let _socket = UnixListener::bind(at("socket")).unwrap();
    std::fs::create_dir(at("folder")).unwrap();
    for name in ["pipe", "socket", "folder"] {
        let message = refused(read(&at(name)));
        assert!(message.contains("no regular file") || message.contains("directory"), "{name}: {message}");
        let message = refused(read_inside(folder.path(), name));
        assert!(message.contains("no regular file") || message.contains("directory"), "{name}: {message}");
        assert!(open_lock(&at(name), 0o644).is_err(), "{name}");
    }
    assert!(refused(read(Path::new("/dev/zero"))).contains("no regular file"));
    assert!(refused(read(Path::new("/dev/tty"))).len() > 3);
}

#[test]
fn no_more_is_read_than_a_file_may_have() {
    let folder = folder();
    let path = folder.path().join("Procfile");
    let at_most = usize::try_from(OF_A_SOURCE).unwrap();
    std::fs::write(&path, vec![b'#'; at_most]).unwrap();
    assert_eq!(read_inside(folder.path(), "Procfile").unwrap().unwrap().len(), at_most);
    std::fs::write(&path, vec![b'#'; at_most + 1]).unwrap();
    assert!(refused(read_inside(folder.path(), "Procfile")).contains("more than 1 MiB"));
    File::create(&path).unwrap().set_len(1 << 40).unwrap();
    assert!(refused(read(&path)).contains("more than 16 MiB"));
}

#[test]
fn a_source_s_links_may_lead_to_what_is_inside_it() {
    let folder = folder();
    let source = folder.path().join("source");
    std::fs::create_dir_all(source.join("deploy")).unwrap();
    std::fs::write(source.join("deploy/Procfile"), "web: x").unwrap();
    std::fs::write(folder.path().join("outside"), "KEY=hidden").unwrap();
    symlink("deploy/Procfile", source.join("inside")).unwrap();
    symlink("../source/deploy", source.join("round")).unwrap();
    symlink("../outside", source.join("out")).unwrap();
    symlink(folder.path().join("outside"), source.join("absolute")).unwrap();
    symlink("nowhere", source.join("dangling")).unwrap();
    symlink("loop", source.join("loop")).unwrap();
    symlink("/proc/self/fd/0", source.join("magic")).unwrap();
    assert_eq!(read_inside(&source, "deploy/Procfile").unwrap().unwrap(), b"web: x");
    assert_eq!(read_inside(&source, "inside").unwrap().unwrap(), b"web: x");
    assert_eq!(read_inside(&source, "none").unwrap(), None);
    assert_eq!(read_inside(&source, "deploy/Procfile/below").unwrap(), None);
    assert_eq!(read_inside(&source.join("none"), "Procfile").unwrap(), None);
    for path in ["out", "absolute", "dangling", "loop", "magic", "round/Procfile", "../outside", "/etc/passwd"] {
        let message = refused(read_inside(&source, path));
        assert!(!message.contains("hidden"), "{path}: {message}");
    }
}

#[test]
fn without_the_kernel_s_help_no_link_is_followed() {
    let folder = folder();
    std::fs::create_dir(folder.path().join("deploy")).unwrap();
    std::fs::write(folder.path().join("deploy/Procfile"), "web: x").unwrap();
    symlink("deploy", folder.path().join("link")).unwrap();
    let root = open_folder(folder.path()).unwrap();
    let read = |path: &str| open_without_links(&root, Path::new(path)).map(|file| contents(file, 9).unwrap());
    assert_eq!(read("./deploy/Procfile").unwrap(), b"web: x");
    for bad in ["link/Procfile", "../x", "/etc/passwd", "link", "", "."] {
        assert!(read(bad).is_err(), "{bad}");
    }
}

#[test]
fn random_bytes_are_never_the_same() {
    assert_ne!(random::<32>().unwrap(), random::<32>().unwrap());
}
