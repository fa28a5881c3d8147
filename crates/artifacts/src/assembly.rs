//! Copying pieces one behind the other, each compared with what is known of it.

use std::io::{self, Read};

use crate::crc::Crc64;
use crate::{ArtifactError, Assembled, ObjectName, Piece, Pieces, RangeCheck, Upload};

/// Bytes read, compared and appended at a time.
const COPY_BYTES: usize = 1 << 20;

/// Opens an object at an offset; `None` where there is no such object.
pub(crate) type Open<'a> = dyn Fn(&ObjectName, u64) -> Result<Option<Box<dyn Read>>, ArtifactError> + 'a;

/// Appends all pieces to `upload`. It does not finish it.
pub(crate) fn assemble(upload: &mut dyn Upload, pieces: Pieces, open: &Open<'_>) -> Result<Assembled, ArtifactError> {
    let (mut whole, mut buffer) = (Crc64::default(), vec![0; COPY_BYTES]);
    for piece in pieces {
        fail::fail_point!("artifacts.assemble");
        match piece? {
            Piece::Bytes(bytes) => {
                upload.append(&bytes)?;
                whole = whole.then(Crc64::of(&bytes));
            }
            Piece::Copy { from, offset, checks } => {
                let missing = || ArtifactError::Missing { object: from.clone() };
                let mut source = open(&from, offset)?.ok_or_else(missing)?;
                for check in &checks {
                    whole = whole.then(copy(upload, &from, source.as_mut(), check, &mut buffer)?);
                }
            }
        }
    }
    Ok(Assembled { bytes: whole.bytes, crc64nvme: whole.value })
}

/// Appends one range and compares it; what was appended of a range that differs never becomes visible.
fn copy(
    upload: &mut dyn Upload,
    from: &ObjectName,
    source: &mut dyn Read,
    check: &RangeCheck,
    buffer: &mut [u8],
) -> Result<Crc64, ArtifactError> {
    let corrupt = |what| ArtifactError::Corrupt { object: from.clone(), what };
    let (mut crc, mut tail) = (Crc64::default(), blake3::Hasher::new());
    while crc.bytes < check.bytes {
        let wanted = usize::try_from(check.bytes - crc.bytes).unwrap_or(usize::MAX).min(buffer.len());
        let bytes = &mut buffer[..wanted];
        source.read_exact(bytes).map_err(|error| match error.kind() {
            io::ErrorKind::UnexpectedEof => ArtifactError::Missing { object: from.clone() },
            _ => ArtifactError::io("read a piece")(error),
        })?;
        if let Some(hash) = &check.blake3 {
            let skipped = usize::try_from(hash.skip_bytes.saturating_sub(crc.bytes)).unwrap_or(usize::MAX);
            tail.update(&bytes[skipped.min(bytes.len())..]);
        }
        upload.append(bytes)?;
        crc = crc.then(Crc64::of(bytes));
    }
    if crc.value != check.crc64nvme {
        return Err(corrupt("CRC-64/NVME of a range"));
    }
    if check.blake3.is_some_and(|expected| *tail.finalize().as_bytes() != expected.hash) {
        return Err(corrupt("BLAKE3 of a range"));
    }
    Ok(crc)
}
