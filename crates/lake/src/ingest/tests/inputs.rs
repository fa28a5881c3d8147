//! Inputs as streams: compression, limits, line ends, hashes.

use std::io::{self, Cursor, Read, Write};

use flate2::Compression as GzipLevel;
use flate2::write::GzEncoder;

use crate::ingest::lines::{Line, Lines};
use crate::ingest::source::Opened;
use crate::ingest::{Compression, Input, InputError, InputLimits};

fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), GzipLevel::default());
    encoder.write_all(bytes).unwrap();
    encoder.finish().unwrap()
}

fn zstd(bytes: &[u8]) -> Vec<u8> {
    zstd::encode_all(bytes, 3).unwrap()
}

/// Gives one byte at a time, with interruptions.
struct Trickle(Cursor<Vec<u8>>, bool);

impl Read for Trickle {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        self.1 = !self.1;
        if self.1 {
            return Err(io::ErrorKind::Interrupted.into());
        }
        let length = buffer.len().min(1);
        self.0.read(&mut buffer[..length])
    }
}

type Seen = Vec<(u64, Option<Vec<u8>>)>;

fn read(
    reader: impl Read + Send + 'static,
    compression: Compression,
    limits: InputLimits,
) -> Result<(Seen, String), InputError> {
    let Opened::Lines(source) = Input::Stream(Box::new(reader), compression).open(&limits)? else {
        panic!("not lines")
    };
    let mut lines = Lines::new(source, limits.line_bytes);
    let mut seen = Vec::new();
    while let Some((number, line)) = lines.next()? {
        seen.push((
            number,
            match line {
                Line::Whole(line) => Some(line.to_vec()),
                Line::TooLong => None,
            },
        ));
    }
    Ok((seen, lines.into_source().blake3_hex()))
}

fn check(bytes: &[u8], expected: &[(u64, Option<&str>)]) {
    let limits = InputLimits { line_bytes: 5, ..InputLimits::default() };
    let expected: Seen =
        expected.iter().map(|(number, line)| (*number, line.map(|line| line.as_bytes().to_vec()))).collect();
    let halves = bytes.split_at(bytes.len() / 2);
    for (packed, compression) in [
        (bytes.to_vec(), Compression::Plain),
        (gzip(bytes), Compression::Gzip),
        ([gzip(halves.0), gzip(b""), gzip(halves.1)].concat(), Compression::Gzip),
        (zstd(bytes), Compression::Zstd),
        ([zstd(halves.0), zstd(b""), zstd(halves.1)].concat(), Compression::Zstd),
    ] {
        let hash = blake3::hash(&packed).to_hex().to_string();
        let whole = read(Cursor::new(packed.clone()), compression, limits).unwrap();
        assert_eq!(whole, (expected.clone(), hash), "{compression:?}");
        assert_eq!(read(Trickle(Cursor::new(packed), false), compression, limits).unwrap(), whole, "{compression:?}");
    }
}

#[test]
fn lines_end_with_lf_and_nothing_else() {
    check(b"", &[]);
    check(b"a", &[(1, Some("a"))]);
    check(b"a\nb\n", &[(1, Some("a")), (2, Some("b"))]);
    check(b"a\r\nb\rc", &[(1, Some("a\r")), (2, Some("b\rc"))]);
    check(b"\n\na\n \t\r\nb\n\n", &[(3, Some("a")), (5, Some("b"))]);
    check("a\u{2028}b\n\u{85}".as_bytes(), &[(1, Some("a\u{2028}b")), (2, Some("\u{85}"))]);
    check(b"12345\n123456\n1\n1234567890123", &[(1, Some("12345")), (2, None), (3, Some("1")), (4, None)]);
}

#[test]
fn every_cut_of_a_compressed_input_is_found() {
    let text = b"{\"message_id\":1}\n".repeat(20);
    for (packed, compression) in [(gzip(&text), Compression::Gzip), (zstd(&text), Compression::Zstd)] {
        for length in 1..packed.len() {
            let found = read(Cursor::new(packed[..length].to_vec()), compression, InputLimits::default());
            assert!(matches!(found, Err(InputError::Truncated { .. })), "{compression:?} cut to {length}: {found:?}");
        }
        let garbage = [packed.clone(), b"garbage".to_vec()].concat();
        assert!(matches!(
            read(Cursor::new(garbage), compression, InputLimits::default()),
            Err(InputError::Trailing { .. } | InputError::Compression { .. } | InputError::Truncated { .. })
        ));
        let mut damaged = packed;
        damaged[0] ^= 1;
        assert!(matches!(
            read(Cursor::new(damaged), compression, InputLimits::default()),
            Err(InputError::Compression { .. })
        ));
    }
}

#[test]
fn what_stands_behind_gzip_data_is_named() {
    let read = |packed| read(Cursor::new(packed), Compression::Gzip, InputLimits::default());
    let trailing = read([gzip(b"{}\n"), b"more than a header".to_vec()].concat()).unwrap_err();
    assert!(trailing.to_string().contains("not gzip stands behind the gzip data"), "{trailing}");
    let none = read(b"more than a header".to_vec()).unwrap_err();
    assert!(matches!(none, InputError::Compression { format: "gzip", .. }), "{none}");
    let mut wrong = gzip(b"{}\n");
    let sum = wrong.len() - 8;
    wrong[sum] ^= 1;
    assert!(matches!(read(wrong), Err(InputError::Compression { .. })));
}

/// Each is counted, and none costs more than its bytes: a gibibyte of them is a matter of seconds.
#[test]
fn empty_lines_are_counted_and_cheap() {
    let text = [b"\n \r\n".repeat(200_000), b"a\n".to_vec(), b"\n".repeat(100_000), b"  b".to_vec()].concat();
    let (seen, _) = read(Cursor::new(text), Compression::Plain, InputLimits::default()).unwrap();
    assert_eq!(seen, [(400_001, Some(b"a".to_vec())), (500_002, Some(b"  b".to_vec()))]);
    let long = InputLimits { line_bytes: 5, ..InputLimits::default() };
    let (seen, _) =
        super::inputs::read(Cursor::new(b"\n       \n       x".to_vec()), Compression::Plain, long).unwrap();
    assert_eq!(seen, [(3, None)], "space alone is no line, however long");
}

#[test]
fn limits_hold_while_bytes_come() {
    let bomb = |bytes: usize| zstd(&vec![b'\n'; bytes]);
    let limits = InputLimits { decompressed_bytes: Some(1 << 20), ..InputLimits::default() };
    assert!(read(Cursor::new(bomb(1 << 20)), Compression::Zstd, limits).is_ok());
    let over = read(Cursor::new(bomb(64 << 20)), Compression::Zstd, limits);
    assert!(matches!(over, Err(InputError::TooLarge { what: "decompressed", limit_bytes: 1_048_576 })));
    let limits = InputLimits { compressed_bytes: Some(10), ..InputLimits::default() };
    for (packed, compression) in [
        (vec![b' '; 11], Compression::Plain),
        (gzip(b"x"), Compression::Gzip),
        (zstd(b"0123456789"), Compression::Zstd),
    ] {
        let over = read(Cursor::new(packed), compression, limits);
        assert!(matches!(over, Err(InputError::TooLarge { what: "compressed", limit_bytes: 10 })), "{compression:?}");
    }
    assert!(read(Cursor::new(vec![b' '; 10]), Compression::Plain, limits).is_ok());
}

#[test]
fn a_window_over_the_limit_is_refused() {
    let mut encoder = zstd::Encoder::new(Vec::new(), 1).unwrap();
    encoder.window_log(24).unwrap();
    encoder.write_all(&[b'\n'; 100]).unwrap();
    let packed = encoder.finish().unwrap();
    let limits = |zstd_window_log| InputLimits { zstd_window_log, ..InputLimits::default() };
    assert!(read(Cursor::new(packed.clone()), Compression::Zstd, limits(24)).is_ok());
    assert!(matches!(
        read(Cursor::new(packed), Compression::Zstd, limits(23)),
        Err(InputError::Compression { format: "zstd", .. })
    ));
}

#[test]
fn the_name_says_the_form() {
    let folder = tempfile::tempdir().unwrap();
    let open = |name: &str| {
        let path = folder.path().join(name);
        std::fs::write(&path, gzip(b"")).unwrap();
        Input::File(path).open(&InputLimits::default())
    };
    for name in ["a", "a.ndjson", "a.JSONL", "a.b.gz", "a.zst"] {
        assert!(matches!(open(name), Ok(Opened::Lines(_))), "{name}");
    }
    assert!(matches!(open("a.parquet"), Ok(Opened::Parquet(_))));
    assert!(matches!(open("a.csv"), Err(InputError::Extension(ending)) if ending == "csv"));
    let missing = Input::File(folder.path().join("none.ndjson")).open(&InputLimits::default());
    assert!(matches!(missing, Err(InputError::Read(error)) if error.kind() == io::ErrorKind::NotFound));
}
