//! Checking a zip: the manifest is found from the end, then the whole file is walked from its first byte to its last.

use std::io::{self, BufReader, Read, Seek, SeekFrom};

use super::compare::{Comparer, read_up_to};
use super::data::DataChecker;
use super::{Facts, Report, VerifyLimits};
use crate::archive::manifest_entry;
use crate::csv::header;
use crate::hash::{PlainHasher, PlainHashes};
use crate::manifest::{Format, Manifest, ManifestFile};
use crate::name::MANIFEST_NAME;
use crate::stored::{plain_bytes, read_stored};
use crate::zip::{DirectoryBuilder, DirectoryEntry, LastEntry, local_header, local_header_bytes, locate_last_entry};

/// Reads the whole of `reader`, which holds an archive or one volume of it.
///
/// An error is one of the reader only; whatever is wrong with the file stands in the report.
pub fn verify_zip<R: Read + Seek>(reader: R, limits: &VerifyLimits) -> io::Result<Report> {
    let mut reader = BufReader::with_capacity(64 * 1024, reader);
    let mut report = Report::default();
    if let Some((manifest, text, place)) = read_manifest(&mut reader, limits, &mut report)? {
        report.facts = Some(Facts::of(&manifest));
        walk(&mut reader, &manifest, &text, place, &mut report)?;
    }
    Ok(report.finish())
}

/// The text of the manifest of an archive, as it is stored; `None` where the file does not end with one.
///
/// An error is one of the reader only.
pub fn zip_manifest<R: Read + Seek>(reader: R, limits: &VerifyLimits) -> io::Result<Option<Vec<u8>>> {
    let mut reader = BufReader::with_capacity(64 * 1024, reader);
    let Some(place) = locate_last_entry(&mut reader, MANIFEST_NAME)? else { return Ok(None) };
    let begin = place.header_offset.saturating_add(manifest_header_bytes());
    let bytes = place.directory_offset.checked_sub(begin).and_then(plain_bytes);
    let Some(bytes) = bytes.filter(|bytes| *bytes <= limits.manifest_bytes) else { return Ok(None) };
    reader.seek(SeekFrom::Start(begin))?;
    read_stored(&mut reader, bytes)
}

/// Finds and reads the manifest; `None` once the report says why that is not possible.
fn read_manifest<R: Read + Seek>(
    reader: &mut BufReader<R>,
    limits: &VerifyLimits,
    report: &mut Report,
) -> io::Result<Option<(Manifest, PlainHashes, LastEntry)>> {
    let Some(place) = locate_last_entry(reader, MANIFEST_NAME)? else {
        report.differs("file", "is not a zip that ends with its manifest.json");
        return Ok(None);
    };
    let stored = place.directory_offset.checked_sub(place.header_offset.saturating_add(manifest_header_bytes()));
    let Some(bytes) = stored.and_then(plain_bytes) else {
        report.differs(MANIFEST_NAME, "does not end where the directory begins");
        return Ok(None);
    };
    if bytes > limits.manifest_bytes {
        report.differs(MANIFEST_NAME, format!("is longer than the limit of {} bytes", limits.manifest_bytes));
        return Ok(None);
    }
    let mut local = Vec::new();
    reader.seek(SeekFrom::Start(place.header_offset))?;
    read_up_to(reader, &mut local, manifest_header_bytes())?;
    let Some(text) = read_stored(reader, bytes)? else {
        report.differs(MANIFEST_NAME, "is not stored as it was written");
        return Ok(None);
    };
    let hashes = hashes_of(&text);
    let entry = manifest_entry(&hashes, place.header_offset);
    if local != local_header(&entry.name, entry.crc32, entry.compressed_bytes, entry.bytes) {
        report.differs(MANIFEST_NAME, "has another local header than was written");
    }
    match Manifest::read(&text) {
        Ok(manifest) if manifest.head.format == Format::Zip => return Ok(Some((manifest, hashes, place))),
        Ok(_) => report.differs(MANIFEST_NAME, "is not that of a zip"),
        Err(error) => report.differs(MANIFEST_NAME, error.to_string()),
    }
    Ok(None)
}

fn manifest_header_bytes() -> u64 {
    local_header_bytes(MANIFEST_NAME)
}

fn hashes_of(text: &[u8]) -> PlainHashes {
    let mut hasher = PlainHasher::new(false);
    hasher.update(text);
    hasher.finish()
}

/// Entries from the first byte on, up to the manifest, then the directory to the last byte.
fn walk<R: Read + Seek>(
    reader: &mut BufReader<R>,
    manifest: &Manifest,
    text: &PlainHashes,
    place: LastEntry,
    report: &mut Report,
) -> io::Result<()> {
    let columns: Vec<&str> = manifest.head.columns.iter().map(String::as_str).collect();
    let header = header(&columns, manifest.head.profile);
    let mut checker = DataChecker::new(manifest.head.format.container(), header, columns.len());
    reader.seek(SeekFrom::Start(0))?;
    let mut offset = 0u64;
    for file in &manifest.files {
        let stored = local_header_bytes(&file.name).saturating_add(file.compressed_bytes);
        let end = offset.saturating_add(stored);
        if end > place.header_offset {
            report.differs(&file.name, "reaches into the manifest");
            return Ok(());
        }
        check_entry(reader, &mut checker, file, report)?;
        offset = end;
    }
    if offset != place.header_offset {
        report.differs("file", "has bytes before its manifest that no entry owns");
        return Ok(());
    }
    reader.seek(SeekFrom::Start(place.directory_offset))?;
    if !is_directory_of(reader, manifest, text, place)? {
        report.differs("directory", "has other bytes than were written");
    }
    Ok(())
}

fn check_entry(
    reader: &mut impl Read,
    checker: &mut DataChecker,
    file: &ManifestFile,
    report: &mut Report,
) -> io::Result<()> {
    let mut local = Vec::new();
    read_up_to(reader, &mut local, local_header_bytes(&file.name))?;
    if local != local_header(&file.name, file.crc32, file.compressed_bytes, file.bytes) {
        report.differs(&file.name, "has another local header than was written");
    }
    let checked = checker.check(reader, file)?;
    report.files += 1;
    report.rows += checked.rows;
    checked.problems.into_iter().for_each(|problem| report.differs(&file.name, problem));
    Ok(())
}

/// Makes the directory and the end records again and compares them with all that is left of the file.
fn is_directory_of(
    reader: &mut impl Read,
    manifest: &Manifest,
    text: &PlainHashes,
    place: LastEntry,
) -> io::Result<bool> {
    let mut directory = DirectoryBuilder::new(Comparer::new(reader), place.directory_offset);
    let mut offset = 0;
    for file in &manifest.files {
        directory.add(&DirectoryEntry {
            name: file.name.clone(),
            crc32: file.crc32,
            compressed_bytes: file.compressed_bytes,
            bytes: file.bytes,
            offset,
        })?;
        offset += local_header_bytes(&file.name) + file.compressed_bytes;
    }
    directory.add(&manifest_entry(text, offset))?;
    directory.finish()?.0.finish()
}
