//! What an archive is put together from: checked ranges of stored objects, and bytes.

use bytes::Bytes;
use crc64::Crc64;

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
        /// The lengths and check sums of the ranges, one behind the other, compared while they are copied. They find what
        /// happens by chance; who can write to the storage can change the record that they stand in, too.
        checks: Vec<Crc64>,
    },
    /// These bytes.
    Bytes(Bytes),
}

/// What was put together.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Assembled {
    /// Its size (bytes).
    pub bytes: u64,
    /// Its CRC-64/NVME, joined from those of the pieces.
    pub crc64nvme: u64,
}
