//! A plan is read back segment by segment, and no changed byte of it goes unseen.

use std::ops::Range;

use domain::calendar::{DateRange, Zone};
use domain::content_key::ContentKey;
use domain::time::{Day, Micros};
use domain::windows::cut;
use lake::file::DataFile;
use lake::table::plan::{Plan, PlannedDay};

use super::bytes::HEADER_BYTES;
use super::*;

fn plan() -> (Plan, Vec<PlannedSegment>) {
    let day = |day: i32, rows: u64, files: usize| PlannedDay {
        day: Day(day),
        rows,
        greatest_sequence: i64::from(day) * 3,
        files: (0..files)
            .map(|n| DataFile {
                path: format!("/lake/day {day}/ü-{n}.parquet"),
                organisation: "acme".parse().unwrap(),
                day: Day(day),
                rows: rows / files as u64,
                bytes: 1000 + n as u64,
                first_sent_at: Day(day).utc_start(),
                last_sent_at: Micros(Day(day).next().utc_start().0 - 1),
            })
            .collect(),
    };
    let days = vec![day(19_000, 10, 2), day(19_001, 400, 3), day(19_040, 100, 1)];
    let range = DateRange::new(Day(19_000), Day(19_041), "Asia/Kolkata".parse::<Zone>().unwrap()).unwrap();
    let rows = days.iter().map(|day| (day.day, day.rows)).collect();
    let slices = cut(&range, &rows, 120);
    let keyed = slices.into_iter().zip(0_u8..).map(|(slice, n)| PlannedSegment { slice, key: ContentKey([n; 32]) });
    (Plan { snapshot_id: 7, days }, keyed.collect())
}

type Fetch<'a> = Box<dyn FnMut(Range<u64>) -> Result<Vec<u8>, PlanError> + 'a>;

fn open(bytes: &[u8]) -> Result<PlanReader<Fetch<'_>>, PlanError> {
    PlanReader::open(Box::new(|range| {
        let end = bytes.len().min(range.end as usize);
        Ok(bytes.get(range.start as usize..end).unwrap_or_default().to_vec())
    }))
}

/// What a plan says: each segment with its files, and the rows of each day.
type Contents = (Vec<SegmentPlan>, Vec<(Day, u64)>);

fn read_all(bytes: &[u8]) -> Result<Contents, PlanError> {
    let mut reader = open(bytes)?;
    let organisation = "acme".parse().unwrap();
    let numbers = 0..reader.header().segments;
    let segments = numbers.map(|number| reader.segment(number, &organisation)).collect::<Result<_, _>>()?;
    Ok((segments, reader.day_rows()?))
}

#[test]
fn every_segment_comes_back_with_its_files() {
    let (plan, segments) = plan();
    assert!(segments.len() > 5);
    let (read, days) = read_all(&encode(&plan, &segments)).unwrap();
    assert_eq!(days, plan.days.iter().map(|day| (day.day, day.rows)).collect::<Vec<_>>());
    for (read, segment) in read.iter().zip(&segments) {
        assert_eq!(read.segment, *segment);
        let (first, last) = segment.slice.span.utc_days().unwrap();
        let touched: Vec<_> = plan.days.iter().filter(|day| (first..=last).contains(&day.day)).cloned().collect();
        assert_eq!(read.days, touched);
    }
}

#[test]
fn no_changed_bit_goes_unseen() {
    let (plan, segments) = plan();
    let bytes = encode(&plan, &segments);
    for position in 0..bytes.len() {
        for bit in 0..8 {
            let mut changed = bytes.clone();
            changed[position] ^= 1 << bit;
            assert!(matches!(read_all(&changed), Err(PlanError::Damaged(_))), "bit {bit} of byte {position}");
        }
        assert!(read_all(&bytes[..position]).is_err(), "cut at {position}");
    }
}

#[test]
fn a_plan_of_a_newer_version_is_left_to_newer_workers() {
    let (plan, segments) = plan();
    let mut bytes = encode(&plan, &segments);
    bytes[7] += 1;
    let fields = HEADER_BYTES as usize - 4;
    let sum = crc32fast::hash(&bytes[..fields]);
    bytes[fields..fields + 4].copy_from_slice(&sum.to_le_bytes());
    assert_eq!(open(&bytes).err(), Some(PlanError::TooNew));
}
