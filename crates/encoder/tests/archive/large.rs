//! More entries than an archive without ZIP64 can count.

use std::io::Cursor;
use std::sync::Arc;

use arrow_array::{ArrayRef, RecordBatch, StringArray};
use arrow_schema::{DataType, Field, Schema};
use encoder::archive::write_zip_tail;
use encoder::csv::Profile;
use encoder::manifest::{Format, ManifestFile, ManifestHead, ManifestTail, ManifestWriter};
use encoder::part::{Container, EntrySummary, PartEncoder, PartOptions};
use encoder::verify::{VerifyLimits, verify_zip};

/// One archive on each side of 65,535 entries, its manifest included; each entry is the same one under another name.
#[test]
fn archives_around_65_535_entries() {
    let (first, data) = one_entry();
    for count in [65_533, 65_534] {
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

fn one_entry() -> (EntrySummary, Vec<u8>) {
    let schema = Arc::new(Schema::new(vec![Field::new("a", DataType::Utf8, true)]));
    let cells: ArrayRef = Arc::new(StringArray::from(vec!["x"]));
    let row = RecordBatch::try_new(schema.clone(), vec![cells]).unwrap();
    let options = PartOptions { container: Container::Zip, schema, profile: Profile::Rfc4180, sha256: false };
    let mut encoder = PartEncoder::new(options, Vec::new()).unwrap();
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
