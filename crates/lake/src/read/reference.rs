//! The slow twin of ordered reading: loads every row, keeps the wanted ones, sorts them, leaves out repeats.

use std::collections::BTreeMap;
use std::fs::File;

use arrow_array::RecordBatch;
use domain::time::Day;
use parquet::arrow::arrow_reader::ParquetRecordBatchReaderBuilder;

use super::{DayCounters, ReadRequest};
use crate::rows::Rows;
use crate::rows::testing::{Message, messages};
use crate::schema::message_schema;

/// What [`super::OrderedRows`] gives and counts for a request.
pub(crate) fn read(request: &ReadRequest) -> (Vec<Message>, BTreeMap<Day, DayCounters>) {
    let (mut wanted, mut days) = (Vec::new(), BTreeMap::<Day, DayCounters>::new());
    for file in &request.files {
        let counters = days.entry(file.day).or_default();
        for message in load(&file.path) {
            if message.sent_at < request.start.0 {
                counters.before += 1;
            } else if message.sent_at >= request.end.0 {
                counters.after += 1;
            } else if !request.filter.lets_through(message.channel.as_deref(), message.sender.as_deref()) {
                counters.refused_by_filter += 1;
            } else {
                wanted.push((file.day, message));
            }
        }
    }
    wanted.sort();
    let mut rows: Vec<Message> = Vec::new();
    for (day, message) in wanted {
        let counters = days.entry(day).or_default();
        if rows.last() == Some(&message) {
            counters.exact_repeats += 1;
        } else {
            counters.written += 1;
            rows.push(message);
        }
    }
    (rows, days)
}

fn load(path: &str) -> Vec<Message> {
    let reader = ParquetRecordBatchReaderBuilder::try_new(File::open(path).unwrap()).unwrap().build().unwrap();
    let without_organisation =
        |batch: RecordBatch| RecordBatch::try_new(message_schema(), batch.columns()[1..].to_vec());
    reader.flat_map(|batch| messages(&Rows::new(&without_organisation(batch.unwrap()).unwrap()))).collect()
}
