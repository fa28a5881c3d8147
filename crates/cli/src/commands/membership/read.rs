//! A CSV of memberships, row by row: each field is parsed once, and every bad one is named by line, field and reason.

use std::collections::HashMap;
use std::fmt;
use std::str::FromStr;

use csv::{ByteRecord, ReaderBuilder};
use domain::ids::{MembershipId, UserId};
use domain::membership::{
    BillingInterval, Currency, Membership, MembershipState, NAME_LIMIT_BYTES, PaymentMethod, parse_price,
};
use domain::people::Email;
use domain::time::Day;
use serde::Serialize;

/// The columns: those of an export of memberships, and the address.
const COLUMNS: [&str; 12] = [
    "id",
    "name",
    "user_id",
    "recurring_price",
    "currency",
    "valid_from",
    "valid_until",
    "state",
    "payment_method",
    "billing_interval",
    "billing_periods",
    "email",
];

/// One row whose fields are good.
pub(super) struct Row {
    /// Where it begins (from 1).
    pub line: u64,
    /// Whose it is.
    pub email: Email,
    /// If it was given.
    pub user_id: Option<UserId>,
    fields: Fields,
}

struct Fields {
    id: MembershipId,
    name: String,
    price: i64,
    currency: Currency,
    valid_from: Day,
    valid_until: Option<Day>,
    state: MembershipState,
    payment_method: PaymentMethod,
    billing_interval: BillingInterval,
    billing_periods: u32,
}

impl Row {
    /// The membership of its user.
    pub fn membership(self, user: UserId) -> Membership {
        let fields = self.fields;
        Membership {
            id: fields.id,
            name: fields.name,
            user,
            recurring_price_hundredths: fields.price,
            currency: fields.currency,
            valid_from: fields.valid_from,
            valid_until: fields.valid_until,
            state: fields.state,
            payment_method: fields.payment_method,
            billing_interval: fields.billing_interval,
            billing_periods: fields.billing_periods,
        }
    }
}

/// What is wrong with a row. What stands in the field is not repeated: it may be an address.
#[derive(Debug, PartialEq, Eq, Serialize)]
pub(super) struct RowError {
    line: u64,
    field: Option<&'static str>,
    reason: String,
}

impl RowError {
    pub(super) fn new(line: u64, field: &'static str, reason: impl Into<String>) -> Self {
        Self { line, field: Some(field), reason: reason.into() }
    }

    fn of_row(line: u64, reason: impl Into<String>) -> Self {
        Self { line, field: None, reason: reason.into() }
    }
}

impl fmt::Display for RowError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let field = self.field.map(|field| format!(", {field}")).unwrap_or_default();
        write!(f, "line {}{field}: {}", self.line, self.reason)
    }
}

/// All good rows; `refuse` is told of each bad field.
///
/// # Errors
/// The input cannot be read.
pub(super) fn read(input: &[u8], mut refuse: impl FnMut(RowError)) -> Result<Vec<Row>, csv::Error> {
    let input = input.strip_prefix(b"\xef\xbb\xbf").unwrap_or(input);
    let mut reader = ReaderBuilder::new().has_headers(false).flexible(true).from_reader(input);
    let (mut record, mut rows, mut seen) = (ByteRecord::new(), Vec::new(), HashMap::new());
    let header = reader.read_byte_record(&mut record)?.then(|| Header::of(&record));
    let header = match header.unwrap_or_else(|| Err("has no header".to_owned())) {
        Ok(header) => header,
        Err(reason) => {
            refuse(RowError::of_row(1, reason));
            return Ok(rows);
        }
    };
    while reader.read_byte_record(&mut record)? {
        let line = first_line(input, &record);
        if record.len() != COLUMNS.len() {
            let found = record.len();
            refuse(RowError::of_row(line, format!("has {found} fields, the header has {}", COLUMNS.len())));
            continue;
        }
        let Some(row) = header.row(&record, line, &mut refuse) else { continue };
        match seen.insert(row.fields.id, line) {
            Some(first) => refuse(RowError::new(line, "id", format!("stands in line {first}, too"))),
            None => rows.push(row),
        }
    }
    Ok(rows)
}

/// The line of a record. The reader's position still lies before the second half of CRLF, and before empty lines.
fn first_line(input: &[u8], record: &ByteRecord) -> u64 {
    let Some(position) = record.position() else { return 0 };
    let rest = usize::try_from(position.byte()).ok().and_then(|start| input.get(start..)).unwrap_or_default();
    let ends = rest.iter().take_while(|byte| matches!(byte, b'\r' | b'\n'));
    position.line() + ends.filter(|byte| **byte == b'\n').count() as u64
}

/// In which place each of [`COLUMNS`] stands.
struct Header([usize; COLUMNS.len()]);

impl Header {
    fn of(record: &ByteRecord) -> Result<Self, String> {
        let mut places = [None; COLUMNS.len()];
        for (place, name) in record.iter().enumerate() {
            let column = COLUMNS.iter().position(|column| column.as_bytes() == name);
            let Some(column) = column else { return Err(format!("has an unknown column in place {}", place + 1)) };
            if places[column].replace(place).is_some() {
                return Err(format!("has the column {} twice", COLUMNS[column]));
            }
        }
        let mut found = [0; COLUMNS.len()];
        for ((found, place), column) in found.iter_mut().zip(places).zip(COLUMNS) {
            *found = place.ok_or_else(|| format!("has no column {column}"))?;
        }
        Ok(Self(found))
    }

    /// The row, if all its fields are good; `refuse` is told of the others.
    fn row(&self, record: &ByteRecord, line: u64, refuse: &mut impl FnMut(RowError)) -> Option<Row> {
        let mut cells = Cells { record, places: &self.0, line, refuse };
        let email = cells.parse("email");
        let user_id = cells.optional("user_id");
        let id = cells.parse("id");
        let name = cells.read("name", name);
        let price = cells.read("recurring_price", |text| parse_price(text).map_err(|error| error.to_string()));
        let currency = cells.parse("currency");
        let valid_from = cells.parse("valid_from");
        let valid_until = cells.optional("valid_until");
        let state = cells.parse("state");
        let payment_method = cells.parse("payment_method");
        let billing_interval = cells.parse("billing_interval");
        let billing_periods = cells.read("billing_periods", periods);
        let (valid_from, valid_until) = (valid_from?, valid_until?);
        if valid_until.is_some_and(|until| until < valid_from) {
            cells.refuse("valid_until", "comes before valid_from");
            return None;
        }
        let fields = Fields {
            id: id?,
            name: name?,
            price: price?,
            currency: currency?,
            valid_from,
            valid_until,
            state: state?,
            payment_method: payment_method?,
            billing_interval: billing_interval?,
            billing_periods: billing_periods?,
        };
        Some(Row { line, email: email?, user_id: user_id?, fields })
    }
}

/// The cells of one row by column.
struct Cells<'a, F> {
    record: &'a ByteRecord,
    places: &'a [usize; COLUMNS.len()],
    line: u64,
    refuse: &'a mut F,
}

impl<F: FnMut(RowError)> Cells<'_, F> {
    fn refuse(&mut self, column: &'static str, reason: impl Into<String>) {
        (self.refuse)(RowError::new(self.line, column, reason));
    }

    fn read<T>(&mut self, column: &'static str, read: impl FnOnce(&str) -> Result<T, String>) -> Option<T> {
        let index = COLUMNS.iter().position(|known| *known == column).expect("a column of the list");
        let text = std::str::from_utf8(&self.record[self.places[index]]).map_err(|_| "is not UTF-8".to_owned());
        text.and_then(read).map_err(|reason| self.refuse(column, reason)).ok()
    }

    fn parse<T: FromStr<Err: ToString>>(&mut self, column: &'static str) -> Option<T> {
        self.read(column, |text| text.parse().map_err(|error: T::Err| error.to_string()))
    }

    /// An empty cell is none.
    fn optional<T: FromStr<Err: ToString>>(&mut self, column: &'static str) -> Option<Option<T>> {
        let parse = |text: &str| text.parse().map(Some).map_err(|error: T::Err| error.to_string());
        self.read(column, |text| if text.is_empty() { Ok(None) } else { parse(text) })
    }
}

fn name(text: &str) -> Result<String, String> {
    match text.len() {
        1..=NAME_LIMIT_BYTES => Ok(text.to_owned()),
        _ => Err(format!("has to have 1 to {NAME_LIMIT_BYTES} bytes")),
    }
}

fn periods(text: &str) -> Result<u32, String> {
    let digits = !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    let number = text.parse().ok().filter(|_| digits);
    number.ok_or_else(|| format!("is not a whole number from 0 to {}", u32::MAX))
}

#[cfg(test)]
mod tests;
