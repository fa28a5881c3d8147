//! The wanted rows of one file, a batch at a time, without its own exact repeats.

use std::collections::VecDeque;
use std::ops::Range;
use std::sync::{Arc, Mutex, PoisonError};

use arrow_array::cast::AsArray;
use arrow_array::types::TimestampMicrosecondType;
use arrow_array::{RecordBatch, StringArray};
use domain::filter::Filter;
use domain::time::Micros;

use super::decoder::{Decoded, Decoder};
use super::footer::{OpenFile, wrong};
use super::spans::select;
use super::{Columns, DayCounters};
use crate::error::LakeError;
use crate::rows::{BatchLimits, LastKey, Rows, filtered, string_at, without};

/// What every file of a slice is read with.
#[derive(Debug)]
pub(crate) struct Wanted {
    pub start: Micros,
    pub end: Micros,
    pub filter: Filter,
    pub columns: Columns,
}

/// Counters that all files of a day share.
#[derive(Clone, Debug, Default)]
pub(crate) struct Tally(Arc<Mutex<DayCounters>>);

impl Tally {
    /// Changes the counters.
    pub fn add(&self, change: impl FnOnce(&mut DayCounters)) {
        change(&mut self.0.lock().unwrap_or_else(PoisonError::into_inner));
    }

    /// The counters now.
    pub fn get(&self) -> DayCounters {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The rows of one file inside the window and let through by the filter; all others are counted.
///
/// Decoded are the columns that are given, those of the order and those of the filter; of the others only the rows that
/// these do not tell from their neighbours.
pub(crate) struct FileRows {
    /// Let go with the last batch.
    decoder: Option<Decoder>,
    wanted: Arc<Wanted>,
    tally: Tally,
    decoded: Columns,
    given: Columns,
    last: LastKey,
    ready: VecDeque<RecordBatch>,
}

impl FileRows {
    /// Selects what to decode; pages outside the window are counted here.
    pub fn new(open: OpenFile, wanted: Arc<Wanted>, given: Columns, tally: Tally, limits: BatchLimits) -> Self {
        let selection = select(&open.groups, wanted.start, wanted.end, limits);
        tally.add(|counters| {
            counters.before += selection.before;
            counters.after += selection.after;
        });
        let decoded = given.with(Columns::keys(&wanted.filter));
        let decoder = Some(Decoder::new(open, decoded, selection.spans));
        Self { decoder, wanted, tally, decoded, given, last: LastKey::default(), ready: VecDeque::new() }
    }

    fn advance(&mut self) -> Result<Option<RecordBatch>, LakeError> {
        loop {
            if let Some(batch) = self.ready.pop_front() {
                return Ok(Some(batch));
            }
            let Some(decoder) = &mut self.decoder else { return Ok(None) };
            let Some(decoded) = decoder.next()? else { return Ok(None) };
            let repeats = repeats(decoder, self.decoded, &mut self.last, &decoded)?;
            if decoder.is_done() {
                self.decoder = None;
            }
            self.take_wanted(decoded.batch, &repeats)?;
        }
    }

    /// Makes ready what is wanted of a batch, and counts the rest.
    fn take_wanted(&mut self, batch: RecordBatch, repeats: &[usize]) -> Result<(), LakeError> {
        let (times, _) = keys(&batch, self.decoded);
        let from = times.partition_point(|at| *at < self.wanted.start.0);
        let to = times.partition_point(|at| *at < self.wanted.end.0).max(from);
        self.tally.add(|counters| {
            counters.before += from as u64;
            counters.after += (times.len() - to) as u64;
        });
        let found = if self.wanted.filter.is_all() {
            let given = self.given.of(&batch, self.decoded)?;
            let found = without(&given, from..to, repeats)?;
            let rows: usize = found.iter().map(RecordBatch::num_rows).sum();
            self.tally.add(|counters| counters.exact_repeats += (to - from - rows) as u64);
            found
        } else {
            vec![self.passed(&batch, from..to, repeats)?]
        };
        self.ready.extend(found.into_iter().filter(|batch| batch.num_rows() > 0));
        Ok(())
    }

    fn passed(&self, batch: &RecordBatch, range: Range<usize>, repeats: &[usize]) -> Result<RecordBatch, LakeError> {
        let (channel, sender) = self.decoded.places_of_filter();
        let text = |place: Option<usize>| place.map(|place| batch.column(place).as_string::<i32>());
        let (channels, senders) = (text(channel), text(sender));
        let mut kept = Vec::with_capacity(range.len());
        let (mut refused, mut repeated) = (0, 0);
        for row in range.clone() {
            let passes = self.wanted.filter.lets_through(text_at(channels, row), text_at(senders, row));
            let repeats = passes && repeats.binary_search(&row).is_ok();
            refused += u64::from(!passes);
            repeated += u64::from(repeats);
            kept.push(passes && !repeats);
        }
        self.tally.add(|counters| {
            counters.refused_by_filter += refused;
            counters.exact_repeats += repeated;
        });
        let given = self.given.of(batch, self.decoded)?.slice(range.start, range.len());
        if refused + repeated == 0 { Ok(given) } else { filtered(&given, kept) }
    }
}

impl Iterator for FileRows {
    type Item = Result<RecordBatch, LakeError>;

    fn next(&mut self) -> Option<Self::Item> {
        self.advance().transpose()
    }
}

/// Checks the order of a batch; the rows that equal the row before them, which may be in the batch before.
fn repeats(
    decoder: &Decoder,
    columns: Columns,
    last: &mut LastKey,
    decoded: &Decoded,
) -> Result<Vec<usize>, LakeError> {
    let file = &decoder.open().file;
    let disordered = || wrong(file, "its rows are not in order");
    let (times, ids) = keys(&decoded.batch, columns);
    let mut found = last.ties(times, ids).ok_or_else(disordered)?;
    let within = |at: Option<&i64>| at.is_none_or(|at| (file.first_sent_at.0..=file.last_sent_at.0).contains(at));
    if !within(times.first()) || !within(times.last()) {
        return Err(wrong(file, "it has rows outside its first and last instant"));
    }
    let (Some(&first), Some(&last)) = (found.first(), found.last()) else { return Ok(found) };
    // The rows from the one before the first tie on: those at hand where they are whole, else read again.
    let (rows, before) = if columns == Columns::ALL && first > 0 {
        (Rows::new(&decoded.batch), first - 1)
    } else {
        let start = (decoded.first_row + first).saturating_sub(1);
        (decoder.whole_rows(start..decoded.first_row + last + 1)?, 0)
    };
    let mut in_order = true;
    found.retain(|row| {
        let before = before + row - first;
        let order = rows.compare(before, &rows, before + 1);
        in_order &= order.is_le();
        order.is_eq()
    });
    if in_order { Ok(found) } else { Err(disordered()) }
}

fn keys(batch: &RecordBatch, columns: Columns) -> (&[i64], &StringArray) {
    let (sent_at, message_id) = columns.places_of_keys();
    let times = batch.column(sent_at).as_primitive::<TimestampMicrosecondType>().values();
    (times, batch.column(message_id).as_string())
}

fn text_at(texts: Option<&StringArray>, row: usize) -> Option<&str> {
    texts.and_then(|texts| string_at(texts, row))
}
