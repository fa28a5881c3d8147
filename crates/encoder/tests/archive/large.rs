//! More entries and more bytes than an archive without ZIP64 can tell.

use std::io::{self, Cursor, Read, Seek, SeekFrom, Write};
use std::sync::Arc;

use arrow_array::{ArrayRef, RecordBatch, StringArray};
use arrow_schema::{DataType, Field, Schema};
use encoder::archive::write_zip_tail;
use encoder::csv::Profile;
use encoder::hash::{Hash256, PlainHasher};
use encoder::manifest::{Format, ManifestFile, ManifestHead, ManifestTail, ManifestWriter};
use encoder::part::{Container, EntrySummary, PartEncoder, PartOptions};
use encoder::stored::StoredWriter;
use encoder::verify::{VerifyLimits, verify_zip};

const GIB_4: u64 = 1 << 32;

/// Archives of 65,534 to 65,536 entries, the manifest included; each entry is the same one under another name.
#[test]
fn archives_around_65_535_entries() {
    let (first, data) = one_entry();
    for count in [65_533, 65_534, 65_535] {
        let (mut file, mut entries) = (Vec::new(), Vec::new());
        for number in 0..count {
            let name = format!("d/{number:05}.csv");
            let entry = EntrySummary { name, header_offset: file.len() as u64, ..first.clone() };
            file.extend_from_slice(&entry.local_header());
            file.extend_from_slice(&data);
            entries.push(entry);
        }
        let tail = tail_of(&entries, file.len() as u64);
        file.extend_from_slice(&tail);
        let zip64 = tail.windows(4).any(|window| window == 0x0606_4b50_u32.to_le_bytes());
        assert_eq!(zip64, count + 1 >= 65_535, "{count} entries and the manifest");
        let report = verify_zip(Cursor::new(&file), &VerifyLimits::default()).unwrap();
        assert!(report.ok, "{:?}", report.differences);
        assert_eq!(report.files, count);
    }
}

/// Rows of more than 4 GiB in one entry, all of them through encoder, compressor and verifier; they compress well.
#[test]
fn an_entry_of_more_than_4_gib() {
    const CELL_BYTES: usize = 1 << 23;
    let row = batch(&"x".repeat(CELL_BYTES));
    let rows = GIB_4.div_ceil(CELL_BYTES as u64);
    let mut encoder = PartEncoder::new(options(&row), Vec::new()).unwrap();
    encoder.begin_entry("d/1.csv").unwrap();
    (0..rows).for_each(|_| encoder.write(&row).unwrap());
    encoder.end_entry().unwrap();
    encoder.begin_entry("d/2.csv").unwrap();
    encoder.write(&batch("y")).unwrap();
    encoder.end_entry().unwrap();
    let (summary, mut file) = encoder.finish().unwrap();
    assert!(summary.entries[0].bytes > GIB_4 && summary.entries[0].compressed_bytes < GIB_4 / 100);
    assert_eq!(summary.entries[0].local_header()[18..26], [0xff; 8], "both sizes stand in the extra field");
    file.truncate(summary.data_bytes as usize);
    file.extend_from_slice(&tail_of(&summary.entries, summary.data_bytes));
    let report = verify_zip(Cursor::new(&file), &VerifyLimits::default()).unwrap();
    assert!(report.ok, "{:?}", report.differences);
    assert_eq!(report.rows, rows + 1);
}

/// Entries behind 4 GiB of others; each is the same stored one under another name, so that the file needs no room.
#[test]
fn entries_that_begin_behind_4_gib() {
    let (entry, data) = stored_entry(1 << 24);
    let data: Arc<[u8]> = data.into();
    let (mut file, mut entries) = (Pieces::default(), Vec::new());
    while file.bytes < GIB_4 + data.len() as u64 {
        let name = format!("d/{:05}.csv", entries.len());
        let entry = EntrySummary { name, header_offset: file.bytes, ..entry.clone() };
        file.push(entry.local_header().into());
        file.push(data.clone());
        entries.push(entry);
    }
    let tail = tail_of(&entries, file.bytes);
    assert!(tail.windows(4).any(|window| window == 0x0606_4b50_u32.to_le_bytes()), "there is a ZIP64 end record");
    file.push(tail.into());
    let report = verify_zip(file, &VerifyLimits::default()).unwrap();
    assert!(report.ok, "{:?}", report.differences);
    assert_eq!(report.files, entries.len() as u64);
}

/// A file of pieces that may be the same bytes again and again.
#[derive(Default)]
struct Pieces {
    pieces: Vec<(u64, Arc<[u8]>)>,
    bytes: u64,
    position: u64,
}

impl Pieces {
    fn push(&mut self, piece: Arc<[u8]>) {
        self.bytes += piece.len() as u64;
        self.pieces.push((self.bytes - piece.len() as u64, piece));
    }
}

impl Read for Pieces {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        let behind = self.pieces.partition_point(|(start, _)| *start <= self.position);
        let (start, piece) = &self.pieces[behind - 1];
        let left = &piece[piece.len().min((self.position - start) as usize)..];
        let length = left.len().min(into.len());
        into[..length].copy_from_slice(&left[..length]);
        self.position += length as u64;
        Ok(length)
    }
}

impl Seek for Pieces {
    fn seek(&mut self, to: SeekFrom) -> io::Result<u64> {
        let position = match to {
            SeekFrom::Start(position) => Some(position),
            SeekFrom::End(back) => self.bytes.checked_add_signed(back),
            SeekFrom::Current(by) => self.position.checked_add_signed(by),
        };
        self.position = position.ok_or(io::ErrorKind::InvalidInput)?;
        Ok(self.position)
    }
}

/// An entry of about so many bytes whose deflate stream has stored blocks only.
fn stored_entry(bytes: usize) -> (EntrySummary, Vec<u8>) {
    let row = format!("{}\r\n", "x".repeat(1_022));
    let rows = bytes / row.len();
    let text = ["a\r\n", &row.repeat(rows)].concat();
    let mut plain = PlainHasher::new(false);
    plain.update(text.as_bytes());
    let plain = plain.finish();
    let mut writer = StoredWriter::new(Vec::new());
    writer.write_all(text.as_bytes()).unwrap();
    let data = writer.finish().unwrap();
    let entry = EntrySummary {
        rows: rows as u64,
        bytes: plain.bytes,
        compressed_bytes: data.len() as u64,
        crc32: plain.crc32,
        blake3: plain.blake3,
        compressed_blake3: Hash256::blake3(&data),
        ..one_entry().0
    };
    (entry, data)
}

fn batch(cell: &str) -> RecordBatch {
    let schema = Arc::new(Schema::new(vec![Field::new("a", DataType::Utf8, true)]));
    let cells: ArrayRef = Arc::new(StringArray::from(vec![cell]));
    RecordBatch::try_new(schema, vec![cells]).unwrap()
}

fn options(row: &RecordBatch) -> PartOptions {
    PartOptions { container: Container::Zip, schema: row.schema(), profile: Profile::Rfc4180, sha256: false }
}

fn one_entry() -> (EntrySummary, Vec<u8>) {
    let row = batch("x");
    let mut encoder = PartEncoder::new(options(&row), Vec::new()).unwrap();
    encoder.begin_entry("d/00000.csv").unwrap();
    encoder.write(&row).unwrap();
    encoder.end_entry().unwrap();
    let (summary, part) = encoder.finish().unwrap();
    let entry = summary.entries[0].clone();
    let data = part[entry.local_header().len()..summary.data_bytes as usize].to_vec();
    (entry, data)
}

fn tail_of(entries: &[EntrySummary], data_bytes: u64) -> Vec<u8> {
    let head = ManifestHead {
        dataset: "d".to_owned(),
        organisation: None,
        range: None,
        format: Format::Zip,
        profile: Profile::Rfc4180,
        columns: vec!["a".to_owned()],
        filter: None,
        days: Vec::new(),
    };
    let copied = entries.iter().map(|entry| Ok(entry.directory_entry(entry.header_offset)));
    let tail = write_zip_tail(Vec::new(), data_bytes, copied, |out| {
        let mut writer = ManifestWriter::new(out, &head).map_err(std::io::Error::other)?;
        for entry in entries {
            writer.file(&ManifestFile::new(entry, None)).map_err(std::io::Error::other)?;
        }
        writer.finish(&ManifestTail::default()).map_err(std::io::Error::other)?;
        Ok(())
    });
    tail.unwrap().1
}
