//! More entries than an archive without ZIP64 can count.

use std::io::Cursor;
use std::sync::Arc;

use arrow_array::{ArrayRef, RecordBatch, StringArray};
use arrow_schema::{DataType, Field, Schema};
use encoder::archive::write_zip_tail;
use encoder::csv::Profile;
use encoder::manifest::{Format, ManifestFile, ManifestHead, ManifestTail, ManifestWriter};
use encoder::part::{Container, PartEncoder, PartOptions};
use encoder::verify::{VerifyLimits, verify_zip};

/// One archive on each side of 65,535 entries, its manifest included.
#[test]
fn archives_around_65_535_entries() {
    for entries in [65_533, 65_534, 65_535] {
        let schema = Arc::new(Schema::new(vec![Field::new("a", DataType::Utf8, true)]));
        let cells: ArrayRef = Arc::new(StringArray::from(vec!["x"]));
        let row = RecordBatch::try_new(schema.clone(), vec![cells]).unwrap();
        let options = PartOptions { container: Container::Zip, schema, profile: Profile::Rfc4180, sha256: false };
        let mut encoder = PartEncoder::new(options, Vec::new()).unwrap();
        for number in 0..entries {
            encoder.begin_entry(&format!("d/{number:05}.csv")).unwrap();
            encoder.write(&row).unwrap();
            encoder.end_entry().unwrap();
        }
        let (summary, part) = encoder.finish().unwrap();
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
        let copied = summary.entries.iter().map(|entry| Ok(entry.directory_entry(entry.header_offset)));
        let (_, tail) = write_zip_tail(Vec::new(), summary.data_bytes, copied, |out| {
            let mut writer = ManifestWriter::new(out, &head).map_err(std::io::Error::other)?;
            for entry in &summary.entries {
                writer.file(&ManifestFile::new(entry, None)).map_err(std::io::Error::other)?;
            }
            writer.finish(&ManifestTail::default()).map_err(std::io::Error::other)?;
            Ok(())
        })
        .unwrap();
        let mut file = part[..summary.data_bytes as usize].to_vec();
        file.extend_from_slice(&tail);
        let zip64 = tail.windows(4).any(|window| window == 0x0606_4b50_u32.to_le_bytes());
        assert_eq!(zip64, entries + 1 >= 65_535, "{entries} entries and the manifest");
        let report = verify_zip(Cursor::new(&file), &VerifyLimits::default()).unwrap();
        assert!(report.ok, "{:?}", report.differences);
        assert_eq!(report.files, entries);
    }
}
