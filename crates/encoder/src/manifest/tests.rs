//! The text of manifests, that reading takes that text only, and that files and days must agree.

use super::*;
use crate::civil::Date;

fn day(text: &str) -> Date {
    text.parse().unwrap()
}

fn head(format: Format, days: Vec<DayRows>) -> ManifestHead {
    ManifestHead {
        dataset: "messages".to_owned(),
        organisation: Some("acme".to_owned()),
        range: Some(ManifestRange {
            from: day("2024-01-01"),
            to: day("2024-01-09"),
            time_zone: "UTC".to_owned(),
            first_instant: "2024-01-01T00:00:00.000000Z".to_owned(),
            end_instant: "2024-01-10T00:00:00.000000Z".to_owned(),
        }),
        format,
        profile: Profile::Rfc4180,
        columns: vec!["message_id".to_owned(), "text".to_owned()],
        filter: None,
        days,
    }
}

fn days(counted: &[(&str, u64)]) -> Vec<DayRows> {
    days_of(day("2024-01-01"), day("2024-01-09"), counted.iter().map(|(text, rows)| (day(text), *rows))).unwrap()
}

fn file(name: &str, rows: u64) -> ManifestFile {
    let hash = Hash256([0xab; 32]);
    ManifestFile {
        name: name.to_owned(),
        rows,
        bytes: 100,
        compressed_bytes: 100,
        crc32: Crc32(0x1234),
        blake3: hash,
        sha256: None,
        compressed_blake3: hash,
        first_sent_at: None,
        last_sent_at: None,
    }
}

fn written(head: &ManifestHead, files: &[ManifestFile], tail: &ManifestTail) -> Result<String, ManifestError> {
    let mut writer = ManifestWriter::new(Vec::new(), head)?;
    files.iter().try_for_each(|file| writer.file(file))?;
    writer.finish(tail).map(|text| String::from_utf8(text).unwrap())
}

#[test]
fn the_form_is_fixed() {
    let mut head = head(Format::Zip, days(&[("2024-01-01", 2), ("2024-01-03", 3)]));
    head.filter = Some(ManifestFilter { channels: Some(vec!["a\"b".to_owned(), "é".to_owned()]), senders: None });
    let mut second = file("messages/2024-01-03.csv", 3);
    second.sha256 = Some(Hash256([1; 32]));
    second.first_sent_at = Instant::from_micros(0);
    second.last_sent_at = Instant::from_micros(1);
    let tail = ManifestTail {
        exact_repeats: 1,
        refused_by_filter: 2,
        escaped_cells: 3,
        volume: Some(Volume { volume: 1, volumes: 1 }),
    };
    let text = written(&head, &[file("messages/2024-01-01.csv", 2), second], &tail).unwrap();
    let (ab, one) = ("ab".repeat(32), "01".repeat(32));
    let expected = format!(
        r#"{{"version":1,"dataset":"messages","organisation":"acme","from":"2024-01-01","to":"2024-01-09","time_zone":"UTC","first_instant":"2024-01-01T00:00:00.000000Z","end_instant":"2024-01-10T00:00:00.000000Z","format":"zip","profile":"rfc4180","columns":["message_id","text"],"filter":{{"channels":["a\"b","é"],"senders":null}},
"days":[
{{"day":"2024-01-01","rows":2}},
{{"day":"2024-01-02","rows":0}},
{{"day":"2024-01-03","rows":3}},
{{"from":"2024-01-04","to":"2024-01-09","rows":0}}
],
"files":[
{{"name":"messages/2024-01-01.csv","rows":2,"bytes":100,"compressed_bytes":100,"crc32":"00001234","blake3":"{ab}","compressed_blake3":"{ab}"}},
{{"name":"messages/2024-01-03.csv","rows":3,"bytes":100,"compressed_bytes":100,"crc32":"00001234","blake3":"{ab}","sha256":"{one}","compressed_blake3":"{ab}","first_sent_at":"1970-01-01T00:00:00.000000Z","last_sent_at":"1970-01-01T00:00:00.000001Z"}}
],
"rows":5,"exact_repeats":1,"refused_by_filter":2,"escaped_cells":3,"volume":1,"volumes":1"#
    );
    let hash = Hash256::blake3(expected.as_bytes());
    assert_eq!(text, format!("{expected},\n\"self_blake3\":\"{hash}\"}}\n"));
    let manifest = Manifest::read(text.as_bytes()).unwrap();
    assert_eq!((manifest.head, manifest.tail, manifest.rows, manifest.files.len()), (head, tail, 5, 2));
}

#[test]
fn a_dataset_without_days() {
    let mut head = head(Format::Csv, Vec::new());
    (head.dataset, head.organisation, head.range) = ("memberships".to_owned(), None, None);
    let files = [file("header.csv", 0), file("memberships.csv", 7)];
    let text = written(&head, &files, &ManifestTail::default()).unwrap();
    assert!(text.starts_with(r#"{"version":1,"dataset":"memberships","format":"csv","profile""#));
    assert_eq!(Manifest::read(text.as_bytes()).unwrap().files, files);
    let empty = written(&head, &files[..1], &ManifestTail::default()).unwrap();
    assert_eq!(Manifest::read(empty.as_bytes()).unwrap().rows, 0);
}

#[test]
fn only_the_written_text_is_read() {
    let head = head(Format::Zip, days(&[("2024-01-01", 2)]));
    let text = written(&head, &[file("messages/2024-01-01.csv", 2)], &ManifestTail::default()).unwrap();
    let refused = |from: &str, to: &str| {
        let changed = text.replacen(from, to, 1);
        assert_ne!(changed, text, "{from}");
        Manifest::read(changed.as_bytes()).unwrap_err()
    };
    for (from, to) in
        [("acme", "acmf"), ("\"rows\":2", "\"rows\": 2"), ("\"acme\"", "\"\\u0061cme\""), ("}\n", "}"), ("ab", "ac")]
    {
        refused(from, to);
    }
    assert!(matches!(refused("\"version\":1", "\"version\":2"), ManifestReadError::Version(2)));
    assert!(matches!(refused("\"dataset\"", "\"more\":1,\"dataset\""), ManifestReadError::Form { .. }));
    assert!(matches!(refused("\"from\":\"2024-01-01\",", ""), ManifestReadError::HalfTold));
    assert!(matches!(refused("\"acme\"", "\"acme\u{1b}\""), ManifestReadError::Form { .. }));
    for bit in 0..8 * text.len() {
        let mut flipped = text.clone().into_bytes();
        flipped[bit / 8] ^= 1 << (bit % 8);
        assert!(Manifest::read(&flipped).is_err(), "bit {bit}");
    }
}

#[test]
fn days_stand_in_runs() {
    let check = |counted: &[(&str, u64)], expected: &str| {
        assert_eq!(serde_json::to_string(&days(counted)).unwrap(), expected);
    };
    check(&[], r#"[{"from":"2024-01-01","to":"2024-01-09","rows":0}]"#);
    check(
        &[("2024-01-02", 1), ("2024-01-04", 0), ("2024-01-09", 2)],
        r#"[{"day":"2024-01-01","rows":0},{"day":"2024-01-02","rows":1},{"from":"2024-01-03","to":"2024-01-08","rows":0},{"day":"2024-01-09","rows":2}]"#,
    );
    let refused =
        |counted: &[(Date, u64)]| days_of(day("2024-01-02"), day("2024-01-03"), counted.iter().copied()).is_err();
    assert!(refused(&[(day("2024-01-01"), 1)]));
    assert!(refused(&[(day("2024-01-04"), 1)]));
    assert!(refused(&[(day("2024-01-03"), 1), (day("2024-01-02"), 1)]));
    assert!(refused(&[(day("2024-01-03"), 1), (day("2024-01-03"), 1)]));
    let whole = days_of(Date::MIN, Date::MAX, [(Date::MIN, 1), (Date::MAX, 1)]).unwrap();
    assert_eq!(whole.len(), 3);
}

#[test]
fn files_and_days_agree_or_nothing_is_written() {
    let check = |format: Format, counted: &[(&str, u64)], files: &[(&str, u64)], fits: bool| {
        let files: Vec<ManifestFile> = files.iter().map(|(name, rows)| file(name, *rows)).collect();
        let outcome = written(&head(format, days(counted)), &files, &ManifestTail::default());
        assert_eq!(outcome.is_ok(), fits, "{files:?}: {outcome:?}");
    };
    let two = [("2024-01-01", 2), ("2024-01-03", 3)];
    check(Format::Zip, &two, &[("messages/2024-01-01.csv", 2), ("messages/2024-01-03.csv", 3)], true);
    check(
        Format::Zip,
        &two,
        &[("messages/2024-01-01.csv", 2), ("messages/2024-01-03.0002.csv", 1), ("messages/2024-01-03.0007.csv", 2)],
        true,
    );
    check(Format::Zip, &two, &[("messages/2024-01-01.csv", 2)], false);
    check(Format::Zip, &two, &[("messages/2024-01-01.csv", 3), ("messages/2024-01-03.csv", 2)], false);
    check(Format::Zip, &two, &[("messages/2024-01-03.csv", 3), ("messages/2024-01-01.csv", 2)], false);
    check(Format::Zip, &two, &[("messages/2024-01-01.csv", 2), ("messages/2024-01-02.csv", 3)], false);
    check(Format::Zip, &two, &[("messages/2024-01-01.csv", 2), ("messages/other.csv", 3)], false);
    check(
        Format::Zip,
        &two,
        &[("messages/2024-01-01.csv", 2), ("messages/2024-01-03.csv", 3), ("messages/2024-01-04.csv", 0)],
        false,
    );
    check(Format::Zip, &[], &[], true);
    check(Format::Csv, &two, &[("header.csv", 0), ("messages/2024-01-01_2024-01-09.csv", 5)], true);
    check(Format::Csv, &two, &[("header.csv", 0), ("messages/whatever.csv", 5)], true);
    check(Format::Csv, &two, &[("header.csv", 0), ("messages/2024-01-02_2024-01-09.csv", 5)], false);
    check(Format::Csv, &two, &[("messages/2024-01-01_2024-01-09.csv", 5)], false);
    check(Format::Csv, &[], &[("header.csv", 0)], true);
    check(Format::Csv, &[], &[], false);
}

#[test]
fn heads_and_volumes_that_do_not_fit_are_refused() {
    let full = days(&[("2024-01-01", 2)]);
    let files = [file("messages/2024-01-01.csv", 2)];
    let check = |change: &dyn Fn(&mut ManifestHead), volume: Option<(u32, u32)>, fits: bool| {
        let mut head = head(Format::Zip, full.clone());
        change(&mut head);
        let volume = volume.map(|(volume, volumes)| Volume { volume, volumes });
        let outcome = written(&head, &files, &ManifestTail { volume, ..ManifestTail::default() });
        assert_eq!(outcome.is_ok(), fits, "{outcome:?}");
    };
    check(&|_| {}, None, true);
    check(&|_| {}, Some((1, 1)), true);
    check(&|_| {}, Some((0, 1)), false);
    check(&|_| {}, Some((2, 1)), false);
    check(&|head| head.columns.clear(), None, false);
    check(&|head| head.filter = Some(ManifestFilter { channels: None, senders: None }), None, false);
    let channels = |list: &[&str]| Some(list.iter().map(|&name| name.to_owned()).collect::<Vec<_>>());
    check(&|head| head.filter = Some(ManifestFilter { channels: channels(&["b", "a"]), senders: None }), None, false);
    check(&|head| head.filter = Some(ManifestFilter { channels: channels(&["a", "a"]), senders: None }), None, false);
    check(&|head| head.range = None, None, false);
    let shorter = &|head: &mut ManifestHead| head.days.truncate(1);
    check(shorter, None, false);
    check(shorter, Some((1, 2)), true);
    check(shorter, Some((2, 2)), false);
    check(&|head| head.days.insert(1, DayRows::Day { day: day("2024-01-02"), rows: 0 }), None, false);
}
