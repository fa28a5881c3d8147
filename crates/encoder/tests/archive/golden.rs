//! Pinned hashes: whoever changes these bytes changes every key and every export, and raises `ENCODER_VERSION`.

use encoder::csv::Profile;
use encoder::hash::Hash256;
use encoder::manifest::Format;
use encoder::part::{PartEncoder, PartOptions};
use encoder::{ENCODER_VERSION, deflate};

use crate::support::{Export, messages, schema};

#[test]
fn the_bytes_of_version_1() {
    assert_eq!((ENCODER_VERSION, deflate::DEFLATE_NAME, deflate::DEFLATE_LEVEL), (1, "miniz_oxide-0.9", 2));
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
    check(
        Format::Zip,
        Profile::Rfc4180,
        "783cd4b22f3b33ade7729569752aa0fcba5edab38c257939057df2f1214dc12a",
        "717d29a59b7be73aaace8ff89ca3d442acf849cccc24ea1be1ce36f663d089c5",
        "0e7635064333e3eb690aa61831706c58a13a717782ac61cc37e7bf865e18767b",
    );
    check(
        Format::Csv,
        Profile::Rfc4180,
        "08a3babffb80611c0b46d162c4ca950b2f744df3f2b17837d975263bbdddabd6",
        "c788a6a74fda967dc37170f98511034d2dfd5f9ba5608d11b2f2e061dba00e2b",
        "2fb14375304137b5311cd6ff52a283a7f444d525083f9fc8a1a0daf7ff6cf918",
    );
    check(
        Format::CsvGz,
        Profile::Rfc4180,
        "af2e621638fc827f05b927a09309a1197f1011dbc5af4b945678f75c5cd5f968",
        "0c2ec2131b03b8a4441243fe411a2648e022c5d40e2ec950726fa8decc445032",
        "6d9f1dcd070ac8922261457e8f45690fb471ccc5c25d780cf46ae1d877231ab3",
    );
    check(
        Format::Zip,
        Profile::Spreadsheet,
        "70c1b8372644f04ec57e6a2b45b3037011f92833d4122b67e8aa07ad8dacf6b0",
        "7938d6ff171630706e7584450b19df084590b67a469117570f5742ef8aa7abff",
        "c9c5e4de1fd52cb7827a0bd475b55dfe6f1b9635df51bfc8b3c56a9b602e449d",
    );
}
