//! A Procfile as it came from a source, made into text with unix line ends.

use crate::{Error, Result};

/// Decodes a file that someone's editor wrote: UTF-16 by its mark, a mark at the start dropped,
/// line ends of DOS made unix ones. What is in another encoding stays as it is, byte by byte, as the host
/// has always passed it on.
///
/// # Errors
/// Text that is not valid UTF-16, or a control character other than tab, newline, form feed and carriage
/// return: then it is no text file.
#[doc(hidden)] // for ps, which reads what comes out of a source
pub fn decode(bytes: &[u8]) -> Result<Vec<u8>> {
    let decoded;
    let bytes = match bytes {
        [0xff, 0xfe, rest @ ..] => {
            decoded = from_utf16(rest, u16::from_le_bytes)?;
            decoded.as_bytes()
        }
        [0xfe, 0xff, rest @ ..] => {
            decoded = from_utf16(rest, u16::from_be_bytes)?;
            decoded.as_bytes()
        }
        [0xef, 0xbb, 0xbf, rest @ ..] => rest,
        _ => bytes,
    };
    let control = |byte: &&u8| **byte < b' ' && !matches!(**byte, b'\t' | b'\n' | b'\x0c' | b'\r');
    if let Some(control) = bytes.iter().find(control) {
        return Err(Error::new(format!("it is not a text file, it has the character \\u{{{control:x}}}")));
    }
    let mut text = Vec::with_capacity(bytes.len());
    for (position, byte) in bytes.iter().enumerate() {
        if *byte != b'\r' || bytes.get(position + 1) != Some(&b'\n') {
            text.push(*byte);
        }
    }
    Ok(text)
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
        assert_eq!(decode(b"\xef\xbb\xbfweb: run\r\nworker: go\r\n").unwrap(), b"web: run\nworker: go\n");
        assert_eq!(decode(b"\xff\xfew\0e\0b\0").unwrap(), b"web");
        assert_eq!(decode(b"\xfe\xff\0w\0e\0b").unwrap(), b"web");
        assert_eq!(decode(b"web: a\rb").unwrap(), b"web: a\rb");
        assert_eq!(decode(b"web: caf\xe9\r\n").unwrap(), b"web: caf\xe9\n");
    }

    #[test]
    fn a_file_that_is_no_text_is_refused() {
        assert!(decode(b"web: a\0b").unwrap_err().message().contains("not a text file"));
        assert!(decode(b"\xff\xfew").is_err());
    }
}
