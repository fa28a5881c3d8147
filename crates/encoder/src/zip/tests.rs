//! The edges at which ZIP64 begins, read back field by field.

use std::io::Cursor;

use super::*;
use crate::hash::Crc32;

const EDGE: u64 = 0xffff_ffff;

fn u16_at(bytes: &[u8], at: usize) -> u64 {
    u16::from_le_bytes(bytes[at..at + 2].try_into().unwrap()).into()
}

fn u32_at(bytes: &[u8], at: usize) -> u64 {
    u32::from_le_bytes(bytes[at..at + 4].try_into().unwrap()).into()
}

fn u64_at(bytes: &[u8], at: usize) -> u64 {
    u64::from_le_bytes(bytes[at..at + 8].try_into().unwrap())
}

#[test]
fn local_headers_have_one_length_and_use_zip64_exactly_where_needed() {
    for (compressed, bytes, zip64) in
        [(0, 0, false), (EDGE - 1, EDGE - 1, false), (EDGE, 5, true), (5, EDGE, true), (EDGE + 1, 1 << 40, true)]
    {
        let header = local_header("a.csv", Crc32(7), compressed, bytes);
        assert_eq!(header.len() as u64, local_header_bytes("a.csv"));
        assert_eq!(u16_at(&header, 4), if zip64 { 45 } else { 20 });
        assert_eq!(u16_at(&header, 6), 0x800);
        assert_eq!(u32_at(&header, 14), 7);
        assert_eq!(u16_at(&header, 28), 20);
        let extra = &header[30 + 5..];
        assert_eq!(u16_at(extra, 2), 16);
        if zip64 {
            assert_eq!((u32_at(&header, 18), u32_at(&header, 22)), (EDGE, EDGE));
            assert_eq!((u16_at(extra, 0), u64_at(extra, 4), u64_at(extra, 12)), (1, bytes, compressed));
        } else {
            assert_eq!((u32_at(&header, 18), u32_at(&header, 22)), (compressed, bytes));
            assert_eq!((u16_at(extra, 0), u64_at(extra, 4), u64_at(extra, 12)), (0xd935, 0, 0));
        }
    }
}

fn entry(compressed_bytes: u64, bytes: u64, offset: u64) -> DirectoryEntry {
    DirectoryEntry { name: "a.csv".to_owned(), crc32: Crc32(7), compressed_bytes, bytes, offset }
}

fn directory(start: u64, entries: impl IntoIterator<Item = DirectoryEntry>) -> Vec<u8> {
    let mut builder = DirectoryBuilder::new(Vec::new(), start);
    entries.into_iter().for_each(|entry| builder.add(&entry).unwrap());
    let (out, bytes) = builder.finish().unwrap();
    assert_eq!(out.len() as u64, bytes);
    out
}

#[test]
fn directory_entries_tell_in_64_bits_only_what_does_not_fit() {
    for (compressed, bytes, offset, extra) in [
        (1, 2, 3, vec![]),
        (EDGE - 1, EDGE - 1, EDGE - 1, vec![]),
        (1, 2, EDGE, vec![EDGE]),
        (EDGE, 2, 3, vec![2, EDGE]),
        (1, EDGE, 3, vec![EDGE, 1]),
        (EDGE + 1, EDGE + 2, EDGE + 3, vec![EDGE + 2, EDGE + 1, EDGE + 3]),
    ] {
        let out = directory(9, [entry(compressed, bytes, offset)]);
        let narrow = |value: u64, moved: bool| if moved { EDGE } else { value };
        let sizes_moved = compressed >= EDGE || bytes >= EDGE;
        assert_eq!(u32_at(&out, 20), narrow(compressed, sizes_moved));
        assert_eq!(u32_at(&out, 24), narrow(bytes, sizes_moved));
        assert_eq!(u32_at(&out, 42), narrow(offset, offset >= EDGE));
        assert_eq!(u16_at(&out, 6), if extra.is_empty() { 20 } else { 45 });
        assert_eq!(u32_at(&out, 38), 0o100_644 << 16);
        let field = &out[46 + 5..][..u16_at(&out, 30) as usize];
        let values: Vec<u64> = field.get(4..).unwrap_or_default().chunks(8).map(|value| u64_at(value, 0)).collect();
        assert_eq!(values, extra);
        if !extra.is_empty() {
            assert_eq!((u16_at(field, 0), u16_at(field, 2)), (1, 8 * extra.len() as u64));
        }
    }
}

#[test]
fn end_records_at_their_edges() {
    for (entries, start, zip64) in
        [(0, 0, false), (1, EDGE - 1, false), (1, EDGE, true), (65_534, 0, false), (65_535, 0, true), (65_536, 0, true)]
    {
        let out = directory(start, (0..entries).map(|number| entry(1, 2, number)));
        let end = &out[out.len() - 22..];
        assert_eq!(u32_at(end, 0), 0x0605_4b50);
        assert_eq!(u16_at(end, 8), u16_at(end, 10));
        assert_eq!(u16_at(end, 10), entries.min(0xffff));
        assert_eq!(u32_at(end, 16), start.min(EDGE));
        let size = 51 * entries;
        assert_eq!(u32_at(end, 12), size);
        assert_eq!(out.len() as u64, size + 22 + if zip64 { 76 } else { 0 });
        if zip64 {
            let record = &out[size as usize..];
            assert_eq!(u32_at(record, 0), 0x0606_4b50);
            assert_eq!((u64_at(record, 4), u64_at(record, 24), u64_at(record, 32)), (44, entries, entries));
            assert_eq!((u64_at(record, 40), u64_at(record, 48)), (size, start));
            assert_eq!((u32_at(record, 56), u64_at(record, 64), u32_at(record, 72)), (0x0706_4b50, start + size, 1));
        }
    }
}

#[test]
fn the_last_entry_is_found_from_the_end() {
    for (start, offset) in [(100, 40), (EDGE - 1, EDGE - 2), (EDGE, EDGE - 1), (EDGE + 9, EDGE), (1 << 40, 1 << 39)] {
        let tail = directory(start, [entry(1, 2, 0), entry(3, 4, offset)]);
        let found = locate_last_entry(&mut Cursor::new(&tail), "a.csv").unwrap();
        assert_eq!(found, Some(LastEntry { header_offset: offset, directory_offset: start }));
        assert_eq!(locate_last_entry(&mut Cursor::new(&tail), "b.csv").unwrap(), None);
        for length in 0..tail.len() {
            assert_eq!(locate_last_entry(&mut Cursor::new(&tail[..length]), "a.csv").unwrap(), None);
        }
    }
}
