//! The rows of one UTC day: its files in chains, merged, without repeats, and counted.

use std::collections::VecDeque;
use std::path::Path;
use std::sync::Arc;

use arrow_array::RecordBatch;
use domain::time::Day;

use super::chains::chains;
use super::distinct::Distinct;
use super::file_rows::{FileRows, Tally, Wanted};
use super::footer::OpenFile;
use super::request::{ReadLimits, Shares};
use super::{Columns, DayCounters};
use crate::error::LakeError;
use crate::file::DataFile;
use crate::parquet::BlockStore;
use crate::rows::{MergePlan, Opener, SortedBatches, Source, merge_in_rounds};

/// What every day of a slice is read with.
pub(crate) struct DayReader<'a> {
    pub store: &'a Arc<dyn BlockStore>,
    pub wanted: &'a Arc<Wanted>,
    pub limits: ReadLimits,
    pub spill_folder: &'a Path,
}

/// One day being read.
pub(crate) struct DayRows {
    day: Day,
    rows_in_files: u64,
    tally: Tally,
    rows: OneOrMany,
}

enum OneOrMany {
    /// One chain, which has nothing to be merged with: its batches as they are decoded.
    Chain(SortedBatches),
    /// Chains that overlap.
    Chains(Box<Distinct>),
}

impl DayReader<'_> {
    /// Opens a day. If more files overlap than may be open at once, this already merges most of them into runs.
    pub fn open(&self, day: Day, files: Vec<DataFile>) -> Result<DayRows, LakeError> {
        let rows_in_files = files.iter().map(|file| file.rows).sum();
        let mut found = chains(files, self.wanted.start, self.wanted.end);
        let tally = Tally::default();
        tally.add(|counters| *counters = found.outside);
        let rows = if found.chains.len() <= 1 {
            let input =
                self.input(found.chains.pop().unwrap_or_default(), &tally, self.limits.shares(1), self.wanted.columns);
            OneOrMany::Chain(input()?.batches)
        } else {
            OneOrMany::Chains(Box::new(self.merge(found.chains, &tally)?))
        };
        Ok(DayRows { day, rows_in_files, tally, rows })
    }

    fn merge(&self, chains: Vec<Vec<DataFile>>, tally: &Tally) -> Result<Distinct, LakeError> {
        let shares = self.limits.shares(chains.len());
        // Any two rows may turn out to tie, so all columns of all of them are read.
        let inputs: VecDeque<Opener> =
            chains.into_iter().map(|chain| self.input(chain, tally, shares, Columns::ALL)).collect();
        let (open_bytes, folder) = (self.limits.memory_bytes, self.spill_folder);
        let plan = MergePlan { fan_in: shares.fan_in, open_bytes, batch: shares.merged, folder };
        Ok(Distinct::new(merge_in_rounds(inputs, plan)?, self.wanted.columns))
    }

    /// A chain that opens its first file when its turn comes, and each further one when the one before has ended.
    fn input(&self, chain: Vec<DataFile>, tally: &Tally, shares: Shares, given: Columns) -> Opener {
        let (store, wanted, tally) = (Arc::clone(self.store), Arc::clone(self.wanted), tally.clone());
        let open = move |file| OpenFile::open(store.as_ref(), file, shares.cache_blocks);
        let rows = move |open: OpenFile| {
            let batch = open.batch(shares);
            FileRows::new(open, Arc::clone(&wanted), given, tally.clone(), batch)
        };
        Box::new(move || {
            let mut files = chain.into_iter();
            let first = files.next().map(&open).transpose()?;
            let cost_bytes = first.as_ref().map_or(0, |first| first.cost_bytes(shares));
            let opened = first.map(Ok).into_iter().chain(files.map(open));
            let batches = opened.flat_map(move |file| match file {
                Ok(file) => Box::new(rows(file)) as SortedBatches,
                Err(error) => Box::new(std::iter::once(Err(error))),
            });
            Ok(Source { batches: Box::new(batches), cost_bytes })
        })
    }
}

impl DayRows {
    /// The next batch of the day.
    pub fn next(&mut self) -> Result<Option<RecordBatch>, LakeError> {
        let batch = match &mut self.rows {
            OneOrMany::Chain(batches) => batches.next().transpose()?,
            OneOrMany::Chains(distinct) => distinct.next()?,
        };
        let rows = batch.as_ref().map_or(0, RecordBatch::num_rows);
        self.tally.add(|counters| counters.written += rows as u64);
        Ok(batch)
    }

    /// The counters of a day read to its end.
    ///
    /// # Errors
    /// [`LakeError::Unreconciled`] if they are not all rows of the day's files.
    pub fn finish(self) -> Result<(Day, DayCounters), LakeError> {
        let mut counters = self.tally.get();
        if let OneOrMany::Chains(distinct) = &self.rows {
            counters.exact_repeats += distinct.repeats();
        }
        counters.reconcile(self.day, self.rows_in_files)?;
        Ok((self.day, counters))
    }
}
