//! What must hold of an object that is written bit by bit.

use super::{archive, blocking, part, sample, store, whole};
use crate::{ArtifactError, Artifacts};

/// Nothing is there before the end, nothing stays of what was dropped, and a second one takes the place.
pub async fn an_upload_appears_when_it_is_finished(artifacts: impl Artifacts) -> Result<(), ArtifactError> {
    let bytes = sample(7, 3_500_000);
    let (mut upload, appended) = (artifacts.begin(&archive()).await?, bytes.clone());
    let upload = blocking(move || {
        for (chunk, n) in appended.chunks(777_777).zip(0..) {
            // Long and short pieces.
            let (left, right) = chunk.split_at(chunk.len().min(n));
            upload.append(left)?;
            upload.append(right)?;
        }
        Ok(upload)
    })
    .await?;
    assert_eq!(artifacts.size(&archive()).await?, None);
    let mut dropped = artifacts.begin(&archive()).await?;
    blocking(move || dropped.append(b"never")).await?;
    assert_eq!(artifacts.size(&archive()).await?, None);
    assert_eq!(blocking(move || upload.finish()).await?, bytes.len() as u64);
    assert_eq!(whole(&artifacts, &archive()).await?, Some(bytes.into()));
    store(&artifacts, &archive(), b"again").await?;
    assert_eq!(whole(&artifacts, &archive()).await?.as_deref(), Some(&b"again"[..]));
    Ok(())
}

/// Wherever the bytes are by then; what was not appended cannot be patched.
pub async fn appended_bytes_are_patched(artifacts: impl Artifacts) -> Result<(), ArtifactError> {
    let mut expected = sample(9, 2_100_000);
    let mut upload = artifacts.begin(&part(1)).await?;
    let expected = blocking(move || {
        upload.append(&expected[..1_050_000])?;
        upload.append(&expected[1_050_000..])?;
        for (offset, length) in [(0, 50), (1_049_990, 20), (2_099_999, 1), (2_000_000, 30)] {
            let patch = vec![0xee; length];
            upload.patch(offset as u64, &patch)?;
            expected[offset..offset + length].copy_from_slice(&patch);
        }
        for (offset, length) in [(2_099_999, 2), (2_100_000, 1), (u64::MAX, 1)] {
            let outside = upload.patch(offset, &vec![0; length]);
            assert!(matches!(outside, Err(ArtifactError::OutOfRange { .. })), "{offset}");
        }
        upload.append(b"end")?;
        expected.extend_from_slice(b"end");
        upload.finish()?;
        Ok(expected)
    })
    .await?;
    assert!(whole(&artifacts, &part(1)).await? == Some(expected.into()));
    Ok(())
}

/// However much came behind them: the header of each entry, once the entry ends.
pub async fn announced_bytes_are_patched_late(artifacts: impl Artifacts) -> Result<(), ArtifactError> {
    let mut upload = artifacts.begin(&part(1)).await?;
    let expected = blocking(move || {
        let mut expected = Vec::new();
        for (entry, seed) in [11_000_000, 5_242_840, 100, 10_485_760, 0].into_iter().zip(1..) {
            let (start, data) = (expected.len(), sample(seed, entry));
            upload.will_patch(start as u64..start as u64 + 40)?;
            upload.append(&[0; 40])?;
            for piece in data.chunks(1_000_000) {
                upload.append(piece)?;
            }
            upload.patch(start as u64, &[seed; 40])?;
            expected.extend_from_slice(&[seed; 40]);
            expected.extend_from_slice(&data);
        }
        upload.append(b"end")?;
        expected.extend_from_slice(b"end");
        assert_eq!(upload.finish()?, expected.len() as u64);
        Ok(expected)
    })
    .await?;
    assert!(whole(&artifacts, &part(1)).await? == Some(expected.into()));
    Ok(())
}
