//! Whatever a source holds, it is a Procfile or a refusal of one line; nothing of it is quoted.

use super::{Procfile, decode, parse_envfile};
use proptest::prelude::*;

fn text() -> impl Strategy<Value = Vec<u8>> {
    let piece = prop_oneof![
        2 => Just(b"web: x\n".to_vec()),
        1 => Just(b"SECRET".to_vec()),
        1 => Just(b"\n".to_vec()),
        1 => Just(b"=".to_vec()),
        1 => Just(b": ".to_vec()),
        1 => Just(b" #".to_vec()),
        1 => Just(b"\"\\".to_vec()),
        1 => Just(b"${A}$".to_vec()),
        1 => Just(b"'".to_vec()),
        1 => Just(b"\xff\xfe".to_vec()),
        1 => Just("\u{2028}\u{feff}e\u{301}".as_bytes().to_vec()),
        1 => proptest::collection::vec(any::<u8>(), 0..8),
    ];
    proptest::collection::vec(piece, 0..20).prop_map(|pieces| pieces.concat())
}

proptest! {
    #![proptest_config(seeded::cases(200_000))]

    #[test]
    fn a_source_s_bytes_are_a_procfile_or_refused(bytes in text()) {
        let decoded = decode(&bytes);
        let text = String::from_utf8_lossy(decoded.as_deref().unwrap_or(&bytes)).into_owned();
        match text.parse::<Procfile>() {
            Ok(procfile) => prop_assert!(procfile.process_types().next().is_some()),
            Err(error) => {
                let told = error.message();
                let of_a_name = told.contains("there more than once");
                prop_assert!(of_a_name || !told.contains("SECRET"), "{}", told);
                prop_assert!(told.lines().count() == 1 && told.len() < 200, "{}", told);
            }
        }
    }

    #[test]
    fn a_config_is_read_or_refused_without_a_word_of_its_values(bytes in text()) {
        let text = String::from_utf8_lossy(&bytes);
        if let Err(error) = parse_envfile(&text) {
            prop_assert!(!error.message().contains("SECRET"), "{}", error);
        }
    }
}
