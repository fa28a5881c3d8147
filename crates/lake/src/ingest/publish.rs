//! An ingest from its input to its commit.

use domain::ids::Slug;
use fail::fail_point;

use super::{IngestOptions, Input, Refused, Staged, Taken, take};
use crate::catalog::{Batch, BatchKey, NewBatch};
use crate::disk::blocking;
use crate::error::LakeError;
use crate::file::{SUMS_SUFFIX, WrittenFile};
use crate::lake::Lake;
use crate::staging::Staging;
use crate::storage::Put;
use crate::table::commit::Committed;

/// What came of an ingest.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Ingested {
    /// Rows of the batch in the lake; of a batch known before, those it brought then. Zero if the input was refused.
    pub accepted: u64,
    /// The first refused lines, in their order. A batch that is known by a given key is not read, so it has none.
    pub refused: Vec<Refused>,
    /// All refused lines.
    pub refused_count: u64,
    /// The snapshot that brought the batch in; none if the input was refused.
    pub snapshot: Option<i64>,
    /// Whether the batch was there before, so that nothing changed.
    pub already_known: bool,
}

impl Lake {
    /// Takes one input as one batch: all of it is in the lake when this returns, or nothing.
    ///
    /// An input with a refused line is refused as a whole, unless `skip_refused`; that is no error but an answer without
    /// a snapshot.
    ///
    /// # Errors
    /// [`LakeError::Input`] if the input cannot be read; whatever keeps files from being written or committed.
    pub async fn ingest(
        &self,
        organisation: &Slug,
        input: Input,
        options: IngestOptions,
    ) -> Result<Ingested, LakeError> {
        let key = |key: String| BatchKey { organisation: organisation.clone(), key };
        if let Some(given) = &options.batch_key
            && let Some(known) = self.batch(&key(given.clone())).await?
        {
            return Ok(Ingested::known(&known, Vec::new(), 0));
        }
        let staging = self.staging().await?;
        let (owner, skip_refused) = (organisation.clone(), options.skip_refused);
        // The folder's lock goes with the work, so that no sweep takes the folder away if nobody waits for us any more.
        let (staging, taken) = self
            .threads
            .run(move || {
                let taken = take(&owner, input, staging.folder(), &options);
                Ok((staging, taken))
            })
            .await?;
        let taken = match taken {
            Ok(taken) if taken.refused_count == 0 || skip_refused => taken,
            refused => {
                discard(staging).await;
                return refused.map(|taken| Ingested::refused(taken.refused, taken.refused_count));
            }
        };
        // Nothing is written twice of a batch that is known by what it holds; the commit looks once more.
        if let Some(known) = self.batch(&key(taken.batch_key.clone())).await.transpose() {
            discard(staging).await;
            return known.map(|known| Ingested::known(&known, taken.refused, taken.refused_count));
        }
        let (staging, staged) = self.write(staging, taken).await?;
        let Staged { batch_key, accepted, refused, refused_count, files } = staged;
        let (staging, files) = self.publish(staging, files).await?;
        let batch = NewBatch { key: key(batch_key), accepted, refused: refused_count };
        Ok(match self.commit_ingest(staging, batch, files).await? {
            Committed::AlreadyKnown(known) => Ingested::known(&known, refused, refused_count),
            Committed::Now { snapshot_id } => {
                Ingested { accepted, refused, refused_count, snapshot: Some(snapshot_id), already_known: false }
            }
        })
    }

    /// Data files of what was taken, in the staging folder.
    async fn write(&self, staging: Staging, taken: Taken) -> Result<(Staging, Staged), LakeError> {
        let work = move || {
            let staged = taken.write();
            Ok((staging, staged))
        };
        match self.threads.run(work).await? {
            (staging, Ok(staged)) => Ok((staging, staged)),
            (staging, Err(error)) => {
                discard(staging).await;
                Err(error)
            }
        }
    }

    /// Puts files of the staging folder into their places in the table, announced before.
    async fn publish(
        &self,
        staging: Staging,
        mut files: Vec<WrittenFile>,
    ) -> Result<(Staging, Vec<WrittenFile>), LakeError> {
        let places = files.iter().zip(0..).map(|(written, number)| {
            self.data_file(&written.file.organisation, written.file.day, staging.id(), number)
        });
        let places: Vec<String> = places.collect();
        let (staging, put) = blocking(move || {
            let put = put_into_place(&staging, &mut files, places);
            Ok((staging, put.map(|()| files)))
        })
        .await?;
        match put {
            Ok(files) => Ok((staging, files)),
            Err(error) => {
                discard(staging).await;
                Err(error)
            }
        }
    }
}

/// Removes what an ingest without a commit leaves; what cannot be removed is left to the next sweep.
async fn discard(staging: Staging) {
    if let Err(error) = blocking(move || staging.discard()).await {
        tracing::warn!(error = &error as &dyn std::error::Error, "staging folder left to the next sweep");
    }
}

fn put_into_place(staging: &Staging, files: &mut [WrittenFile], places: Vec<String>) -> Result<(), LakeError> {
    let both = |path: &str| [path.to_owned(), format!("{path}{SUMS_SUFFIX}")];
    let announced: Vec<String> = places.iter().flat_map(|place| both(place)).collect();
    staging.announce(&announced)?;
    fail_point!("ingest.intent");
    let staged = files.iter().flat_map(|written| both(&written.file.path));
    let puts = staged.zip(&announced).map(|(from, to)| Put { from: from.into(), to: to.clone() });
    staging.storage().put_files(&puts.collect::<Vec<_>>())?;
    files.iter_mut().zip(places).for_each(|(written, place)| written.file.path = place);
    Ok(())
}

impl Ingested {
    fn known(batch: &Batch, refused: Vec<Refused>, refused_count: u64) -> Self {
        Self {
            accepted: batch.accepted,
            refused,
            refused_count,
            snapshot: Some(batch.snapshot_id),
            already_known: true,
        }
    }

    fn refused(refused: Vec<Refused>, refused_count: u64) -> Self {
        Self { refused, refused_count, ..Self::default() }
    }
}
