//! What an export would come to, by what the table says of its files: arithmetic without any reading.

use cost::sizes::{COMPRESSED_PERCENT, CSV_PERCENT, Sizes};
use domain::calendar::{DateRange, Span};
use domain::membership::{Currency, price};
use domain::request::{Format, Request};
use domain::time::Day;
use lake::file::DataFile;
use lake::table::plan::Plan;

/// What experience says of sizes and speed. The data files of the table are compressed too, so sizes follow from theirs.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Rates {
    /// Bytes of CSV for each hundred bytes of data files.
    pub csv_percent: u64,
    /// Bytes of a zip or gzip for each hundred bytes of data files.
    pub compressed_percent: u64,
    /// Bytes of CSV that a worker writes in a second.
    pub bytes_a_second: u64,
    /// What a started gigabyte (10^9 bytes) of CSV costs (hundredths of the currency), where it costs something.
    pub price_a_gigabyte: Option<(i64, Currency)>,
}

impl Default for Rates {
    fn default() -> Self {
        Self {
            csv_percent: CSV_PERCENT,
            compressed_percent: COMPRESSED_PERCENT,
            bytes_a_second: 40_000_000,
            price_a_gigabyte: None,
        }
    }
}

/// Bytes of one membership's line, about.
const MEMBERSHIP_BYTES: u64 = 160;

/// What an export would come to. A filter or a choice of columns is not taken into account: it can only become less.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Forecast {
    /// Rows.
    pub rows: u64,
    /// CSV (bytes).
    pub bytes: u64,
    /// The file as it is fetched (bytes).
    pub compressed_bytes: u64,
    /// Work of one worker (seconds).
    pub seconds: u64,
    /// What it costs: decimal with two places, and the currency.
    pub price: Option<(String, Currency)>,
}

impl Rates {
    /// For the messages of a range.
    pub fn of_messages(&self, plan: &Plan, span: Span, format: Format) -> Forecast {
        let (rows, stored_bytes) = within(plan, span);
        let (sizes, stored) = (self.sizes(), u128::from(stored_bytes));
        self.forecast(rows, sizes.csv(stored) as u64, sizes.compressed(stored) as u64, format)
    }

    /// The rule by which the price of an installation is reckoned, too.
    const fn sizes(&self) -> Sizes {
        Sizes { csv_percent: self.csv_percent, compressed_percent: self.compressed_percent }
    }

    /// For so many memberships.
    pub fn of_memberships(&self, rows: u64, format: Format) -> Forecast {
        let bytes = rows * MEMBERSHIP_BYTES;
        self.forecast(rows, bytes, bytes.div_ceil(3), format)
    }

    fn forecast(&self, rows: u64, bytes: u64, compressed: u64, format: Format) -> Forecast {
        let gigabytes = i64::try_from(bytes.div_ceil(1_000_000_000)).unwrap_or(i64::MAX);
        let cost = |(hundredths, currency): (i64, Currency)| (price(gigabytes.saturating_mul(hundredths)), currency);
        Forecast {
            rows,
            bytes,
            compressed_bytes: if format == Format::Csv { bytes } else { compressed },
            seconds: 1 + bytes.div_ceil(self.bytes_a_second.max(1)),
            price: self.price_a_gigabyte.map(cost),
        }
    }

    /// The longest range with the same first day whose CSV stays within the limit, if there is one.
    pub fn shorter(&self, plan: &Plan, request: &Request, limit_bytes: u64) -> Option<Request> {
        let range = request.range.as_ref()?;
        let until = |to: i32| DateRange::new(range.from(), Day(to), range.zone().clone()).ok();
        let passes = |to: i32| {
            let span = range.span_of(range.from(), Day(to));
            self.of_messages(plan, span, request.format).bytes <= limit_bytes
        };
        // The size only grows with the last day, so halving finds the first day too many.
        let (mut passing, mut too_long) = (range.from().0 - 1, range.to().0 + 1);
        while passing + 1 < too_long {
            let middle = passing + (too_long - passing) / 2;
            if passes(middle) { passing = middle } else { too_long = middle }
        }
        let shorter = (passing >= range.from().0).then(|| until(passing)).flatten()?;
        Some(Request { range: Some(shorter), ..request.clone() })
    }
}

/// Rows and stored bytes of a span.
fn within(plan: &Plan, span: Span) -> (u64, u64) {
    let files = plan.days.iter().flat_map(|day| &day.files);
    files.fold((0, 0), |(rows, bytes), file| {
        let of_file = share(file, span);
        (rows + of_file.of(file.rows), bytes + of_file.of(file.bytes))
    })
}

/// A fraction of a file.
#[derive(Clone, Copy)]
struct Share {
    part: u128,
    whole: u128,
}

impl Share {
    fn of(self, amount: u64) -> u64 {
        (u128::from(amount) * self.part).div_ceil(self.whole) as u64
    }
}

/// How much of a file lies in a span, as if its rows were spread evenly between its first and its last.
fn share(file: &DataFile, span: Span) -> Share {
    let end = file.last_sent_at.plus(1);
    let (from, to) = (file.first_sent_at.max(span.start), end.min(span.end));
    let length = |from: i64, to: i64| u128::from(to.saturating_sub(from).max(0).unsigned_abs());
    Share { part: length(from.0, to.0), whole: length(file.first_sent_at.0, end.0).max(1) }
}

#[cfg(test)]
mod tests;
