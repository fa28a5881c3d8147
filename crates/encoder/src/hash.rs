//! Hashes: BLAKE3, SHA-256 and CRC-32 (ZIP, gzip), and their text.

use std::fmt;
use std::io::{self, Write};
use std::str::FromStr;

use crc_fast::{CrcAlgorithm, Digest};
use serde::{Deserialize, Deserializer, Serialize, Serializer, de};
use thiserror::Error;

/// 32 bytes of BLAKE3 or SHA-256; as text 64 lower-case hex digits.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct Hash256(pub [u8; 32]);

impl Hash256 {
    /// BLAKE3 of these bytes.
    pub fn blake3(bytes: &[u8]) -> Self {
        Self(*blake3::hash(bytes).as_bytes())
    }
}

impl From<blake3::Hash> for Hash256 {
    fn from(hash: blake3::Hash) -> Self {
        Self(*hash.as_bytes())
    }
}

/// A CRC-32 as ZIP and gzip use it (reflected polynomial 0xEDB88320); as text 8 lower-case hex digits.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct Crc32(pub u32);

/// Everything that is recorded about uncompressed bytes: their number, CRC-32, BLAKE3 and, where asked, SHA-256.
pub struct PlainHasher {
    bytes: u64,
    crc32: Digest,
    blake3: blake3::Hasher,
    sha256: Option<sha2::Sha256>,
}

/// What a [`PlainHasher`] found.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PlainHashes {
    /// How many bytes.
    pub bytes: u64,
    /// CRC-32.
    pub crc32: Crc32,
    /// BLAKE3.
    pub blake3: Hash256,
    /// SHA-256, where asked.
    pub sha256: Option<Hash256>,
}

impl PlainHasher {
    /// SHA-256 is computed only where asked: without hardware help it costs more than encoding.
    pub fn new(sha256: bool) -> Self {
        Self {
            bytes: 0,
            crc32: Digest::new(CrcAlgorithm::Crc32IsoHdlc),
            blake3: blake3::Hasher::new(),
            sha256: sha256.then(sha2::Digest::new),
        }
    }

    /// Takes the next bytes.
    pub fn update(&mut self, bytes: &[u8]) {
        self.bytes += bytes.len() as u64;
        self.crc32.update(bytes);
        self.blake3.update(bytes);
        if let Some(sha256) = &mut self.sha256 {
            sha2::Digest::update(sha256, bytes);
        }
    }

    /// The hashes of all bytes.
    pub fn finish(self) -> PlainHashes {
        PlainHashes {
            bytes: self.bytes,
            crc32: Crc32(self.crc32.finalize() as u32),
            blake3: self.blake3.finalize().into(),
            sha256: self.sha256.map(|sha256| Hash256(sha2::Digest::finalize(sha256).into())),
        }
    }
}

impl Write for PlainHasher {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.update(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// A text that is not the lower-case hex of a hash.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
#[error("is not a hash in lower-case hex of the expected length")]
pub struct HashError;

fn hex_digit(digit: u8) -> Result<u8, HashError> {
    match digit {
        b'0'..=b'9' => Ok(digit - b'0'),
        b'a'..=b'f' => Ok(digit - b'a' + 10),
        _ => Err(HashError),
    }
}

fn parse_hex<const N: usize>(text: &str) -> Result<[u8; N], HashError> {
    let digits = text.as_bytes();
    if digits.len() != 2 * N {
        return Err(HashError);
    }
    let mut bytes = [0; N];
    for (byte, pair) in bytes.iter_mut().zip(digits.chunks_exact(2)) {
        *byte = hex_digit(pair[0])? << 4 | hex_digit(pair[1])?;
    }
    Ok(bytes)
}

impl FromStr for Hash256 {
    type Err = HashError;

    fn from_str(text: &str) -> Result<Self, HashError> {
        parse_hex(text).map(Self)
    }
}

impl FromStr for Crc32 {
    type Err = HashError;

    fn from_str(text: &str) -> Result<Self, HashError> {
        parse_hex(text).map(u32::from_be_bytes).map(Self)
    }
}

impl fmt::Display for Hash256 {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}

impl fmt::Display for Crc32 {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:08x}", self.0)
    }
}

macro_rules! hex_text {
    ($type:ty) => {
        impl fmt::Debug for $type {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                fmt::Display::fmt(self, f)
            }
        }

        impl Serialize for $type {
            fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                serializer.collect_str(self)
            }
        }

        impl<'de> Deserialize<'de> for $type {
            fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                let text = String::deserialize(deserializer)?;
                text.parse().map_err(de::Error::custom)
            }
        }
    };
}

hex_text!(Hash256);
hex_text!(Crc32);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn known_answers() {
        let mut hasher = PlainHasher::new(true);
        hasher.update(b"1234");
        hasher.update(b"56789");
        let hashes = hasher.finish();
        assert_eq!(hashes.bytes, 9);
        assert_eq!(hashes.crc32.to_string(), "cbf43926");
        let sha256 = "15e2b0d3c33891ebb0f1ef609ec419420c20e320ce94c65fbc8c3312448eb225";
        assert_eq!(hashes.sha256.map(|hash| hash.to_string()).as_deref(), Some(sha256));
        assert_eq!(hashes.blake3, Hash256::blake3(b"123456789"));
    }

    /// A reflected CRC-32 with all bits set before and after, one bit at a time: it has no code per processor.
    fn slow_crc(text: &[u8]) -> u32 {
        let step = |crc: u32| crc >> 1 ^ if crc & 1 == 1 { 0xedb8_8320 } else { 0 };
        !text.iter().fold(u32::MAX, |crc, byte| (0..8).fold(crc ^ u32::from(*byte), |crc, _| step(crc)))
    }

    #[test]
    fn check_sums_are_those_of_one_bit_at_a_time() {
        let text: Vec<u8> = (0..5_000_u32).map(|number| (number.wrapping_mul(2_654_435_761) >> 13) as u8).collect();
        for length in (0..300).chain([1_023, 1_024, 1_025, 4_096, 5_000]) {
            let text = &text[..length];
            let mut plain = PlainHasher::new(false);
            plain.update(text);
            assert_eq!(plain.finish().crc32.0, slow_crc(text), "{length} bytes");
        }
    }

    #[test]
    fn hex_is_strict() {
        assert_eq!("cbf43926".parse(), Ok(Crc32(0xcbf4_3926)));
        for text in ["CBF43926", "cbf4392", "cbf439260", "cbf4392g", ""] {
            assert_eq!(text.parse::<Crc32>(), Err(HashError), "{text}");
        }
    }
}
