//! Sound files that are not what the table says they are.

use domain::time::{DAY, Day};

use super::*;
use crate::file::SUMS_SUFFIX;

#[track_caller]
fn refused(folder: &TempDir, file: DataFile, what: &str) {
    match read(everything(folder, vec![file])) {
        Err(LakeError::Corrupt { what: found, .. }) => assert_eq!(found, what),
        other => panic!("{what}: {other:?}"),
    }
}

fn rows() -> Vec<Message> {
    (0..20).map(|i| Message::new(i, &format!("m{i:02}"), "t")).collect()
}

#[test]
fn what_the_footer_says_must_be_what_the_table_says() {
    let folder = folder();
    let file = write(folder.path(), "a.parquet", rows(), small());
    assert_eq!(read(everything(&folder, vec![file.clone()])).unwrap(), rows());
    let instants = "its first and last instants are not those in the table";
    refused(&folder, DataFile { rows: 19, ..file.clone() }, "its number of rows is not the one in the table");
    refused(&folder, DataFile { first_sent_at: Micros(1), ..file.clone() }, instants);
    refused(&folder, DataFile { last_sent_at: Micros(20), ..file.clone() }, instants);
    refused(&folder, DataFile { day: Day(1), ..file.clone() }, "its rows are not of the day");
    refused(&folder, DataFile { bytes: file.bytes - 1, ..file.clone() }, "its length is not the one in the table");
    refused(&folder, DataFile { bytes: file.bytes << 20, ..file.clone() }, "its length is not the one in the table");
}

#[test]
fn rows_of_another_organisation_never_come_out() {
    let folder = folder();
    let file = write(folder.path(), "a.parquet", rows(), small());
    let other = DataFile { organisation: slug("other"), ..file.clone() };
    refused(&folder, other.clone(), "it is not a file of the organisation");
    let request = ReadRequest { organisation: slug("other"), ..everything(&folder, vec![other]) };
    assert!(
        matches!(read(request), Err(LakeError::Corrupt { what, .. }) if what == "its rows are not those of the organisation")
    );
    let foreign = ReadRequest { organisation: slug("other"), ..everything(&folder, vec![file]) };
    assert!(matches!(OrderedRows::open(foreign), Err(LakeError::Corrupt { .. })));
}

#[test]
fn the_longest_organisation_is_told_from_its_neighbours() {
    let folder = folder();
    let (long, neighbour) = (slug(&"a".repeat(64)), slug(&format!("{}b", "a".repeat(63))));
    let path = folder.path().join("long.parquet");
    let mut writer = PartitionWriter::create(&path, &long, Day(0), small()).unwrap();
    writer.write(&batch(&rows())).unwrap();
    let file = writer.finish().unwrap().into_written().file;
    let request = |organisation: Slug| {
        let file = DataFile { organisation: organisation.clone(), ..file.clone() };
        ReadRequest { organisation, ..everything(&folder, vec![file]) }
    };
    assert_eq!(read(request(long)).unwrap(), rows());
    assert!(matches!(read(request(neighbour)), Err(LakeError::Corrupt { .. })));
}

#[test]
fn another_file_in_its_place_is_found() {
    let folder = folder();
    let file = write(folder.path(), "a.parquet", rows(), small());
    let later = rows().into_iter().map(|row| Message { sent_at: row.sent_at + DAY, ..row }).collect();
    let other = write(folder.path(), "b.parquet", later, small());
    for suffix in ["", SUMS_SUFFIX] {
        std::fs::copy(format!("{}{suffix}", other.path), format!("{}{suffix}", file.path)).unwrap();
    }
    assert!(matches!(read(everything(&folder, vec![file])), Err(LakeError::Corrupt { .. })));
}

#[test]
fn rows_out_of_order_are_not_written() {
    let folder = folder();
    for (name, pair) in [
        ("time", [Message::new(5, "a", ""), Message::new(4, "b", "")]),
        ("id", [Message::new(5, "b", ""), Message::new(5, "a", "")]),
        ("text", [Message::new(5, "a", "b"), Message::new(5, "a", "a")]),
        ("day", [Message::new(5, "a", ""), Message::new(DAY, "a", "")]),
    ] {
        for chunk in [1, 2] {
            let path = folder.path().join(format!("{name}{chunk}"));
            let mut writer = PartitionWriter::create(&path, &slug("acme"), Day(0), small()).unwrap();
            let written = pair.chunks(chunk).try_for_each(|rows| writer.write(&batch(rows)));
            assert!(matches!(written, Err(LakeError::Corrupt { .. })), "{name} in chunks of {chunk}");
        }
    }
}

#[test]
fn rows_out_of_order_are_not_read() {
    let folder = folder();
    // Within one page, where no index shows it: written as two files' worth of rows by a writer that does not look.
    let mut disordered = rows();
    disordered.swap(4, 5);
    let file = unchecked(&folder, &disordered);
    assert!(
        matches!(read(everything(&folder, vec![file])), Err(LakeError::Corrupt { what, .. }) if what == "its rows are not in order")
    );
}

/// Writes rows as they come, with sums, by the library alone.
fn unchecked(folder: &TempDir, rows: &[Message]) -> DataFile {
    use arrow_array::{ArrayRef, RecordBatch, StringArray};
    use std::io::Write;
    let path = folder.path().join("unchecked.parquet");
    let organisation: ArrayRef = std::sync::Arc::new(StringArray::from(vec!["acme"; rows.len()]));
    let columns = std::iter::once(organisation).chain(batch(rows).columns().iter().cloned()).collect();
    let table = RecordBatch::try_new(crate::schema::table_schema(), columns).unwrap();
    let properties = crate::parquet::writer_properties(WriteLimits::default());
    let mut writer = parquet::arrow::ArrowWriter::try_new(
        crate::parquet::SumWriter::new(Vec::new()),
        table.schema(),
        Some(properties),
    )
    .unwrap();
    writer.write(&table).unwrap();
    let (bytes, sums) = writer.into_inner().unwrap().finish();
    std::fs::write(&path, &bytes).unwrap();
    let path = path.to_str().unwrap().to_owned();
    std::fs::File::create(format!("{path}{SUMS_SUFFIX}")).unwrap().write_all(&sums.encode()).unwrap();
    DataFile {
        path,
        organisation: slug("acme"),
        day: Day(0),
        rows: rows.len() as u64,
        bytes: bytes.len() as u64,
        first_sent_at: Micros(rows[0].sent_at),
        last_sent_at: Micros(rows[rows.len() - 1].sent_at),
    }
}
