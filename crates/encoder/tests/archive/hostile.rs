//! Files made to deceive: consistent but wrong, or built to take memory.

use std::io::Cursor;

use encoder::hash::{Hash256, PlainHasher};
use encoder::manifest::{Format, Manifest};
use encoder::part::EntrySummary;
use encoder::verify::{Report, VerifyLimits, verify_csv, verify_zip};
use encoder::zip::local_header;
use proptest::prelude::*;

use crate::support::{Export, verify, zip_of};

/// The stored ranges and the manifest of a small zip, to be put together again otherwise.
fn taken_apart() -> (Vec<(EntrySummary, Vec<u8>)>, Manifest) {
    let export = Export::small(Format::Zip);
    let built = export.build();
    let manifest = Manifest::read(&built.manifest).unwrap();
    let mut offset = 0;
    let parts = manifest.files.iter().map(|file| {
        let entry = EntrySummary {
            name: file.name.clone(),
            container: encoder::part::Container::Zip,
            rows: file.rows,
            bytes: file.bytes,
            compressed_bytes: file.compressed_bytes,
            crc32: file.crc32,
            blake3: file.blake3,
            compressed_blake3: file.compressed_blake3,
            sha256: None,
            header_offset: offset,
            crc64nvme: crc64::Crc64::EMPTY,
        };
        let range = entry.stored_range();
        offset = range.end;
        (entry, built.file[range.start as usize..range.end as usize].to_vec())
    });
    (parts.collect(), manifest)
}

fn text_of(manifest: &Manifest) -> Vec<u8> {
    let mut text = Vec::new();
    manifest.write(&mut text).unwrap();
    text
}

fn check(file: &[u8], what: &str) -> Report {
    let report = verify(Format::Zip, file, &[]);
    assert!(report.differences.iter().any(|difference| difference.to_string().contains(what)), "{report:?}");
    report
}

/// Replaces the content of the first entry and makes everything that can be made anew fit to it.
fn with_first_content(stored: Vec<u8>, content: &[u8], bytes: u64) -> Vec<u8> {
    let (mut parts, mut manifest) = taken_apart();
    let mut plain = PlainHasher::new(false);
    plain.update(content);
    let plain = plain.finish();
    let (entry, old) = &mut parts[0];
    (entry.bytes, entry.crc32, entry.blake3) = (bytes, plain.crc32, plain.blake3);
    (entry.compressed_bytes, entry.compressed_blake3) = (stored.len() as u64, Hash256::blake3(&stored));
    *old = [entry.local_header(), stored].concat();
    let file = &mut manifest.files[0];
    (file.bytes, file.crc32, file.blake3) = (entry.bytes, entry.crc32, entry.blake3);
    (file.compressed_bytes, file.compressed_blake3) = (entry.compressed_bytes, entry.compressed_blake3);
    zip_of(&parts, &text_of(&manifest))
}

fn deflated(content: &[u8]) -> Vec<u8> {
    let (mut out, mut deflater) = (Vec::new(), encoder::deflate::Deflater::default());
    let mut sink = |bytes: &[u8]| {
        out.extend_from_slice(bytes);
        Ok(())
    };
    deflater.write(content, &mut sink).unwrap();
    deflater.finish(&mut sink).unwrap();
    out
}

#[test]
fn the_same_content_passes_and_another_one_does_not() {
    let (parts, manifest) = taken_apart();
    assert!(verify(Format::Zip, &zip_of(&parts, &text_of(&manifest)), &[]).ok);

    let header = "message_id,sent_at,text\r\n";
    let replaced =
        |content: &str| with_first_content(deflated(content.as_bytes()), content.as_bytes(), content.len() as u64);
    let row = "a,2024-01-31T00:00:00.000000Z,b\r\n";
    assert!(verify(Format::Zip, &replaced(&[header, &row.repeat(4)].concat()), &[]).ok);
    check(&replaced(&[header, &row.repeat(3)].concat()), "has not as many rows");
    check(&replaced(&[header, &row.repeat(3), "a,b\r\n"].concat()), "is not a csv");
    check(&replaced(&[header, &row.repeat(3), &row[..row.len() - 2]].concat()), "is not a csv");
    check(&replaced(&["message_id,sent_at,test\r\n", &row.repeat(4)].concat()), "header line");
    check(&replaced(""), "header line");
}

#[test]
fn entries_in_another_order_or_missing_or_hidden() {
    let (mut parts, manifest) = taken_apart();
    let text = text_of(&manifest);
    parts.swap(0, 1);
    check(&zip_of(&parts, &text), "another local header");
    parts.swap(0, 1);
    parts[1].1.extend_from_slice(b"hidden");
    check(&zip_of(&parts, &text), "no entry owns");
    let hidden = parts.remove(2);
    check(&zip_of(&parts, &text), "reaches into the manifest");
    parts.push(hidden.clone());
    parts.push((EntrySummary { name: "messages/2024-02-05.csv".to_owned(), ..hidden.0 }, hidden.1));
    check(&zip_of(&parts, &text), "no entry owns");
}

#[test]
fn a_bomb_is_stopped_at_the_size_that_the_manifest_tells() {
    let content = vec![b'x'; 20_000_000];
    let file = with_first_content(deflated(&content), &content, 1_000);
    assert!(file.len() < 200_000);
    check(&file, "cannot be unpacked");
    check(&with_first_content(deflated(b"x"), b"x", u64::MAX / 2), "has not as many bytes");
}

#[test]
fn data_behind_the_end_of_the_stream_is_found() {
    let content = b"message_id,sent_at,text\r\n";
    let mut stored = deflated(content);
    stored.extend_from_slice(b"hidden");
    check(&with_first_content(stored, content, content.len() as u64), "cannot be unpacked");
}

#[test]
fn manifests_have_a_limit() {
    let limits = VerifyLimits { manifest_bytes: 100 };
    let zip = Export::small(Format::Zip).build();
    let csv = Export::small(Format::Csv).build();
    for report in [
        verify_zip(Cursor::new(&zip.file), &limits).unwrap(),
        verify_csv(&csv.file[..], &csv.manifest, &limits).unwrap(),
    ] {
        assert_eq!(report.differences[0].to_string(), "manifest.json is longer than the limit of 100 bytes");
    }
}

#[test]
fn sizes_beyond_the_file_are_only_differences() {
    let (parts, mut manifest) = taken_apart();
    manifest.files[0].compressed_bytes = u64::MAX;
    check(&zip_of(&parts, &text_of(&manifest)), "reaches into the manifest");
    let csv = Export::small(Format::CsvGz).build();
    let mut manifest = Manifest::read(&csv.manifest).unwrap();
    manifest.files[1].compressed_bytes = u64::MAX;
    let report = verify(Format::CsvGz, &csv.file, &text_of(&manifest));
    assert!(report.differences.iter().any(|difference| difference.what.contains("is cut off")));
    assert!(local_header("a", csv_crc(&manifest), u64::MAX, u64::MAX).len() > 30);
}

fn csv_crc(manifest: &Manifest) -> encoder::hash::Crc32 {
    manifest.files[0].crc32
}

proptest! {
    #[test]
    fn noise_is_never_ok_and_never_a_panic(noise in prop::collection::vec(any::<u8>(), 0..400), at in any::<prop::sample::Index>(), format in 0..3) {
        let format = [Format::Zip, Format::Csv, Format::CsvGz][format as usize];
        let built = Export::small(format).build();
        prop_assert!(!verify(format, &noise, &noise).ok);
        let mut file = built.file.clone();
        let from = at.index(file.len());
        let length = noise.len().min(file.len() - from);
        file[from..from + length].copy_from_slice(&noise[..length]);
        prop_assert_eq!(verify(format, &file, &built.manifest).ok, file == built.file);
        let mut manifest = built.manifest.clone();
        let from = at.index(manifest.len());
        let length = noise.len().min(manifest.len() - from);
        manifest[from..from + length].copy_from_slice(&noise[..length]);
        if format != Format::Zip {
            prop_assert_eq!(verify(format, &built.file, &manifest).ok, manifest == built.manifest);
        }
    }
}
