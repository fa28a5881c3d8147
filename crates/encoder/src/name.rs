//! Names of entries and pieces: made from parsed values only, safe to unpack anywhere.

use thiserror::Error;

/// Longest name, in bytes.
pub const NAME_BYTES_LIMIT: usize = 255;

/// The last entry of a zip; no other may have its name.
pub const MANIFEST_NAME: &str = "manifest.json";

/// The first piece of a csv: its header line.
pub const HEADER_NAME: &str = "header.csv";

/// A name that no entry may have.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
#[error(
    "an entry name has 1 to 255 bytes of a-z 0-9 . _ - between single slashes, no part of it is . and nowhere in it is .."
)]
pub struct BadName;

/// Whether an entry may be called so: `[a-z0-9._-]` between single slashes, no part `.`, nowhere `..`.
pub fn check_name(name: &str) -> Result<(), BadName> {
    let fits = |part: &str| {
        !matches!(part, "" | ".")
            && part.bytes().all(|byte| matches!(byte, b'a'..=b'z' | b'0'..=b'9' | b'.' | b'_' | b'-'))
    };
    if name.len() <= NAME_BYTES_LIMIT && !name.contains("..") && name.split('/').all(fits) {
        Ok(())
    } else {
        Err(BadName)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_plain_relative_names_pass() {
        for name in ["messages/2021-01-01.csv", "messages/2021-01-01.0001.csv", "header.csv", "a_b", ".a"] {
            assert_eq!(check_name(name), Ok(()), "{name}");
        }
        let long = "a".repeat(256);
        for name in
            ["", "/a", "a/", "a//b", "..", "..a", "a/../b", "./a", "A.csv", "a b", "a\\b", "a:b", "é", "a\0", &long]
        {
            assert_eq!(check_name(name), Err(BadName), "{name}");
        }
    }
}
