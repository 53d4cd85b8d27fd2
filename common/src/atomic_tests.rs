use super::*;
use std::os::unix::fs::symlink;

#[test]
fn a_file_is_replaced_whole_with_its_mode() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("scale");
    write(&path, b"web=1\n", 0o644, None).unwrap();
    write(&path, b"web=2\n", 0o600, None).unwrap();
    assert_eq!(std::fs::read(&path).unwrap(), b"web=2\n");
    assert_eq!(path.metadata().unwrap().mode() & 0o777, 0o600);
    assert_eq!(entries(folder.path()).unwrap(), [path]);
}

#[test]
fn what_a_killed_writer_left_goes_and_nothing_else() {
    let folder = tempfile::tempdir().unwrap();
    let at = |name: &str| folder.path().join(name);
    let others = [".scale.new", ".scale.old.0123456789abcdef.new", ".scale.0123456789abcdeg.new"];
    for name in others {
        std::fs::write(at(name), "another's").unwrap();
    }
    std::fs::write(at(".scale.0123456789abcdef.new"), "half of a longer content").unwrap();
    symlink("/etc/passwd", at(".scale.0000000000000000.new")).unwrap();
    write(&at("scale"), b"web=1\n", 0o600, None).unwrap();
    let mut wanted = others.map(at).to_vec();
    wanted.push(at("scale"));
    wanted.sort_unstable();
    assert_eq!(entries(folder.path()).unwrap(), wanted);
}

#[test]
fn nothing_is_written_through_a_link() {
    let folder = tempfile::tempdir().unwrap();
    let at = |name: &str| folder.path().join(name);
    let keep = |name: &str| std::fs::write(at(name), "another's").unwrap();
    std::fs::create_dir(at("real")).unwrap();
    symlink("real", at("link")).unwrap();
    keep("target");
    symlink("target", at("real/scale")).unwrap();
    // What a temporary was called once, and any name that one could foresee.
    symlink(at("target"), at("real/.scale.new")).unwrap();
    write(&at("real/scale"), b"web=1\n", 0o600, None).unwrap();
    assert_eq!(std::fs::read(at("target")).unwrap(), b"another's");
    assert_eq!(at("target").metadata().unwrap().mode() & 0o777, 0o644);
    assert!(at("real/scale").symlink_metadata().unwrap().is_file());
    let refused = |done: Result<()>| assert!(done.unwrap_err().message().contains("symbolic link"));
    refused(write(&at("link/scale"), b"", 0o600, None));
    refused(create(&at("link/scale"), b"", 0o600, None).map(drop));
    refused(remove(&at("link/scale")));
    refused(rename(&at("link/scale"), &at("real/other")));
    refused(create_directory(&at("link"), None));
    refused(own_directory(&at("link"), None));
    assert_eq!(std::fs::read(at("real/scale")).unwrap(), b"web=1\n");
}

#[test]
fn of_several_who_create_a_file_one_is_first() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("key");
    let made = std::thread::scope(|scope| {
        let path = &path;
        let makers: Vec<_> = (0..8_u8).map(|maker| scope.spawn(move || create(path, &[maker], 0o600, None))).collect();
        makers.into_iter().map(|maker| maker.join().unwrap().unwrap()).filter(|made| *made).count()
    });
    assert_eq!((made, std::fs::read(&path).unwrap().len()), (1, 1));
    assert_eq!(entries(folder.path()).unwrap(), [path]);
}

#[test]
fn a_folder_is_open_to_readers_whatever_the_mask() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("config/ps");
    create_directory(&path, None).unwrap();
    std::fs::set_permissions(&path, Permissions::from_mode(0o700)).unwrap();
    own_directory(&path, None).unwrap();
    assert_eq!(path.metadata().unwrap().mode() & 0o777, 0o755);
}

#[test]
fn writers_at_the_same_time_leave_one_whole_content() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("scale");
    std::thread::scope(|scope| {
        for writer in 0..8_u8 {
            let path = &path;
            scope.spawn(move || {
                for _ in 0..20 {
                    write(path, &vec![writer; 5000], 0o600, None).unwrap();
                }
            });
        }
    });
    let content = std::fs::read(&path).unwrap();
    assert_eq!(content.len(), 5000);
    assert!(content.iter().all(|byte| *byte == content[0]));
}

#[test]
fn a_directory_in_the_place_of_a_file_is_named_and_kept() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("scale");
    std::fs::create_dir(&path).unwrap();
    assert!(write(&path, b"", 0o600, None).unwrap_err().message().contains("is a directory"));
    assert!(path.is_dir());
    assert_eq!(entries(folder.path()).unwrap().len(), 1);
}

#[test]
fn a_missing_file_can_be_removed_and_read() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("none");
    remove(&path).unwrap();
    assert_eq!(read(&path).unwrap(), None);
}
