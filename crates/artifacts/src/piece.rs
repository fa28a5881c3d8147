//! What an archive is put together from: checked ranges of stored objects, and bytes.

use bytes::Bytes;

use crate::{ArtifactError, ObjectName};

/// The pieces of an archive in order. There may be very many, so they are asked for one by one, on a thread that may
/// block; an error ends the assembly with it.
pub type Pieces = Box<dyn Iterator<Item = Result<Piece, ArtifactError>> + Send>;

/// One piece of an archive.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Piece {
    /// The consecutive ranges of `checks`, beginning at byte `offset` of a stored object.
    Copy {
        /// From which object.
        from: ObjectName,
        /// Where the first range begins (bytes).
        offset: u64,
        /// What is known of each range, one behind the other.
        checks: Vec<RangeCheck>,
    },
    /// These bytes.
    Bytes(Bytes),
}

/// What is known of a stored range, compared while it is copied.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RangeCheck {
    /// Its length (bytes).
    pub bytes: u64,
    /// CRC-64/NVME of the whole range.
    pub crc64nvme: u64,
    /// BLAKE3 of the range without its beginning, where it is known.
    pub blake3: Option<TailHash>,
}

/// A hash of what follows the first bytes of a range, as of the data of a zip entry behind its local header.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TailHash {
    /// How many bytes stand before the data (bytes).
    pub skip_bytes: u64,
    /// BLAKE3 of the rest.
    pub hash: [u8; 32],
}

/// What was put together.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Assembled {
    /// Its size (bytes).
    pub bytes: u64,
    /// Its CRC-64/NVME, joined from those of the pieces.
    pub crc64nvme: u64,
}
