//! Copying pieces one behind the other, each compared with what is known of it.

use std::io;

use crate::{ArtifactError, Assembled, ObjectName, Piece, Pieces};
use crc64::{Crc64, Crc64Hasher};

/// Bytes read, compared and appended at a time: few enough to stay in the cache of a core between the three.
pub(crate) const COPY_BYTES: usize = 256 << 10;

/// Where pieces come from and go to.
pub(crate) trait Assembly {
    /// A stored object.
    type Source;

    /// Opens an object; `None` where there is no such object.
    fn open(&self, name: &ObjectName) -> Result<Option<Self::Source>, ArtifactError>;

    /// Fills the buffer from `offset` on.
    fn read(&self, source: &Self::Source, offset: u64, buffer: &mut [u8]) -> io::Result<()>;

    /// Adds bytes at the end.
    fn append(&mut self, bytes: &[u8]) -> Result<(), ArtifactError>;

    /// Adds bytes that were read from `offset` of a source: a storage that can share them need not write them.
    fn append_copy(&mut self, source: &Self::Source, offset: u64, bytes: &[u8]) -> Result<(), ArtifactError>;
}

/// Puts all pieces one behind the other.
pub(crate) fn assemble(to: &mut impl Assembly, pieces: Pieces) -> Result<Assembled, ArtifactError> {
    let (mut whole, mut buffer) = (Crc64::EMPTY, vec![0; COPY_BYTES]);
    for piece in pieces {
        fail::fail_point!("artifacts.assemble");
        match piece? {
            Piece::Bytes(bytes) => {
                to.append(&bytes)?;
                whole = whole.join(Crc64::of(&bytes));
            }
            Piece::Copy { from, mut offset, checks } => {
                let source = to.open(&from)?.ok_or_else(|| ArtifactError::Missing { object: from.clone() })?;
                for check in checks {
                    copy(to, &from, (&source, offset), check, &mut buffer)?;
                    whole = whole.join(check);
                    offset += check.bytes;
                }
            }
        }
    }
    Ok(Assembled { bytes: whole.bytes, crc64nvme: whole.value })
}

/// Appends one range and compares it; what was appended of a range that differs never becomes visible.
fn copy<A: Assembly>(
    to: &mut A,
    from: &ObjectName,
    (source, offset): (&A::Source, u64),
    check: Crc64,
    buffer: &mut [u8],
) -> Result<(), ArtifactError> {
    let mut crc = Crc64Hasher::default();
    while crc.bytes() < check.bytes {
        let done = crc.bytes();
        let wanted = usize::try_from(check.bytes - done).unwrap_or(usize::MAX).min(buffer.len());
        let bytes = &mut buffer[..wanted];
        to.read(source, offset + done, bytes).map_err(|error| match error.kind() {
            io::ErrorKind::UnexpectedEof => ArtifactError::Missing { object: from.clone() },
            _ => ArtifactError::io("read a piece")(error),
        })?;
        crc.update(bytes);
        to.append_copy(source, offset + done, bytes)?;
    }
    if crc.finish() == check {
        Ok(())
    } else {
        Err(ArtifactError::Corrupt { object: from.clone(), what: "CRC-64/NVME of a range" })
    }
}
