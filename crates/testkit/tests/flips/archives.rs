//! Damages to finished files: `verify` finds every one, and a stored archive is not handed out.

use std::io::Cursor;

use artifacts::{Artifacts, ObjectName, Prefix};
use domain::export::State;
use domain::request::Format;
use encoder::verify::{Report, VerifyLimits, verify_csv, verify_zip};
use testkit::{Damage, Dice};

use crate::lane::lanes;
use crate::{HANDED_OUT, Tally, VERIFIED_OF_EACH_FORMAT, share};

fn verify(format: Format, file: &[u8], manifest: &[u8]) -> Report {
    let limits = VerifyLimits::default();
    let report = match format {
        Format::Zip => verify_zip(Cursor::new(file), &limits),
        Format::Csv | Format::CsvGz => verify_csv(file, manifest, &limits),
    };
    report.expect("a slice can be read")
}

#[tokio::test]
async fn no_damaged_archive_is_ok() {
    let (system, lanes) = lanes(3, |_| true).await;
    let mut tally = Tally::default();
    for lane in &lanes {
        let format = lane.request.format;
        let part = |is_manifest: bool| {
            let found = lane.expected.iter().find(|(name, _)| name.ends_with(".manifest.json") == is_manifest);
            found.map(|(_, bytes)| bytes.clone()).unwrap_or_default()
        };
        let (file, manifest) = (part(false), part(true));
        let whole = verify(format, &file, &manifest);
        assert!(whole.ok && whole.rows > 100, "{:?}", whole.differences);
        let mut dice = Dice::new(lane.seed);
        for _ in 0..share(VERIFIED_OF_EACH_FORMAT) {
            // As likely as its share of the bytes.
            let in_file = dice.below(file.len() + manifest.len()) < file.len();
            let damage = Damage::seeded(&mut dice, if in_file { file.len() } else { manifest.len() });
            let (bad_file, bad_manifest) = match in_file {
                true => (damage.of(&file), manifest.clone()),
                false => (file.clone(), damage.of(&manifest)),
            };
            let report = verify(format, &bad_file, &bad_manifest);
            assert!(!report.ok && !report.differences.is_empty(), "{format:?} {damage:?}, in the file: {in_file}");
            tally.count(if in_file { "found in the file" } else { "found in the manifest" });
        }
    }
    tally.say("archives, looked at by verify", 3 * share(VERIFIED_OF_EACH_FORMAT));
    system.assert_nothing_left().await;
}

#[tokio::test]
async fn no_damaged_archive_is_handed_out() {
    let (system, lanes) = lanes(3, |_| true).await;
    let mut archives = Vec::new();
    for lane in &lanes {
        let export = system.export(&lane.org, lane.request.clone()).await;
        let State::Succeeded { files, .. } = &export.state else { panic!("{:?}", export.state) };
        let object = ObjectName::archive(&export.owner, export.id, &files[0].name).unwrap();
        archives.push((object, files[0].crc64nvme));
    }
    assert_eq!(system.objects(&Prefix::Archives).await.len(), 2 * (1 + 2 + 2));
    let outside = tempfile::tempdir().unwrap();
    let (mut dice, mut tally) = (Dice::new(4), Tally::default());
    for _ in 0..share(HANDED_OUT) {
        let (object, crc) = dice.pick(&archives).clone();
        let path = system.path_of(&object);
        let (damage, good) = Damage::strike(&mut dice, &path);
        let destination = outside.path().join("out");
        let copied = system.artifacts.copy_to(&object, &destination, Some(crc)).await;
        assert!(copied.is_err(), "{damage:?}");
        assert_eq!(std::fs::read_dir(outside.path()).unwrap().count(), 0);
        std::fs::write(path, good).unwrap();
        tally.count("refused");
    }
    tally.say("archives that were to be handed out", share(HANDED_OUT));
    system.assert_nothing_left().await;
}
