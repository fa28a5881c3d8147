//! Rows of each day, with runs of empty days as one item.

use serde::ser::SerializeStruct;
use serde::{Deserialize, Serialize, Serializer};
use thiserror::Error;

use crate::civil::Date;

/// One day, or a run of at least two days without rows.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(try_from = "Wire")]
pub enum DayRows {
    /// One day; a single day without rows is one, too.
    Day {
        /// The day.
        day: Date,
        /// Its rows.
        rows: u64,
    },
    /// Days without rows.
    Empty {
        /// First of them.
        from: Date,
        /// Last of them.
        to: Date,
    },
}

/// Days that do not make a list.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
#[error("days must rise, lie in the range, and stand in runs where they are empty")]
pub struct DaysError;

impl DayRows {
    /// First day of the item.
    pub fn first(&self) -> Date {
        match *self {
            Self::Day { day, .. } => day,
            Self::Empty { from, .. } => from,
        }
    }

    /// Last day of the item.
    pub fn last(&self) -> Date {
        match *self {
            Self::Day { day, .. } => day,
            Self::Empty { to, .. } => to,
        }
    }

    /// Rows of the item.
    pub fn rows(&self) -> u64 {
        match *self {
            Self::Day { rows, .. } => rows,
            Self::Empty { .. } => 0,
        }
    }
}

/// The list of the days `from` to `to`, of which `counted` names those with rows, in rising order.
pub fn days_of(
    from: Date,
    to: Date,
    counted: impl IntoIterator<Item = (Date, u64)>,
) -> Result<Vec<DayRows>, DaysError> {
    let mut days = Vec::new();
    let mut next = Some(from);
    for (day, rows) in counted.into_iter().filter(|(_, rows)| *rows > 0) {
        let expected = next.filter(|next| *next <= day && day <= to).ok_or(DaysError)?;
        push_empty(&mut days, expected, day.previous());
        days.push(DayRows::Day { day, rows });
        next = day.next();
    }
    if let Some(rest) = next {
        push_empty(&mut days, rest, Some(to));
    }
    Ok(days)
}

fn push_empty(days: &mut Vec<DayRows>, from: Date, to: Option<Date>) {
    match to {
        Some(to) if from == to => days.push(DayRows::Day { day: from, rows: 0 }),
        Some(to) if from < to => days.push(DayRows::Empty { from, to }),
        _ => {}
    }
}

/// Whether a list has no gap and is the one that [`days_of`] makes of its days.
pub(super) fn check_days(days: &[DayRows]) -> Result<(), DaysError> {
    let (Some(first), Some(last)) = (days.first(), days.last()) else {
        return Err(DaysError);
    };
    let again = days_of(first.first(), last.last(), days.iter().map(|item| (item.first(), item.rows())))?;
    if again == days { Ok(()) } else { Err(DaysError) }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Wire {
    day: Option<Date>,
    from: Option<Date>,
    to: Option<Date>,
    rows: u64,
}

impl TryFrom<Wire> for DayRows {
    type Error = DaysError;

    fn try_from(wire: Wire) -> Result<Self, DaysError> {
        match wire {
            Wire { day: Some(day), from: None, to: None, rows } => Ok(Self::Day { day, rows }),
            Wire { day: None, from: Some(from), to: Some(to), rows: 0 } => Ok(Self::Empty { from, to }),
            _ => Err(DaysError),
        }
    }
}

impl Serialize for DayRows {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut item = serializer.serialize_struct("DayRows", 3)?;
        match self {
            Self::Day { day, rows } => {
                item.serialize_field("day", day)?;
                item.serialize_field("rows", rows)?;
            }
            Self::Empty { from, to } => {
                item.serialize_field("from", from)?;
                item.serialize_field("to", to)?;
                item.serialize_field("rows", &0)?;
            }
        }
        item.end()
    }
}
