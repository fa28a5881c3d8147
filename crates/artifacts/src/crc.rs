//! CRC-64/NVME, the check sum that S3 compares itself, of bytes and of neighbours joined without reading them again.

use crc_fast::{CrcAlgorithm, checksum, checksum_combine};

/// A CRC-64/NVME and how many bytes it is of.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Crc64 {
    /// The check sum; 0 of no bytes.
    pub value: u64,
    /// Of how many bytes.
    pub bytes: u64,
}

impl Crc64 {
    /// Of these bytes.
    pub fn of(bytes: &[u8]) -> Self {
        Self { value: checksum(CrcAlgorithm::Crc64Nvme, bytes), bytes: bytes.len() as u64 }
    }

    /// Of these bytes followed by those of `next`.
    #[must_use]
    pub fn then(self, next: Self) -> Self {
        match next.bytes {
            0 => self,
            bytes => Self {
                value: checksum_combine(CrcAlgorithm::Crc64Nvme, self.value, next.value, bytes),
                bytes: self.bytes + bytes,
            },
        }
    }
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
            assert_eq!(Crc64::of(left).then(Crc64::of(right)), whole);
        }
        assert_eq!(Crc64::default().then(whole), whole);
        assert_eq!(Crc64::of(b""), Crc64::default());
    }
}
