//! `core-post-extract`: a `DOKKU_SCALE` in the source is kept for the deploy, or the deploy ends here.

use std::fmt::Write as _;
use std::fs;
use std::time::Duration;

use crate::{PROCFILE, content, data_files, extract, property, release, shop, source};

/// A reader that looks at each line once is done in well under a second, even unoptimized.
const SOON: Duration = Duration::from_mins(1);
/// A message that quotes the whole file is none.
const MESSAGE: usize = 2_000;
const SIZE: usize = 1_000_000;

/// The source is refused with these words, and nothing of the deploy is left.
fn refused(dokku_scale: impl AsRef<[u8]>, words: &str) {
    let host = source(shop(), PROCFILE, "");
    host.sandbox().write("work/DOKKU_SCALE", dokku_scale);
    extract(&host)
        .refuses("DOKKU_SCALE")
        .stderr_contains(words)
        .stderr_is_a_message_of_at_most(MESSAGE)
        .takes_at_most(SOON);
    assert!(data_files(&host).is_empty(), "{:?} must not be left", data_files(&host));
}

#[test]
fn a_dokku_scale_is_kept_beside_the_procfile_of_the_deploy() {
    let host = source(shop(), PROCFILE, "web=2\nworker=1\n");
    extract(&host).succeeds();
    assert_eq!(data_files(&host), [".DOKKU_SCALE.4242", "Procfile.4242"]);
    assert_eq!(content(&host, "lib/data/ps/shop/.DOKKU_SCALE.4242").unwrap(), "web=2\nworker=1\n");
    assert_eq!(property(&host, "scale").unwrap(), "web=1\n", "nothing is applied before the release");
}

#[test]
fn a_source_without_one_leaves_no_trace_of_one() {
    let host = source(shop(), PROCFILE, "");
    extract(&host).succeeds().changes_only(&["lib/data/ps/shop/Procfile.4242"]);
    assert_eq!(data_files(&host), ["Procfile.4242"]);
}

#[test]
fn a_source_without_one_says_so_when_the_release_has_one() {
    let host = source(shop(), PROCFILE, "").file("lib/data/ps/shop/DOKKU_SCALE", "web=2\n");
    extract(&host).succeeds();
    assert_eq!(data_files(&host), [".DOKKU_SCALE.4242.missing", "DOKKU_SCALE", "Procfile.4242"]);
}

#[test]
fn what_deploys_that_did_not_end_have_left_is_dropped() {
    let host = source(shop(), PROCFILE, "")
        .file("lib/data/ps/shop/.DOKKU_SCALE.1111", "web=9\n")
        .file("lib/data/ps/shop/.DOKKU_SCALE.2222.missing", "")
        .file("lib/data/ps/shop/Procfile.1111", PROCFILE);
    extract(&host).succeeds();
    assert_eq!(data_files(&host), ["Procfile.4242"]);
}

#[test]
fn a_procfile_in_an_old_encoding_is_kept_byte_by_byte() {
    let host = source(shop(), PROCFILE, "");
    host.sandbox().write("work/Procfile", b"# caf\xe9\r\nweb: serve --name caf\xe9\r\nworker: work\r\n");
    extract(&host).succeeds();
    let kept = fs::read(host.sandbox().path("lib/data/ps/shop/Procfile.4242")).unwrap();
    assert_eq!(kept, b"# caf\xe9\nweb: serve --name caf\xe9\nworker: work\n");
    release(&host).succeeds();
    host.run("procfile-get-command", ["shop", "worker", "5000"]).succeeds().stdout("work\n");
}

#[test]
fn line_ends_of_dos_blank_lines_comments_and_blanks_are_tolerated() {
    for text in [
        "# the shop\r\n\r\nweb=2\r\n\t\r\nworker=1\r\n",
        "\n\n  web = 2  \n# worker=9\n  # worker=8\nworker= 1",
        "\u{feff}web=2\nworker=1\n",
        "web=2 # for the day\nworker=1\t# one\n",
    ] {
        let host = source(shop(), PROCFILE, text);
        extract(&host).succeeds();
        release(&host).succeeds().leaves("lib/config/ps/shop/scale", "web=2\nworker=1\n");
    }
}

#[test]
fn a_dokku_scale_in_utf_16_is_decoded() {
    let host = source(shop(), PROCFILE, "");
    let bytes: Vec<u8> =
        [0xfeff_u16].into_iter().chain("web=2\r\nworker=1\r\n".encode_utf16()).flat_map(u16::to_le_bytes).collect();
    host.sandbox().write("work/DOKKU_SCALE", bytes);
    extract(&host).succeeds();
    release(&host).succeeds().leaves("lib/config/ps/shop/scale", "web=2\nworker=1\n");
}

#[test]
fn an_empty_dokku_scale_asks_for_nothing() {
    for text in ["\n", "# nothing\n"] {
        let host = source(shop(), PROCFILE, text);
        extract(&host).succeeds();
        release(&host).succeeds().leaves("lib/config/ps/shop/scale", "web=1\nworker=0\n");
    }
}

#[test]
fn a_line_that_is_no_type_and_count_is_named() {
    for (text, line) in [
        ("worker\n", "line 1"),
        ("web=1\n\nworker\n", "line 3"),
        ("# types\r\nweb=1\r\nworker: 2\r\n", "line 3"),
        ("web=\n", "line 1"),
        ("web=-1\n", "line 1"),
        ("web=+1\n", "line 1"),
        ("web=1.5\n", "line 1"),
        ("web=1 worker=1\n", "line 1"),
        ("web=1#one\n", "line 1"),
        ("web=two\n", "line 1"),
        ("web=4294967296\n", "line 1"),
        ("=1\n", "line 1"),
        ("../../web=1\n", "line 1"),
        ("web worker=1\n", "line 1"),
    ] {
        refused(text, line);
    }
}

#[test]
fn a_type_that_is_given_twice_is_refused() {
    refused("web=1\nworker=1\nweb=2\n", "line 3: web is given more than once");
}

#[test]
fn a_bad_dokku_scale_leaves_the_release_as_it_is() {
    let host = source(shop(), PROCFILE, "worker\n")
        .procfile("web: old\n")
        .file("lib/data/ps/shop/DOKKU_SCALE", "web=1\n")
        .property("can-scale", "false");
    extract(&host).refuses("line 1");
    assert_eq!(data_files(&host), ["DOKKU_SCALE", "Procfile"]);
    assert_eq!(content(&host, "lib/data/ps/shop/DOKKU_SCALE").unwrap(), "web=1\n");
}

#[test]
fn a_bad_dokku_scale_leaves_the_source_as_it_is() {
    let host = source(shop(), "web: not this one\n", "worker\n")
        .property("procfile-path", "deploy/Procfile")
        .file("work/deploy/Procfile", PROCFILE);
    extract(&host).refuses("line 1");
    assert_eq!(content(&host, "work/Procfile").unwrap(), "web: not this one\n");
}

#[test]
fn an_invalid_procfile_beside_a_good_dokku_scale_leaves_nothing() {
    let host = source(shop(), "no Procfile\n", "web=1\n");
    extract(&host).refuses("Invalid Procfile: ").stderr_contains("line 1");
    assert!(data_files(&host).is_empty(), "{:?} must not be left", data_files(&host));
}

#[test]
fn a_dokku_scale_of_1_mb_is_read_soon() {
    let mut text = String::new();
    for number in 0..SIZE / 11 {
        let _ = writeln!(text, "t{number:07}=1");
    }
    let host = source(shop(), PROCFILE, &text);
    extract(&host).succeeds().takes_at_most(SOON);
    assert_eq!(content(&host, "lib/data/ps/shop/.DOKKU_SCALE.4242").unwrap().len(), text.len());
}

#[test]
fn the_last_line_of_1_mb_is_checked_too() {
    let comments = "# says nothing\n".repeat(SIZE / 15);
    refused(format!("{comments}web\n"), &format!("line {}", SIZE / 15 + 1));
}

#[test]
fn one_endless_line_is_answered_with_a_message_one_can_read() {
    refused("x".repeat(SIZE), "line 1");
    refused(format!("{}=many", "x".repeat(SIZE)), "line 1");
    refused(format!("{}=1", "x".repeat(SIZE)), "line 1");
    refused(format!("{}=1", "x y".repeat(SIZE / 3)), "line 1");
}

#[test]
fn a_dokku_scale_that_is_no_text_is_refused() {
    refused(b"web=1\nworker=\xff\xfe\n", "line 2");
    refused(b"web=1\0\n", "not a text file");
    refused(b"\xff\xfew", "not valid UTF-16");
}

#[test]
fn a_directory_of_that_name_is_refused() {
    let host = source(shop(), PROCFILE, "").directory("work/DOKKU_SCALE");
    extract(&host).refuses("DOKKU_SCALE").stderr_contains("directory");
    assert!(data_files(&host).is_empty(), "{:?} must not be left", data_files(&host));
}

#[test]
fn the_source_keeps_its_dokku_scale() {
    let host = source(shop(), PROCFILE, "web=1\r\n");
    extract(&host).succeeds();
    assert_eq!(fs::read(host.sandbox().path("work/DOKKU_SCALE")).unwrap(), b"web=1\r\n");
}

#[test]
fn a_directory_at_procfile_path_is_told_with_what_would_be_right() {
    let host = source(shop().property("procfile-path", "deploy"), PROCFILE, "").file("work/deploy/Procfile", PROCFILE);
    extract(&host).refuses(
        "Unable to extract Procfile from deploy, where the property procfile-path must name a regular file of the source: it is a directory",
    );
    let host = shop().directory("work/Procfile");
    extract(&host).refuses(
        "Unable to extract Procfile from Procfile, which must be a regular file of the source: it is a directory",
    );
}
