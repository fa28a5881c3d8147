//! A data file or its sums with a flipped bit or a cut end: never wrong rows.

use std::fs::{self, OpenOptions};

use super::*;
use crate::file::SUMS_SUFFIX;
use crate::parquet::{BLOCK_BYTES, Verified};

fn sample(folder: &TempDir) -> (DataFile, Vec<Message>) {
    let rows: Vec<_> = (0..12).map(|i| Message::new(i, &format!("m{i}"), "some text")).collect();
    (write(folder.path(), "a.parquet", rows.clone(), WriteLimits::default()), rows)
}

/// Corrupt, and named by its path.
fn assert_found(folder: &TempDir, file: &DataFile, how: &str) {
    match read(everything(folder, vec![file.clone()])) {
        Err(LakeError::Corrupt { path, .. }) => assert!(path.starts_with(&file.path), "{how}: {path}"),
        Err(error) => panic!("{how}: {error:?}"),
        Ok(_) => panic!("{how}: not found"),
    }
}

#[test]
fn every_flipped_bit_is_found() {
    let folder = folder();
    let (file, rows) = sample(&folder);
    let check_blocks = || Verified::open(&LocalBlocks, &file.path, file.bytes, 1).and_then(|blocks| blocks.check_all());
    assert_eq!(read(everything(&folder, vec![file.clone()])).unwrap(), rows);
    for path in [file.path.clone(), format!("{}{SUMS_SUFFIX}", file.path)] {
        let mut bytes = fs::read(&path).unwrap();
        for bit in 0..bytes.len() * 8 {
            bytes[bit / 8] ^= 1 << (bit % 8);
            fs::write(&path, &bytes).unwrap();
            assert!(matches!(check_blocks(), Err(LakeError::Corrupt { .. })), "{path} bit {bit}");
            // A whole read is slow, and sees nothing but what the blocks give it.
            if bit % 61 == 0 {
                assert_found(&folder, &file, &format!("{path} bit {bit}"));
            }
            bytes[bit / 8] ^= 1 << (bit % 8);
        }
        fs::write(&path, bytes).unwrap();
    }
    assert_eq!(read(everything(&folder, vec![file])).unwrap(), rows);
}

#[test]
fn every_cut_and_every_loss_is_found() {
    let folder = folder();
    let (file, _) = sample(&folder);
    for path in [file.path.clone(), format!("{}{SUMS_SUFFIX}", file.path)] {
        let good = fs::read(&path).unwrap();
        for length in (0..good.len()).step_by(7).chain([good.len() - 1]) {
            fs::write(&path, &good[..length]).unwrap();
            assert_found(&folder, &file, &format!("{path} cut to {length}"));
        }
        fs::write(&path, [good.clone(), vec![0]].concat()).unwrap();
        assert_found(&folder, &file, &format!("{path} with one byte more"));
        fs::remove_file(&path).unwrap();
        assert_found(&folder, &file, &format!("{path} removed"));
        fs::write(&path, good).unwrap();
    }
}

#[test]
fn a_block_that_changes_while_the_file_is_read_is_found() {
    let folder = folder();
    let mut state = 1_u64;
    let mut noise = || {
        let letter = |_| {
            state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            char::from(b'a' + (state >> 33) as u8 % 26)
        };
        (0..4_000).map(letter).collect::<String>()
    };
    let rows: Vec<_> = (0..400).map(|i| Message::new(i, "m", &noise())).collect();
    let file = write(folder.path(), "a.parquet", rows, WriteLimits { row_group_rows: 50, ..WriteLimits::default() });
    assert!(file.bytes > 3 * BLOCK_BYTES as u64, "{} bytes", file.bytes);
    let mut request = everything(&folder, vec![file.clone()]);
    request.limits.memory_bytes = 0;
    let mut reader = OrderedRows::open(request).unwrap();
    assert!(reader.next().unwrap().is_ok());
    let at = file.bytes / 2;
    let whole = OpenOptions::new().read(true).write(true).open(&file.path).unwrap();
    std::os::unix::fs::FileExt::write_all_at(&whole, &[0xa5; 64], at).unwrap();
    let failed = reader.by_ref().find_map(Result::err);
    assert!(matches!(failed, Some(LakeError::Corrupt { path, what }) if path == file.path && what.contains("sum")));
    assert!(reader.next().is_none());
    assert!(matches!(reader.finish(), Err(LakeError::Unfinished)));
}
