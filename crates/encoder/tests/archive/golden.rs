//! Pinned hashes: whoever changes these bytes changes every key and every export, and raises `ENCODER_VERSION`.

#[cfg(target_arch = "x86_64")]
use std::process::Command;

use encoder::csv::Profile;
use encoder::hash::Hash256;
use encoder::manifest::Format;
use encoder::part::{PartEncoder, PartOptions};
use encoder::{ENCODER_VERSION, deflate};

use crate::support::{Export, messages, schema};

/// Of each format and profile: a part of 5,000 rows, a small file, its manifest.
const GOLDEN: [(Format, Profile, [&str; 3]); 4] = [
    (
        Format::Zip,
        Profile::Rfc4180,
        [
            "db83f3147324a8ef77e3aa42ce1216f642a1e715229bf32e96c0862495aaa71e",
            "1f1cb929beeaeab5d4ef946876070ef9745b913a6ce23cafcb7cc405d2eec6a8",
            "40162e58554f8551b4ee1d908b022b2a18b4e3a5fd7b9ac188757ddbe17b38cc",
        ],
    ),
    (
        Format::Csv,
        Profile::Rfc4180,
        [
            "08a3babffb80611c0b46d162c4ca950b2f744df3f2b17837d975263bbdddabd6",
            "c788a6a74fda967dc37170f98511034d2dfd5f9ba5608d11b2f2e061dba00e2b",
            "2fb14375304137b5311cd6ff52a283a7f444d525083f9fc8a1a0daf7ff6cf918",
        ],
    ),
    (
        Format::CsvGz,
        Profile::Rfc4180,
        [
            "36aa1f881827011a7429a89a7cb4dbdb3eed15207ce4d33502fb3c1cd1cc7317",
            "8e6d4f1a871bcccf181ce7039b6ab9a2979954d1f3890c389baf152ada71afed",
            "5d5dddcbb515fb5a1ede76b8fb58d7fd4a0eb70f751b00c3fa58b1b9bf58d704",
        ],
    ),
    (
        Format::Zip,
        Profile::Spreadsheet,
        [
            "a0b496ec6a53fd9a5a0227fbdbc4a47f58e2542d4e41dfb42ab7cba5f7052608",
            "bb3d33ef80e8f1b4874b4a1d2fb166549cba117fafc56bf9e3a5210593cc8beb",
            "c91d443dd19870a704dceeea2cfc62321bd007ad1a47d09bd9f66ce1e1e32334",
        ],
    ),
];

#[test]
fn the_bytes_of_version_2() {
    assert_eq!((ENCODER_VERSION, deflate::DEFLATE_NAME, deflate::DEFLATE_LEVEL), (2, "rows", 1));
    let found = GOLDEN.map(|(format, profile, _)| (format, profile, hashes(format, profile)));
    let expected = GOLDEN.map(|(format, profile, hashes)| (format, profile, hashes.map(str::to_owned)));
    assert_eq!(found, expected);
}

/// Set where the processor must not have more than every x86-64 has.
#[cfg(target_arch = "x86_64")]
const PLAIN: &str = "OUTHAUL_TEST_PLAIN_PROCESSOR";

/// The same on a processor without SSSE3, AVX and carry-less products, which those that search bytes and hash would use.
#[cfg(target_arch = "x86_64")]
#[test]
fn the_same_bytes_without_simd() {
    if std::env::var_os(PLAIN).is_some() {
        assert!(!std::is_x86_feature_detected!("ssse3") && !std::is_x86_feature_detected!("pclmulqdq"));
        return the_bytes_of_version_2();
    }
    let mut plain = Command::new("qemu-x86_64");
    plain.args(["-cpu", "qemu64"]).arg(std::env::current_exe().unwrap()).env(PLAIN, "1");
    match plain.args(["--exact", "golden::the_same_bytes_without_simd"]).output() {
        Ok(ran) => assert!(ran.status.success(), "{}", String::from_utf8_lossy(&ran.stdout)),
        Err(_) => engines::left_out("qemu-x86_64"),
    }
}

fn hashes(format: Format, profile: Profile) -> [String; 3] {
    let options = PartOptions { container: format.container(), schema: schema(), profile, sha256: true };
    let mut encoder = PartEncoder::new(options, Vec::new()).unwrap();
    encoder.begin_entry("messages/2024-02-29.csv").unwrap();
    encoder.write(&messages("2024-02-29", 5_000)).unwrap();
    encoder.end_entry().unwrap();
    let built = Export { profile, ..Export::small(format) }.build();
    [encoder.finish().unwrap().1, built.file, built.manifest].map(|bytes| Hash256::blake3(&bytes).to_string())
}
