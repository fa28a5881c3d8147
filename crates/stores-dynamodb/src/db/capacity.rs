//! What calls use, as the server counts it: by this it is paid, and by this it is limited.

use std::sync::atomic::{AtomicU64, Ordering};

use aws_sdk_dynamodb::types::ConsumedCapacity;

/// Units used by the calls that were answered.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Capacity {
    /// Read units: 4 KiB of one item read consistently, or twice that read otherwise.
    pub reads: f64,
    /// Write units: 1 KiB of one item or index entry; twice as many in a transaction.
    pub writes: f64,
}

/// Adds up in hundredths, of which answers have halves.
#[derive(Debug, Default)]
pub(super) struct Meter {
    reads: AtomicU64,
    writes: AtomicU64,
}

impl Meter {
    pub(super) fn read<'a>(&self, used: impl IntoIterator<Item = &'a ConsumedCapacity>) {
        self.reads.fetch_add(hundredths(used), Ordering::Relaxed);
    }

    pub(super) fn wrote<'a>(&self, used: impl IntoIterator<Item = &'a ConsumedCapacity>) {
        self.writes.fetch_add(hundredths(used), Ordering::Relaxed);
    }

    pub(super) fn read_off(&self) -> Capacity {
        let units = |counter: &AtomicU64| counter.load(Ordering::Relaxed) as f64 / 100.0;
        Capacity { reads: units(&self.reads), writes: units(&self.writes) }
    }
}

fn hundredths<'a>(used: impl IntoIterator<Item = &'a ConsumedCapacity>) -> u64 {
    let units: f64 = used.into_iter().filter_map(ConsumedCapacity::capacity_units).sum();
    (units * 100.0).round() as u64
}
