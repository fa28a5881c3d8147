//! Some columns of rows: the same rows as with all of them, and little more read than is asked for.

use std::collections::BTreeSet;
use std::sync::Mutex;

use arrow_array::RecordBatch;
use arrow_array::cast::AsArray;
use arrow_array::types::TimestampMicrosecondType;
use bytes::Bytes;
use proptest::prelude::*;

use super::slices::any_filter;
use super::*;
use crate::parquet::{BLOCK_BYTES, BlockSource, BlockStore};
use crate::read::reference;
use crate::rows::testing::any_message;
use crate::rows::{string_at, time_at};

type Cells = Vec<Option<String>>;

/// The cells of a batch of any columns, row by row.
fn cells(batch: &RecordBatch) -> Vec<Cells> {
    let cell = |column: usize, row: usize| match batch.schema().field(column).name().as_str() {
        "sent_at" | "edited_at" => {
            time_at(batch.column(column).as_primitive::<TimestampMicrosecondType>(), row).map(|at| at.to_string())
        }
        _ => string_at(batch.column(column).as_string(), row).map(str::to_owned),
    };
    (0..batch.num_rows()).map(|row| (0..batch.num_columns()).map(|column| cell(column, row)).collect()).collect()
}

fn cells_of(message: Message, columns: Columns) -> Cells {
    let Message { sent_at, message_id, channel, thread, sender, edited_at, kind, text, attributes } = message;
    let (sent_at, edited_at) = (Some(sent_at.to_string()), edited_at.map(|at| at.to_string()));
    let all = [Some(message_id), channel, thread, sender, sent_at, edited_at, Some(kind), Some(text), attributes];
    columns.positions().map(|position| all[position].clone()).collect()
}

/// One day's rows cut into files one behind the other; their instants are few, so that files often touch.
fn any_cut() -> impl Strategy<Value = Vec<Vec<Message>>> {
    let spread = |(message, later): (Message, i64)| Message { sent_at: later, ..message };
    let rows = prop::collection::vec((any_message(), 0..25_i64).prop_map(spread), 1..60);
    (rows, prop::collection::vec(0..60_usize, 0..5), any::<bool>()).prop_map(|(mut rows, cuts, apart)| {
        rows.sort();
        let cuts: BTreeSet<_> = cuts.into_iter().map(|cut| cut.min(rows.len())).collect();
        let moved = |cut: usize| match apart {
            // On to where an instant ends.
            true => (cut..rows.len()).find(|row| *row > 0 && rows[*row].sent_at != rows[row - 1].sent_at),
            false => Some(cut),
        };
        let mut cuts: Vec<_> = cuts.into_iter().filter_map(moved).chain([0, rows.len()]).collect();
        cuts.sort_unstable();
        cuts.windows(2).map(|pair| rows[pair[0]..pair[1]].to_vec()).filter(|rows| !rows.is_empty()).collect()
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(96))]

    #[test]
    fn any_columns_are_those_of_the_twins_rows(
        files in any_cut(),
        positions in prop::collection::vec(0..9_usize, 0..9),
        filter in any_filter(),
        bounds in prop::array::uniform2(-1..27_i64),
        batch_rows in 1..9_usize,
        memory_bytes in prop::sample::select(vec![0, 64 << 20]),
    ) {
        let folder = folder();
        let files = files.into_iter().enumerate();
        let files = files.map(|(number, rows)| write(folder.path(), &format!("{number}.parquet"), rows, small()));
        let (start, end) = (Micros(bounds[0].min(bounds[1])), Micros(bounds[0].max(bounds[1])));
        let limits = ReadLimits { memory_bytes, fan_in: 3, batch_rows };
        let columns = Columns::asked(&positions);
        let request = ReadRequest { start, end, filter, columns, limits, ..everything(&folder, files.collect()) };
        let (expected, expected_counters) = reference::read(&request);
        let mut rows = OrderedRows::open(request).unwrap();
        let mut found = Vec::new();
        for batch in rows.by_ref() {
            let batch = batch.unwrap();
            prop_assert_eq!(batch.schema(), columns.schema());
            found.extend(cells(&batch));
        }
        prop_assert_eq!(found, expected.into_iter().map(|message| cells_of(message, columns)).collect::<Vec<_>>());
        prop_assert_eq!(rows.finish().unwrap(), expected_counters);
    }
}

/// Local files that remember which of their blocks were read.
#[derive(Clone, Debug, Default)]
struct Watched(Arc<Mutex<BTreeSet<(String, u64)>>>);

struct WatchedFile(Watched, String, Box<dyn BlockSource>);

impl BlockStore for Watched {
    fn open(&self, path: &str, bytes: u64) -> Result<Box<dyn BlockSource>, LakeError> {
        Ok(Box::new(WatchedFile(self.clone(), path.to_owned(), LocalBlocks.open(path, bytes)?)))
    }
}

impl BlockSource for WatchedFile {
    fn read(&self, offset: u64, length: usize) -> Result<Bytes, LakeError> {
        self.0.0.lock().unwrap().insert((self.1.clone(), offset));
        self.2.read(offset, length)
    }
}

/// Blocks of the file that reading these columns looks at.
fn blocks_read(folder: &TempDir, file: &DataFile, positions: &[usize], expected_rows: usize) -> usize {
    let watched = Watched::default();
    let (store, columns) = (Arc::new(watched.clone()), Columns::asked(positions));
    let request = ReadRequest { store, columns, ..everything(folder, vec![file.clone()]) };
    let rows = OrderedRows::open(request).unwrap();
    assert_eq!(rows.map(|batch| batch.unwrap().num_rows()).sum::<usize>(), expected_rows);
    let read = watched.0.lock().unwrap();
    read.iter().filter(|(path, _)| *path == file.path).count()
}

#[test]
fn only_the_blocks_of_the_columns_are_read_and_of_others_where_rows_tie() {
    let folder = folder();
    let mut state = 1_u64;
    let mut noise = || {
        let letter = |_| {
            state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            char::from(b' ' + (state >> 33) as u8 % 95)
        };
        (0..4_000).map(letter).collect::<String>()
    };
    let mut rows: Vec<_> = (0..1_000).map(|at| Message::new(at, "m", &noise())).collect();
    let file = write(folder.path(), "apart.parquet", rows.clone(), WriteLimits::default());
    let all = (file.bytes as usize).div_ceil(BLOCK_BYTES);
    assert!(all > 10, "{all} blocks");
    assert_eq!(blocks_read(&folder, &file, &[7], 1_000), all);
    let few = blocks_read(&folder, &file, &[0], 1_000);
    assert!(few <= 3, "{few} of {all} blocks");
    // One exact repeat, and a neighbour that only the text tells from it.
    rows.push(rows[500].clone());
    rows.push(Message::new(500, "m", "another text"));
    let file = write(folder.path(), "tied.parquet", rows, WriteLimits::default());
    let tied = blocks_read(&folder, &file, &[0], 1_001);
    assert!((few..=few + 3).contains(&tied), "{tied} of {all} blocks");
}
