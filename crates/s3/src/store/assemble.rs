//! Putting an object together at the server, so that only small pieces go through this process.

use artifacts::{ArtifactError, Assembled, ObjectName, Piece, Pieces};
use bytes::{Bytes, BytesMut};
use crc64::Crc64;
use futures::{StreamExt, TryStreamExt, stream};
use tracing::warn;

use super::S3Artifacts;
use super::checks::{self, Sum};
use super::error::{broken, failed, of_object};
use super::gather::{Part, Slice, Source, plan};
use crate::{Bucket, PartWriter, S3Error};

const DOING: &str = "put an object together";
const ON_THE_WAY: S3Error =
    S3Error::Differs { call: "GetObject", what: "by the checksums of the pieces, on the way here" };
/// Bytes read at a time to compare them.
const READ_BYTES: u64 = 8 << 20;
/// Small pieces read at once, each at most a gathered part.
const READS_AT_ONCE: usize = 8;
/// Ranges of [`READ_BYTES`] read at once to compare them.
const COMPARED_AT_ONCE: usize = 4;

pub(super) async fn assemble(
    store: &S3Artifacts,
    name: &ObjectName,
    pieces: Pieces,
) -> Result<Assembled, ArtifactError> {
    let assembly = Assembly { bucket: &store.bucket, pieces: collect(pieces).await? };
    let too_many = |error| ArtifactError::Pieces(Box::new(error));
    let parts = plan(&assembly.pieces.iter().map(source).collect::<Vec<_>>()).map_err(too_many)?;
    let whole = assembly.pieces.iter().fold(Crc64::EMPTY, |whole, piece| whole.join(checks::whole(piece)));
    match &parts[..] {
        [] => store.bucket.put(&name.to_string(), Bytes::new()).await.map_err(failed(DOING))?,
        [Part::Join(slices)] => assembly.put(name, slices, whole).await?,
        parts => {
            let verify = store.must_verify().await.map_err(failed(DOING))?;
            assembly.copy(name, parts, whole, (store.parts_at_once, verify)).await?;
        }
    }
    Ok(Assembled { bytes: whole.bytes, crc64nvme: whole.value })
}

/// Asks for all pieces, on a thread that may block. A volume has as many as an upload has parts.
async fn collect(pieces: Pieces) -> Result<Vec<Piece>, ArtifactError> {
    let collected = tokio::task::spawn_blocking(move || pieces.collect::<Result<Vec<_>, _>>()).await;
    collected.unwrap_or_else(|_| Err(broken(DOING)))
}

fn source(piece: &Piece) -> Source {
    match piece {
        Piece::Bytes(bytes) => Source::Memory(bytes.len() as u64),
        Piece::Copy { checks, .. } => Source::Stored(checks.iter().map(|check| check.bytes).sum()),
    }
}

struct Assembly<'a> {
    bucket: &'a Bucket,
    pieces: Vec<Piece>,
}

impl Assembly<'_> {
    /// All pieces in one go.
    async fn put(&self, name: &ObjectName, slices: &[Slice], whole: Crc64) -> Result<(), ArtifactError> {
        let mut sums = Vec::new();
        let bytes = self.join(slices, &mut sums).await?;
        self.compare(&mut sums).await?;
        if Crc64::of(&bytes) != whole {
            return Err(failed(DOING)(ON_THE_WAY));
        }
        self.bucket.put(&name.to_string(), bytes).await.map_err(failed(DOING))
    }

    /// All parts, copied or sent. Nothing appears unless what was read agrees with what is known of it, and the server
    /// finds the checksum of the whole in its own bytes, or all that it copied was read, too.
    async fn copy(
        &self,
        name: &ObjectName,
        parts: &[Part],
        whole: Crc64,
        (at_once, verify): (usize, bool),
    ) -> Result<(), ArtifactError> {
        let key = name.to_string();
        let mut writer = PartWriter::begin(self.bucket, &key, at_once).await.map_err(failed(DOING))?;
        if let Err(error) = self.fill(&mut writer, parts, verify).await {
            if let Err(error) = writer.abort().await {
                warn!(%error, "an upload that was given up is left to the sweep");
            }
            return Err(error);
        }
        match writer.finish(Some(whole)).await {
            Ok(_) if verify => self.look_at(&key, whole).await,
            Ok(_) => Ok(()),
            // Servers name it differently.
            Err(error @ (S3Error::Differs { .. } | S3Error::Refused { status: 400, .. })) => {
                Err(self.culprit(error).await)
            }
            Err(error) => Err(failed(DOING)(error)),
        }
    }

    async fn fill(&self, writer: &mut PartWriter, parts: &[Part], verify: bool) -> Result<(), ArtifactError> {
        let mut sums = Vec::new();
        let reading = async { if verify { self.read_copied(parts).await } else { Ok(Vec::new()) } };
        let (read, ()) = futures::future::try_join(reading, self.send(writer, parts, &mut sums)).await?;
        sums.extend(read);
        self.compare(&mut sums).await
    }

    async fn send(&self, writer: &mut PartWriter, parts: &[Part], sums: &mut Vec<Sum>) -> Result<(), ArtifactError> {
        for (part, number) in parts.iter().zip(1..) {
            let sent = match part {
                Part::Join(slices) => {
                    let bytes = self.join(slices, sums).await?;
                    writer.send(number, bytes).await
                }
                Part::Copy(slice) => match &self.pieces[slice.piece] {
                    Piece::Copy { from, offset, .. } => {
                        let range = offset + slice.range.start..offset + slice.range.end;
                        writer.copy(number, from.to_string(), range).await
                    }
                    Piece::Bytes(_) => Err(S3Error::Unfit { call: "UploadPartCopy", what: "bytes of memory".into() }),
                },
            };
            if let Err(error) = sent {
                return Err(self.missing(error).await);
            }
        }
        match writer.settle().await {
            Ok(()) => Ok(()),
            Err(error) => Err(self.missing(error).await),
        }
    }

    /// The bytes of some slices, one behind the other, and their sums.
    async fn join(&self, slices: &[Slice], sums: &mut Vec<Sum>) -> Result<Bytes, ArtifactError> {
        let reads = stream::iter(slices.to_vec()).map(|slice| async move { self.read(&slice).await });
        let read: Vec<Bytes> = reads.buffered(READS_AT_ONCE).try_collect().await?;
        for (slice, bytes) in slices.iter().zip(&read) {
            sums.extend(self.sums(slice, bytes));
        }
        if let [bytes] = &read[..] {
            return Ok(bytes.clone());
        }
        let mut joined = BytesMut::with_capacity(read.iter().map(Bytes::len).sum());
        read.iter().for_each(|bytes| joined.extend_from_slice(bytes));
        Ok(joined.freeze())
    }

    async fn read(&self, slice: &Slice) -> Result<Bytes, ArtifactError> {
        match &self.pieces[slice.piece] {
            Piece::Bytes(bytes) => Ok(bytes.slice(slice.range.start as usize..slice.range.end as usize)),
            Piece::Copy { from, offset, .. } => {
                let range = offset + slice.range.start..offset + slice.range.end;
                let read = self.bucket.get_range(&from.to_string(), range, None).await;
                let missing = || ArtifactError::Missing { object: from.clone() };
                read.map_err(of_object("read a piece", from))?.ok_or_else(missing)
            }
        }
    }

    fn sums(&self, slice: &Slice, bytes: &Bytes) -> Vec<Sum> {
        let cuts = checks::cut(&self.pieces[slice.piece], slice.range.clone()).into_iter();
        let at = |place: u64| (place - slice.range.start) as usize;
        let sum = |cut: std::ops::Range<u64>| Sum {
            piece: slice.piece,
            start: cut.start,
            crc: Crc64::of(&bytes[at(cut.start)..at(cut.end)]),
        };
        cuts.map(sum).collect()
    }

    /// Reads what the server copies.
    async fn read_copied(&self, parts: &[Part]) -> Result<Vec<Sum>, ArtifactError> {
        let copied = parts.iter().filter_map(|part| match part {
            Part::Copy(slice) => Some(slice),
            Part::Join(_) => None,
        });
        let read: Vec<Slice> = copied.flat_map(blocks).collect();
        let reads = stream::iter(read).map(|slice| async move {
            let bytes = self.read(&slice).await?;
            Ok(self.sums(&slice, &bytes))
        });
        let sums: Vec<Vec<Sum>> = reads.buffer_unordered(COMPARED_AT_ONCE).try_collect().await?;
        Ok(sums.concat())
    }

    /// Compares what was read with what is known. What differs is read once more: it may be the way here that changed it.
    async fn compare(&self, sums: &mut [Sum]) -> Result<(), ArtifactError> {
        let Some(piece) = checks::differing(&self.pieces, sums) else { return Ok(()) };
        let bytes = checks::whole(&self.pieces[piece]).bytes;
        let mut again = self.read_copied(&[Part::Copy(Slice { piece, range: 0..bytes })]).await?;
        match checks::differing(&self.pieces, &mut again).map(|piece| &self.pieces[piece]) {
            Some(Piece::Copy { from, .. }) => {
                Err(ArtifactError::Corrupt { object: from.clone(), what: "CRC-64/NVME of a range" })
            }
            _ => Err(failed(DOING)(ON_THE_WAY)),
        }
    }

    /// The server could not copy: names the object that is gone or too short, if that is why.
    async fn missing(&self, error: S3Error) -> ArtifactError {
        let looks = stream::iter(0..self.pieces.len()).map(|index| async move {
            let piece = &self.pieces[index];
            let Piece::Copy { from, offset, .. } = piece else { return None };
            let end = offset + checks::whole(piece).bytes;
            let head = self.bucket.head(&from.to_string()).await.ok()?;
            (head.is_none_or(|head| head.bytes < end)).then(|| from.clone())
        });
        let first = looks.buffered(READS_AT_ONCE).filter_map(|found| async { found }).boxed().next().await;
        first.map_or_else(|| failed(DOING)(error), |object| ArtifactError::Missing { object })
    }

    /// The whole is not what it must be: names the piece whose bytes are others. All of them are read for that.
    async fn culprit(&self, error: S3Error) -> ArtifactError {
        let stored = self.pieces.iter().enumerate().filter(|(_, known)| matches!(known, Piece::Copy { .. }));
        let all = stored.map(|(piece, known)| Part::Copy(Slice { piece, range: 0..checks::whole(known).bytes }));
        let compared = match self.read_copied(&all.collect::<Vec<_>>()).await {
            Ok(mut sums) => self.compare(&mut sums).await,
            Err(error) => Err(error),
        };
        compared.err().unwrap_or_else(|| failed(DOING)(error))
    }

    /// A server that does not compare whole objects is asked for the size at least.
    async fn look_at(&self, key: &str, whole: Crc64) -> Result<(), ArtifactError> {
        let head = self.bucket.head(key).await.map_err(failed(DOING))?;
        if head.is_some_and(|head| head.bytes == whole.bytes) {
            return Ok(());
        }
        self.bucket.delete(key).await.map_err(failed(DOING))?;
        Err(failed(DOING)(S3Error::Differs { call: "HeadObject", what: "by the size of the whole" }))
    }
}

/// A slice in blocks that are read at a time.
fn blocks(slice: &Slice) -> impl Iterator<Item = Slice> + use<> {
    let (piece, range) = (slice.piece, slice.range.clone());
    let starts = (range.start..range.end).step_by(READ_BYTES as usize);
    starts.map(move |start| Slice { piece, range: start..range.end.min(start + READ_BYTES) })
}
