//! Volumes: each is whole by itself, and a set is whole only with all of them.

use encoder::csv::Profile;
use encoder::manifest::{Format, Volume};
use encoder::verify::{Report, verify_set};

use crate::support::Export;

fn volume(number: u32, volumes: u32, days: (&'static str, &'static str), part: &[(&'static str, usize)]) -> Export {
    Export {
        from: "2024-01-01",
        to: "2024-01-20",
        parts: vec![part.to_vec()],
        volume: Some(Volume { volume: number, volumes }),
        days: Some(days),
        ..Export::small(Format::Zip)
    }
}

fn three() -> Vec<Export> {
    vec![
        volume(1, 3, ("2024-01-01", "2024-01-06"), &[("2024-01-02", 1), ("2024-01-05", 2)]),
        volume(2, 3, ("2024-01-07", "2024-01-09"), &[("2024-01-08", 3)]),
        volume(3, 3, ("2024-01-10", "2024-01-20"), &[("2024-01-11", 1)]),
    ]
}

fn joined(exports: &[Export]) -> Report {
    let reports: Vec<(String, Report)> = exports
        .iter()
        .map(|export| (export.volume.map_or(0, |volume| volume.volume).to_string(), export.build().verify()))
        .collect();
    assert!(reports.iter().all(|(_, report)| report.ok), "{reports:?}");
    verify_set(&reports)
}

#[test]
fn a_whole_set_in_any_order() {
    let mut exports = three();
    exports.swap(0, 2);
    let report = joined(&exports);
    assert!(report.ok, "{:?}", report.differences);
    assert_eq!((report.rows, report.files), (7, 4));
    assert!(joined(&[Export::small(Format::Csv)]).ok);
}

#[test]
fn sets_that_are_not_whole() {
    let check = |change: &dyn Fn(&mut Vec<Export>), what: &str| {
        let mut exports = three();
        change(&mut exports);
        let report = joined(&exports);
        assert!(report.differences.iter().any(|it| it.to_string().contains(what)), "{:?}", report.differences);
    };
    check(&|exports| drop(exports.remove(1)), "each of 3 volumes once");
    check(&|exports| exports.truncate(1), "each of 3 volumes once");
    check(
        &|exports| exports.push(volume(3, 3, ("2024-01-10", "2024-01-20"), &[("2024-01-12", 1)])),
        "each of 3 volumes once",
    );
    check(&|exports| exports[1].volume = Some(Volume { volume: 2, volumes: 4 }), "each of 3 volumes once");
    check(&|exports| exports[1].profile = Profile::Spreadsheet, "of another export");
    check(&|exports| exports[1].to = "2024-01-19", "of another export");
    check(&|exports| exports[1].days = Some(("2024-01-08", "2024-01-09")), "does not begin where");
    check(&|exports| exports.push(Export::small(Format::Zip)), "each of");
    assert!(!verify_set(&[]).ok);
}

#[test]
fn a_damaged_volume_spoils_its_set() {
    let mut reports: Vec<(String, Report)> =
        three().iter().map(|export| ("file".to_owned(), export.build().verify())).collect();
    let mut damaged = three()[1].build();
    damaged.file[40] ^= 1;
    reports[1] = ("q.002.zip".to_owned(), damaged.verify());
    let report = verify_set(&reports);
    assert!(!report.ok && report.differences[0].place.starts_with("q.002.zip: "), "{:?}", report.differences);
}
