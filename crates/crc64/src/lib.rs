//! CRC-64/NVME, the check sum that S3 compares itself, of bytes and of neighbours joined without reading them again.

use crc_fast::{CrcAlgorithm, Digest, checksum};
use serde::{Deserialize, Serialize};

/// A CRC-64/NVME together with how many bytes it is of, so that neighbours can be joined without reading them again.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Crc64 {
    /// The check sum, as S3's `x-amz-checksum-crc64nvme` holds it in base64 of big-endian; 0 of no bytes.
    pub value: u64,
    /// Of how many bytes.
    pub bytes: u64,
}

impl Crc64 {
    /// Of no bytes.
    pub const EMPTY: Self = Self { value: 0, bytes: 0 };

    /// Of these bytes.
    pub fn of(bytes: &[u8]) -> Self {
        Self { value: checksum(CrcAlgorithm::Crc64Nvme, bytes), bytes: bytes.len() as u64 }
    }

    /// Of these bytes followed by those of `next`, in a microsecond or so, whatever their length.
    #[must_use]
    pub fn join(self, next: Self) -> Self {
        // The check value of bytes followed by zeros is its remainder times x to the power of their bits; what the
        // inversions before and behind add is the same for both and cancels out.
        let value = multiply(self.value, power_of_bytes(next.bytes)) ^ next.value;
        Self { value, bytes: self.bytes + next.bytes }
    }
}

/// Bytes that come bit by bit.
#[derive(Clone, Debug)]
pub struct Crc64Hasher {
    digest: Digest,
    bytes: u64,
}

impl Default for Crc64Hasher {
    fn default() -> Self {
        Self { digest: Digest::new(CrcAlgorithm::Crc64Nvme), bytes: 0 }
    }
}

impl Crc64Hasher {
    /// Takes the next bytes.
    pub fn update(&mut self, bytes: &[u8]) {
        self.digest.update(bytes);
        self.bytes += bytes.len() as u64;
    }

    /// How many bytes came.
    pub fn bytes(&self) -> u64 {
        self.bytes
    }

    /// Of all that came.
    pub fn finish(&self) -> Crc64 {
        Crc64 { value: self.digest.finalize(), bytes: self.bytes }
    }
}

// A polynomial over GF(2) modulo that of CRC-64/NVME, its highest bit the coefficient of x^0.

/// The polynomial of CRC-64/NVME without x^64.
const POLYNOMIAL: u64 = 0x9a6c_9329_ac4b_c9b5;
const ONE: u64 = 1 << 63;

/// `a` times `b`.
const fn multiply(a: u64, mut b: u64) -> u64 {
    let (mut product, mut bit) = (0, ONE);
    while bit != 0 {
        if a & bit != 0 {
            product ^= b;
        }
        b = if b & 1 == 0 { b >> 1 } else { (b >> 1) ^ POLYNOMIAL };
        bit >>= 1;
    }
    product
}

/// x to the power of 8, 16, 32 and so on: of 1, 2, 4 bytes.
const POWERS: [u64; 61] = {
    let mut powers = [ONE >> 8; 61];
    let mut at = 1;
    while at < powers.len() {
        powers[at] = multiply(powers[at - 1], powers[at - 1]);
        at += 1;
    }
    powers
};

/// x to the power of the bits of so many bytes (less than 2^61).
fn power_of_bytes(bytes: u64) -> u64 {
    let powers = POWERS.iter().enumerate().filter(|(bit, _)| bytes >> bit & 1 == 1);
    powers.fold(ONE, |product, (_, power)| multiply(product, *power))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn neighbours_join() {
        // The check value of the CRC catalogue for CRC-64/NVME.
        assert_eq!(Crc64::of(b"123456789").value, 0xae8b_1486_0a79_9888);
        let whole = Crc64::of(b"123456789");
        for cut in 0..=9 {
            let (left, right) = b"123456789".split_at(cut);
            assert_eq!(Crc64::of(left).join(Crc64::of(right)), whole);
            let mut hasher = Crc64Hasher::default();
            [left, right].into_iter().for_each(|bytes| hasher.update(bytes));
            assert_eq!((hasher.bytes(), hasher.finish()), (9, whole));
        }
        assert_eq!(Crc64::EMPTY.join(whole), whole);
        assert_eq!(whole.join(Crc64::EMPTY), whole);
        assert_eq!(Crc64::of(b""), Crc64::EMPTY);
    }

    /// One bit at a time: it has no code per processor.
    fn slow(text: &[u8]) -> u64 {
        let step = |crc: u64| crc >> 1 ^ if crc & 1 == 1 { POLYNOMIAL } else { 0 };
        !text.iter().fold(u64::MAX, |crc, byte| (0..8).fold(crc ^ u64::from(*byte), |crc, _| step(crc)))
    }

    #[test]
    fn check_sums_are_those_of_one_bit_at_a_time() {
        let text: Vec<u8> = (0..5_000_u32).map(|number| (number.wrapping_mul(2_654_435_761) >> 13) as u8).collect();
        for length in (0..300).chain([1_023, 1_024, 1_025, 4_096, 5_000]) {
            assert_eq!(Crc64::of(&text[..length]).value, slow(&text[..length]), "{length} bytes");
        }
    }

    #[test]
    fn neighbours_join_as_the_library_joins_them() {
        let left = Crc64::of(b"left");
        for bytes in (0..60).map(|bit| 1 << bit).chain([0, 3, 1_000_003, (1 << 60) - 1]) {
            let right = Crc64 { value: 0x0123_4567_89ab_cdef, bytes };
            let joined = crc_fast::checksum_combine(CrcAlgorithm::Crc64Nvme, left.value, right.value, bytes);
            assert!(bytes == 0 || left.join(right).value == joined, "{bytes} bytes");
        }
    }
}
