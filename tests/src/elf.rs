//! The header of an executable: enough of ELF to tell whether it is static.

use std::fs;
use std::path::Path;

/// The program header of the interpreter, which only a dynamic executable has.
const PT_INTERP: u32 = 3;
/// The program header of the dynamic section, which lists the libraries that are needed.
const PT_DYNAMIC: u32 = 2;
/// An entry of the dynamic section that names a library.
const DT_NEEDED: u64 = 1;

/// Says why the file is not a static 64-bit little-endian ELF executable, if it is not.
pub fn why_not_static(path: &Path) -> Option<String> {
    let bytes = match fs::read(path) {
        Ok(bytes) => bytes,
        Err(error) => return Some(error.to_string()),
    };
    examine(&bytes).err()
}

fn examine(bytes: &[u8]) -> Result<(), String> {
    if !bytes.starts_with(b"\x7fELF\x02\x01") {
        return Err("it is not a 64-bit little-endian ELF file".to_owned());
    }
    let table = number(bytes, 0x20, 8)?;
    let size = number(bytes, 0x36, 2)?;
    let count = number(bytes, 0x38, 2)?;
    if count == 0 {
        return Err("it has no program headers".to_owned());
    }
    for index in 0..count {
        let header = table + index * size;
        match u32::try_from(number(bytes, header, 4)?) {
            Ok(PT_INTERP) => return Err("it asks for an interpreter (PT_INTERP)".to_owned()),
            Ok(PT_DYNAMIC) => {
                let (start, length) = (number(bytes, header + 8, 8)?, number(bytes, header + 32, 8)?);
                for entry in (start..start + length).step_by(16) {
                    if number(bytes, entry, 8)? == DT_NEEDED {
                        return Err("it needs a shared library (DT_NEEDED)".to_owned());
                    }
                }
            }
            _ => {}
        }
    }
    Ok(())
}

fn number(bytes: &[u8], at: u64, width: usize) -> Result<u64, String> {
    let cut = || "its header is cut short".to_owned();
    let at = usize::try_from(at).map_err(|_| cut())?;
    let field = bytes.get(at..at + width).ok_or_else(cut)?;
    Ok(field.iter().rev().fold(0, |number, &byte| number << 8 | u64::from(byte)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_script_is_no_static_executable() {
        assert!(examine(b"#!/bin/sh\n").is_err());
    }

    #[test]
    fn a_dynamic_executable_is_recognized() {
        // Every Debian has a dynamic shell.
        let reason = why_not_static(Path::new("/bin/sh")).expect("a reason");
        assert!(reason.contains("PT_INTERP"), "{reason}");
    }
}
