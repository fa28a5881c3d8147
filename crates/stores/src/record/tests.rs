//! Every state is read back as it was, and what is not ours is left alone.

use std::collections::{BTreeMap, BTreeSet};

use domain::calendar::DateRange;
use domain::dataset::Dataset;
use domain::export::{
    ArchiveFile, FailedSegment, Failure, FailureCode, Fresh, Lane, Lanes, Phase, Segments, Slot, State,
};
use domain::filter::Filter;
use domain::request::{Columns, Format, Profile, Request, Shape};
use domain::time::Day;

use super::*;

fn export(state: State) -> Export {
    let request = Request {
        dataset: Dataset::Messages,
        range: Some(DateRange::new(Day::MIN, Day::MAX, "Europe/Berlin".parse().unwrap()).unwrap()),
        format: Format::CsvGz,
        profile: Profile::Spreadsheet,
        columns: Columns::parse(Dataset::Messages, ["text", "sent_at"]).unwrap(),
        filter: Filter { channels: Some(BTreeSet::from(["\u{0}\"a\u{2028}".to_owned()])), senders: None },
        reuse: false,
        shape: Shape { segment_rows_target: 5, volume_limit_bytes: 6, volume_limit_pieces: 7, sha256: true },
    };
    let id = "01890a5d-ac96-774b-bcce-b302099a8057".parse().unwrap();
    Export {
        plan: Some(PlanFacts { snapshot: i64::MIN, segments: 7, rows: u64::MAX }),
        rows: u64::MAX,
        bytes: 1 << 60,
        reused_parts: 3,
        built_parts: 4,
        served: u64::MAX,
        requested_by: Some(Requester {
            user: "01890a5d-ac96-774b-bcce-b302099a8058".parse().unwrap(),
            email: "u1@example.org".parse().unwrap(),
        }),
        retries: 2,
        resume: Some(Segments { fresh: Fresh::of([(3, 5), (7, 9)]), ..Segments::planned(9) }),
        lanes: 16,
        state,
        ..Export::new(id, "org.acme".parse().unwrap(), request, Micros(-1))
    }
}

fn states() -> Vec<State> {
    let (ready, leased) = (Slot::Ready(Micros(-5)), Slot::Leased(Micros(i64::MAX)));
    let segments = Segments {
        total: 9,
        fresh: Fresh::of([(7, 9)]),
        done: 2,
        leased: 1,
        retry: BTreeMap::from([(0, Micros(3)), (6, Micros(-3))]),
        failed: BTreeMap::from([(1, None), (5, Some((Day(-3), Day(9))))]),
        last_failure: Some((FailureCode::WorkersDied, "gone".to_owned())),
        look_at: Micros(i64::MAX),
    };
    let file = ArchiveFile {
        name: "q.001.zip".to_owned(),
        bytes: u64::MAX,
        files: 2,
        rows: 3,
        crc64nvme: u64::MAX - 1,
        manifest_blake3: [0x0f; 32],
    };
    let failed = [(1, None), (5, Some((Day(-3), Day(9))))].map(|(number, days)| FailedSegment { number, days });
    let message = "a \"quoted\"\nline".to_owned();
    let failure =
        |code| Failure { code, message: message.clone(), segments: failed.to_vec(), rest: Some(Fresh::of([(7, 9)])) };
    vec![
        State::Queued,
        State::Running(Phase::Plan(ready)),
        State::Running(Phase::Segments(Segments::planned(0))),
        State::Running(Phase::Segments(segments.clone())),
        State::Running(Phase::Lanes(Lanes { open: 3, settled: segments })),
        State::Running(Phase::Assemble(leased)),
        State::Succeeded {
            finished_at: Micros(1),
            expires_at: Micros(2),
            files: vec![file],
            notify: Some(leased),
            expire: ready,
        },
        State::Failed {
            finished_at: Micros(1),
            failure: failure(FailureCode::StepFailed),
            notify: Some(ready),
            removal: Some(leased),
        },
        State::Failed { finished_at: Micros(1), failure: failure(FailureCode::Refused), notify: None, removal: None },
        State::Cancelled { finished_at: Micros(1), removal: Some(ready) },
        State::Cancelled { finished_at: Micros(1), removal: None },
        State::Expired { finished_at: Micros(1) },
    ]
}

#[test]
fn every_state_is_read_back() {
    for state in states() {
        let export = export(state);
        assert_eq!(decode(&export.owner, export.id, &encode(&export)).unwrap(), export);
        let fresh = Export { plan: None, requested_by: None, resume: None, ..export };
        assert_eq!(decode(&fresh.owner, fresh.id, &encode(&fresh)).unwrap(), fresh);
    }
}

#[test]
fn an_export_without_days_is_read_back() {
    let mut export = export(State::Queued);
    export.owner = "user.01890a5d-ac96-774b-bcce-b302099a8058".parse().unwrap();
    export.request.dataset = Dataset::Memberships;
    export.request.range = None;
    export.request.columns = Columns::all(Dataset::Memberships);
    assert_eq!(decode(&export.owner, export.id, &encode(&export)).unwrap(), export);
}

/// What version 1 wrote is read as what it is now.
#[test]
fn version_1_is_read() {
    let now = Export { requested_by: None, retries: 0, resume: None, lanes: 1, ..export(State::Queued) };
    let known =
        encode(&now).replace(",\"requested_by\":null", "").replace(",\"retries\":0,\"resume\":null,\"lanes\":1", "");
    let known = known.replace("\"version\":3", "\"version\":1");
    let read = |state: &str| {
        let record = known.replace("{\"name\":\"queued\"}", state);
        decode(&now.owner, now.id, &record).unwrap().state
    };
    assert_eq!(decode(&now.owner, now.id, &known).unwrap(), now);
    let failed = State::Failed {
        finished_at: Micros(1),
        failure: Failure {
            code: FailureCode::Refused,
            message: "x".to_owned(),
            segments: vec![FailedSegment { number: 5, days: None }],
            rest: None,
        },
        notify: None,
        removal: None,
    };
    let row = "{\"name\":\"failed\",\"finished_at\":1,\"code\":\"refused\",\"message\":\"x\",\"segments\":[5],\"removal\":null}";
    assert_eq!(read(row), failed);
    let row = "{\"name\":\"succeeded\",\"finished_at\":1,\"expires_at\":2,\"files\":[],\"expire\":{\"ready\":-5}}";
    assert!(matches!(read(row), State::Succeeded { notify: None, .. }));
}

/// Version 2 had one number for those that nobody has claimed.
#[test]
fn version_2_is_read() {
    let now = export(State::Queued);
    let known = encode(&now).replace("\"version\":3", "\"version\":2").replace(",\"lanes\":16}", "}");
    let known = known.replace("\"fresh\":[[3,5],[7,9]]", "\"next\":3");
    let resume = Some(Segments { fresh: Fresh::of([(3, 9)]), ..Segments::planned(9) });
    assert_eq!(decode(&now.owner, now.id, &known).unwrap(), Export { resume, lanes: 1, ..now.clone() });
    let failed = "{\"name\":\"failed\",\"finished_at\":1,\"code\":\"refused\",\"message\":\"x\",\"segments\":[5],\
        \"claimed\":7,\"removal\":null}";
    let read = decode(&now.owner, now.id, &known.replace("{\"name\":\"queued\"}", failed)).unwrap();
    let State::Failed { failure, .. } = read.state else { panic!("{read:?}") };
    assert_eq!(failure.rest.unwrap().within(0, 9).ranges(), [(7, 9)]);
}

#[test]
fn a_lane_is_read_back() {
    let State::Running(Phase::Segments(segments)) = states().remove(3) else { panic!("the fourth state") };
    let (id, number) = (export(State::Queued).id, 3);
    let (rows, bytes, served) = (u64::MAX, 1 << 60, 7);
    let lane = Lane { number, segments, rows, bytes, reused_parts: 1, built_parts: 2, served };
    assert_eq!(decode_lane(id, number, &encode_lane(&lane)).unwrap(), lane);
    assert!(matches!(decode_lane(id, number, "{}"), Err(StoreError::Corrupt { .. })));
    let newer = decode_lane(id, number, "{\"version\":4,\"anything\":[]}");
    assert!(matches!(newer, Err(StoreError::TooNew { found: 4, known: 3, .. })), "{newer:?}");
}

#[test]
fn the_form_of_version_3_stays() {
    let expected = "{\"version\":3,\"request\":{\"dataset\":\"messages\",\"from\":\"0001-01-01\",\"to\":\"9999-12-31\",\
        \"time_zone\":\"Europe/Berlin\",\"format\":\"csv.gz\",\"profile\":\"spreadsheet\",\"columns\":[\"sent_at\",\"text\"],\
        \"channels\":[\"\\u0000\\\"a\u{2028}\"],\"senders\":null,\"reuse\":false,\
        \"segment_rows_target\":5,\"volume_limit_bytes\":6,\"volume_limit_pieces\":7,\"sha256\":true},\
        \"requested_by\":{\"user\":\"01890a5d-ac96-774b-bcce-b302099a8058\",\"email\":\"u1@example.org\"},\"created_at\":-1,\
        \"state\":{\"name\":\"planning\",\"slot\":{\"ready\":-5}},\
        \"plan\":{\"snapshot\":-9223372036854775808,\"segments\":7,\"rows\":18446744073709551615},\
        \"rows\":18446744073709551615,\"bytes\":1152921504606846976,\"reused_parts\":3,\"built_parts\":4,\
        \"served\":18446744073709551615,\"retries\":2,\"resume\":{\"total\":9,\"fresh\":[[3,5],[7,9]],\"done\":0,\"leased\":0,\
        \"retry\":[],\"failed\":[],\"last_failure\":null,\"look_at\":9223372036854775807},\"lanes\":16}";
    assert_eq!(encode(&export(states().remove(1))), expected);
}

#[test]
fn foreign_records_say_what_they_are() {
    let export = export(State::Queued);
    let read = |record: &str| decode(&export.owner, export.id, record).unwrap_err();
    let known = encode(&export);
    assert!(matches!(read("{\"version\":4,\"anything\":[]}"), StoreError::TooNew { found: 4, known: 3, .. }));
    for (from, to) in [
        (known.as_str(), ""),
        ("\"version\":3", "\"version\":\"3\""),
        ("\"messages\"", "\"letters\""),
        ("\"from\":", "\"since\":"),
        ("\"Europe/Berlin\"", "\"Mars/Olympus\""),
        ("\"queued\"", "\"resting\""),
        ("9999-12-31", "0000-12-31"),
        ("\"csv.gz\"", "\"tar\""),
    ] {
        let error = read(&known.replace(from, to));
        assert!(matches!(error, StoreError::Corrupt { .. }) && !error.retryable(), "{to}: {error:?}");
    }
}
