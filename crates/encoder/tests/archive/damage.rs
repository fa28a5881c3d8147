//! Every single bit of a file matters, and so does its length.

use encoder::csv::Profile;
use encoder::manifest::Format;

use crate::support::{Export, verify};

const FORMATS: [Format; 3] = [Format::Zip, Format::Csv, Format::CsvGz];

#[test]
fn undamaged_files_are_ok() {
    for format in FORMATS {
        for profile in [Profile::Rfc4180, Profile::Spreadsheet] {
            for sha256 in [false, true] {
                let report = Export { profile, sha256, ..Export::small(format) }.build().verify();
                assert!(report.ok, "{format:?} {profile:?}: {:?}", report.differences);
                assert_eq!((report.rows, report.files), (7, 3));
            }
        }
        let empty = Export { parts: Vec::new(), ..Export::small(format) }.build().verify();
        assert!(empty.ok, "{:?}", empty.differences);
        assert_eq!((empty.rows, empty.files), (0, u64::from(format != Format::Zip)));
    }
}

#[test]
fn every_flipped_bit_is_found() {
    for format in FORMATS {
        let built = Export::small(format).build();
        for bit in 0..8 * built.file.len() {
            let mut file = built.file.clone();
            file[bit / 8] ^= 1 << (bit % 8);
            let report = verify(format, &file, &built.manifest);
            assert!(!report.ok && !report.differences.is_empty(), "{format:?} bit {bit}");
        }
        if format != Format::Zip {
            for bit in 0..8 * built.manifest.len() {
                let mut manifest = built.manifest.clone();
                manifest[bit / 8] ^= 1 << (bit % 8);
                assert!(!verify(format, &built.file, &manifest).ok, "manifest of {format:?} bit {bit}");
            }
        }
    }
}

#[test]
fn every_truncation_and_every_junk_byte_is_found() {
    for format in FORMATS {
        let built = Export::small(format).build();
        for length in 0..built.file.len() {
            assert!(!verify(format, &built.file[..length], &built.manifest).ok, "{format:?} cut to {length}");
            assert!(!verify(format, &built.file[length + 1..], &built.manifest).ok, "{format:?} from {length}");
            let longer = [&built.file[..length], &b"\0"[..], &built.file[length..]].concat();
            assert!(!verify(format, &longer, &built.manifest).ok, "{format:?} junk at {length}");
        }
        assert!(!verify(format, &[&built.file[..], b"\0"].concat(), &built.manifest).ok);
        for length in 0..built.manifest.len() {
            if format != Format::Zip {
                assert!(!verify(format, &built.file, &built.manifest[..length]).ok);
            }
        }
    }
}

#[test]
fn a_manifest_of_another_export_does_not_fit() {
    for format in [Format::Csv, Format::CsvGz] {
        let built = Export::small(format).build();
        let other = Export { parts: vec![vec![("2024-01-31", 5)]], ..Export::small(format) }.build();
        let report = verify(format, &built.file, &other.manifest);
        assert!(!report.ok);
        let zip = Export::small(Format::Zip).build();
        assert!(!verify(format, &built.file, &zip.manifest).ok);
    }
}
