//! A Procfile as it came from a source, made into text with unix line ends.

use crate::{Error, Result};

/// Decodes a file that someone's editor wrote: UTF-16 by its mark, a mark at the start dropped,
/// line ends of DOS made unix ones.
///
/// # Errors
/// Text that is not valid UTF-8 or UTF-16, or a control character other than tab, newline, form feed
/// and carriage return: then it is no text file.
pub fn decode(bytes: &[u8]) -> Result<String> {
    let text = match bytes {
        [0xff, 0xfe, rest @ ..] => from_utf16(rest, u16::from_le_bytes)?,
        [0xfe, 0xff, rest @ ..] => from_utf16(rest, u16::from_be_bytes)?,
        [0xef, 0xbb, 0xbf, rest @ ..] => from_utf8(rest)?,
        _ => from_utf8(bytes)?,
    };
    let text = text.replace("\r\n", "\n");
    let control = |character: &char| *character < ' ' && !matches!(character, '\t' | '\n' | '\x0c' | '\r');
    match text.chars().find(control) {
        None => Ok(text),
        Some(control) => {
            Err(Error::new(format!("it is not a text file, it has the character {}", control.escape_unicode())))
        }
    }
}

fn from_utf8(bytes: &[u8]) -> Result<String> {
    String::from_utf8(bytes.to_vec()).map_err(|_| Error::new("it is not valid UTF-8"))
}

fn from_utf16(bytes: &[u8], unit: fn([u8; 2]) -> u16) -> Result<String> {
    let (pairs, odd) = bytes.as_chunks();
    let units: Vec<u16> = pairs.iter().map(|pair| unit(*pair)).collect();
    let text = String::from_utf16(&units).ok().filter(|_| odd.is_empty());
    text.ok_or_else(|| Error::new("it is not valid UTF-16"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_editors_write_becomes_unix_text() {
        assert_eq!(decode(b"\xef\xbb\xbfweb: run\r\nworker: go\r\n").unwrap(), "web: run\nworker: go\n");
        assert_eq!(decode(b"\xff\xfew\0e\0b\0").unwrap(), "web");
        assert_eq!(decode(b"\xfe\xff\0w\0e\0b").unwrap(), "web");
        assert_eq!(decode(b"web: a\rb").unwrap(), "web: a\rb");
    }

    #[test]
    fn a_file_that_is_no_text_is_refused() {
        assert!(decode(b"web: a\0b").unwrap_err().message().contains("not a text file"));
        assert!(decode(b"\xff\xfew").is_err());
        assert!(decode(b"web: \xff").is_err());
    }
}
