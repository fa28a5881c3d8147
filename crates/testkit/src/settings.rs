//! How a system is set up, and what is asked of it.

use domain::calendar::{DateRange, Zone};
use domain::dataset::Dataset;
use domain::filter::Filter;
use domain::limits::Limits;
use domain::request::{Columns, Format, Profile, Request, Shape};

/// Which job store.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum JobStore {
    /// The twin in memory.
    Memory,
    /// SQLite in the system's folder.
    Sqlite,
}

/// How a system is set up.
#[derive(Clone, Debug)]
pub struct Settings {
    /// Small by default, so that a few hundred messages make many segments, and no test waits long.
    pub limits: Limits,
    /// Steps that each worker runs at a time.
    pub slots: u32,
    /// The seed of everything random.
    pub seed: u64,
    /// The job store.
    pub jobs: JobStore,
    /// Whether the clock stands still until it is moved.
    pub clock_stands: bool,
}

impl Default for Settings {
    fn default() -> Self {
        let limits = Limits {
            segment_rows_target: 40,
            lease_milliseconds: 400,
            heartbeat_milliseconds: 40,
            sweep_milliseconds: 40,
            retry_milliseconds: 5,
            ..Limits::default()
        };
        Self { limits, slots: 2, seed: 1, jobs: JobStore::Memory, clock_stands: false }
    }
}

impl Settings {
    /// With some limits changed.
    #[must_use]
    pub fn limits(mut self, change: impl FnOnce(&mut Limits)) -> Self {
        change(&mut self.limits);
        self
    }
}

/// All columns of two dates and those between them, in UTC, as a zip, with reuse, in the shape of the default settings.
pub fn request(from: &str, to: &str) -> Request {
    let day = |text: &str| text.parse().expect("a date");
    Request {
        dataset: Dataset::Messages,
        range: Some(DateRange::new(day(from), day(to), Zone::utc()).expect("a range")),
        format: Format::Zip,
        profile: Profile::Rfc4180,
        columns: Columns::all(Dataset::Messages),
        filter: Filter::default(),
        reuse: true,
        shape: Shape::of(&Settings::default().limits, false),
    }
}
