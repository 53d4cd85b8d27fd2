//! Whatever Docker answers, it is understood or refused: nothing panics, and no part of rubbish is believed.

use super::engine::Body;
use super::events::event;
use super::image::only_file;
use super::printed::{inspected_container, listed_container};
use super::processes::process;
use super::stats::container;
use super::{is_id, is_word};
use proptest::prelude::*;
use std::io::Read;

/// Lines of pieces that Docker writes and pieces that it does not.
fn line() -> impl Strategy<Value = String> {
    let piece = prop_oneof![
        2 => Just("\t".to_owned()),
        1 => Just("3e5ab9b9e5ac3e5ab9b9e5ac3e5ab9b9e5ac3e5ab9b9e5ac3e5ab9b9e5acabcd".to_owned()),
        1 => Just("running".to_owned()),
        1 => Just("\"shop\"".to_owned()),
        1 => Just("2024-11-22T20:17:00.5Z".to_owned()),
        1 => Just("[\"A=1\"]".to_owned()),
        1 => Just("18446744073709551616".to_owned()),
        1 => Just("-1".to_owned()),
        1 => Just("1.215MiB / 512MiB".to_owned()),
        1 => Just("12.34%".to_owned()),
        1 => Just("--".to_owned()),
        1 => "[ -~]{0,6}",
        1 => "\\PC{0,3}",
    ];
    proptest::collection::vec(piece, 0..30).prop_map(|pieces| pieces.concat())
}

/// An archive in which some bytes are others.
fn archive() -> impl Strategy<Value = Vec<u8>> {
    let changes = proptest::collection::vec((0_usize..1536, any::<u8>()), 0..12);
    (changes, 0_usize..2048).prop_map(|(changes, length)| {
        let mut header = tar::Header::new_ustar();
        header.set_size(6);
        let mut builder = tar::Builder::new(Vec::new());
        builder.append_data(&mut header, "Procfile", &b"web: x"[..]).unwrap();
        let mut bytes = builder.into_inner().unwrap();
        for (at, byte) in changes {
            if let Some(place) = bytes.get_mut(at) {
                *place = byte;
            }
        }
        bytes.truncate(length);
        bytes
    })
}

/// What an Engine answers, of pieces that it sends and pieces that it does not.
fn answer() -> impl Strategy<Value = Vec<u8>> {
    let piece = prop_oneof![
        3 => Just("\r\n".to_owned()),
        1 => Just("HTTP/1.1 200 OK\r\n".to_owned()),
        1 => Just("Transfer-Encoding: chunked\r\n".to_owned()),
        1 => Just("Content-Length: 5\r\n".to_owned()),
        1 => Just("5\r\nhello\r\n".to_owned()),
        1 => Just("0\r\n\r\n".to_owned()),
        1 => Just("fffffffffffffff".to_owned()),
        1 => "[0-9a-fA-F;]{0,3}",
        1 => "\\PC{0,3}",
    ];
    let whole = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n";
    let begins = prop_oneof![1 => Just(""), 3 => Just(whole)];
    (begins, proptest::collection::vec(piece, 0..12))
        .prop_map(|(begins, pieces)| (begins.to_owned() + &pieces.concat()).into())
}

/// A line of the stream of events, in which some bytes are others.
fn told() -> impl Strategy<Value = Vec<u8>> {
    const LINE: &str = r#"{"Action":"die","Actor":{"ID":"3e5a","Attributes":{"com.dokku.app-name":"shop"}},"time":1}"#;
    proptest::collection::vec((0..LINE.len(), any::<u8>()), 0..4).prop_map(|changes| {
        let mut bytes = LINE.as_bytes().to_vec();
        for (at, byte) in changes {
            bytes[at] = byte;
        }
        bytes
    })
}

proptest! {
    #![proptest_config(seeded::cases(150_000))]

    #[test]
    fn a_line_is_a_container_or_rubbish(line in line()) {
        if let Some(container) = listed_container(&line) {
            prop_assert!(is_id(&container.id) && is_word(container.state.as_str()));
        }
        if let Some((id, details)) = inspected_container(&line) {
            prop_assert!(is_id(&id) && is_word(details.state.as_str()));
        }
        if let Some((id, Some(_))) = container(&line) {
            prop_assert!(is_id(id));
        }
        if let Some(process) = process(&line) {
            prop_assert!(line.contains(&process.pid.to_string()) || line.contains('0') || line.contains('+'));
        }
    }

    #[test]
    fn an_archive_is_a_file_or_rubbish(bytes in archive()) {
        if let Ok(file) = only_file(&bytes) {
            prop_assert!(file.len() <= bytes.len());
        }
    }

    #[test]
    fn an_answer_is_a_body_or_rubbish(bytes in answer()) {
        if let Ok((_, mut body)) = Body::of(&bytes[..]) {
            let mut found = Vec::new();
            let _whole_or_not = body.read_to_end(&mut found);
            prop_assert!(found.len() < bytes.len());
        }
    }

    #[test]
    fn a_line_of_the_stream_is_an_event_or_rubbish(line in told()) {
        if let Ok(Some(event)) = event(&line) {
            prop_assert!(!event.app.is_empty());
        }
    }
}
