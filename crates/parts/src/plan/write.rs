//! Writing a plan object.

use lake::table::plan::{Plan, PlannedDay};

use super::bytes::Record;
use super::{MAGIC, PlannedSegment};

/// The bytes of the plan object of these segments over this plan of the lake.
pub fn encode(plan: &Plan, segments: &[PlannedSegment]) -> Vec<u8> {
    let (mut days, mut files, mut paths) = (Vec::new(), Vec::new(), Vec::new());
    let mut file_count = 0_u32;
    for day in &plan.days {
        days.extend(day_record(day, file_count));
        for file in &day.files {
            let record = Record::default()
                .put((paths.len() as u64).to_le_bytes())
                .put((file.path.len() as u32).to_le_bytes())
                .put(file.rows.to_le_bytes())
                .put(file.bytes.to_le_bytes())
                .put(file.first_sent_at.0.to_le_bytes())
                .put(file.last_sent_at.0.to_le_bytes());
            files.extend(record.seal(file.path.as_bytes()));
            paths.extend_from_slice(file.path.as_bytes());
        }
        file_count += day.files.len() as u32;
    }
    let mut bytes = Record::default()
        .put(MAGIC)
        .put((segments.len() as u32).to_le_bytes())
        .put((plan.days.len() as u32).to_le_bytes())
        .put(file_count.to_le_bytes())
        .put((paths.len() as u64).to_le_bytes())
        .put(plan.snapshot_id.to_le_bytes())
        .put(0_u32.to_le_bytes())
        .seal(&[]);
    segments.iter().for_each(|segment| bytes.extend(segment_record(segment, &plan.days)));
    for table in [days, files, paths] {
        bytes.extend(table);
    }
    bytes
}

fn segment_record(segment: &PlannedSegment, days: &[PlannedDay]) -> Vec<u8> {
    let slice = &segment.slice;
    let touched = slice.span.utc_days().map_or(0..0, |(first, last)| {
        days.partition_point(|day| day.day < first)..days.partition_point(|day| day.day <= last)
    });
    Record::default()
        .put(slice.span.start.0.to_le_bytes())
        .put(slice.span.end.0.to_le_bytes())
        .put(slice.first_day.0.to_le_bytes())
        .put(slice.last_day.0.to_le_bytes())
        .put(slice.window.unwrap_or(0).to_le_bytes())
        .put((touched.start as u32).to_le_bytes())
        .put((touched.len() as u32).to_le_bytes())
        .put(segment.key.0)
        .seal(&[])
}

fn day_record(day: &PlannedDay, first_file: u32) -> Vec<u8> {
    Record::default()
        .put(day.day.0.to_le_bytes())
        .put(day.rows.to_le_bytes())
        .put(day.greatest_sequence.to_le_bytes())
        .put(first_file.to_le_bytes())
        .put((day.files.len() as u32).to_le_bytes())
        .seal(&[])
}
