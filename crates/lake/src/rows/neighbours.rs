//! Finds the few neighbours that have to be compared in full: their keys, sent_at and message_id, are equal.

use std::cmp::Ordering;
use std::ops::Range;

use arrow_array::{BooleanArray, RecordBatch, StringArray};
use arrow_select::filter::filter_record_batch;

use crate::error::LakeError;

/// With fewer rows than this between two that are left out, what stays is copied together.
const SLICE_ROWS: usize = 64;

/// The key of the row before a batch.
#[derive(Debug, Default)]
pub(crate) struct LastKey(Option<(i64, String)>);

impl LastKey {
    /// The rows whose key equals that of the row before them, in order; `None` if a key comes before its predecessor's.
    /// Remembers the last key.
    pub fn ties(&mut self, times: &[i64], ids: &StringArray) -> Option<Vec<usize>> {
        let (Some(first), Some(last)) = (times.first(), times.len().checked_sub(1)) else { return Some(Vec::new()) };
        let joins = self.0.as_ref().map_or(Ordering::Less, |(at, id)| (at, id.as_str()).cmp(&(first, ids.value(0))));
        let mut found = match joins {
            Ordering::Less => Vec::new(),
            Ordering::Equal => vec![0],
            Ordering::Greater => return None,
        };
        found.extend(ties(times, ids)?);
        let (at, id) = self.0.get_or_insert_with(Default::default);
        *at = times[last];
        id.clear();
        id.push_str(ids.value(last));
        Some(found)
    }
}

/// The rows but the first whose key equals that of the row before them; `None` if the keys are not in order.
pub(crate) fn ties(times: &[i64], ids: &StringArray) -> Option<Vec<usize>> {
    let mut found = Vec::new();
    // Without a branch for each row: almost always every instant is later than the one before.
    let rise =
        times.iter().zip(times.get(1..).unwrap_or_default()).fold(true, |rise, (before, at)| rise & (before < at));
    if rise {
        return Some(found);
    }
    for (row, pair) in (1..).zip(times.windows(2)) {
        match pair[0].cmp(&pair[1]).then_with(|| ids.value(row - 1).cmp(ids.value(row))) {
            Ordering::Less => {}
            Ordering::Equal => found.push(row),
            Ordering::Greater => return None,
        }
    }
    Some(found)
}

/// The rows `range` of a batch without those of `left_out`, which rise: as slices, or as one copy where they would be short.
pub(crate) fn without(
    batch: &RecordBatch,
    range: Range<usize>,
    left_out: &[usize],
) -> Result<Vec<RecordBatch>, LakeError> {
    let left_out = &left_out[left_out.partition_point(|row| *row < range.start)..];
    let left_out = &left_out[..left_out.partition_point(|row| *row < range.end)];
    if left_out.len() * SLICE_ROWS > range.len() {
        let mut kept = vec![true; range.len()];
        left_out.iter().for_each(|row| kept[*row - range.start] = false);
        let batch = batch.slice(range.start, range.len());
        return Ok(vec![filtered(&batch, kept)?]);
    }
    let mut slices = Vec::with_capacity(left_out.len() + 1);
    let mut start = range.start;
    for end in left_out.iter().copied().chain([range.end]) {
        slices.push(batch.slice(start, end - start));
        start = end + 1;
    }
    Ok(slices)
}

/// The rows that are kept, copied together.
pub(crate) fn filtered(batch: &RecordBatch, kept: Vec<bool>) -> Result<RecordBatch, LakeError> {
    let kept = BooleanArray::from(kept);
    filter_record_batch(batch, &kept).map_err(|source| LakeError::Rows { doing: "leave out", source })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rows::Rows;
    use crate::rows::testing::{Message, batch, messages};

    #[test]
    fn ties_are_where_keys_are_equal() {
        let check = |keys: &[(i64, &str)], expected: Option<&[usize]>| {
            let rows: Vec<_> = keys.iter().map(|(at, id)| Message::new(*at, id, "")).collect();
            let rows = Rows::new(&batch(&rows));
            assert_eq!(ties(rows.sent_at.values(), &rows.message_id).as_deref(), expected, "{keys:?}");
            // However they are cut into batches.
            for cut in 0..=keys.len() {
                let (mut last, mut found) = (LastKey::default(), Some(Vec::new()));
                for (start, end) in [(0, cut), (cut, keys.len())] {
                    let part = Rows::new(&batch(&messages(&rows)[start..end]));
                    let more = last.ties(part.sent_at.values(), &part.message_id);
                    found = found.zip(more).map(|(mut found, more)| {
                        found.extend(more.into_iter().map(|row| row + start));
                        found
                    });
                }
                assert_eq!(found.as_deref(), expected, "{keys:?} cut at {cut}");
            }
        };
        check(&[], Some(&[]));
        check(&[(1, "a"), (2, "a"), (3, "a")], Some(&[]));
        check(&[(1, "a"), (1, "b"), (1, "b"), (2, "b"), (2, "b")], Some(&[2, 4]));
        check(&[(1, "b"), (1, "a")], None);
        check(&[(2, "a"), (1, "b")], None);
    }

    #[test]
    fn rows_are_left_out_of_slices_and_of_copies() {
        let rows: Vec<_> = (0..400).map(|at| Message::new(at, "m", "t")).collect();
        let whole = batch(&rows);
        for (range, left_out) in [
            (0..400, vec![]),
            (0..400, vec![0, 200, 399]),
            (10..300, vec![5, 10, 100, 101, 300]),
            (0..400, (0..400).step_by(2).collect()),
            (7..7, vec![7]),
            (0..3, vec![0, 1, 2]),
        ] {
            let kept = without(&whole, range.clone(), &left_out).unwrap();
            let kept: Vec<_> = kept.iter().flat_map(|batch| messages(&Rows::new(batch))).collect();
            let expected = range.filter(|row| !left_out.contains(row)).map(|row| rows[row].clone());
            assert_eq!(kept, expected.collect::<Vec<_>>(), "without {left_out:?}");
        }
    }
}
