//! Letting two files share blocks instead of writing the same bytes again.

use std::fs::File;

use rustix::fs::{copy_file_range, fstatfs};

/// File systems that know `copy_file_range` as more than a copy in the kernel: they share blocks, or let a server copy.
/// Elsewhere it costs as much as writing bytes that were read for their check anyway.
const CAN_SHARE: [u32; 6] = [
    0x9123_683e, // btrfs
    0x5846_5342, // XFS
    0xca45_1a4e, // bcachefs
    0x2fc1_2fc1, // ZFS
    0x0000_6969, // NFS
    0xfe53_4d42, // SMB
];

/// What is shared is cut at multiples of this (bytes), the largest block that is common.
const BLOCK_BYTES: u64 = 4096;

/// Whether a file's system can share blocks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Sharing {
    /// Ranges on both sides at the start of a block.
    Blocks,
    /// Bytes have to be written.
    Nothing,
}

impl Sharing {
    /// As its file system says.
    pub(super) fn of(file: &File) -> Self {
        // The word is 32 bits wide on some machines and signed on others.
        let can = fstatfs(file).is_ok_and(|system| CAN_SHARE.contains(&(system.f_type as u32)));
        if can { Self::Blocks } else { Self::Nothing }
    }

    /// Puts bytes of `from` at the place `at` of `to` without reading them; how many, which may be none.
    pub(super) fn share(self, from: &File, offset: u64, to: &File, at: u64, bytes: usize) -> usize {
        if self == Self::Nothing || !offset.is_multiple_of(BLOCK_BYTES) || !at.is_multiple_of(BLOCK_BYTES) {
            return 0;
        }
        let (mut offset, mut at, mut shared) = (offset, at, 0);
        while shared < bytes {
            match copy_file_range(from, Some(&mut offset), to, Some(&mut at), bytes - shared) {
                // The bytes are at hand: what is not shared is written.
                Ok(0) | Err(_) => break,
                Ok(more) => shared += more,
            }
        }
        shared
    }
}

#[cfg(test)]
mod tests {
    use std::io::{Read, Write};

    use super::*;

    #[test]
    fn what_is_shared_is_the_same_bytes() {
        let (mut from, mut to) = (tempfile::tempfile().unwrap(), tempfile::tempfile().unwrap());
        let bytes: Vec<u8> = (0..20_000_u32).map(|i| (i * 31 % 251) as u8).collect();
        from.write_all(&bytes).unwrap();
        // Where blocks cannot be shared the kernel copies them.
        assert_eq!(Sharing::Blocks.share(&from, 4096, &to, 0, 10_000), 10_000);
        let mut found = Vec::new();
        to.read_to_end(&mut found).unwrap();
        assert_eq!(found, bytes[4096..14_096]);
        for (sharing, offset, at) in [(Sharing::Nothing, 0, 0), (Sharing::Blocks, 1, 0), (Sharing::Blocks, 0, 4095)] {
            assert_eq!(sharing.share(&from, offset, &to, at, 4096), 0);
        }
        // The end of a file ends it.
        assert_eq!(Sharing::Blocks.share(&from, 16_384, &to, 0, 10_000), 20_000 - 16_384);
    }
}
