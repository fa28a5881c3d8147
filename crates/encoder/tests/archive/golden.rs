//! Pinned hashes: whoever changes these bytes changes every key and every export, and raises `ENCODER_VERSION`.

use encoder::csv::Profile;
use encoder::hash::Hash256;
use encoder::manifest::Format;
use encoder::part::{PartEncoder, PartOptions};
use encoder::{ENCODER_VERSION, deflate};

use crate::support::{Export, messages, schema};

#[test]
fn the_bytes_of_version_1() {
    assert_eq!((ENCODER_VERSION, deflate::DEFLATE_NAME, deflate::DEFLATE_LEVEL), (1, "miniz_oxide-0.9", 3));
    let check = |format: Format, profile: Profile, part: &str, file: &str, manifest: &str| {
        let container = format.container();
        let options = PartOptions { container, schema: schema(), profile, sha256: true };
        let mut encoder = PartEncoder::new(options, Vec::new()).unwrap();
        encoder.begin_entry("messages/2024-02-29.csv").unwrap();
        encoder.write(&messages("2024-02-29", 5_000)).unwrap();
        encoder.end_entry().unwrap();
        let built = Export { profile, ..Export::small(format) }.build();
        let found =
            [encoder.finish().unwrap().1, built.file, built.manifest].map(|bytes| Hash256::blake3(&bytes).to_string());
        assert_eq!(found, [part, file, manifest], "{format:?} {profile:?}");
    };
    check(Format::Zip, Profile::Rfc4180, "", "", "");
    check(Format::Csv, Profile::Rfc4180, "", "", "");
    check(Format::CsvGz, Profile::Rfc4180, "", "", "");
    check(Format::Zip, Profile::Spreadsheet, "", "", "");
}
