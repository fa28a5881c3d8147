//! Order, merging and spilling against sorting owned values.

use std::collections::VecDeque;

use arrow_array::RecordBatch;
use proptest::prelude::*;

use super::testing::{Message, any_message, batch, messages};
use super::*;

fn collect(batches: impl Iterator<Item = Result<RecordBatch, LakeError>>) -> Vec<Message> {
    batches.flat_map(|batch| messages(&Rows::new(&batch.unwrap()))).collect()
}

fn sorted_batches(mut rows: Vec<Message>, batch_rows: usize) -> SortedBatches {
    rows.sort();
    let batches: Vec<_> = rows.chunks(batch_rows).map(|chunk| Ok(batch(chunk))).collect();
    Box::new(batches.into_iter())
}

fn many() -> impl Strategy<Value = Vec<Message>> {
    prop::collection::vec(any_message(), 0..40)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(128))]

    #[test]
    fn rows_compare_as_their_values(a in any_message(), b in any_message()) {
        let rows = Rows::new(&batch(&[a.clone(), b.clone()]));
        prop_assert_eq!(rows.compare(0, &rows, 1), a.cmp(&b));
        let repeats = (a <= b).then(|| if a == b { vec![1] } else { Vec::new() });
        prop_assert_eq!(rows.repeats(), repeats);
        prop_assert_eq!(messages(&rows), [a, b]);
    }

    #[test]
    fn a_merge_is_a_sort(
        inputs in prop::collection::vec((many(), 1..9_usize), 0..7),
        fan_in in 2..5_usize,
        open_bytes in prop::sample::select(vec![0, usize::MAX]),
        limits in (1..9_usize, 1..5_000_usize).prop_map(|(rows, bytes)| BatchLimits { rows, bytes }),
    ) {
        let folder = tempfile::tempdir().unwrap();
        let mut expected: Vec<_> = inputs.iter().flat_map(|(rows, _)| rows.clone()).collect();
        expected.sort();
        let openers: VecDeque<Opener> = inputs.into_iter().map(|(rows, size)| {
            Box::new(move || Ok(Source { batches: sorted_batches(rows, size), cost_bytes: 1 })) as Opener
        }).collect();
        let plan = MergePlan { fan_in, open_bytes, batch: limits, folder: folder.path() };
        let merged = merge_in_rounds(openers, plan).unwrap();
        let batches: Vec<_> = merged.map(Result::unwrap).collect();
        for batch in &batches {
            let bytes = run_bytes(&Rows::new(batch), 0, batch.num_rows());
            prop_assert!(batch.num_rows() == 1 || (batch.num_rows() <= limits.rows.max(8) && bytes <= limits.bytes.max(60_000)));
        }
        prop_assert_eq!(collect(batches.into_iter().map(Ok)), expected);
        prop_assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 0);
    }
}

#[test]
fn a_run_is_passed_on_whole_where_one_input_leads() {
    let rows = |from: i64| (from..from + 3000).map(|at| Message::new(at, "m", "t")).collect::<Vec<_>>();
    let inputs = vec![sorted_batches(rows(0), 3000), sorted_batches(rows(2000), 3000)];
    let merged = Merge::new(inputs, BatchLimits { rows: 10_000, bytes: 1 << 20 }).unwrap();
    let sizes: Vec<_> = merged.map(|batch| batch.unwrap().num_rows()).collect();
    assert_eq!((sizes.iter().sum::<usize>(), sizes[0], sizes.last()), (6000, 2001, Some(&2000)));
}

#[test]
fn an_error_of_an_input_ends_the_merge() {
    let failing = || {
        let batches = vec![
            Ok(batch(&[Message::new(0, "a", "")])),
            Err(LakeError::Unfinished),
            Ok(batch(&[Message::new(9, "z", "")])),
        ];
        Box::new(batches.into_iter()) as SortedBatches
    };
    let mut merged = Merge::new(
        vec![failing(), sorted_batches(vec![Message::new(5, "b", "")], 1)],
        BatchLimits { rows: 9, bytes: 999 },
    )
    .unwrap();
    assert!(matches!(merged.next(), Some(Err(LakeError::Unfinished))));
    assert!(merged.next().is_none());
}

#[test]
fn a_damaged_run_is_not_read() {
    let folder = tempfile::tempdir().unwrap();
    let spill = || {
        let mut writer = SpillWriter::create(folder.path()).unwrap();
        writer.write(&batch(&[Message::new(0, "a", &"text".repeat(100))])).unwrap();
        writer.finish().unwrap()
    };
    let path = || std::fs::read_dir(folder.path()).unwrap().next().unwrap().unwrap().path();
    let read = |spill: Spill| spill.open().and_then(|batches| batches.collect::<Result<Vec<_>, _>>());
    assert_eq!(read(spill()).unwrap().len(), 1);
    let good = spill();
    let length = std::fs::metadata(path()).unwrap().len() as usize;
    assert!(read(good).is_ok());
    for bit in (0..length * 8).step_by(101) {
        let spill = spill();
        let mut bytes = std::fs::read(path()).unwrap();
        bytes[bit / 8] ^= 1 << (bit % 8);
        std::fs::write(path(), bytes).unwrap();
        assert!(matches!(read(spill), Err(LakeError::Corrupt { .. })), "bit {bit}");
    }
    let cut = spill();
    std::fs::File::options().write(true).open(path()).unwrap().set_len(length as u64 - 1).unwrap();
    assert!(matches!(read(cut), Err(LakeError::Corrupt { .. })));
}
