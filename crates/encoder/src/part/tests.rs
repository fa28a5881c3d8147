//! Parts in each container: what is in them, that cuts don't matter, that misuse is refused.

use std::io;
use std::sync::Arc;

use arrow_array::{Int64Array, RecordBatch, StringArray};
use arrow_schema::{DataType, Field, Schema};
use miniz_oxide::inflate::decompress_to_vec;

use super::*;
use crate::csv::{EncodeError, Profile};
use crate::gzip;
use crate::hash::{Hash256, PlainHasher};
use crc64::Crc64;

/// An output that also watches that only the header of the open entry is patched, and that it was announced.
#[derive(Default)]
struct Watched {
    bytes: Vec<u8>,
    announced: std::ops::Range<u64>,
    patches: Vec<(u64, usize)>,
    longest_append: usize,
}

impl Output for Watched {
    fn append(&mut self, bytes: &[u8]) -> io::Result<()> {
        self.longest_append = self.longest_append.max(bytes.len());
        Output::append(&mut self.bytes, bytes)
    }

    fn will_patch(&mut self, range: std::ops::Range<u64>) -> io::Result<()> {
        assert_eq!(range.start, self.bytes.len() as u64, "announced before it is appended");
        self.announced = range;
        Ok(())
    }

    fn patch(&mut self, offset: u64, bytes: &[u8]) -> io::Result<()> {
        assert_eq!(offset..offset + bytes.len() as u64, std::mem::take(&mut self.announced));
        self.patches.push((offset, bytes.len()));
        self.bytes.patch(offset, bytes)
    }
}

fn rows(range: std::ops::Range<i64>) -> RecordBatch {
    let schema =
        Schema::new(vec![Field::new("number", DataType::Int64, false), Field::new("text", DataType::Utf8, true)]);
    let texts = range.clone().map(|number| (number % 3 > 0).then(|| format!("text, no \"{}\"", number * number)));
    let columns: Vec<arrow_array::ArrayRef> =
        vec![Arc::new(Int64Array::from_iter_values(range.clone())), Arc::new(texts.collect::<StringArray>())];
    RecordBatch::try_new(Arc::new(schema), columns).unwrap()
}

fn options(container: Container) -> PartOptions {
    PartOptions { container, schema: rows(0..0).schema(), profile: Profile::Rfc4180, sha256: true }
}

fn built(container: Container, entries: &[(&str, Vec<RecordBatch>)]) -> (PartSummary, Watched) {
    let mut encoder = PartEncoder::new(options(container), Watched::default()).unwrap();
    for (name, batches) in entries {
        encoder.begin_entry(name).unwrap();
        batches.iter().for_each(|batch| encoder.write(batch).unwrap());
        encoder.end_entry().unwrap();
    }
    encoder.finish().unwrap()
}

fn text_of(batch: &RecordBatch) -> Vec<u8> {
    crate::csv::reference::encode(batch, Profile::Rfc4180).0.into_bytes()
}

fn check_entry(entry: &EntrySummary, file: &[u8], text: &[u8]) {
    let mut plain = PlainHasher::new(true);
    plain.update(text);
    let plain = plain.finish();
    assert_eq!(
        (entry.bytes, entry.crc32, entry.blake3, entry.sha256),
        (plain.bytes, plain.crc32, plain.blake3, plain.sha256)
    );
    let range = entry.stored_range();
    let stored = &file[range.start as usize..range.end as usize];
    assert_eq!(entry.crc64nvme, Crc64::of(stored));
    let (header, data) = stored.split_at(entry.local_header().len());
    assert_eq!(header, entry.local_header());
    assert_eq!((data.len() as u64, Hash256::blake3(data)), (entry.compressed_bytes, entry.compressed_blake3));
    let unpacked = match entry.container {
        Container::Raw => data.to_vec(),
        Container::Zip => decompress_to_vec(data).unwrap(),
        Container::Gzip => {
            let (frame, rest) = data.split_at(gzip::HEADER.len());
            let (stream, trailer) = rest.split_at(rest.len() - 8);
            assert_eq!((frame, trailer), (&gzip::HEADER[..], &gzip::trailer(entry.crc32, entry.bytes)[..]));
            decompress_to_vec(stream).unwrap()
        }
    };
    assert_eq!(unpacked, text);
}

#[test]
fn a_zip_part_is_complete_in_itself() {
    let days = [("d/1.csv", vec![rows(0..5)]), ("d/2.csv", vec![rows(5..40_000)]), ("d/3.csv", vec![rows(7..8)])];
    let (summary, output) = built(Container::Zip, &days);
    assert_eq!(summary.entries.len(), 3);
    let mut offset = 0;
    for (entry, (name, batches)) in summary.entries.iter().zip(&days) {
        assert_eq!((entry.name.as_str(), entry.rows), (*name, batches[0].num_rows() as u64));
        let text = [b"number,text\r\n", &text_of(&batches[0])[..]].concat();
        check_entry(entry, &output.bytes, &text);
        assert_eq!(entry.stored_range(), offset..offset + entry.stored_bytes());
        offset += entry.stored_bytes();
    }
    let headers: Vec<(u64, usize)> =
        summary.entries.iter().map(|entry| (entry.header_offset, entry.local_header().len())).collect();
    assert_eq!(output.patches, headers);
    assert_eq!((summary.data_bytes, summary.total_bytes), (offset, output.bytes.len() as u64));
    assert_eq!(summary.data_crc64nvme, Crc64::of(&output.bytes[..offset as usize]));
    assert_eq!(summary.crc64nvme, Crc64::of(&output.bytes));
    assert_eq!(summary.blake3, Hash256::blake3(&output.bytes));
    assert_eq!(summary.rows_encoded, 40_001);
}

#[test]
fn raw_and_gzip_are_one_piece_without_header_line() {
    for container in [Container::Raw, Container::Gzip] {
        for batch in [rows(0..0), rows(0..9_000)] {
            let (summary, output) = built(container, &[("d/1.csv", vec![batch.clone()])]);
            check_entry(&summary.entries[0], &output.bytes, &text_of(&batch));
            assert_eq!(output.patches, []);
            assert_eq!((summary.data_bytes, summary.total_bytes), (output.bytes.len() as u64, summary.data_bytes));
            assert_eq!(summary.blake3, Hash256::blake3(&output.bytes));
            assert_eq!((summary.crc64nvme, summary.data_crc64nvme), (Crc64::of(&output.bytes), summary.crc64nvme));
        }
        let (entry, bytes) = header_piece(&["a", "b"], Profile::Rfc4180, container, true).unwrap();
        check_entry(&entry, &bytes, b"a,b\r\n");
        assert_eq!((entry.rows, entry.name.as_str()), (0, "header.csv"));
    }
}

#[test]
fn bytes_do_not_depend_on_batches() {
    let whole = rows(0..12_000);
    for container in [Container::Zip, Container::Raw, Container::Gzip] {
        let expected = built(container, &[("a", vec![whole.clone()])]);
        for cut in [1, 17, 4_096, 11_999] {
            let batches = (0..whole.num_rows()).step_by(cut).map(|from| whole.slice(from, cut.min(12_000 - from)));
            let (summary, output) = built(container, &[("a", batches.collect())]);
            assert!(output.bytes == expected.1.bytes, "{container:?} in batches of {cut}");
            assert_eq!(summary, expected.0);
        }
    }
}

#[test]
fn a_large_batch_goes_out_in_small_pieces() {
    for container in [Container::Zip, Container::Raw, Container::Gzip] {
        let (summary, output) = built(container, &[("a", vec![rows(0..100_000)])]);
        assert!(summary.entries[0].bytes > 2_000_000);
        assert!(output.longest_append < 65 * 1024, "{container:?}: {}", output.longest_append);
    }
}

#[test]
fn summaries_survive_their_text() {
    let (summary, _) = built(Container::Zip, &[("a", vec![rows(0..5)])]);
    let text = serde_json::to_string(&summary).unwrap();
    assert_eq!(serde_json::from_str::<PartSummary>(&text).unwrap(), summary);
}

#[test]
fn calls_out_of_order_are_refused() {
    let order = |outcome: Result<(), PartError>| assert!(matches!(outcome, Err(PartError::CallOrder)));
    let part = |container| PartEncoder::new(options(container), Vec::new()).unwrap();
    let mut zip = part(Container::Zip);
    order(zip.write(&rows(0..1)));
    order(zip.end_entry());
    zip.begin_entry("b").unwrap();
    order(zip.begin_entry("c"));
    zip.end_entry().unwrap();
    for name in ["a", "b", "manifest.json", "header.csv"] {
        assert!(matches!(zip.begin_entry(name), Err(PartError::NameOrder)), "{name}");
    }
    assert!(matches!(zip.begin_entry("../c"), Err(PartError::Name(_))));
    zip.begin_entry("c").unwrap();
    order(zip.finish().map(|_| ()));

    order(part(Container::Gzip).finish().map(|_| ()));
    let mut raw = part(Container::Raw);
    raw.begin_entry("a").unwrap();
    raw.end_entry().unwrap();
    order(raw.begin_entry("b"));
    raw.finish().unwrap();
}

#[test]
fn after_an_error_nothing_can_be_finished() {
    struct Full(usize);
    impl Output for Full {
        fn append(&mut self, bytes: &[u8]) -> io::Result<()> {
            self.0 = self.0.checked_sub(bytes.len()).ok_or(io::ErrorKind::StorageFull)?;
            Ok(())
        }
        fn patch(&mut self, _: u64, _: &[u8]) -> io::Result<()> {
            Ok(())
        }
    }
    let mut part = PartEncoder::new(options(Container::Raw), Full(100)).unwrap();
    part.begin_entry("a").unwrap();
    let error = part.write(&rows(0..9_000)).unwrap_err();
    assert!(matches!(error, PartError::Output(_)) && error.retryable());
    assert!(matches!(part.write(&rows(0..1)), Err(PartError::CallOrder)));
    assert!(matches!(part.end_entry(), Err(PartError::CallOrder)));
    assert!(matches!(part.finish(), Err(PartError::CallOrder)));

    let mut part = PartEncoder::new(options(Container::Zip), Vec::new()).unwrap();
    part.begin_entry("a").unwrap();
    let other = RecordBatch::new_empty(Arc::new(Schema::new(vec![Field::new("x", DataType::Utf8, true)])));
    let error = part.write(&other).unwrap_err();
    assert!(matches!(error, PartError::Encode(EncodeError::OtherSchema)) && !error.retryable());
    assert!(matches!(part.end_entry(), Err(PartError::CallOrder)));
}

#[test]
fn copies_are_checked_on_the_way() {
    for container in [Container::Zip, Container::Raw, Container::Gzip] {
        let (summary, output) = built(container, &[("a", vec![rows(0..30)])]);
        let entry = &summary.entries[0];
        let stored = &output.bytes[..entry.stored_bytes() as usize];
        let check = |bytes: &[u8], cut: usize| {
            let mut check = StoredCheck::new(entry);
            bytes.chunks(cut).for_each(|chunk| check.update(chunk));
            check.finish()
        };
        for cut in [1, 7, 50, stored.len()] {
            assert_eq!(check(stored, cut), Ok(()));
        }
        for bit in 0..8 * stored.len() {
            let mut flipped = stored.to_vec();
            flipped[bit / 8] ^= 1 << (bit % 8);
            assert_eq!(check(&flipped, 64), Err(StoredMismatch), "{container:?} bit {bit}");
        }
        for length in 0..stored.len() {
            assert_eq!(check(&stored[..length], 64), Err(StoredMismatch));
        }
        assert_eq!(check(&[stored, b"x"].concat(), 64), Err(StoredMismatch));
    }
}
